#include "traces/spe/perf_rules.hpp"

#include <algorithm>

namespace assay::traces::spe {
namespace {

using Byte = std::uint8_t;

constexpr std::size_t pad_item_max = 16;

std::uint64_t little(std::span<const Byte> bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) value = value << 8 | bytes[i];
  return value;
}

struct Shape {
  PerfType type = PerfType::bad;
  Byte index = 0;
};

// What a one-byte header, or the second of an extended one, can be at the end of perf's order.
Shape address_or_counter(Byte header, Byte index) {
  if ((header & 0xf8) == 0xb0) return {PerfType::address, index};
  if ((header & 0xf8) == 0x98) return {PerfType::counter, index};
  return {};
}

Shape shape_of(Byte header) {
  const Byte size = static_cast<Byte>(1u << (header >> 4 & 3));
  if (header == 0x71) return {PerfType::timestamp, 0};
  if ((header & 0xcf) == 0x42) return {PerfType::events, size};
  if ((header & 0xcf) == 0x43) return {PerfType::data_source, 0};
  if ((header & 0xfc) == 0x64) return {PerfType::context, static_cast<Byte>(header & 3)};
  if ((header & 0xfc) == 0x48) return {PerfType::operation, static_cast<Byte>(header & 3)};
  return address_or_counter(header, header & 7);
}

// An extended header whose second byte is zero. The distance comes from perf's own buffer.
PerfPacket alignment_command(std::span<const Byte> rest, std::uint64_t address) {
  const std::size_t alignment = std::size_t{2} << (rest[0] & 0xf);
  if (rest.size() < alignment) return {};
  PerfPacket packet;
  packet.type = PerfType::pad;
  packet.bytes = alignment - (address & (alignment - 1));
  return packet;
}

PerfPacket with_payload(std::span<const Byte> rest, Shape shape, std::size_t header_bytes) {
  if (shape.type == PerfType::bad) return {};
  const std::size_t payload = std::size_t{1} << (rest[header_bytes - 1] >> 4 & 3);
  if (rest.size() < header_bytes + payload) return {};
  PerfPacket packet;
  packet.type = shape.type;
  packet.index = shape.index;
  packet.payload = little(rest.subspan(header_bytes, payload));
  packet.bytes = header_bytes + payload;
  return packet;
}

PerfPacket classify(std::span<const Byte> rest, std::uint64_t address) {
  const Byte header = rest[0];
  PerfPacket packet;
  if (header <= 1) {
    packet.type = header == 0 ? PerfType::pad : PerfType::end;
    return packet;
  }
  if ((header & 0xfc) != 0x20) return with_payload(rest, shape_of(header), 1);
  if (rest.size() == 1) return packet;
  if (rest[1] == 0) return alignment_command(rest, address);
  const Byte index = static_cast<Byte>((header & 3) << 3 | (rest[1] & 7));
  return with_payload(rest, address_or_counter(rest[1], index), 2);
}

}  // namespace

PerfPacket perf_packet(std::span<const std::uint8_t> bytes, std::size_t at,
                       std::uint64_t host_address) {
  const std::span<const Byte> rest = bytes.subspan(at);
  PerfPacket packet = classify(rest, host_address + at);
  packet.offset = at;
  packet.bytes = std::min<std::uint64_t>(packet.bytes, rest.size());
  if (packet.type == PerfType::pad)
    while (packet.bytes < pad_item_max && packet.bytes < rest.size() && rest[packet.bytes] == 0)
      ++packet.bytes;
  return packet;
}

PerfView perf_view(std::span<const std::uint8_t> bytes, std::uint64_t host_address) {
  PerfView view;
  PerfRecord open;
  for (std::size_t at = 0; at < bytes.size();) {
    const PerfPacket packet = perf_packet(bytes, at, host_address);
    view.packets.push_back(packet);
    at += packet.bytes;
    const bool drops =
        packet.type == PerfType::bad || (packet.type == PerfType::operation && packet.index == 3);
    if (packet.type == PerfType::bad) ++view.bad_bytes;
    if (drops) open = {};
    if (drops || packet.type == PerfType::pad) continue;
    if (open.packets++ == 0) open.begin = packet.offset;
    if (packet.type != PerfType::end && packet.type != PerfType::timestamp) continue;
    open.end = at;
    view.records.push_back(open);
    open = {};
  }
  return view;
}

std::string_view name_of(PerfType type) {
  switch (type) {
    case PerfType::bad: return "bad";
    case PerfType::pad: return "padding";
    case PerfType::end: return "end";
    case PerfType::timestamp: return "timestamp";
    case PerfType::events: return "events";
    case PerfType::data_source: return "data source";
    case PerfType::context: return "context";
    case PerfType::operation: return "operation";
    case PerfType::address: return "address";
    case PerfType::counter: return "counter";
  }
  return "packet";
}

std::string_view name_of(Difference difference) {
  switch (difference) {
    case Difference::reserved_header_rescanned: return "reserved_header_rescanned";
    case Difference::extended_header_rescanned: return "extended_header_rescanned";
    case Difference::alignment_command: return "alignment_command";
    case Difference::undecodable_rescanned: return "undecodable_rescanned";
    case Difference::truncated_rescanned: return "truncated_rescanned";
    case Difference::reserved_size_accepted: return "reserved_size_accepted";
    case Difference::reserved_index_accepted: return "reserved_index_accepted";
    case Difference::reserved_class_accepted: return "reserved_class_accepted";
    case Difference::reserved_subclass_accepted: return "reserved_subclass_accepted";
    case Difference::reserved_field_accepted: return "reserved_field_accepted";
    case Difference::realm_ignored: return "realm_ignored";
    case Difference::record_lost: return "record_lost";
    case Difference::record_shortened: return "record_shortened";
    case Difference::record_invented: return "record_invented";
  }
  return "difference";
}

std::string_view explain(Difference difference) {
  switch (difference) {
    case Difference::reserved_header_rescanned:
    case Difference::extended_header_rescanned:
      return "D18.1.3 asks to skip an unknown packet by its size; perf reads its payload as "
             "packets";
    case Difference::alignment_command:
      return "perf skips up to an alignment of its own memory and may skip packets with it";
    case Difference::undecodable_rescanned:
      return "the header defines no size; what perf finds behind it is chance";
    case Difference::truncated_rescanned:
      return "the packet is cut off; perf reads what is there of its payload as packets";
    case Difference::reserved_size_accepted: return "perf takes a data source of any size";
    case Difference::reserved_index_accepted:
      return "perf shows an address, counter or context that the architecture does not define";
    case Difference::reserved_class_accepted:
      return "perf prints the packet and gives up the record";
    case Difference::reserved_subclass_accepted:
      return "perf shows the operation by its class alone";
    case Difference::reserved_field_accepted:
      return "perf ignores reserved bits and shows the rest as if it were valid";
    case Difference::realm_ignored: return "perf does not look at NSE and shows Realm as ns=1";
    case Difference::record_lost: return "perf drops a record that is complete";
    case Difference::record_shortened: return "perf's record lacks the packets before a bad byte";
    case Difference::record_invented: return "perf makes a record of bytes that are none";
  }
  return "";
}

}  // namespace assay::traces::spe
