// From typed packets to bytes, written from the tables of D18.2 and not from the grammar: that
// both agree is what the round trip shows.
#include "traces/spe/packet.hpp"

namespace assay::traces::spe {
namespace {

using Byte = std::uint8_t;

// CLASS of the Operation Type packet is bits [1:0] of its header.
constexpr Byte operation_header = 0x48;
constexpr Byte class_other = 0, class_load_store = 1, class_branch = 2;

Byte bit(bool value, unsigned position) { return static_cast<Byte>(value ? 1u << position : 0u); }

class Encoder {
 public:
  explicit Encoder(std::vector<Byte>& out) : out_(out) {}

  bool operator()(const Padding&) { return put(0x00); }
  bool operator()(const End&) { return put(0x01); }
  bool operator()(const Timestamp& p) { return put(0x71) && little(p.ticks, 8); }

  bool operator()(const Events& p) {
    return sized(0x42, p.bytes, 8) && fits(p.bits, p.bytes * 8u) && little(p.bits, p.bytes);
  }
  bool operator()(const DataSource& p) {
    return sized(0x43, p.bytes, 2) && fits(p.source, p.bytes * 8u) && little(p.source, p.bytes);
  }

  bool operator()(const CodeAddress& p) {
    if (p.el > 3 || (p.nse && !p.ns)) return false;
    const Byte top = static_cast<Byte>(bit(p.ns, 7) | static_cast<Byte>(p.el << 5) | bit(p.nse, 4));
    return address(static_cast<Byte>(p.of), p.address, top, p.extended);
  }
  bool operator()(const DataVirtualAddress& p) { return address(2, p.address, p.tag, p.extended); }
  bool operator()(const DataPhysicalAddress& p) {
    if (p.physical_tag > 15 || (p.nse && !p.ns)) return false;
    const Byte top =
        static_cast<Byte>(bit(p.ns, 7) | bit(p.checked, 6) | bit(p.nse, 4) | p.physical_tag);
    return address(3, p.address, top, p.extended);
  }
  bool operator()(const ImpdefAddress& p) {
    return impdef(p.index) && indexed(0xb0, p.index, p.extended) && little(p.payload, 8);
  }

  bool operator()(const Counter& p) {
    const bool named = p.index <= 2 || p.index == 4;
    return (named || impdef(p.index)) && indexed(0x98, p.index, p.extended) && little(p.cycles, 2);
  }
  bool operator()(const Context& p) {
    return (p.el == 1 || p.el == 2) && put(static_cast<Byte>(0x63 + p.el)) && little(p.id, 4);
  }

  bool operator()(const OtherOperation& p) {
    return operation(class_other,
                     bit(p.advanced_simd, 2) | bit(p.floating_point, 1) | bit(p.conditional, 0));
  }
  bool operator()(const SveOperation& p) {
    return p.evl < 8 && operation(class_other, 0x08 | p.evl << 4 | bit(p.predicated, 2) |
                                                   bit(p.floating_point, 1));
  }
  bool operator()(const SmeOperation& p) {  // ETS is split: bits [6:4] and bit 2
    return (p.ets < 12 || p.ets == 15) &&
           operation(class_other,
                     0x88 | (p.ets >> 1) << 4 | bit(p.ets & 1, 2) | bit(p.floating_point, 1));
  }
  bool operator()(const LoadStore& p) {
    return operation(class_load_store, static_cast<Byte>(p.target) << 1 | bit(p.store, 0));
  }
  bool operator()(const LoadStoreExtended& p) {
    return operation(class_load_store, 0x02 | bit(p.acquire_release, 4) | bit(p.exclusive, 3) |
                                           bit(p.atomic, 2) | bit(p.store, 0));
  }
  bool operator()(const LoadStoreSve& p) {
    return p.evl < 8 && operation(class_load_store, 0x08 | bit(p.gather_scatter, 7) | p.evl << 4 |
                                                        bit(p.predicated, 2) | bit(p.store, 0));
  }
  bool operator()(const MemoryCopy& p) {
    return operation(class_load_store, 0x20 | bit(p.store, 0));
  }
  bool operator()(const MemorySet&) { return operation(class_load_store, 0x25); }
  bool operator()(const LoadStoreGcs& p) {
    return operation(class_load_store, 0x40 | bit(p.common, 2) | bit(p.store, 0));
  }
  bool operator()(const Branch& p) {
    return operation(class_branch, static_cast<Byte>(p.link) << 3 | bit(p.gcs, 2) |
                                       bit(p.indirect, 1) | bit(p.conditional, 0));
  }

  bool operator()(const Unknown& p) {
    if (!put(p.header[0]) || (p.header_bytes == 2 && !put(p.header[1]))) return false;
    return p.payload_bytes <= 8 && fits(p.payload, p.payload_bytes * 8u) &&
           little(p.payload, p.payload_bytes);
  }

 private:
  bool put(Byte byte) {
    out_.push_back(byte);
    return true;
  }
  bool little(std::uint64_t value, unsigned bytes) {
    for (unsigned i = 0; i < bytes; ++i) put(static_cast<Byte>(value >> (8 * i)));
    return true;
  }
  static bool fits(std::uint64_t value, unsigned bits) { return bits >= 64 || value >> bits == 0; }
  static bool impdef(Byte index) { return (index | 1) == 7 || (index >= 16 && index < 32); }

  // SZ is bits [5:4] of the header.
  bool sized(Byte header, Byte bytes, Byte bytes_max) {
    for (unsigned size = 0; size < 4; ++size)
      if (bytes == 1u << size && bytes <= bytes_max)
        return put(static_cast<Byte>(header | size << 4));
    return false;
  }
  // INDEX[4:3] only exist in the extended format.
  bool indexed(Byte header, Byte index, bool extended) {
    if (index > 7 && !extended) return false;
    if (extended) put(static_cast<Byte>(0x20 | index >> 3));
    return put(static_cast<Byte>(header | (index & 7)));
  }
  bool address(Byte index, std::uint64_t low, Byte top, bool extended) {
    return fits(low, 56) && indexed(0xb0, index, extended) && little(low, 7) && put(top);
  }
  bool operation(Byte operation_class, int payload) {
    put(static_cast<Byte>(operation_header | operation_class));
    return put(static_cast<Byte>(payload));
  }

  std::vector<Byte>& out_;
};

bool closes(const Body& body) {
  return std::holds_alternative<End>(body) || std::holds_alternative<Timestamp>(body);
}

}  // namespace

Encoded encode_packet(const Body& body, std::vector<std::uint8_t>& out) {
  const std::size_t before = out.size();
  if (std::visit(Encoder(out), body)) return Encoded::fine;
  out.resize(before);
  return Encoded::field_too_wide;
}

Encoded encode_record(std::span<const Body> packets, unsigned align, std::size_t bytes_max,
                      std::vector<std::uint8_t>& out) {
  const std::size_t before = out.size();
  const auto refuse = [&](Encoded why) {
    out.resize(before);
    return why;
  };
  if (packets.empty() || !closes(packets.back())) return Encoded::not_closed;
  for (std::size_t i = 0; i < packets.size(); ++i) {
    if (i + 1 < packets.size() && closes(packets[i])) return refuse(Encoded::closed_early);
    const Encoded answer = encode_packet(packets[i], out);
    if (answer != Encoded::fine) return refuse(answer);
  }
  const std::size_t unit = std::size_t{1} << align;
  const std::size_t bytes = (out.size() - before + unit - 1) / unit * unit;
  if (bytes > bytes_max) return refuse(Encoded::too_long);
  out.resize(before + bytes, 0);
  return Encoded::fine;
}

}  // namespace assay::traces::spe
