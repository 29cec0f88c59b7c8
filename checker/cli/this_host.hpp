// What this machine's KVM says of itself, as a trace header.
#pragma once
#include <string>

#include "traces/header.hpp"

namespace assay::cli {

// `uname -m`.
std::string this_machine();

// Asks the kernel, through a program of its own (assay-host-info, traces/lab/host_info.c). Empty
// when all was told; else what is missing, and the header has what is known without it: the kernel
// and the machine, and no host.
std::string read_this_host(traces::TraceHeader& header);

}  // namespace assay::cli
