// Which files a command that takes traces is to read.
#pragma once
#include <string>
#include <vector>

namespace assay::cli {

// Replaces each directory by the traces below it, by name: .trace, .atrace, .strace, .ftrace,
// .capture, .cap and .data (perf's), also with .gz or .zst behind. Other arguments stay, whatever
// they are called. False, with a message on standard error: a directory cannot be read or holds no
// trace.
bool expand_directories(std::vector<std::string>& files);

// The whole of a text ("-": standard input; gzip and zstd are read). False, with a message on
// standard error, when it cannot be read, or a stop was requested first.
bool read_text(const std::string& path, std::string& out);

// The traces of real kernels that come with the program; none when they cannot be found.
std::vector<std::string> bundled_traces();

}  // namespace assay::cli
