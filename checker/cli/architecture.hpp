// Telling traces of other architectures from those of arm64.
#pragma once
#include "traces/bind/trace_event.hpp"

namespace assay::cli {

// A call that succeeded and that KVM/arm64 does not have: the trace is of another architecture, and
// rules of arm64 say nothing about it.
bool is_of_other_architecture(const traces::TraceEvent& e);

}  // namespace assay::cli
