#include "checker/cli/interrupt.hpp"

#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <string_view>
#include <thread>

#include "checker/cli/cli.hpp"
#include "checker/solve.hpp"
#include "traces/stop.hpp"

namespace assay::cli {
namespace {

using Clock = std::chrono::steady_clock;

// A command that is asked to stop has this long to say what it has, not counting the time for which
// a busy machine has no processor for it; and this long in any case.
constexpr std::chrono::milliseconds grace{800}, grace_when_busy{10'000};
constexpr std::chrono::milliseconds between_interrupts{10};

// How long the main thread has waited for a processor; 0 where the kernel does not tell.
std::chrono::nanoseconds waited_for_processor() {
  std::ifstream in("/proc/self/schedstat");  // of the process's first thread
  std::uint64_t ran = 0, waited = 0;
  in >> ran >> waited;
  return std::chrono::nanoseconds(in ? waited : 0);
}

// A solver may be between two queries when it is interrupted, so it is done again and again.
void watch() {
  pollfd bell{stop::descriptor(), POLLIN, 0};
  while (::poll(&bell, 1, -1) < 0) {}
  const Clock::time_point start = Clock::now();
  const auto waited = waited_for_processor();
  for (auto spent = Clock::duration::zero(); spent < grace_when_busy;) {
    spent = Clock::now() - start;
    if (spent - (waited_for_processor() - waited) >= grace) break;
    checker::interrupt_solvers();
    std::this_thread::sleep_for(between_interrupts);
  }
  constexpr std::string_view text = "assay: interrupted in the middle of its work\n";
  [[maybe_unused]] const ssize_t said = ::write(STDERR_FILENO, text.data(), text.size());
  ::_exit(exit_unknown);
}

}  // namespace

void watch_signals() {
  stop::on_signals();
  // Signals go to the other threads, whose system calls they shall interrupt.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &before);
  std::thread(watch).detach();
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

int status_after_all(int status, bool stopping_is_normal) {
  return stop::requested() && !stopping_is_normal && status == exit_ok ? exit_unknown : status;
}

void end_if_stopped(int status) {
  if (!stop::requested()) return;
  std::fflush(nullptr);
  ::_exit(status);
}

}  // namespace assay::cli
