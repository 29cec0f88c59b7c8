// By which profile, and for which host, a trace is judged.
#pragma once
#include <string>

#include "checker/check.hpp"
#include "traces/header.hpp"

namespace assay::cli {

// What the command line says of it; empty: it is the header that says it.
struct JudgedBy {
  std::string profile;  // --profile
  std::string host;     // --host
};

// --profile, else the header's profile, else that of the kernel which the header names, else what
// is documented. --host, else what the header tells of the host. Nothing else of the options is
// set.
checker::CheckOptions options_for(const traces::TraceHeader& header, const JudgedBy& given);

}  // namespace assay::cli
