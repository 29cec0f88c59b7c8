// What the SPE tests share: bytes from hexadecimal text, generators of packets and records.
#pragma once
#include <rapidcheck.h>

#include <cstdint>
#include <string_view>
#include <vector>

#include "traces/spe/packet.hpp"

namespace assay::traces::spe::test {

using Bytes = std::vector<std::uint8_t>;

// "b0 f4 d3" -> bytes; anything that is no hexadecimal digit separates.
inline Bytes hex(std::string_view text) {
  Bytes out;
  int high = -1;
  for (const char c : text) {
    int digit = -1;
    if (c >= '0' && c <= '9') digit = c - '0';
    if (c >= 'a' && c <= 'f') digit = c - 'a' + 10;
    if (digit < 0) continue;
    if (high < 0) {
      high = digit;
      continue;
    }
    out.push_back(static_cast<std::uint8_t>(high << 4 | digit));
    high = -1;
  }
  return out;
}

inline void append(Bytes& to, const Bytes& what) { to.insert(to.end(), what.begin(), what.end()); }

inline std::vector<Packet> decode_all(const Bytes& bytes, Decoded& last) {
  std::vector<Packet> packets;
  Packet packet;
  std::size_t at = 0;
  for (;;) {
    last = decode_packet(bytes, at, 0, packet);
    if (last != Decoded::packet) return packets;
    packets.push_back(packet);
    at += packet.bytes;
  }
}

// --- generators ---------------------------------------------------------------------------

inline std::uint64_t bits(unsigned n) {
  const auto all = *rc::gen::arbitrary<std::uint64_t>();
  return n >= 64 ? all : all & ((std::uint64_t{1} << n) - 1);
}
inline std::uint8_t below(unsigned n) {
  return static_cast<std::uint8_t>(*rc::gen::inRange<unsigned>(0, n));
}
inline bool coin() { return below(2) == 1; }
inline std::uint8_t impdef_index(bool& extended) {
  const std::uint8_t index = below(18);
  if (index >= 2) extended = true;
  return static_cast<std::uint8_t>(index < 2 ? 6 + index : 14 + index);
}

inline Body some_operation() {
  constexpr LoadStore::Target targets[] = {
      LoadStore::Target::general, LoadStore::Target::simd_fp, LoadStore::Target::unspecified,
      LoadStore::Target::allocation_tag, LoadStore::Target::system_register};
  switch (below(10)) {
    case 0: return OtherOperation{coin(), coin(), coin()};
    case 1: return SveOperation{below(8), coin(), coin()};
    case 2: {
      const std::uint8_t ets = below(13);
      return SmeOperation{static_cast<std::uint8_t>(ets == 12 ? 15 : ets), coin()};
    }
    case 3: return LoadStore{targets[below(5)], coin()};
    case 4: return LoadStoreExtended{coin(), coin(), coin(), coin()};
    case 5: return LoadStoreSve{below(8), coin(), coin(), coin()};
    case 6: return MemoryCopy{coin()};
    case 7: return MemorySet{};
    case 8: return LoadStoreGcs{coin(), coin()};
    default: return Branch{static_cast<Branch::Link>(below(4)), coin(), coin(), coin()};
  }
}

inline Events some_events() {
  const std::uint8_t bytes = static_cast<std::uint8_t>(1u << below(4));
  return Events{bytes, bits(bytes * 8u)};
}

// Not what every record has anyway, and each of its own kind, so that they can be put together.
// `realm`: Security states that perf cannot tell apart are among them.
inline std::vector<Body> some_optional_packets(bool realm) {
  std::vector<Body> all;
  const auto maybe = [&all](auto make) {
    if (coin()) all.push_back(make());
  };
  for (const auto of :
       {CodeAddress::Of::pc, CodeAddress::Of::branch_target, CodeAddress::Of::previous_target})
    maybe([of, realm] {
      const bool ns = coin();
      return CodeAddress{of, bits(56), below(4), ns, realm && ns && coin(), coin()};
    });
  maybe([] { return DataVirtualAddress{bits(56), static_cast<std::uint8_t>(bits(8)), coin()}; });
  maybe([realm] {
    const bool ns = coin();
    return DataPhysicalAddress{bits(56), ns, realm && ns && coin(), coin(), below(16), coin()};
  });
  maybe([] {
    bool extended = coin();
    const std::uint8_t index = impdef_index(extended);
    return ImpdefAddress{index, bits(64), extended};
  });
  for (const std::uint8_t index : {Counter::issue, Counter::translation, Counter::alternate_issue})
    maybe([index] { return Counter{index, static_cast<std::uint16_t>(bits(16)), coin()}; });
  maybe([] {
    bool extended = coin();
    const std::uint8_t index = impdef_index(extended);
    return Counter{index, static_cast<std::uint16_t>(bits(16)), extended};
  });
  for (const std::uint8_t el : {1, 2})
    maybe([el] { return Context{el, static_cast<std::uint32_t>(bits(32))}; });
  maybe([] {
    const std::uint8_t bytes = static_cast<std::uint8_t>(1 + below(2));
    return DataSource{bytes, static_cast<std::uint16_t>(bits(bytes * 8u))};
  });
  return all;
}

// A record as the architecture demands it: events, operation and total latency always, the others
// at most once, in any order, the end last.
inline std::vector<Body> some_record(bool realm = true) {
  std::vector<Body> packets = some_optional_packets(realm);
  packets.push_back(some_events());
  packets.push_back(some_operation());
  packets.push_back(Counter{Counter::total, static_cast<std::uint16_t>(bits(16)), coin()});
  for (std::size_t i = packets.size(); i > 1; --i)
    std::swap(packets[i - 1], packets[below(static_cast<unsigned>(i))]);
  if (coin()) packets.push_back(Timestamp{bits(64)});
  else packets.push_back(End{});
  return packets;
}

// The shortest sound record: 9 bytes.
inline Bytes short_record() { return hex("42 02  48 00  98 01 00  01  00"); }

}  // namespace assay::traces::spe::test
