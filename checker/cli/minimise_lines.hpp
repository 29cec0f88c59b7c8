// Minimising a recorded trace line by line: for traces that no program can make again. Their hosts
// are told in part or not at all, arguments are hidden, trace events stand between the calls.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "checker/cli/judged_by.hpp"
#include "traces/trace_file.hpp"

namespace assay::cli {

struct LinesToMinimise {
  std::string text;  // the whole trace
  JudgedBy by;
  std::string check;  // the violation to keep; empty: what the header expects, or the first
  std::function<void(std::size_t lines)> on_progress;
};

struct MinimisedLines {
  std::string check;  // the violation that was kept; empty: there is none
  std::string text;   // the lines that matter, behind the header
  std::size_t lines = 0, lines_before = 0;
  std::size_t judgements = 0;
  bool minimal = false;                        // no line can go; false after a stop
  std::optional<traces::ReadFailure> failure;  // it is no trace, or is damaged
};

// Deletes lines as long as the same check is violated, until no single one can go.
MinimisedLines minimise_lines(const LinesToMinimise& given);

}  // namespace assay::cli
