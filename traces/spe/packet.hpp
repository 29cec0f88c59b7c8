// Packets of Arm SPE sample records: bytes to typed structs and back.
//
// The format is version 0 of Arm DDI 0487 issue M.a.a, chapter D18. A stream is a sequence of
// packets; each has a header of one or two bytes that says how many payload bytes follow (D18.1.1),
// so what is not known can be stepped over. This reader never guesses: a packet with a reserved
// header, index, size or field is an `Unknown` that says what is reserved, and keeps its bytes.
//
// Padding is a packet too (D18.2.8). It may stand between the packets of one record: cores do that
// to keep payloads from crossing a write granule.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

namespace assay::traces::spe {

// The longest packet: an extended header and a doubleword.
inline constexpr std::size_t packet_bytes_max = 10;
// PMSIDR_EL1.MaxSize encodes at most 2 KiB (D24.7).
inline constexpr std::size_t record_bytes_limit = 2048;

// A run of zero bytes; how many is the packet's span.
struct Padding {
  bool operator==(const Padding&) const = default;
};
// Ends a record that has no timestamp (D18.2.5).
struct End {
  bool operator==(const End&) const = default;
};
// Ends a record (D18.2.9). The clock is chosen by PMSCR_ELx.PCT, in its ticks.
struct Timestamp {
  std::uint64_t ticks = 0;
  bool operator==(const Timestamp&) const = default;
};
// What happened to the operation (D18.2.6). Bits that were not output count as zero; whether a bit
// is reserved depends on the PE's features, so none is refused here.
struct Events {
  std::uint8_t bytes = 1;  // 1, 2, 4 or 8
  std::uint64_t bits = 0;
  bool operator==(const Events&) const = default;
};
// Where a load's data came from (D18.2.4); the meaning is IMPLEMENTATION DEFINED.
struct DataSource {
  std::uint8_t bytes = 1;  // 1 or 2
  std::uint16_t source = 0;
  bool operator==(const DataSource&) const = default;
};

// An address of code (D18.2.1, first payload): bits [55:0] and the state it belongs to.
struct CodeAddress {
  enum class Of : std::uint8_t { pc = 0, branch_target = 1, previous_target = 4 };
  Of of = Of::pc;
  std::uint64_t address = 0;  // 56 bits
  std::uint8_t el = 0;        // 0..3
  bool ns = false;            // with nse: {0,0} Secure, {0,1} Non-secure, {1,1} Realm
  bool nse = false;
  bool extended = false;  // header of two bytes
  bool operator==(const CodeAddress&) const = default;
};
struct DataVirtualAddress {
  std::uint64_t address = 0;  // 56 bits
  std::uint8_t tag = 0;       // the top byte, if the implementation outputs it
  bool extended = false;
  bool operator==(const DataVirtualAddress&) const = default;
};
struct DataPhysicalAddress {
  std::uint64_t address = 0;  // 56 bits
  bool ns = false, nse = false;
  bool checked = false;           // against an Allocation Tag
  std::uint8_t physical_tag = 0;  // 4 bits
  bool extended = false;
  bool operator==(const DataPhysicalAddress&) const = default;
};
// INDEX 6, 7 and 16..31 belong to the implementation.
struct ImpdefAddress {
  std::uint8_t index = 6;
  std::uint64_t payload = 0;
  bool extended = false;
  bool operator==(const ImpdefAddress&) const = default;
};

// Cycles (D18.2.3); 0xFFF, or 0xFFFF with 16-bit counters, means saturated.
struct Counter {
  // Any index not named is the implementation's: 6, 7, 16..31.
  static constexpr std::uint8_t total = 0, issue = 1, translation = 2, alternate_issue = 4;
  std::uint8_t index = total;
  std::uint16_t cycles = 0;
  bool extended = false;
  bool operator==(const Counter&) const = default;
};

// CONTEXTIDR_EL1 or CONTEXTIDR_EL2 (D18.2.2).
struct Context {
  std::uint8_t el = 1;  // 1 or 2
  std::uint32_t id = 0;
  bool operator==(const Context&) const = default;
};

// --- operation types (D18.2.7), one struct for each payload ------------------------------

struct OtherOperation {
  bool advanced_simd = false, floating_point = false, conditional = false;
  bool operator==(const OtherOperation&) const = default;
};
struct SveOperation {
  std::uint8_t evl = 0;  // 0..7: 32 << evl bits, 7 is "more than 2048"
  bool predicated = false, floating_point = false;
  bool operator==(const SveOperation&) const = default;
};
struct SmeOperation {
  std::uint8_t ets = 0;  // 0..11: 128 << ets bits, 15: the whole ZA array
  bool floating_point = false;
  bool operator==(const SmeOperation&) const = default;
};
struct LoadStore {
  // The value is payload bits [7:1].
  enum class Target : std::uint8_t {
    general = 0x00,         // general-purpose registers
    simd_fp = 0x02,         // SIMD&FP registers
    unspecified = 0x08,     // since SPEv1p1
    allocation_tag = 0x0a,  // MTE
    system_register = 0x18  // an MRS or MSR that NV2 made a memory access
  };
  Target target = Target::general;
  bool store = false;
  bool operator==(const LoadStore&) const = default;
};
struct LoadStoreExtended {
  bool store = false, atomic = false, exclusive = false, acquire_release = false;
  bool operator==(const LoadStoreExtended&) const = default;
};
struct LoadStoreSve {
  std::uint8_t evl = 0;  // as SveOperation
  bool store = false, predicated = false, gather_scatter = false;
  bool operator==(const LoadStoreSve&) const = default;
};
struct MemoryCopy {
  bool store = false;
  bool operator==(const MemoryCopy&) const = default;
};
struct MemorySet {
  bool operator==(const MemorySet&) const = default;
};
struct LoadStoreGcs {
  bool store = false, common = false;
  bool operator==(const LoadStoreGcs&) const = default;
};
struct Branch {
  enum class Link : std::uint8_t { not_recorded = 0, call = 1, procedure_return = 2, neither = 3 };
  Link link = Link::not_recorded;
  bool gcs = false, indirect = false, conditional = false;
  bool operator==(const Branch&) const = default;
};

// --- what is not assigned ----------------------------------------------------------------

enum class Reserved : std::uint8_t {
  header,           // one-byte header without a meaning (Table D18-1)
  extended_header,  // two-byte header without a meaning (Table D18-2)
  size,             // a size this packet cannot have
  index,            // address, counter or context number
  operation_class,  // CLASS 3 of the operation type
  subclass,         // operation type payload that no table lists
  field             // a field holds a reserved value, or a bit that reads as zero is one
};
// "reserved header": for messages.
std::string_view name_of(Reserved reserved);

struct Unknown {
  Reserved why = Reserved::header;
  std::uint8_t header[2] = {0, 0};  // the second only if header_bytes is 2
  std::uint8_t header_bytes = 1;
  std::uint8_t payload_bytes = 0;
  std::uint64_t payload = 0;
  bool operator==(const Unknown&) const = default;
};

using Body = std::variant<Padding, End, Timestamp, Events, DataSource, CodeAddress,
                          DataVirtualAddress, DataPhysicalAddress, ImpdefAddress, Counter, Context,
                          OtherOperation, SveOperation, SmeOperation, LoadStore, LoadStoreExtended,
                          LoadStoreSve, MemoryCopy, MemorySet, LoadStoreGcs, Branch, Unknown>;

struct Packet {
  Body body;
  std::uint64_t offset = 0;  // of its first byte
  std::uint64_t bytes = 0;   // header and payload; of a Padding, the length of the run
};

template <typename T>
bool is(const Packet& packet) {
  return std::holds_alternative<T>(packet.body);
}
// Whether the packet closes its record.
inline bool ends_record(const Packet& packet) { return is<Timestamp>(packet) || is<End>(packet); }

enum class Decoded : std::uint8_t {
  packet,
  end,         // no byte is left
  truncated,   // the packet's declared size runs past the last byte
  undecodable  // an extended header inside an extended header: its size is not defined
};

// The packet at bytes[at]; `offset` of the result is at + base. Padding runs to the first byte that
// is not zero. `packet` is only written when the answer is Decoded::packet.
// Source: Arm DDI 0487 M.a.a D18.1.1 (sizes), D18.1.4 (headers), D18.2 (payloads).
Decoded decode_packet(std::span<const std::uint8_t> bytes, std::size_t at, std::uint64_t base,
                      Packet& packet);

// How long the packet at the beginning of `bytes` says it is, by D18.1.1 alone: 0 if there are too
// few bytes to say, or if the header defines no size.
std::size_t declared_bytes(std::span<const std::uint8_t> bytes);

// --- writing ------------------------------------------------------------------------------

enum class Encoded : std::uint8_t {
  fine,
  field_too_wide,  // a field does not fit, or holds a value the architecture reserves
  not_closed,      // the last packet is neither End nor Timestamp
  closed_early,    // one before the last is
  too_long         // longer than `bytes_max`
};

// Appends one packet; a Padding is one zero byte. On an error nothing is appended.
Encoded encode_packet(const Body& body, std::vector<std::uint8_t>& out);

// Appends a record, and zero bytes until its size is a multiple of 1 << align (PMBIDR_EL1.Align).
// bytes_max counts the padding as well: 1 << PMSIDR_EL1.MaxSize. On an error nothing is appended.
// Source: D18.1.2 and the pseudocode SPEConstructRecord (J1.1.1).
Encoded encode_record(std::span<const Body> packets, unsigned align, std::size_t bytes_max,
                      std::vector<std::uint8_t>& out);

}  // namespace assay::traces::spe
