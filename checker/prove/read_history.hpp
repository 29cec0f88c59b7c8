// A trace as a history: the events that were judged, as the checker bound them.
#pragma once
#include <string>
#include <vector>

#include "checker/prove/prove.hpp"
#include "checker/verdict.hpp"
#include "traces/trace_file.hpp"

namespace assay::prove {

struct ReadHistory {
  History history;
  std::vector<std::string> calls;    // of each event, as text
  std::vector<u64> lines;            // where it stands
  const Profile* profile = nullptr;  // the trace's own; null: it names none
  checker::Report report;
};

// Reads a file and judges it under `wanted`; null: under its own profile, or the usual one. False
// when it cannot be read to its end: `failure` says why.
bool read_history(const std::string& path, const Profile* wanted, ReadHistory& out,
                  traces::ReadFailure& failure);

}  // namespace assay::prove
