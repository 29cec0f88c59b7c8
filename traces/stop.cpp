#include "traces/stop.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace assay::stop {
namespace {

std::atomic<bool> wanted{false};
static_assert(std::atomic<bool>::is_always_lock_free);  // a signal handler writes it

// A pipe into which the first request writes one byte.
struct Bell {
  int ends[2] = {-1, -1};
  Bell() {
    if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) ends[0] = ends[1] = -1;
  }
};
const Bell bell;

void set(int signal, void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;  // no SA_RESTART: what waits shall notice
  sigaction(signal, &action, nullptr);
}

}  // namespace

void on_signals() {
  set(SIGPIPE, SIG_IGN);
  set(SIGTERM, [](int) { request(); });
  set(SIGINT, [](int) { request(); });  // last: who sees it caught can rely on the others
}

void in_child() {
  for (const int signal : {SIGINT, SIGTERM, SIGPIPE}) set(signal, SIG_DFL);
}

void request() {
  if (wanted.exchange(true)) return;
  const int before = errno;
  const char byte = 0;
  // The pipe is empty, so this cannot fail but for want of a pipe; the flag is set all the same.
  [[maybe_unused]] const ssize_t rung = ::write(bell.ends[1], &byte, 1);
  errno = before;
}

bool requested() { return wanted.load(std::memory_order_relaxed); }
const std::atomic<bool>& flag() { return wanted; }
int descriptor() { return bell.ends[0]; }

ssize_t read(int from, void* to, std::size_t bytes) {
  for (;;) {
    pollfd waits[2] = {{from, POLLIN, 0}, {bell.ends[0], POLLIN, 0}};
    if (::poll(waits, 2, -1) < 0 && errno != EINTR) return -1;
    if (requested()) {
      errno = ECANCELED;
      return -1;
    }
    if (waits[0].revents == 0) continue;
    const ssize_t got = ::read(from, to, bytes);
    if (got >= 0 || (errno != EINTR && errno != EAGAIN)) return got;
  }
}

bool wait(int milliseconds) {
  pollfd bell_only{bell.ends[0], POLLIN, 0};
  ::poll(&bell_only, 1, milliseconds);  // a signal may end it early: the bell rings then
  return requested();
}

namespace {

bool wait_child(pid_t child, int& status, int milliseconds, bool stops) {
  const int process = static_cast<int>(::syscall(SYS_pidfd_open, child, 0));
  pollfd waits[2] = {{process, POLLIN, 0}, {bell.ends[0], POLLIN, 0}};
  bool ended = process < 0;  // an old kernel: waitpid() alone
  while (!ended) {
    const int ready = ::poll(waits, stops ? 2 : 1, milliseconds);
    ended = ready > 0 && waits[0].revents != 0;
    if (!ended && (ready == 0 || (stops && requested()))) break;
  }
  if (process >= 0) ::close(process);
  if (ended) reap(child, status);
  return ended;
}

}  // namespace

bool wait_child(pid_t child, int& status) { return wait_child(child, status, -1, true); }
bool wait_child(pid_t child, int& status, int milliseconds) {
  return wait_child(child, status, milliseconds, false);
}

void reap(pid_t child, int& status) {
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {}
}

}  // namespace assay::stop
