#include "traces/spe/perf_data.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

#include "traces/spe/perf_chunks.hpp"
#include "traces/spe/perf_file.hpp"
#include "traces/spe/perf_streams.hpp"

namespace assay::traces::spe {
namespace {

constexpr std::size_t chunks_max = std::size_t{1} << 20;
constexpr std::size_t aux_bytes = 24, auxtrace_bytes = 40;
constexpr std::uint64_t all_of_it = std::numeric_limits<std::uint64_t>::max();

class Reader {
 public:
  Reader(ByteInput& input, const PerfDataOptions& options, PerfData& data, Diagnostic& why)
      : seekable_(input.seekable()),
        data_(data),
        file_(input, why),
        walks_(
            options, streams_, seekable_, data.chunks,
            [this](std::uint64_t at, std::span<std::uint8_t> to) { return file_.read(at, to); }) {}

  PerfRead run() {
    PerfRead answer = file_.open();
    if (answer != PerfRead::fine) return answer;
    data_.pipe_format = file_.pipe_format();
    data_.unfinished = file_.unfinished();
    // A pipe's attributes come with its events, so both passes read them, to the same effect.
    if (seekable_) answer = file_.walk([this](const EventView& e) { return announcement(e); });
    // What is wrong for the first pass ends the file for the second as well.
    const std::uint64_t end = answer == PerfRead::fine ? all_of_it : file_.failed_at();
    const PerfRead second =
        file_.walk([this, end](const EventView& e) { return e.file_offset < end && event(e); });
    if (answer == PerfRead::fine) answer = second;
    walks_.judge();
    if (answer != PerfRead::fine) return answer;
    if (data_.chunks.empty()) return PerfRead::no_spe;
    find_absent();
    const auto overlap = streams_.overlap();
    if (!overlap) return PerfRead::fine;
    return file_.fail(overlap->file_offset, "AUX record of new data",
                      fmt::format("data at {:#x} was reported before", overlap->offset));
  }

 private:
  // What has to be known before the data is walked.
  bool announcement(const EventView& e) {
    if (e.type == PerfEvent::aux) return aux(e);
    if (e.type == PerfEvent::auxtrace_info) is_spe_ = is_spe(e);
    if (e.type == PerfEvent::auxtrace && is_spe_ && e.body.size() >= auxtrace_bytes)
      streams_.add_area(key_of(chunk_of(e)));
    return true;
  }

  bool event(const EventView& e) {
    ++data_.events;
    switch (e.type) {
      case PerfEvent::aux: return seekable_ || aux(e);
      case PerfEvent::auxtrace_info: is_spe_ = is_spe(e); return true;
      case PerfEvent::compressed:
      case PerfEvent::compressed2: ++data_.compressed; return true;
      case PerfEvent::auxtrace: return auxtrace(e);
      default: return true;
    }
  }

  bool fail(std::uint64_t offset, std::string_view expected, std::string message) {
    file_.fail(offset, expected, std::move(message));
    return false;
  }

  static bool is_spe(const EventView& e) {
    return e.body.size() >= 8 && e.u32(0) == auxtrace_type_arm_spe;
  }

  // A stretch. In snapshot mode the kernel reports where it ends, not where it begins.
  bool aux(const EventView& e) {
    if (e.body.size() < aux_bytes) return fail(e.file_offset, "AUX record", "it is too short");
    std::uint64_t begin = e.u64(0);
    const std::uint64_t size = e.u64(8), flags = e.u64(16);
    if (flags & aux_overwrite) begin -= std::min(begin, size);
    if (size > std::numeric_limits<std::uint64_t>::max() - begin)
      return fail(e.file_offset, "AUX record", fmt::format("its size is {:#x}", size));
    ++data_.aux_records;
    const SampleId id = file_.sample_id(e.body, aux_bytes);
    if (id.too_short)
      return fail(e.file_offset, "sample id of an AUX record",
                  fmt::format("{} bytes are too few", e.body.size() - aux_bytes));
    if (id.cpu < 0 && id.tid < 0) ++data_.aux_unidentified;
    // A record of no bytes tells that there was no room. It is about no byte, so it excuses none.
    if (size == 0) return true;
    return streams_.add({begin, begin + size, flags}, e.file_offset, id) ||
           fail(e.file_offset, "AUX record", "too many that do not continue each other");
  }

  static AuxChunk chunk_of(const EventView& e) {
    AuxChunk chunk;
    chunk.file_offset = e.file_offset + 8 + e.body.size();
    chunk.size = e.u64(0);
    chunk.offset = e.u64(8);
    chunk.reference = e.u64(16);
    chunk.index = static_cast<std::uint32_t>(e.u32(24));
    chunk.tid = static_cast<std::int32_t>(e.u32(28));
    chunk.cpu = static_cast<std::int32_t>(e.u32(32));
    return chunk;
  }

  bool auxtrace(const EventView& e) {
    if (e.body.size() < auxtrace_bytes)
      return fail(e.file_offset, "AUXTRACE record", "it is too short");
    if (!is_spe_) {
      ++data_.other_chunks;
      return true;
    }
    if (data_.chunks.size() >= chunks_max)
      return fail(e.file_offset, "AUXTRACE record", "too many of them");
    AuxChunk chunk = chunk_of(e);
    if (chunk.size > std::numeric_limits<std::uint64_t>::max() - chunk.offset)
      return fail(e.file_offset, "AUXTRACE record", fmt::format("its size is {:#x}", chunk.size));
    streams_.add_area(key_of(chunk));
    return walks_.walk(std::move(chunk)) ||
           fail(e.file_offset, "AUXTRACE data", "the file ends within it");
  }

  // What was overwritten need not be there.
  void find_absent() {
    std::map<StreamKey, std::vector<ByteRange>> there;
    for (const AuxChunk& c : data_.chunks)
      there[key_of(c)].push_back({c.offset, c.offset + c.size});
    for (const StreamKey& key : streams_.reported()) {
      const AuxStream* stream = streams_.of(key);
      if (stream == nullptr || stream->overwritten()) continue;
      std::vector<ByteRange>& ranges = there[key];
      std::sort(ranges.begin(), ranges.end(),
                [](const ByteRange& a, const ByteRange& b) { return a.begin < b.begin; });
      for (const ByteRange& r : stream->reported_but_not_in(ranges)) {
        AbsentBytes& absent = data_.absent;
        if (absent.bytes == 0) {
          (key.by_thread ? absent.tid : absent.cpu) = key.number;
          absent.offset = r.begin;
        }
        absent.bytes += r.end - r.begin;
      }
      if (data_.absent.bytes != 0) return;
    }
  }

  bool seekable_;
  PerfData& data_;
  PerfFile file_;
  bool is_spe_ = false;
  AuxStreams streams_;
  ChunkWalks walks_;
};

}  // namespace

std::string aux_flags_text(std::uint64_t flags) {
  constexpr std::pair<std::uint64_t, std::string_view> names[] = {{aux_truncated, "truncated"},
                                                                  {aux_overwrite, "overwrite"},
                                                                  {aux_partial, "partial"},
                                                                  {aux_collision, "collision"}};
  std::string text;
  for (const auto& [bit, name] : names) {
    if ((flags & bit) == 0) continue;
    if (!text.empty()) text += ' ';
    text += name;
    flags &= ~bit;
  }
  if (flags != 0) text += fmt::format("{}{:#x}", text.empty() ? "" : " ", flags);
  return text;
}

std::string_view name_of(ChunkVerdict verdict) {
  switch (verdict) {
    case ChunkVerdict::empty: return "empty";
    case ChunkVerdict::complete: return "complete";
    case ChunkVerdict::marked_tail: return "marked_tail";
    case ChunkVerdict::marked_whole: return "marked_whole";
    case ChunkVerdict::partial_begin: return "partial_begin";
    case ChunkVerdict::unannounced: return "unannounced";
    case ChunkVerdict::unlawful_record: return "unlawful_record";
    case ChunkVerdict::unmarked_tail: return "unmarked_tail";
    case ChunkVerdict::malformed: return "malformed";
  }
  return "verdict";
}

PerfRead read_perf_data(ByteInput& input, const PerfDataOptions& options, PerfData& data,
                        Diagnostic& why) {
  return Reader(input, options, data, why).run();
}

}  // namespace assay::traces::spe
