// The grammar of D18.2, one rule for each packet, and what each payload says.
#include <boost/spirit/home/x3.hpp>
#include <boost/spirit/home/x3/binary.hpp>

#include "traces/spe/packet.hpp"

namespace assay::traces::spe {
namespace {

namespace x3 = boost::spirit::x3;

using Byte = std::uint8_t;

struct body_tag;

// One byte whose masked bits have a value; its attribute is the byte.
struct Masked : x3::parser<Masked> {
  using attribute_type = Byte;
  [[maybe_unused]] static constexpr bool has_attribute = true;
  Byte mask, value;

  constexpr Masked(Byte m, Byte v) : mask(m), value(v) {}
  template <typename Iterator, typename Context, typename RContext, typename Attribute>
  bool parse(Iterator& first, const Iterator& last, const Context&, RContext&,
             Attribute& attribute) const {
    if (first == last || (*first & mask) != value) return false;
    x3::traits::move_to(*first, attribute);
    ++first;
    return true;
  }
};
constexpr Masked any_byte(0, 0);

// Remembers the header that matched, then reads a payload.
struct Header {
  Byte first = 0, second = 0;
  bool extended = false;
  // Of an address or a counter: INDEX[4:3] come from the first byte of an extended header.
  Byte index() const {
    return static_cast<Byte>(extended ? (first & 3) << 3 | (second & 7) : first & 7);
  }
};
struct Draft {
  Header header;
  Body body;
};
template <typename Context>
Draft& draft_of(const Context& context) {
  return x3::get<body_tag>(context).get();
}

constexpr auto keep_first = [](auto& c) { draft_of(c).header = {x3::_attr(c), 0, false}; };
constexpr auto keep_second = [](auto& c) {
  Header& h = draft_of(c).header;
  h.second = x3::_attr(c);
  h.extended = true;
};

Unknown unknown(Reserved why, const Header& h, unsigned payload_bytes, std::uint64_t payload) {
  return {why,
          {h.first, h.second},
          static_cast<Byte>(h.extended ? 2 : 1),
          static_cast<Byte>(payload_bytes),
          payload};
}

// --- payloads ----------------------------------------------------------------------------

constexpr std::uint64_t low_56 = (std::uint64_t{1} << 56) - 1;

bool impdef_index(Byte index) { return index == 6 || index == 7 || index >= 16; }

Body address_body(const Header& h, std::uint64_t payload) {
  const Byte index = h.index();
  const Byte top = static_cast<Byte>(payload >> 56);
  const std::uint64_t address = payload & low_56;
  const bool ns = top & 0x80, nse = top & 0x10;
  const bool bad_state = nse && !ns;  // no encoding for Root: nothing is sampled at EL3
  switch (index) {
    case 0:
    case 1:
    case 4:
      if (bad_state || (top & 0x0f) != 0) return unknown(Reserved::field, h, 8, payload);
      return CodeAddress{static_cast<CodeAddress::Of>(index),
                         address,
                         static_cast<Byte>(top >> 5 & 3),
                         ns,
                         nse,
                         h.extended};
    case 2: return DataVirtualAddress{address, top, h.extended};
    case 3:
      if (bad_state || (top & 0x20) != 0) return unknown(Reserved::field, h, 8, payload);
      return DataPhysicalAddress{address,   ns, nse, (top & 0x40) != 0, static_cast<Byte>(top & 15),
                                 h.extended};
    default: break;
  }
  if (impdef_index(index)) return ImpdefAddress{index, payload, h.extended};
  return unknown(Reserved::index, h, 8, payload);
}

Body counter_body(const Header& h, std::uint16_t payload) {
  const Byte index = h.index();
  const bool assigned = index <= Counter::translation || index == Counter::alternate_issue;
  if (assigned || impdef_index(index)) return Counter{index, payload, h.extended};
  return unknown(Reserved::index, h, 2, payload);
}

Body other_body(const Header& h, Byte p) {
  if ((p & 0xf8) == 0) return OtherOperation{(p & 4) != 0, (p & 2) != 0, (p & 1) != 0};
  if ((p & 0x89) == 0x08)
    return SveOperation{static_cast<Byte>(p >> 4 & 7), (p & 4) != 0, (p & 2) != 0};
  if ((p & 0x89) == 0x88) {
    const Byte ets = static_cast<Byte>((p >> 3 & 0x0e) | (p >> 2 & 1));
    if (ets > 11 && ets != 15) return unknown(Reserved::field, h, 1, p);
    return SmeOperation{ets, (p & 2) != 0};
  }
  return unknown(Reserved::subclass, h, 1, p);
}

Body load_store_body(const Header& h, Byte p) {
  const bool store = p & 1;
  if ((p & 0x0a) == 0x08)
    return LoadStoreSve{static_cast<Byte>(p >> 4 & 7), store, (p & 4) != 0, (p & 0x80) != 0};
  if ((p & 0xe2) == 0x02)
    return LoadStoreExtended{store, (p & 4) != 0, (p & 8) != 0, (p & 0x10) != 0};
  if ((p & 0xfa) == 0x40) return LoadStoreGcs{store, (p & 4) != 0};
  switch (p & 0xfe) {
    case 0x00:
    case 0x04:
    case 0x10:
    case 0x14:
    case 0x30: return LoadStore{static_cast<LoadStore::Target>(p >> 1), store};
    case 0x20: return MemoryCopy{store};
    case 0x24:
      if (store) return MemorySet{};
      break;
    default: break;
  }
  return unknown(Reserved::subclass, h, 1, p);
}

Body operation_body(const Header& h, Byte p) {
  switch (h.first & 3) {
    case 0: return other_body(h, p);
    case 1: return load_store_body(h, p);
    case 2:
      if ((p & 0xe0) != 0) return unknown(Reserved::subclass, h, 1, p);
      return Branch{static_cast<Branch::Link>(p >> 3 & 3), (p & 4) != 0, (p & 2) != 0,
                    (p & 1) != 0};
    default: return unknown(Reserved::operation_class, h, 1, p);
  }
}

Body context_body(const Header& h, std::uint32_t payload) {
  const Byte index = h.first & 3;
  if (index > 1) return unknown(Reserved::index, h, 4, payload);
  return Context{static_cast<Byte>(index + 1), payload};
}

// --- actions -----------------------------------------------------------------------------

constexpr auto set_end = [](auto& c) { draft_of(c).body = End{}; };
constexpr auto set_timestamp = [](auto& c) {
  draft_of(c).body = Timestamp{static_cast<std::uint64_t>(x3::_attr(c))};
};
constexpr auto set_context = [](auto& c) {
  draft_of(c).body = context_body(draft_of(c).header, x3::_attr(c));
};
constexpr auto set_operation = [](auto& c) {
  draft_of(c).body = operation_body(draft_of(c).header, x3::_attr(c));
};
constexpr auto set_address = [](auto& c) {
  draft_of(c).body = address_body(draft_of(c).header, x3::_attr(c));
};
constexpr auto set_counter = [](auto& c) {
  draft_of(c).body = counter_body(draft_of(c).header, x3::_attr(c));
};
template <Byte Bytes>
constexpr auto set_events = [](auto& c) {
  draft_of(c).body = Events{Bytes, static_cast<std::uint64_t>(x3::_attr(c))};
};
template <Byte Bytes>
constexpr auto set_source = [](auto& c) {
  draft_of(c).body = DataSource{Bytes, static_cast<std::uint16_t>(x3::_attr(c))};
};
// What follows an unassigned header, by its size alone.
template <Reserved Why, Byte Bytes>
constexpr auto set_unknown = [](auto& c) {
  std::uint64_t payload = 0;
  if constexpr (Bytes > 0) payload = x3::_attr(c);
  draft_of(c).body = unknown(Why, draft_of(c).header, Bytes, payload);
};

// --- the grammar -------------------------------------------------------------------------

constexpr auto first(Byte mask, Byte value) { return Masked(mask, value)[keep_first]; }
constexpr auto second(Byte mask, Byte value) { return Masked(mask, value)[keep_second]; }

constexpr auto address = first(0xf8, 0xb0) >> x3::little_qword[set_address];
constexpr auto counter = first(0xf8, 0x98) >> x3::little_word[set_counter];
constexpr auto operation = first(0xfc, 0x48) >> any_byte[set_operation];
constexpr auto context = first(0xfc, 0x64) >> x3::little_dword[set_context];
constexpr auto timestamp = first(0xff, 0x71) >> x3::little_qword[set_timestamp];
constexpr auto end_packet = first(0xff, 0x01) >> x3::eps[set_end];

constexpr auto events = (first(0xff, 0x42) >> any_byte[set_events<1>]) |
                        (first(0xff, 0x52) >> x3::little_word[set_events<2>]) |
                        (first(0xff, 0x62) >> x3::little_dword[set_events<4>]) |
                        (first(0xff, 0x72) >> x3::little_qword[set_events<8>]);

constexpr auto data_source =
    (first(0xff, 0x43) >> any_byte[set_source<1>]) |
    (first(0xff, 0x53) >> x3::little_word[set_source<2>]) |
    (first(0xff, 0x63) >> x3::little_dword[set_unknown<Reserved::size, 4>]) |
    (first(0xff, 0x73) >> x3::little_qword[set_unknown<Reserved::size, 8>]);

// 0x20..0x23 introduce an address or a counter; 0x24..0x3f nothing yet, but have a size.
constexpr auto extended = first(0xfc, 0x20) >>
                          ((second(0xf8, 0xb0) >> x3::little_qword[set_address]) |
                           (second(0xf8, 0x98) >> x3::little_word[set_counter]));

// Any byte below 0x20 takes no payload, any from 0x40 on takes 1 << bits[5:4].
template <Reserved Why>
constexpr auto no_payload = x3::eps[set_unknown<Why, 0>];
constexpr auto bare(auto keep) { return Masked(0xe0, 0x00)[keep]; }
template <Reserved Why>
constexpr auto sized(auto keep) {
  const auto with = [keep](Byte size) {  // bits [7:6] are not both zero
    return (Masked(0xf0, static_cast<Byte>(0x40 | size))[keep] |
            Masked(0xb0, static_cast<Byte>(0x80 | size))[keep]);
  };
  return (with(0x00) >> any_byte[set_unknown<Why, 1>]) |
         (with(0x10) >> x3::little_word[set_unknown<Why, 2>]) |
         (with(0x20) >> x3::little_dword[set_unknown<Why, 4>]) |
         (with(0x30) >> x3::little_qword[set_unknown<Why, 8>]);
}
constexpr auto unassigned =
    (bare(keep_first) >> no_payload<Reserved::header>) | sized<Reserved::header>(keep_first);
constexpr auto unassigned_extended = first(0xe0, 0x20) >>
                                     ((bare(keep_second) >> no_payload<Reserved::extended_header>) |
                                      sized<Reserved::extended_header>(keep_second));

// The commonest first.
constexpr auto packet_rule = address | counter | events | operation | timestamp | data_source |
                             context | end_packet | extended | unassigned_extended | unassigned;

// Payload of a one-byte header, or -1 for the first byte of a longer one.
int payload_bytes(Byte header) {
  if (header < 0x20) return 0;
  if (header < 0x40) return -1;
  return 1 << (header >> 4 & 3);
}

}  // namespace

std::size_t declared_bytes(std::span<const std::uint8_t> bytes) {
  if (bytes.empty()) return 0;
  const int direct = payload_bytes(bytes[0]);
  if (direct >= 0) return 1 + static_cast<std::size_t>(direct);
  if (bytes.size() < 2) return 0;
  const int behind = payload_bytes(bytes[1]);
  return behind < 0 ? 0 : 2 + static_cast<std::size_t>(behind);
}

Decoded decode_packet(std::span<const std::uint8_t> bytes, std::size_t at, std::uint64_t base,
                      Packet& packet) {
  if (at >= bytes.size()) return Decoded::end;
  const std::uint8_t* const begin = bytes.data() + at;
  const std::uint8_t* const last = bytes.data() + bytes.size();
  const std::uint8_t* now = begin;
  if (*now == 0) {
    while (now != last && *now == 0) ++now;
    packet = {Padding{}, base + at, static_cast<std::uint64_t>(now - begin)};
    return Decoded::packet;
  }
  Draft draft;
  if (x3::parse(now, last, x3::with<body_tag>(std::ref(draft))[packet_rule])) {
    packet = {draft.body, base + at, static_cast<std::uint64_t>(now - begin)};
    return Decoded::packet;
  }
  const std::size_t left = bytes.size() - at;
  const bool sized_beyond = declared_bytes(bytes.subspan(at)) > left;
  return sized_beyond || left == 1 ? Decoded::truncated : Decoded::undecodable;
}

std::string_view name_of(Reserved reserved) {
  switch (reserved) {
    case Reserved::header: return "reserved header";
    case Reserved::extended_header: return "reserved extended header";
    case Reserved::size: return "reserved size";
    case Reserved::index: return "reserved index";
    case Reserved::operation_class: return "reserved operation class";
    case Reserved::subclass: return "reserved subclass";
    case Reserved::field: return "reserved value of a field";
  }
  return "reserved";
}

}  // namespace assay::traces::spe
