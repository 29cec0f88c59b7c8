#include "traces/spe/perf_chunks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace assay::traces::spe {
namespace {

constexpr std::size_t faults_kept_max = 1 << 14, breaks_kept_max = 64;
constexpr std::size_t window_bytes = std::size_t{1} << 18;
constexpr std::uint64_t loss = aux_truncated | aux_partial;

}  // namespace

ChunkWalks::ChunkWalks(const PerfDataOptions& options, const AuxStreams& streams,
                       bool streams_known, std::vector<AuxChunk>& chunks, Source source)
    : options_(options),
      streams_(streams),
      streams_known_(streams_known),
      chunks_(chunks),
      source_(std::move(source)) {}

void ChunkWalks::take_record(const RecordSpan& record) {
  AuxChunk& chunk = *current_;
  const bool first = chunk.records++ == 0;
  if (first && record.faulty) chunk.begins_within_record = true;
  if (!streams_known_ || (stream_ != nullptr && stream_->overwritten())) return;
  if (stream_ != nullptr && stream_->at(record.begin)) return;
  if (chunk.records_unheard++ == 0) chunk.unheard_at = record.begin;
}

bool ChunkWalks::walk(AuxChunk chunk) {
  const StreamKey key = key_of(chunk);
  auto found = walks_.find(key);
  if (found == walks_.end()) {
    WalkOptions walk_options;
    walk_options.align = options_.align;
    walk_options.record_bytes_max = options_.record_bytes_max;
    if (options_.on_packet)
      walk_options.on_packet = [this](const Packet& p) { options_.on_packet(*current_, p); };
    walk_options.on_record = [this](const RecordSpan& r) { take_record(r); };
    found = walks_.try_emplace(key, walk_options).first;
  }
  Walk& walk = found->second;
  window_.resize(window_bytes);
  stream_ = streams_.of(key);
  const std::uint64_t end = chunk.offset + chunk.size;
  bool continues =
      walk.open && walk.at == chunk.offset && stream_ != nullptr && stream_->spans(chunk.offset);
  if (!continues) close(walk);
  current_ = &chunk;
  const std::uint64_t packets_before = walk.walker.packets();
  bool whole = true;
  for (std::uint64_t at = chunk.offset; whole && at < end;) {
    const std::uint64_t to = stream_ == nullptr ? end : stream_->boundary_behind(at, end);
    if (!continues) walk.walker.restart(at);
    continues = false;
    if (at == chunk.offset || (stream_ != nullptr && stream_->begins_at(at))) ++chunk.stretches;
    whole = walk_to(walk, chunk, at, to, to == end && stream_ != nullptr && stream_->spans(end));
    at = to;
  }
  chunk.packets = walk.walker.packets() - packets_before;
  walk.chunk = chunks_.size();
  current_ = nullptr;
  chunks_.push_back(std::move(chunk));
  return whole;
}

// The bytes that are left over stay at the window's front.
bool ChunkWalks::walk_to(Walk& walk, AuxChunk& chunk, std::uint64_t begin, std::uint64_t end,
                         bool goes_on) {
  std::size_t left = walk.left.size();
  std::copy(walk.left.begin(), walk.left.end(), window_.begin());
  walk.left.clear();
  walk.open = false;
  bool whole = true;
  std::uint64_t at = begin;  // of what has not been read yet
  while (whole && at < end && !walk.walker.broken()) {
    const std::uint64_t now = std::min<std::uint64_t>(end - at, window_bytes - left);
    const auto to = std::span(window_).subspan(left, static_cast<std::size_t>(now));
    const std::size_t got = source_(chunk.file_offset + (at - chunk.offset), to);
    whole = got == now;
    const auto have = std::span<const std::uint8_t>(window_).first(left + got);
    const std::uint64_t offset = at - left;
    at += got;
    const std::size_t used = walk.walker.feed(have, offset);
    left = have.size() - used;
    std::memmove(window_.data(), window_.data() + used, left);
  }
  walk.at = walk.walker.broken() ? end : at;
  const auto rest = std::span<const std::uint8_t>(window_).first(left);
  if (goes_on && whole && !walk.walker.broken()) {
    walk.open = true;
    walk.left.assign(rest.begin(), rest.end());
  } else {
    finish(walk, chunk, rest);
  }
  return whole;
}

void ChunkWalks::finish(Walk& walk, AuxChunk& chunk, std::span<const std::uint8_t> left) {
  const bool broken_before = walk.walker.broken();
  walk.walker.finish(left, walk.at - left.size());
  if (walk.walker.broken()) {
    const FramingBreak b{walk.walker.open_begin(), walk.at, walk.walker.origin(), !broken_before};
    if (chunk.breaks.size() < breaks_kept_max) chunk.breaks.push_back(b);
    // One that is allowed must not hide one that is not.
    else if (violates(judge_break(streams_.of(key_of(chunk)), b))) chunk.breaks.back() = b;
  }
  take_faults(walk, chunk);
}

// The stretch went on, and the chunk in which it did is not in the file.
void ChunkWalks::close(Walk& walk) {
  if (!walk.open) return;
  walk.open = false;
  const std::vector<std::uint8_t> left = std::exchange(walk.left, {});
  AuxChunk& chunk = chunks_[walk.chunk];
  finish(walk, chunk, left);
}

// Faults of a whole stretch, or of the part of it before a gap.
void ChunkWalks::take_faults(Walk& walk, AuxChunk& chunk) {
  FaultList faults = std::exchange(walk.faults, {});
  const auto content = std::find_if(faults.kept.begin(), faults.kept.end(),
                                    [](const RecordFault& f) { return !breaks_framing(f.fault); });
  if (content != faults.kept.end()) {
    const Suspect suspect{*content, walk.walker.origin()};
    const bool may_matter = !streams_known_ || !excused(streams_.of(key_of(chunk)), suspect);
    const std::size_t number = current_ == nullptr ? walk.chunk : chunks_.size();
    if (may_matter) {
      std::vector<Suspect>& all = suspects_[number];
      if (all.size() < breaks_kept_max) all.push_back(suspect);
    }
  }
  std::vector<RecordFault>& kept = chunk.faults.kept;
  for (RecordFault& f : faults.kept) {
    if (faults_kept_ < faults_kept_max && kept.size() < FaultList::kept_max) {
      kept.push_back(std::move(f));
      ++faults_kept_;
    } else if (breaks_framing(f.fault) && !kept.empty()) {
      kept.back() = std::move(f);
    }
  }
  chunk.faults.content += faults.content;
  chunk.faults.framing += faults.framing;
}

void ChunkWalks::judge() {
  for (auto& [key, walk] : walks_) close(walk);
  for (std::size_t i = 0; i < chunks_.size(); ++i) {
    const auto found = suspects_.find(i);
    judge(chunks_[i], found == suspects_.end() ? std::vector<Suspect>{} : found->second);
  }
}

void ChunkWalks::judge(AuxChunk& chunk, const std::vector<Suspect>& suspects) const {
  const AuxStream* stream = streams_.of(key_of(chunk));
  if (stream != nullptr)
    chunk.covered = stream->covered({chunk.offset, chunk.offset + chunk.size}, chunk.flags);
  const bool snapshot = stream != nullptr && stream->overwritten();
  if (!streams_known_ && !snapshot && chunk.covered == 0) {
    chunk.records_unheard = chunk.records;
    chunk.unheard_at = chunk.offset;
  }
  ChunkVerdict worst = chunk.records == 0 ? ChunkVerdict::empty : ChunkVerdict::complete;
  if ((chunk.flags & loss) != 0) worst = ChunkVerdict::marked_whole;
  chunk.why = fmt::format("{} records", chunk.records);
  if (chunk.begins_within_record && (chunk.flags & aux_overwrite) != 0) {
    worst = ChunkVerdict::partial_begin;
    chunk.why = "the first record lacks its beginning";
  }
  for (const Suspect& s : suspects) {
    if (worst >= ChunkVerdict::unlawful_record || excused(stream, s)) continue;
    worst = ChunkVerdict::unlawful_record;
    chunk.why = fmt::format("{} at {:#x} (byte {:#04x}): {}", name_of(s.fault.fault),
                            s.fault.offset, s.fault.byte, s.fault.why);
  }
  for (const FramingBreak& b : chunk.breaks) {
    const ChunkVerdict verdict = judge_break(stream, b);
    if (verdict <= worst) continue;
    worst = verdict;
    chunk.why = fmt::format("no record boundary from {:#x} on, stretch ends at {:#x}", b.offset,
                            b.stretch_end);
  }
  chunk.verdict = worst;
}

ChunkVerdict ChunkWalks::judge_break(const AuxStream* stream, const FramingBreak& b) const {
  const std::optional<Stretch> stretch = stream == nullptr ? std::nullopt : stream->at(b.offset);
  if (!stretch) return ChunkVerdict::unannounced;
  if ((stretch->flags & aux_overwrite) != 0) return ChunkVerdict::partial_begin;
  // The bytes that would tell are not in the file, or a stretch announced too late began before.
  if (b.bytes_ended && stretch->end > b.stretch_end) return ChunkVerdict::unannounced;
  if (stream->begins_behind(b.walk_begin, b.offset)) return ChunkVerdict::unannounced;
  if (stretch->end - b.offset > options_.record_bytes_max) return ChunkVerdict::malformed;
  return (stretch->flags & loss) != 0 ? ChunkVerdict::marked_tail : ChunkVerdict::unmarked_tail;
}

// Content that need not be what it looks like: no AUX record covers it, a snapshot begins within a
// record, loss leaves bytes behind the last record that may look like one, or the walk swallowed
// the beginning of a stretch that was announced too late.
bool ChunkWalks::excused(const AuxStream* stream, const Suspect& suspect) const {
  const std::uint64_t offset = suspect.fault.offset;
  const std::optional<Stretch> stretch = stream == nullptr ? std::nullopt : stream->at(offset);
  if (!stretch || (stretch->flags & aux_overwrite) != 0) return true;
  if (stream->begins_behind(suspect.walk_begin, offset)) return true;
  return (stretch->flags & loss) != 0 && stretch->end - offset <= options_.record_bytes_max;
}

}  // namespace assay::traces::spe
