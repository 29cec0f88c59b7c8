// What Linux perf makes of the same bytes, and where that differs from the architecture.
//
// perf's decoder is what most people believe their records say. It is written here a second time,
// from a description of its behaviour and independently of the grammar: a packet is classified by
// its first byte in a fixed order, what does not fit is stepped over one byte at a time, and a
// record in which that happens is dropped.
//
// Source: Linux 6.12 tools/perf/util/arm-spe-decoder (packet and record decoder).
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace assay::traces::spe {

enum class PerfType : std::uint8_t {
  bad,  // one byte, skipped
  pad,
  end,
  timestamp,
  events,
  data_source,
  context,
  operation,
  address,
  counter
};
std::string_view name_of(PerfType type);

struct PerfPacket {
  PerfType type = PerfType::bad;
  std::uint8_t index = 0;  // address, counter, context, operation class; events: payload bytes
  std::uint64_t payload = 0;
  std::uint64_t offset = 0;
  std::uint64_t bytes = 1;
};

// perf's next packet at bytes[at]; `at` must be less than the size. `host_address` is where perf
// has bytes[0] in its own memory: its alignment command rounds that address, not an offset. Never
// runs past the bytes: perf's own would after an alignment command, here it is cut.
PerfPacket perf_packet(std::span<const std::uint8_t> bytes, std::size_t at,
                       std::uint64_t host_address);

// A record perf hands on: closed by an End or a Timestamp, without a bad byte since the one before
// and without an operation class it does not know.
struct PerfRecord {
  std::uint64_t begin = 0, end = 0;  // of its packets, padding around it not counted
  std::uint32_t packets = 0;
};

struct PerfView {
  std::vector<PerfPacket> packets;  // with each padding item of at most 16 bytes, and bad bytes
  std::vector<PerfRecord> records;
  std::uint64_t bad_bytes = 0;
};
PerfView perf_view(std::span<const std::uint8_t> bytes, std::uint64_t host_address = 0);

// --- comparison ---------------------------------------------------------------------------

enum class Difference : std::uint8_t {
  // Packets.
  reserved_header_rescanned,  // D18.1.1 gives the packet a size; perf looks for one in its payload
  extended_header_rescanned,  // the same for a header of two bytes
  alignment_command,        // 0x20..0x23 0x00: no payload by D18.1.1, for perf "skip to alignment"
  undecodable_rescanned,    // no size by D18.1.1; perf goes on one byte later
  truncated_rescanned,      // the bytes end within the packet; perf takes its payload for packets
  reserved_size_accepted,   // a data source of 4 or 8 bytes
  reserved_index_accepted,  // an address, counter or context number without meaning
  reserved_class_accepted,  // operation class 3 as a packet (the record is then dropped)
  reserved_subclass_accepted,  // an operation payload that no table lists
  reserved_field_accepted,     // reserved bits or values in an address or an operation
  realm_ignored,               // NSE is set: Realm, which perf shows as Non-secure
  // Records.
  record_lost,       // complete by D18.1.2, and dropped by perf
  record_shortened,  // perf's begins later: what precedes a bad byte is gone
  record_invented    // perf's ends where no record does
};
inline constexpr unsigned difference_count = 14;
std::string_view name_of(Difference difference);
// What it means for somebody who trusts perf, in one sentence.
std::string_view explain(Difference difference);

struct DifferenceAt {
  Difference difference = Difference::record_lost;
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;  // how far the two go separate ways
  std::string text;
};

// Every difference between the grammar (packet.hpp, records.hpp) and perf on these bytes, in order
// of offset, packets before records. No difference in how padding is cut into items is reported.
// Where the grammar stops for good, what perf finds behind is all one difference.
std::vector<DifferenceAt> compare_with_perf(std::span<const std::uint8_t> bytes,
                                            std::uint64_t host_address = 0);

}  // namespace assay::traces::spe
