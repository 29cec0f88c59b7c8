#include "traces/spe/perf_packed.hpp"

#include <fmt/format.h>
#include <zstd.h>

#include <cstring>
#include <new>
#include <utility>

namespace assay::traces::spe {
namespace {

constexpr std::size_t event_header_bytes = 8;
// Of one record, which has 64 KiB at most: perf packs its ring buffer, a few MiB, at a time.
constexpr std::size_t unpacked_max = std::size_t{1} << 26;

}  // namespace

void PackedEvents::Free::operator()(ZSTD_DCtx_s* stream) const { ZSTD_freeDStream(stream); }

PackedEvents::Answer PackedEvents::damaged(std::string why) {
  damage_ = std::move(why);
  return Answer::damaged;
}

PackedEvents::Answer PackedEvents::take(std::span<const std::uint8_t> packed, const Each& each) {
  if (!stream_) stream_.reset(ZSTD_createDStream());
  if (!stream_) throw std::bad_alloc();
  const std::size_t block = ZSTD_DStreamOutSize();
  ZSTD_inBuffer from{packed.data(), packed.size(), 0};
  for (std::size_t unpacked = 0;;) {
    const std::size_t had = plain_.size();
    plain_.resize(had + block);
    ZSTD_outBuffer to{plain_.data() + had, block, 0};
    const std::size_t answer = ZSTD_decompressStream(stream_.get(), &to, &from);
    plain_.resize(had + to.pos);
    if (ZSTD_isError(answer) != 0) return damaged(ZSTD_getErrorName(answer));
    unpacked += to.pos;
    if (unpacked > unpacked_max) return damaged(fmt::format("more than {} bytes", unpacked_max));
    const Answer handed = hand_out(each);
    if (handed != Answer::fine) return handed;
    if (from.pos == from.size && to.pos < to.size) return Answer::fine;
  }
}

PackedEvents::Answer PackedEvents::hand_out(const Each& each) {
  std::size_t at = 0;
  while (plain_.size() - at >= event_header_bytes) {
    std::uint16_t size = 0;
    std::memcpy(&size, plain_.data() + at + 6, sizeof size);
    if (size < event_header_bytes) return damaged(fmt::format("an event of {} bytes", size));
    if (plain_.size() - at < size) break;
    if (!each(std::span(plain_).subspan(at, size))) return Answer::stopped;
    at += size;
  }
  plain_.erase(plain_.begin(), plain_.begin() + static_cast<std::ptrdiff_t>(at));
  return Answer::fine;
}

}  // namespace assay::traces::spe
