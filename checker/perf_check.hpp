// Judging the Arm SPE records of a perf.data file.
#pragma once
#include <string>

#include "checker/verdict.hpp"
#include "traces/call/diagnostic.hpp"

namespace assay::checker {

// Whether a file begins as perf.data does. False for a file that cannot be read.
bool is_perf_file(const std::string& path);

enum class PerfJudgement : unsigned char { judged, malformed, unreadable };

// Walks every chunk of AUX data. A chunk whose bytes break a promise that its flags make (a torn
// record without TRUNCATED or PARTIAL, bytes that are no record) is a finding, with the place as
// offset in the AUX stream; a file without Arm SPE data is inconclusive. `report.events` counts
// records, `checked` those in chunks that could be judged. On a malformed file `why` names the byte
// and `report` holds what came before. Sources: Arm ARM DDI 0487 D18; perf's file format.
PerfJudgement check_perf_file(const std::string& path, Report& report, traces::Diagnostic& why);

}  // namespace assay::checker
