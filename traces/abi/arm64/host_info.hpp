// From what a machine says of itself to the host record of a trace header.
//
// Input is the `key=value` text of the laboratory's host_info program (lab.sh info), which asks a
// real /dev/kvm and sysfs. What it cannot ask is named here with its reason.
#pragma once
#include <string>
#include <string_view>

#include "traces/header.hpp"

namespace assay::traces {

// Fills kernel, profile and host of the header. Empty when all is well, else what is missing.
std::string read_host_info(std::string_view text, TraceHeader& header);

}  // namespace assay::traces
