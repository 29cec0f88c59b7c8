#include "traces/spe/perf_data.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <map>
#include <utility>

#include "traces/spe/perf_file.hpp"

namespace assay::traces::spe {
namespace {

constexpr std::size_t chunks_max = std::size_t{1} << 20, stretches_max = std::size_t{1} << 22;
constexpr std::size_t faults_kept_max = 1 << 14, breaks_kept_max = 64;
constexpr std::size_t window_bytes = std::size_t{1} << 18;
constexpr std::size_t aux_bytes = 24, auxtrace_bytes = 40;
constexpr std::uint64_t loss = aux_truncated | aux_partial;
constexpr std::uint64_t all_of_it = std::numeric_limits<std::uint64_t>::max();
// From so many stretches on, those that continue each other are joined.
constexpr std::size_t stretches_apart_max = std::size_t{1} << 18;
// perf rounds the size of a chunk up, with zeros.
constexpr std::uint64_t chunk_rounding = 8;

// A stretch of an AUX stream that one AUX record, or several joined, reported.
struct Stretch {
  std::uint64_t end = 0;
  std::uint64_t flags = 0;
};
using Stream = std::map<std::uint64_t, Stretch>;  // by where they begin

// A stream belongs to a CPU or, if perf recorded by thread, to a thread.
struct StreamKey {
  bool by_thread = false;
  std::int32_t number = -1;
  auto operator<=>(const StreamKey&) const = default;
};

class Reader {
 public:
  Reader(ByteInput& input, const PerfDataOptions& options, PerfData& data, Diagnostic& why)
      : input_(input), options_(options), data_(data), file_(input, why) {}

  PerfRead run() {
    PerfRead answer = file_.open();
    if (answer != PerfRead::fine) return answer;
    data_.pipe_format = file_.pipe_format();
    data_.unfinished = file_.unfinished();
    // A pipe's attributes come with its events, so both passes read them, to the same effect.
    if (input_.seekable()) {
      answer =
          file_.walk([this](const EventView& e) { return e.type != PerfEvent::aux || aux(e); });
    }
    // What is wrong for the first pass ends the file for the second as well.
    const std::uint64_t end = answer == PerfRead::fine ? all_of_it : file_.failed_at();
    const PerfRead second = file_.walk([this, end](const EventView& e) {
      return e.file_offset < end && event(e, input_.seekable());
    });
    if (answer == PerfRead::fine) answer = second;
    for (AuxChunk& chunk : data_.chunks) judge(chunk);
    if (answer != PerfRead::fine) return answer;
    return data_.chunks.empty() ? PerfRead::no_spe : PerfRead::fine;
  }

 private:
  bool event(const EventView& e, bool spans_known) {
    ++data_.events;
    switch (e.type) {
      case PerfEvent::aux: return spans_known || aux(e);
      case PerfEvent::auxtrace_info:
        is_spe_ = e.body.size() >= 8 && e.u32(0) == auxtrace_type_arm_spe;
        return true;
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
    if (id.cpu < 0 && id.tid < 0) ++data_.aux_unidentified;
    if (id.cpu >= 0) add(streams_[{false, id.cpu}], begin, {begin + size, flags});
    if (id.tid >= 0) add(streams_[{true, id.tid}], begin, {begin + size, flags});
    if (stretches_ > stretches_max)
      return fail(e.file_offset, "AUX record", "too many that do not continue each other");
    return true;
  }

  void add(Stream& stream, std::uint64_t begin, const Stretch& stretch) {
    const auto next = stream.upper_bound(begin);
    if (stretches_ >= stretches_apart_max && next != stream.begin()) {
      Stretch& before = std::prev(next)->second;
      if (before.end == begin && before.flags == 0 && stretch.flags == 0) {
        before.end = stretch.end;
        return;
      }
    }
    ++stretches_;
    Stretch& place = stream[begin];
    place.end = std::max(place.end, stretch.end);
    place.flags |= stretch.flags;
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
    AuxChunk chunk;
    chunk.file_offset = e.file_offset + 8 + e.body.size();
    chunk.size = e.u64(0);
    chunk.offset = e.u64(8);
    chunk.reference = e.u64(16);
    chunk.index = static_cast<std::uint32_t>(e.u32(24));
    chunk.tid = static_cast<std::int32_t>(e.u32(28));
    chunk.cpu = static_cast<std::int32_t>(e.u32(32));
    if (chunk.size > std::numeric_limits<std::uint64_t>::max() - chunk.offset)
      return fail(e.file_offset, "AUXTRACE record", fmt::format("its size is {:#x}", chunk.size));
    const bool whole = walk(chunk);
    kept_ += chunk.faults.kept.size();
    if (kept_ > faults_kept_max) chunk.faults.kept.clear();
    data_.chunks.push_back(std::move(chunk));
    if (whole) return true;
    return fail(e.file_offset, "AUXTRACE data", "the file ends within it");
  }

  const Stream* stream_of(const AuxChunk& chunk) const {
    const StreamKey key{chunk.cpu < 0, chunk.cpu < 0 ? chunk.tid : chunk.cpu};
    const auto found = streams_.find(key);
    return found == streams_.end() ? nullptr : &found->second;
  }

  // The next place behind `offset` where a stretch begins, or the end of the chunk.
  std::uint64_t next_begin(const AuxChunk& chunk, std::uint64_t offset) const {
    const std::uint64_t end = chunk.offset + chunk.size;
    const Stream* stream = stream_of(chunk);
    if (stream == nullptr) return end;
    const auto next = stream->upper_bound(offset);
    return next == stream->end() ? end : std::min(end, next->first);
  }

  bool walk(AuxChunk& chunk) {
    WalkOptions walk_options;
    walk_options.align = options_.align;
    walk_options.record_bytes_max = options_.record_bytes_max;
    if (options_.on_packet)
      walk_options.on_packet = [&](const Packet& p) { options_.on_packet(chunk, p); };
    walk_options.on_record = [&chunk](const RecordSpan& r) {
      const bool first = chunk.records++ == 0;
      if (first && r.faulty) chunk.begins_within_record = true;
    };
    window_.resize(window_bytes);
    RecordWalker walker(std::move(walk_options), chunk.faults);
    const std::uint64_t end = chunk.offset + chunk.size;
    bool whole = true;
    for (std::uint64_t at = chunk.offset; whole && at < end;) {
      const std::uint64_t stretch_end = next_begin(chunk, at);
      walker.restart(at);
      ++chunk.stretches;
      whole = walk_stretch(chunk, walker, at, stretch_end);
      at = stretch_end;
    }
    chunk.packets = walker.packets();
    return whole;
  }

  // False if the file ends first. The bytes that are left over stay at the window's front.
  bool walk_stretch(AuxChunk& chunk, RecordWalker& walker, std::uint64_t begin, std::uint64_t end) {
    std::size_t left = 0;
    bool whole = true;
    std::uint64_t at = begin;  // of what has not been read yet
    while (whole && at < end && !walker.broken()) {
      const std::uint64_t now = std::min<std::uint64_t>(end - at, window_bytes - left);
      const auto to = std::span(window_).subspan(left, static_cast<std::size_t>(now));
      const std::size_t got = file_.read(chunk.file_offset + (at - chunk.offset), to);
      whole = got == now;
      const auto have = std::span<const std::uint8_t>(window_).first(left + got);
      const std::uint64_t offset = at - left;
      at += got;
      const std::size_t used = walker.feed(have, offset);
      left = have.size() - used;
      std::memmove(window_.data(), window_.data() + used, left);
    }
    walker.finish(std::span<const std::uint8_t>(window_).first(left), at - left);
    if (walker.broken() && chunk.breaks.size() < breaks_kept_max)
      chunk.breaks.push_back({walker.open_begin(), end});
    return whole;
  }

  // --- judging -----------------------------------------------------------------------------

  // Flags of the stretch that holds an offset; `found` false if none does.
  std::uint64_t flags_at(const AuxChunk& chunk, std::uint64_t offset, Stretch& stretch,
                         bool& found) const {
    found = false;
    const Stream* stream = stream_of(chunk);
    if (stream == nullptr) return 0;
    auto next = stream->upper_bound(offset);
    if (next == stream->begin()) return 0;
    stretch = std::prev(next)->second;
    found = offset < stretch.end;
    return found ? stretch.flags : 0;
  }

  void add_coverage(AuxChunk& chunk) const {
    const Stream* stream = stream_of(chunk);
    if (stream == nullptr) return;
    const std::uint64_t end = chunk.offset + chunk.size;
    auto at = stream->upper_bound(chunk.offset);
    if (at != stream->begin()) --at;
    for (; at != stream->end() && at->first < end; ++at) {
      const std::uint64_t from = std::max(at->first, chunk.offset);
      const std::uint64_t to = std::min(at->second.end, end);
      if (from >= to) continue;
      chunk.covered += to - from;
      chunk.flags |= at->second.flags;
    }
  }

  void judge(AuxChunk& chunk) const {
    add_coverage(chunk);
    ChunkVerdict worst = chunk.records == 0 ? ChunkVerdict::empty : ChunkVerdict::complete;
    if ((chunk.flags & loss) != 0) worst = ChunkVerdict::marked_whole;
    chunk.why = fmt::format("{} records", chunk.records);
    if (chunk.begins_within_record && (chunk.flags & aux_overwrite) != 0) {
      worst = ChunkVerdict::partial_begin;
      chunk.why = "the first record lacks its beginning";
    }
    for (const FramingBreak& b : chunk.breaks) {
      const ChunkVerdict verdict = judge_break(chunk, b);
      if (verdict <= worst) continue;
      worst = verdict;
      chunk.why = fmt::format("no record boundary from {:#x} on, stretch ends at {:#x}", b.offset,
                              b.stretch_end);
    }
    chunk.verdict = worst;
  }

  ChunkVerdict judge_break(const AuxChunk& chunk, const FramingBreak& b) const {
    Stretch stretch;
    bool found = false;
    const std::uint64_t flags = flags_at(chunk, b.offset, stretch, found);
    if (!found) return ChunkVerdict::unannounced;
    if ((flags & aux_overwrite) != 0) return ChunkVerdict::partial_begin;
    // A tail is no longer than a record; the chunk may be rounded up behind it.
    const bool tail = stretch.end - b.offset <= options_.record_bytes_max + chunk_rounding;
    if (!tail) return ChunkVerdict::malformed;
    return (flags & loss) != 0 ? ChunkVerdict::marked_tail : ChunkVerdict::unmarked_tail;
  }

  ByteInput& input_;
  const PerfDataOptions& options_;
  PerfData& data_;
  PerfFile file_;
  bool is_spe_ = false;
  std::map<StreamKey, Stream> streams_;
  std::size_t stretches_ = 0, kept_ = 0;
  std::vector<std::uint8_t> window_;  // allocated with the first chunk
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
    case ChunkVerdict::unmarked_tail: return "unmarked_tail";
    case ChunkVerdict::malformed: return "malformed";
    case ChunkVerdict::unannounced: return "unannounced";
  }
  return "verdict";
}

PerfRead read_perf_data(ByteInput& input, const PerfDataOptions& options, PerfData& data,
                        Diagnostic& why) {
  return Reader(input, options, data, why).run();
}

}  // namespace assay::traces::spe
