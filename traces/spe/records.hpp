// Records from packets: where each begins and ends, and what is wrong with it.
//
// A record is packets up to and including an End or a Timestamp (Arm DDI 0487 M.a.a D18.1.2).
// Between records only padding may stand (D18.1.3). The format cannot be read backwards, so the
// walk has to begin at a record boundary; it takes bytes piece by piece and keeps nothing of them.
#pragma once
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "traces/spe/packet.hpp"

namespace assay::traces::spe {

enum class Fault : std::uint8_t {
  // Content: the record is complete, its packets are not what the architecture demands.
  reserved_packet,   // an Unknown; skipped by its size, as D18.1.3 asks
  no_events,         // the Events packet is always there (SPEConstructRecord)
  no_operation,      // the Operation Type packet is always there (D18.2.7)
  no_total_latency,  // total latency is always there (D18.2.3)
  repeated_packet,   // the same kind and index twice
  record_too_long,   // with its padding, more than 1 << PMSIDR_EL1.MaxSize
  record_unaligned,  // begins off a multiple of 1 << PMBIDR_EL1.Align from where the walk began
  // Framing: nothing behind it can be trusted.
  undecodable,       // a header that defines no size
  truncated_packet,  // the bytes end within a packet
  unfinished_record  // the bytes end, or the longest record is exceeded, before End or Timestamp
};
std::string_view name_of(Fault fault);
// Whether what follows the fault cannot be framed any more.
constexpr bool breaks_framing(Fault fault) { return fault >= Fault::undecodable; }

struct RecordFault {
  Fault fault = Fault::reserved_packet;
  std::uint64_t offset = 0;  // of the packet, or of the record's first byte
  std::uint8_t byte = 0;     // found at that offset
  std::string why;
};

// One complete record: [begin, end) are its packets, with padding inside, not behind it.
struct RecordSpan {
  std::uint64_t begin = 0, end = 0;
  std::uint32_t packets = 0;  // padding not counted
  bool timestamped = false;
  bool faulty = false;
};

// What a walk remembers of faults: the first few, how many there were, and the last that broke the
// framing whatever came before.
struct FaultList {
  static constexpr std::size_t kept_max = 64;
  std::vector<RecordFault> kept;
  std::uint64_t content = 0, framing = 0;
  void add(RecordFault fault);
};

struct WalkOptions {
  unsigned align = 0;                                 // PMBIDR_EL1.Align, 0..11
  std::size_t record_bytes_max = record_bytes_limit;  // 1 << PMSIDR_EL1.MaxSize
  std::function<void(const Packet&)> on_packet;
  std::function<void(const RecordSpan&)> on_record;
};

class RecordWalker {
 public:
  RecordWalker(WalkOptions options, FaultList& faults);

  // Walks `bytes`, of which the first is at `offset` of the stream; returns how many were used up.
  // What is left over is less than a packet: hand it in again with what follows it.
  std::size_t feed(std::span<const std::uint8_t> bytes, std::uint64_t offset);
  // No more bytes: `left` are those that feed() did not use, at `offset`.
  void finish(std::span<const std::uint8_t> left, std::uint64_t offset);
  // Forgets the record that is open and begins anew, at a known record boundary.
  void restart(std::uint64_t offset);

  bool in_record() const { return packets_ != 0; }
  bool broken() const { return broken_; }
  std::uint64_t records() const { return records_; }
  std::uint64_t packets() const { return packets_total_; }
  // Behind the last complete record, without padding; where the walk began if there is none.
  std::uint64_t last_end() const { return last_end_; }
  std::uint64_t last_begin() const { return last_begin_; }
  // Where the packets begin that no End or Timestamp closed. If there are none: the packet that
  // broke the framing, or last_end().
  std::uint64_t open_begin() const {
    return in_record() ? begin_ : broken_ ? broken_at_ : last_end_;
  }
  // Where the walk began.
  std::uint64_t origin() const { return origin_; }

 private:
  void take(const Packet& packet, std::uint8_t byte);
  void note_kind(const Packet& packet, std::uint8_t byte);
  void close(const Packet& packet);
  void break_off(Fault fault, std::uint64_t offset, std::uint8_t byte, std::string why);

  WalkOptions options_;
  FaultList& faults_;
  std::uint64_t origin_ = 0;
  bool started_ = false;
  bool broken_ = false;
  std::uint64_t broken_at_ = 0;
  std::uint64_t begin_ = 0;         // of the open record
  std::uint32_t packets_ = 0;       // of the open record
  std::uint64_t seen_[2] = {0, 0};  // kinds of packet in the open record: addresses, the rest
  bool faulty_ = false;
  std::uint8_t first_byte_ = 0;
  std::uint64_t last_begin_ = 0, last_end_ = 0;
  std::uint64_t records_ = 0, packets_total_ = 0;
};

}  // namespace assay::traces::spe
