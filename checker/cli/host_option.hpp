// --host of the commands that read traces.
#pragma once
#include <CLI/CLI.hpp>
#include <string>

#include "traces/header.hpp"

namespace assay::cli {

inline constexpr const char* host_option_help =
    "the host, as in a trace header: \"key=number ...\" (*=0: zero where not named), or a file "
    "with what `assay lab info` "
    "prints";

// How much of a host a command can do with.
enum class HostNeed : unsigned char { part, whole };

// --host, refused with a reason where it is neither form, or tells too little.
void add_host_option(CLI::App& command, std::string& host, HostNeed need);

// Reads either form into what a header has of a host. Empty when all is well, else what is wrong.
std::string read_host_option(const std::string& given, traces::TraceHeader& header);

// The header that --host, which was looked at before, stands for: of a host of this system.
traces::TraceHeader header_of_host(const std::string& given, const System& system);

}  // namespace assay::cli
