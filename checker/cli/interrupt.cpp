#include "checker/cli/interrupt.hpp"

#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <string_view>
#include <thread>

#include "checker/cli/cli.hpp"
#include "checker/solve.hpp"
#include "traces/stop.hpp"

namespace assay::cli {
namespace {

// A command that is asked to stop has this long to say what it has.
constexpr std::chrono::milliseconds grace{800};
constexpr std::chrono::milliseconds between_interrupts{10};

// A solver may be between two queries when it is interrupted, so it is done again and again.
void watch() {
  pollfd bell{stop::descriptor(), POLLIN, 0};
  while (::poll(&bell, 1, -1) < 0) {}
  const auto until = std::chrono::steady_clock::now() + grace;
  while (std::chrono::steady_clock::now() < until) {
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
