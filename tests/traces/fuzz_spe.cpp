// libFuzzer: any bytes as SPE records, as a profiling buffer, as perf reads them and as a perf.data
// file. What decodes has to encode to the same bytes, and every answer has to explain itself.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "traces/spe/buffer.hpp"
#include "traces/spe/perf_data.hpp"
#include "traces/spe/perf_rules.hpp"
#include "traces/spe/text.hpp"

using namespace assay::traces;
using namespace assay::traces::spe;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void packets(std::span<const std::uint8_t> bytes) {
  std::vector<std::uint8_t> again;
  Packet packet;
  for (std::size_t at = 0; decode_packet(bytes, at, 0, packet) == Decoded::packet;
       at += packet.bytes) {
    require(packet.bytes > 0 && packet.offset == at && packet.bytes <= bytes.size() - at);
    require(!packet_line(packet, bytes).empty());
    if (is<Padding>(packet)) continue;
    require(packet.bytes <= packet_bytes_max);
    again.clear();
    require(encode_packet(packet.body, again) == Encoded::fine);
    require(again.size() == packet.bytes);
    require(std::memcmp(again.data(), bytes.data() + at, again.size()) == 0);
  }
}

// The first bytes choose the registers, the rest is the buffer.
void buffer(std::span<const std::uint8_t> bytes) {
  if (bytes.size() < 4) return;
  BufferState s;
  s.base = 0x10000;
  s.align = bytes[0] & 15;
  s.max_size = bytes[0] >> 4;
  s.pmbsr = std::uint64_t{bytes[1]} << 16 | std::uint64_t{bytes[2]} << 24 | (bytes[3] & 31u);
  s.bytes = bytes.subspan(4);
  s.pmblimitr = 0x20000 | (bytes[3] >> 5);
  s.pmbptr = s.base + s.bytes.size();
  BufferRules rules;
  if (bytes[2] & 1) rules.at_boundary = DlAtBoundary::unchanged;
  if (bytes[2] & 2) rules.within_record = DlWithinRecord::unchanged;
  const BufferJudgement j = judge_buffer(s, rules);
  require(!j.why.empty() && j.last_complete >= s.base && j.last_complete <= s.pmbptr);
}

void comparison(std::span<const std::uint8_t> bytes) {
  const std::uint64_t host = bytes.empty() ? 0 : bytes[0];
  for (const DifferenceAt& d : compare_with_perf(bytes, host))
    require(!d.text.empty() && d.offset + d.bytes <= bytes.size());
}

void file(std::span<const std::uint8_t> bytes) {
  for (const bool as_pipe : {false, true}) {
    MemoryInput input(bytes, as_pipe);
    PerfData data;
    Diagnostic why;
    const PerfRead answer = read_perf_data(input, {}, data, why);
    const bool sound = answer == PerfRead::fine || answer == PerfRead::no_spe;
    require(sound || !why.message.empty());
    for (const AuxChunk& c : data.chunks) require(!c.why.empty());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span<const std::uint8_t> bytes(data, size);
  packets(bytes);
  buffer(bytes);
  comparison(bytes);
  file(bytes);
  return 0;
}
