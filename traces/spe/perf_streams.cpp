#include "traces/spe/perf_streams.hpp"

#include <algorithm>
#include <iterator>

namespace assay::traces::spe {
namespace {

constexpr std::size_t stretches_max = std::size_t{1} << 22;
// From so many stretches on, those that continue each other are joined.
constexpr std::size_t stretches_apart_max = std::size_t{1} << 18;

}  // namespace

bool AuxStream::add(const Stretch& stretch, std::uint64_t file_offset, bool join) {
  const bool snapshot = (stretch.flags & aux_overwrite) != 0;
  overwritten_ = overwritten_ || snapshot;
  const auto next = stretches_.upper_bound(stretch.begin);
  Rest* before = next == stretches_.begin() ? nullptr : &std::prev(next)->second;
  const bool old_bytes = (before != nullptr && before->end > stretch.begin) ||
                         (next != stretches_.end() && next->first < stretch.end);
  if (old_bytes && !overwritten_ && !overlap_) overlap_ = Overlap{stretch.begin, file_offset};
  if (join && before != nullptr && before->end == stretch.begin && before->flags == 0 &&
      stretch.flags == 0) {
    before->end = stretch.end;
    return false;
  }
  Rest& place = stretches_[stretch.begin];
  place.end = std::max(place.end, stretch.end);
  place.flags |= stretch.flags;
  return true;
}

std::optional<Stretch> AuxStream::at(std::uint64_t offset) const {
  const auto next = stretches_.upper_bound(offset);
  if (next == stretches_.begin()) return std::nullopt;
  const auto& [begin, rest] = *std::prev(next);
  if (offset >= rest.end) return std::nullopt;
  return Stretch{begin, rest.end, rest.flags};
}

std::uint64_t AuxStream::boundary_behind(std::uint64_t offset, std::uint64_t end) const {
  const auto next = stretches_.upper_bound(offset);
  if (next != stretches_.end()) end = std::min(end, next->first);
  if (next == stretches_.begin()) return end;
  const std::uint64_t last = std::prev(next)->second.end;
  return last > offset ? std::min(end, last) : end;
}

bool AuxStream::begins_behind(std::uint64_t from, std::uint64_t to) const {
  const auto next = stretches_.upper_bound(from);
  return next != stretches_.end() && next->first <= to;
}

bool AuxStream::spans(std::uint64_t offset) const {
  if (offset == 0) return false;
  const std::optional<Stretch> before = at(offset - 1);
  return before && before->end > offset && !begins_at(offset);
}

std::uint64_t AuxStream::covered(const ByteRange& range, std::uint64_t& flags) const {
  std::uint64_t bytes = 0;
  auto place = stretches_.upper_bound(range.begin);
  if (place != stretches_.begin()) --place;
  for (; place != stretches_.end() && place->first < range.end; ++place) {
    const std::uint64_t from = std::max(place->first, range.begin);
    const std::uint64_t to = std::min(place->second.end, range.end);
    if (from >= to) continue;
    bytes += to - from;
    flags |= place->second.flags;
  }
  return bytes;
}

std::vector<ByteRange> AuxStream::reported_but_not_in(const std::vector<ByteRange>& there) const {
  std::vector<ByteRange> out;
  auto next = there.begin();
  for (const auto& [begin, rest] : stretches_) {
    std::uint64_t from = begin;
    while (next != there.end() && next->end <= from) ++next;
    for (auto r = next; r != there.end() && r->begin < rest.end; ++r) {
      if (r->begin > from) out.push_back({from, r->begin});
      from = std::max(from, r->end);
    }
    if (from < rest.end) out.push_back({from, rest.end});
  }
  return out;
}

bool AuxStreams::add(const Stretch& stretch, std::uint64_t file_offset, const SampleId& id) {
  const bool join = stretches_ >= stretches_apart_max;
  if (id.cpu >= 0) stretches_ += streams_[{false, id.cpu}].add(stretch, file_offset, join);
  if (id.tid >= 0) stretches_ += streams_[{true, id.tid}].add(stretch, file_offset, join);
  if (id.cpu < 0 && id.tid < 0) {
    stretches_ += nobodys_.add(stretch, file_offset, join);
    nobodys_used_ = true;
  }
  return stretches_ <= stretches_max;
}

const AuxStream* AuxStreams::of(const StreamKey& key) const {
  const auto found = streams_.find(key);
  if (found != streams_.end()) return &found->second;
  return nobodys_used_ && areas_.size() == 1 && areas_.contains(key) ? &nobodys_ : nullptr;
}

std::optional<AuxStream::Overlap> AuxStreams::overlap() const {
  std::optional<AuxStream::Overlap> first;
  for (const StreamKey& key : areas_) {
    const AuxStream* stream = of(key);
    if (stream == nullptr || !stream->overlap()) continue;
    if (!first || stream->overlap()->file_offset < first->file_offset) first = stream->overlap();
  }
  return first;
}

std::vector<StreamKey> AuxStreams::reported() const {
  std::set<StreamKey> keys = areas_;
  // Of a file all areas belong to CPUs, or all to threads.
  for (const auto& [key, stream] : streams_)
    if (!areas_.empty() && key.by_thread == areas_.begin()->by_thread) keys.insert(key);
  return {keys.begin(), keys.end()};
}

}  // namespace assay::traces::spe
