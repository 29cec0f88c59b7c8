// The lines that a finding's causes name, shown beside it.
#pragma once
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "checker/verdict.hpp"

namespace assay::cli {

// The latest lines of an input that cannot be read twice, within a bound of memory.
class RecentLines {
 public:
  void add(std::uint64_t number, std::string_view text);
  // Fills in the texts of the lines that are still here.
  void explain(checker::Finding& finding) const;

 private:
  struct Line {
    std::uint64_t number = 0;
    std::string text;
  };
  std::deque<Line> lines_;  // by number
  std::size_t bytes_ = 0;
};

// The same for a file: reads it again.
void add_texts(const std::string& file, std::vector<checker::Finding>& findings);

}  // namespace assay::cli
