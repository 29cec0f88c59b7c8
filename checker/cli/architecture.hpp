// Telling traces of other architectures from those of the system that they are judged by.
#pragma once
#include "traces/bind/trace_event.hpp"

namespace assay::cli {

// A call that succeeded and that KVM does not have on this architecture: the trace is of another
// one, and the rules say nothing about it.
bool is_of_other_architecture(const traces::TraceEvent& e, std::string_view architecture);

}  // namespace assay::cli
