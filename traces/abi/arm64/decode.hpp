// From the bytes of a capture record to a Call, by the layouts of abi.hpp.
//
// A capture does not say what a descriptor is, so the decoder follows the calls that make,
// duplicate and close descriptors. Records that are no system call become events:
//
//   lost: records=5                  the recorder had to drop some here
//   program: number=3 arena=0x... arena_bytes=...      the performer starts a program
//   program_end: number=3 status=0 last_tag=7 in_flight=0 log_was_read=1
//   kernel_log: text="<4>WARNING: ...\x0a"         what the kernel logged during an operation
//   found: fd=5<anon_inode:kvm-vm>   existed when recording began
//   found: tid=97 affinity=[0 1]
//   unrecognised: kind=77            of a newer recorder
#pragma once
#include <cstdint>
#include <span>
#include <string>

#include "traces/abi/arm64/abi.hpp"
#include "traces/call/call.hpp"
#include "traces/call/diagnostic.hpp"
#include "traces/call/node_writer.hpp"
#include "traces/capture/capture.h"

namespace assay::traces {

class Decoder {
 public:
  // `parts` is everything of the record behind its fixed header. The Call refers to it and to the
  // decoder, until the next decode. False: the record contradicts itself; `why.offset` then counts
  // from the beginning of the record.
  bool decode(const capture_record& record, std::span<const std::uint8_t> parts, Call& call,
              Diagnostic& why);

  HandleMap& handles() { return handles_; }
  void set_abi(Abi abi) { abi_ = abi; }

 private:
  using Bytes = std::span<const std::uint8_t>;
  struct Part {
    Bytes data;
    bool present = false;
    bool unreadable = false;
  };
  static constexpr std::size_t part_kinds = CAPTURE_PATH + 1;

  bool split_parts(const capture_record& record, Bytes parts, Diagnostic& why);
  const Part& part(capture_part_kind kind) const { return parts_[kind]; }
  std::string_view keep(std::string_view text);
  std::string_view escaped(Bytes bytes);

  void decode_outcome(const capture_record& record, Call& call);
  void decode_kind(const capture_record& record, Call& call);
  void decode_ioctl(const capture_record& record, Call& call);
  void decode_argument(const capture_record& record, const RequestLayout* layout, NodeWriter& to);
  void decode_structure(const capture_record& record, const RequestLayout& layout, NodeWriter& to);
  void decode_run(const capture_record& record, NodeWriter& to);
  void decode_found(const capture_record& record, Call& call);
  void decode_open(const capture_record& record, Call& call);
  void decode_mmap(const capture_record& record, Call& call);
  void decode_affinity(std::string_view name, NodeWriter& to);
  void learn(const capture_record& record, const RequestLayout* layout, Call& call);

  void add_descriptor(std::string_view name, std::int32_t descriptor, NodeWriter& to);
  void add_pointer(std::string_view name, std::uint64_t address, bool unreadable, NodeWriter& to);
  void add_members(std::span<const Member> members, Bytes bytes, NodeWriter& to);
  void add_member(const Member& member, Bytes bytes, NodeWriter& to);
  void add_element(const Member& member, std::string_view name, std::uint64_t value,
                   NodeWriter& to);
  void add_flags(std::string_view name, Family family, std::uint64_t value, NodeWriter& to);
  void add_named(std::string_view name, Family family, std::uint64_t value, NodeWriter& to);
  void add_attribute(std::string_view name, Family family, std::uint64_t value, NodeWriter& to);
  void add_value(const Member& member, std::uint64_t address, NodeWriter& to);
  void add_value_bytes(std::string_view name, Bytes bytes, NodeWriter& to);

  HandleMap handles_;
  Abi abi_ = Abi::arm64;
  Part parts_[part_kinds];
  std::string texts_;  // what the Call refers to and is in no table

  // Of the structure that is being decoded.
  Descriptor on_;
  const RequestLayout* layout_ = nullptr;
  std::uint32_t group_ = 0;
  std::uint64_t attribute_ = 0;
  std::uint64_t register_ = 0;
};

}  // namespace assay::traces
