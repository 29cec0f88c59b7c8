// Lines of a trace, as ranges: where something happened that happened often.
//
// Bounded: after `ranges_max` ranges further lines are not kept.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace assay::checker {

class LineSet {
 public:
  static constexpr std::size_t ranges_max = 256;

  // Lines come in the order of the trace.
  void add(std::uint64_t line) {
    if (!ranges_.empty() && line <= ranges_.back().last + 1) {
      ranges_.back().last = line;
    } else if (ranges_.size() < ranges_max) {
      ranges_.push_back({line, line});
    } else {
      is_cut_ = true;
    }
  }
  // "3-7, 12, 40, ...": at most `shown` ranges.
  std::string text(std::size_t shown = ranges_max) const {
    std::string out;
    for (std::size_t i = 0; i < ranges_.size() && i < shown; ++i) {
      if (i != 0) out += ", ";
      out += std::to_string(ranges_[i].first);
      if (ranges_[i].last != ranges_[i].first) out += "-" + std::to_string(ranges_[i].last);
    }
    return out + (is_cut_ || ranges_.size() > shown ? ", ..." : "");
  }

 private:
  struct Range {
    std::uint64_t first = 0, last = 0;
  };
  std::vector<Range> ranges_;
  bool is_cut_ = false;
};

}  // namespace assay::checker
