#include "checker/cli/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

namespace assay::cli {

void Progress::start(const std::string& what) {
  what_ = what;
  start_ = shown_ = Clock::now();
  terminal_ = ::isatty(STDERR_FILENO) == 1;
}

void Progress::show(std::uint64_t count, std::uint64_t total) {
  if (!terminal_) return;
  Clock::time_point now = Clock::now();
  if (now - start_ < std::chrono::seconds(1) || now - shown_ < std::chrono::milliseconds(100))
    return;
  shown_ = now;
  double seconds = std::chrono::duration<double>(now - start_).count();
  std::string share = total != 0 ? fmt::format(" of {} ({}%)", total, 100 * count / total) : "";
  fmt::print(stderr, "\r\033[K{}: {}{}, {:.0f}/s", what_, count, share,
             static_cast<double>(count) / seconds);
  visible_ = true;
}

void Progress::done() {
  if (visible_) fmt::print(stderr, "\r\033[K");
  visible_ = false;
}

}  // namespace assay::cli
