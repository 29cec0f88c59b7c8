// A progress line on standard error, for work that takes more than a second on a terminal.
#pragma once
#include <chrono>
#include <cstdint>
#include <string>

namespace assay::cli {

class Progress {
 public:
  void start(const std::string& what);
  // How far the work is; `total` 0 = not known. Cheap: the clock is asked every 4096th time.
  void at(std::uint64_t count, std::uint64_t total = 0) {
    if ((++calls_ & 4095) == 0) show(count, total);
  }
  void show(std::uint64_t count, std::uint64_t total);
  void done();

 private:
  using Clock = std::chrono::steady_clock;
  std::string what_;
  Clock::time_point start_{}, shown_{};
  std::uint64_t calls_ = 0;
  bool terminal_ = false;
  bool visible_ = false;
};

}  // namespace assay::cli
