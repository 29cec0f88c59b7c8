#include "traces/spe/records.hpp"

#include <fmt/format.h>

#include <utility>

namespace assay::traces::spe {
namespace {

// Kinds of packet that a record holds at most once, as a bit: addresses and counters by index.
struct Kind {
  unsigned set, bit;
};
constexpr Kind kind_events{1, 32}, kind_source{1, 33}, kind_operation{1, 34}, kind_total{1, 0};
constexpr unsigned context_first = 36;

Kind kind_of_unknown(const Unknown& p) {
  const std::uint8_t h = p.header[0];
  if (p.header_bytes == 1) {  // what it would be if its fields were not reserved
    if ((h & 0xfc) == 0x48) return kind_operation;
    if ((h & 0xcf) == 0x43) return kind_source;
    if ((h & 0xfc) == 0x64) return {1, context_first + (h & 3u)};
  }
  const std::uint8_t last = p.header_bytes == 2 ? p.header[1] : h;
  const unsigned index = (p.header_bytes == 2 ? (h & 3u) << 3 : 0u) | (last & 7u);
  if ((last & 0xf8) == 0xb0) return {0, index};
  if ((last & 0xf8) == 0x98) return {1, index};
  return {2, 0};
}

struct KindOf {
  Kind operator()(const Events&) const { return kind_events; }
  Kind operator()(const DataSource&) const { return kind_source; }
  Kind operator()(const CodeAddress& p) const { return {0, static_cast<unsigned>(p.of)}; }
  Kind operator()(const DataVirtualAddress&) const { return {0, 2}; }
  Kind operator()(const DataPhysicalAddress&) const { return {0, 3}; }
  Kind operator()(const ImpdefAddress& p) const { return {0, p.index}; }
  Kind operator()(const Counter& p) const { return {1, p.index}; }
  Kind operator()(const Context& p) const { return {1, context_first + p.el - 1u}; }
  Kind operator()(const Unknown& p) const { return kind_of_unknown(p); }
  Kind operator()(const Padding&) const { return {2, 0}; }
  Kind operator()(const End&) const { return {2, 0}; }
  Kind operator()(const Timestamp&) const { return {2, 0}; }
  template <typename Operation>
  Kind operator()(const Operation&) const {
    return kind_operation;
  }
};

}  // namespace

std::string_view name_of(Fault fault) {
  switch (fault) {
    case Fault::reserved_packet: return "reserved packet";
    case Fault::no_events: return "no Events packet";
    case Fault::no_operation: return "no Operation Type packet";
    case Fault::no_total_latency: return "no total latency";
    case Fault::repeated_packet: return "repeated packet";
    case Fault::record_too_long: return "record too long";
    case Fault::record_unaligned: return "record not aligned";
    case Fault::undecodable: return "undecodable header";
    case Fault::truncated_packet: return "truncated packet";
    case Fault::unfinished_record: return "unfinished record";
  }
  return "fault";
}

void FaultList::add(RecordFault fault) {
  ++(breaks_framing(fault.fault) ? framing : content);
  if (kept.size() < kept_max) kept.push_back(std::move(fault));
  else if (breaks_framing(fault.fault)) kept.back() = std::move(fault);
}

RecordWalker::RecordWalker(WalkOptions options, FaultList& faults)
    : options_(std::move(options)), faults_(faults) {}

void RecordWalker::restart(std::uint64_t offset) {
  origin_ = begin_ = last_begin_ = last_end_ = offset;
  started_ = true;
  broken_ = faulty_ = false;
  packets_ = 0;
  seen_[0] = seen_[1] = 0;
}

void RecordWalker::break_off(Fault fault, std::uint64_t offset, std::uint8_t byte,
                             std::string why) {
  faults_.add({fault, offset, byte, std::move(why)});
  broken_ = true;
  broken_at_ = offset;
}

std::size_t RecordWalker::feed(std::span<const std::uint8_t> bytes, std::uint64_t offset) {
  if (!started_) restart(offset);
  std::size_t at = 0;
  Packet packet;
  while (!broken_) {
    const Decoded answer = decode_packet(bytes, at, offset, packet);
    if (answer == Decoded::end || answer == Decoded::truncated) return at;
    if (answer == Decoded::undecodable) {
      break_off(Fault::undecodable, offset + at, bytes[at],
                fmt::format("header {:#04x} {:#04x} defines no size", bytes[at], bytes[at + 1]));
      break;
    }
    take(packet, bytes[at]);
    at += packet.bytes;
  }
  return bytes.size();  // what cannot be framed is used up
}

void RecordWalker::finish(std::span<const std::uint8_t> left, std::uint64_t offset) {
  if (broken_) return;
  if (!left.empty()) {
    const std::size_t declared = declared_bytes(left);
    std::string size = declared == 0 ? "an unknown number" : std::to_string(declared);
    break_off(
        Fault::truncated_packet, offset, left[0],
        fmt::format("header {:#04x} announces {} bytes, {} are left", left[0], size, left.size()));
  } else if (in_record()) {
    break_off(Fault::unfinished_record, begin_, first_byte_,
              fmt::format("{} packets without End or Timestamp", packets_));
  }
}

void RecordWalker::note_kind(const Packet& packet, std::uint8_t byte) {
  const Kind kind = std::visit(KindOf{}, packet.body);
  if (kind.set > 1) return;
  const std::uint64_t bit = std::uint64_t{1} << kind.bit;
  if (seen_[kind.set] & bit) {
    faults_.add({Fault::repeated_packet, packet.offset, byte,
                 fmt::format("the record at {:#x} has this packet already", begin_)});
    faulty_ = true;
  }
  seen_[kind.set] |= bit;
}

void RecordWalker::take(const Packet& packet, std::uint8_t byte) {
  if (options_.on_packet) options_.on_packet(packet);
  if (is<Padding>(packet)) return;
  ++packets_total_;
  if (packets_ == 0) {
    begin_ = packet.offset;
    first_byte_ = byte;
    const std::uint64_t unit = std::uint64_t{1} << options_.align;
    if ((begin_ - origin_) % unit != 0) {
      faults_.add({Fault::record_unaligned, begin_, byte,
                   fmt::format("not a multiple of {} bytes from {:#x}", unit, origin_)});
      faulty_ = true;
    }
  }
  ++packets_;
  if (const auto* unknown = std::get_if<Unknown>(&packet.body)) {
    faults_.add({Fault::reserved_packet, packet.offset, byte, std::string(name_of(unknown->why))});
    faulty_ = true;
  }
  note_kind(packet, byte);
  const std::uint64_t bytes = packet.offset + packet.bytes - begin_;
  if (ends_record(packet)) return close(packet);
  // Garbage that happens to decode must not pass as one endless record.
  if (bytes > record_bytes_limit)
    break_off(Fault::unfinished_record, begin_, first_byte_,
              fmt::format("{} bytes without End or Timestamp", bytes));
}

void RecordWalker::close(const Packet& packet) {
  const auto content = [this](Fault fault, std::string why) {
    faults_.add({fault, begin_, first_byte_, std::move(why)});
    faulty_ = true;
  };
  const auto missing = [this](Kind kind) { return (seen_[kind.set] >> kind.bit & 1) == 0; };
  last_begin_ = begin_;
  last_end_ = packet.offset + packet.bytes;
  const std::uint64_t unit = std::uint64_t{1} << options_.align;
  const std::uint64_t padded = (last_end_ - begin_ + unit - 1) / unit * unit;
  if (missing(kind_events)) content(Fault::no_events, "the record holds no Events packet");
  if (missing(kind_operation))
    content(Fault::no_operation, "the record holds no Operation Type packet");
  if (missing(kind_total))
    content(Fault::no_total_latency, "the record holds no total latency counter");
  if (padded > options_.record_bytes_max)
    content(Fault::record_too_long, fmt::format("{} bytes with its padding, at most {}", padded,
                                                options_.record_bytes_max));
  if (options_.on_record)
    options_.on_record({begin_, last_end_, packets_, is<Timestamp>(packet), faulty_});
  ++records_;
  packets_ = 0;
  faulty_ = false;
  seen_[0] = seen_[1] = 0;
}

}  // namespace assay::traces::spe
