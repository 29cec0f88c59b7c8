// What the checker's tests share: judging a trace that is a file, or text.
#pragma once
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "checker/check.hpp"
#include "spec/system.hpp"
#include "traces/trace_file.hpp"

namespace assay::checker {

inline const traces::Binder& binder() {
  static const traces::Binder bound(default_system());
  return bound;
}

class TemporaryFile {
 public:
  explicit TemporaryFile(std::string_view text) {
    path_ = testing::TempDir() + "/assay_check_XXXXXX";
    int fd = mkstemp(path_.data());
    EXPECT_GE(fd, 0);
    EXPECT_EQ(::write(fd, text.data(), text.size()), static_cast<ssize_t>(text.size()));
    ::close(fd);
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() { ::unlink(path_.c_str()); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// The header's host counts, and its profile where the options have none.
inline Report check_file(const std::string& path, CheckOptions options) {
  std::optional<Checker> checker;
  traces::TraceSink sink;
  sink.header = [&](const traces::TraceHeader& h) {
    if (options.profile == nullptr) options.profile = find_profile(h.profile);
    take_host(h, options);
    checker.emplace(traces::Binder::of(system_of(*options.profile)), options);
  };
  sink.event = [&](const traces::TraceEvent& e, std::string_view) {
    checker->feed(e);
    return true;
  };
  traces::ReadFailure failure;
  EXPECT_EQ(read_trace(path, traces::Format::automatic, binder(), sink, failure),
            traces::ReadResult::complete)
      << render(failure.why, path, failure.source_line);
  return checker->finish();
}

inline Report check_text(std::string_view text, CheckOptions options = {}) {
  TemporaryFile file(text);
  return check_file(file.path(), std::move(options));
}

}  // namespace assay::checker
