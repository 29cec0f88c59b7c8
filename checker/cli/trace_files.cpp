#include "checker/cli/trace_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>

#include "checker/cli/cli.hpp"
#include "traces/text/grammar.hpp"
#include "traces/text/line_source.hpp"

namespace assay::cli {
namespace {

namespace fs = std::filesystem;

bool is_trace_name(fs::path path) {
  if (path.extension() == ".gz" || path.extension() == ".zst") path = path.stem();
  constexpr std::array known{".trace",   ".atrace", ".strace", ".ftrace",
                             ".capture", ".cap",    ".data"};
  return std::find(known.begin(), known.end(), path.extension()) != known.end();
}

// Empty for a directory without traces. Links to directories are not followed: they may go round.
std::vector<std::string> traces_below(const std::string& directory, std::error_code& error) {
  std::vector<std::string> out;
  for (fs::recursive_directory_iterator at(directory, error), end; !error && at != end;
       at.increment(error)) {
    std::error_code gone;
    if (at->is_regular_file(gone) && is_trace_name(at->path())) out.push_back(at->path().string());
  }
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace

bool expand_directories(std::vector<std::string>& files) {
  std::vector<std::string> out;
  for (const std::string& file : files) {
    std::error_code error;
    if (!fs::is_directory(file, error)) {
      out.push_back(file);
      continue;
    }
    const std::vector<std::string> below = traces_below(file, error);
    if (error || below.empty()) {
      fmt::print(stderr, "assay: {}: {}\n", file, error ? error.message() : "no trace in it");
      return false;
    }
    out.insert(out.end(), below.begin(), below.end());
  }
  files = std::move(out);
  return true;
}

bool read_text(const std::string& path, std::string& out) {
  traces::LineSource source;
  traces::Diagnostic why;
  bool good = source.open(path, why);
  traces::SourceLine line;
  while (good && source.next(line)) {
    if (line.too_long) why = traces::too_long(line.number, source.line_bytes_max());
    good = !line.too_long;
    out.append(line.text).push_back('\n');
  }
  if (good && source.failed()) why = source.failure();
  good = good && !source.failed() && !source.stopped();
  const std::string& message = source.stopped() ? "interrupted" : why.message;
  if (!good)
    fmt::print(stderr, "assay: {}: {}\n", path == "-" ? "<stdin>" : path,
               message.empty() ? "cannot be read" : message);
  return good;
}

std::vector<std::string> bundled_traces() {
  const std::string root = data_directory("corpus");
  std::error_code ignored;
  return root.empty() ? std::vector<std::string>() : traces_below(root, ignored);
}

}  // namespace assay::cli
