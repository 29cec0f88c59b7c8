// Events that `perf record -z` packed: PERF_RECORD_COMPRESSED carries pieces of zstd frames, and
// the events in them are cut where perf's buffer happened to end, so one may begin in one record
// and end in the next.
//
// Source: Linux 6.12 tools/perf/Documentation/perf.data-file-format.txt; RFC 8878.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

struct ZSTD_DCtx_s;

namespace assay::traces::spe {

class PackedEvents {
 public:
  // An event with its header of 8 bytes. Returns false to stop.
  using Each = std::function<bool(std::span<const std::uint8_t>)>;
  enum class Answer : std::uint8_t { fine, stopped, damaged };

  // Takes the data of one record, and hands out every event that it completes. Throws
  // std::bad_alloc.
  Answer take(std::span<const std::uint8_t> packed, const Each& each);
  // What is wrong, after `damaged`.
  const std::string& damage() const { return damage_; }
  // Whether an event began that has not ended.
  bool within_event() const { return !plain_.empty(); }

 private:
  Answer hand_out(const Each& each);
  Answer damaged(std::string why);

  struct Free {
    void operator()(ZSTD_DCtx_s* stream) const;
  };
  std::unique_ptr<ZSTD_DCtx_s, Free> stream_;  // made with the first record
  std::vector<std::uint8_t> plain_;            // unpacked and not handed out
  std::string damage_;
};

}  // namespace assay::traces::spe
