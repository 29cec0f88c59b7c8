// --host of the commands that read traces.
#pragma once
#include <CLI/CLI.hpp>
#include <string>

#include "spec/system.hpp"

namespace assay::cli {

inline constexpr const char* host_option_help =
    "the host, as in a trace header: \"key=number ...\", or a file with what `assay lab info` "
    "prints";

// --host, refused with a reason where it is neither form.
void add_host_option(CLI::App& command, std::string& host);

// Reads either form. Empty when all is well, else what is wrong.
std::string read_host_option(const std::string& given, Host<Concrete>& host);

}  // namespace assay::cli
