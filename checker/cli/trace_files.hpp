// Which files a command that takes traces is to read.
#pragma once
#include <string>
#include <vector>

namespace assay::cli {

// Replaces each directory by the traces below it, by name: .trace, .atrace, .strace, .ftrace,
// .capture, .cap and .data (perf's). Other arguments stay, whatever they are called. False, with a
// message on standard error: a directory cannot be read or holds no trace.
bool expand_directories(std::vector<std::string>& files);

// The traces of real kernels that come with the program; none when they cannot be found.
std::vector<std::string> bundled_traces();

}  // namespace assay::cli
