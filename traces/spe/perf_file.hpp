// The container of perf.data: its header, its attributes and the walk over its events. What the
// events mean for SPE is in perf_data.cpp.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "traces/call/diagnostic.hpp"
#include "traces/spe/byte_input.hpp"
#include "traces/spe/perf_data.hpp"
#include "traces/spe/perf_packed.hpp"

namespace assay::traces::spe {

// Types of events, PERF_RECORD_*.
enum class PerfEvent : std::uint32_t {
  aux = 11,
  attribute = 64,
  tracing_data = 66,  // followed by data that its header does not count
  id_index = 69,
  auxtrace_info = 70,
  auxtrace = 71,    // the same
  compressed = 81,  // events packed with zstd
  compressed2 = 83  // the same, and how many bytes they are
};
inline constexpr std::uint32_t auxtrace_type_arm_spe = 4;  // PERF_AUXTRACE_ARM_SPE

struct EventView {
  PerfEvent type{};
  std::uint64_t file_offset = 0;       // of a packed event: of the record it is packed in
  std::span<const std::uint8_t> body;  // without the header of 8 bytes
  std::uint64_t data_bytes = 0;        // that follow the event
  std::uint64_t u32(std::size_t at) const;
  std::uint64_t u64(std::size_t at) const;
};

// Who an event is about, from the sample id at its end; -1 if it does not say.
struct SampleId {
  std::int32_t cpu = -1, tid = -1;
  bool too_short = false;  // the event ends before its sample id does
};

class PerfFile {
 public:
  using Each = std::function<bool(const EventView&)>;

  PerfFile(ByteInput& input, Diagnostic& why) : input_(input), why_(why) {}

  // Reads the header and, in a file, the attributes.
  PerfRead open();
  bool pipe_format() const { return pipe_format_; }
  bool unfinished() const { return data_size_ == 0 && !pipe_format_; }

  // Hands out every event, those that are packed in another included; `each` returns false to stop,
  // having filled in the diagnostic. Data that follows an event is skipped unless `each` reads it.
  PerfRead walk(const Each& each);
  // Up to to.size() bytes at `offset`.
  std::size_t read(std::uint64_t offset, std::span<std::uint8_t> to) {
    return input_.read(offset, to);
  }

  // Of an event whose own fields are so many bytes. Where the sample id has no CPU, the event's id
  // tells, by the ID_INDEX records before it.
  SampleId sample_id(std::span<const std::uint8_t> body, std::size_t fixed_bytes) const;
  PerfRead fail(std::uint64_t offset, std::string_view expected, std::string message);
  std::uint64_t failed_at() const { return why_.offset; }

 private:
  struct Attribute {
    std::uint64_t sample_type = 0;
    bool sample_id_all = false;
    bool operator==(const Attribute&) const = default;
  };
  PerfRead read_attributes(std::uint64_t entry_bytes, std::uint64_t offset, std::uint64_t size);
  bool read_ids(std::uint64_t offset, std::uint64_t size, std::size_t attribute);
  bool take_attribute(std::span<const std::uint8_t> bytes);
  void take_attribute_event(const EventView& event);
  void take_id_index(const EventView& event);
  bool hand_out(const EventView& event, const Each& each);
  PerfRead unpack(const EventView& event, PackedEvents& packed, const Each& each);
  bool data_behind(EventView& event, std::uint64_t room);
  const Attribute* attribute_of(std::span<const std::uint8_t> trailer) const;

  ByteInput& input_;
  Diagnostic& why_;
  bool pipe_format_ = false;
  std::uint64_t data_offset_ = 0, data_size_ = 0;
  std::vector<Attribute> attributes_;
  bool uniform_ = true;  // all attributes alike
  std::map<std::uint64_t, std::size_t> attribute_of_id_;
  std::map<std::uint64_t, SampleId> id_index_;
};

}  // namespace assay::traces::spe
