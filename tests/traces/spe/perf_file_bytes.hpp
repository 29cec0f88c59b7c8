// Builds perf.data files for tests, from the layout that perf documents and not with our reader.
#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "spe_bytes.hpp"
#include "traces/spe/perf_data.hpp"

namespace assay::traces::spe::test {

inline void put(Bytes& out, std::uint64_t value, unsigned bytes) {
  for (unsigned i = 0; i < bytes; ++i) out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

inline Bytes event(std::uint32_t type, const Bytes& body) {
  Bytes out;
  put(out, type, 4);
  put(out, 0, 2);
  put(out, 8 + body.size(), 2);
  append(out, body);
  return out;
}

// PERF_SAMPLE_IDENTIFIER | TID | TIME | CPU, sample_id_all. Linux 6.1 has 128 bytes, 6.12 has 136.
inline constexpr std::uint64_t sample_type_all = 1u << 16 | 1u << 1 | 1u << 2 | 1u << 7;
inline Bytes attribute(std::uint64_t sample_type = sample_type_all, unsigned bytes = 136) {
  Bytes out;
  put(out, 8, 4);  // type: a PMU
  put(out, bytes, 4);
  put(out, 0x10001, 8);
  put(out, 4096, 8);
  put(out, sample_type, 8);
  put(out, 0, 8);
  put(out, 1u << 18, 8);
  out.resize(bytes, 0);
  return out;
}

inline Bytes sample_id(std::uint32_t cpu, std::uint32_t tid, std::uint64_t id = 77) {
  Bytes out;
  put(out, tid, 4);  // pid
  put(out, tid, 4);
  put(out, 123456, 8);
  put(out, cpu, 4);
  put(out, 0, 4);
  put(out, id, 8);
  return out;
}

inline Bytes auxtrace_info(std::uint32_t type = 4) {
  Bytes body;
  put(body, type, 4);
  put(body, 0, 4);
  put(body, 8, 8);
  put(body, 1, 8);
  return event(70, body);
}

inline Bytes aux(std::uint64_t offset, std::uint64_t size, std::uint64_t flags,
                 std::uint32_t cpu = 3, std::uint32_t tid = 500) {
  Bytes body;
  put(body, offset, 8);
  put(body, size, 8);
  put(body, flags, 8);
  append(body, sample_id(cpu, tid));
  return event(11, body);
}

inline Bytes auxtrace(std::uint64_t offset, const Bytes& data, std::uint32_t cpu = 3,
                      std::uint32_t tid = 500) {
  Bytes body;
  put(body, data.size(), 8);
  put(body, offset, 8);
  put(body, 0x1891ad0e, 8);
  put(body, 1, 4);
  put(body, tid, 4);
  put(body, cpu, 4);
  put(body, 0, 4);
  Bytes out = event(71, body);
  append(out, data);
  return out;
}

inline Bytes file_of(const std::vector<Bytes>& events,
                     const std::vector<Bytes>& attributes = {attribute()}) {
  Bytes data;
  for (const Bytes& e : events) append(data, e);
  const std::uint64_t ids = 104, attrs = ids + 8 * attributes.size();
  const std::uint64_t entry = attributes[0].size() + 16, begin = attrs + entry * attributes.size();
  Bytes out;
  for (const char c : std::string_view("PERFILE2")) out.push_back(static_cast<std::uint8_t>(c));
  for (const std::uint64_t field :
       {std::uint64_t{104}, entry, attrs, entry * attributes.size(), begin,
        static_cast<std::uint64_t>(data.size()), std::uint64_t{0}, std::uint64_t{0}})
    put(out, field, 8);
  out.resize(104, 0);
  for (std::size_t i = 0; i < attributes.size(); ++i) put(out, 77 + i, 8);
  for (std::size_t i = 0; i < attributes.size(); ++i) {
    append(out, attributes[i]);
    put(out, ids + 8 * i, 8);
    put(out, 8, 8);
  }
  append(out, data);
  return out;
}

inline Bytes pipe_of(const std::vector<Bytes>& events) {
  Bytes out;
  for (const char c : std::string_view("PERFILE2")) out.push_back(static_cast<std::uint8_t>(c));
  put(out, 16, 8);
  Bytes body = attribute();
  put(body, 77, 8);
  append(out, event(64, body));
  for (const Bytes& e : events) append(out, e);
  return out;
}

}  // namespace assay::traces::spe::test
