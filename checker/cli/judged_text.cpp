#include "checker/cli/judged_text.hpp"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "checker/cli/cli.hpp"
#include "traces/trace_file.hpp"

namespace assay::cli {
namespace {

// A file in memory with a text in it.
class MemoryFile {
 public:
  explicit MemoryFile(const std::string& text) : fd_(memfd_create("trace", MFD_CLOEXEC)) {
    for (std::size_t at = 0; fd_ >= 0 && at < text.size();) {
      const ssize_t n = ::write(fd_, text.data() + at, text.size() - at);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return;
      at += static_cast<std::size_t>(n);
      is_whole_ = at == text.size();
    }
  }
  ~MemoryFile() {
    if (fd_ >= 0) ::close(fd_);
  }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  bool is_whole() const { return is_whole_; }
  std::string path() const { return fmt::format("/proc/self/fd/{}", fd_); }

 private:
  int fd_;
  bool is_whole_ = false;
};

}  // namespace

checker::Report judged_text(const std::string& text, std::string& failure) {
  const MemoryFile file(text);
  if (!file.is_whole()) {
    failure = fmt::format("no memory for the trace: {}", std::strerror(errno));
    return {};
  }
  std::optional<checker::Checker> checker;
  traces::TraceSink sink;
  sink.header = [&](const traces::TraceHeader& header) {
    checker::CheckOptions options;
    options.profile = find_profile(header.profile);
    if (options.profile == nullptr) return;
    checker::take_host(header, options);
    checker.emplace(binder_of(*options.profile), options);
  };
  sink.event = [&](const traces::TraceEvent& e, std::string_view) {
    if (checker) checker->feed(e);
    return checker.has_value();
  };
  traces::ReadFailure why;
  if (read_trace(file.path(), traces::Format::automatic, binder(), sink, why) !=
      traces::ReadResult::complete) {
    failure = fmt::format("{}:{}: {}", why.why.line, why.why.column, why.why.message);
    return {};
  }
  if (!checker) {
    failure = "its header names no profile";
    return {};
  }
  return checker->finish();
}

}  // namespace assay::cli
