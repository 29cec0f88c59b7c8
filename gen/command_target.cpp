// A program that reads programs as text and writes what it answered, as text.
//
// It is started once for each batch and reads, for every program, a line `# program N`, the
// program's text (calls without answers; a call that makes a descriptor shows the one planned for
// it) and, after the last, `# end`. It writes the same with answers. A call may be left out: then
// it was not executed. When it ends early, the program it was in crashed, and a new one is started.
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>

#include "gen/target.hpp"
#include "traces/stop.hpp"

namespace assay::gen {
namespace {

using Clock = std::chrono::steady_clock;

struct Pipes {
  int to[2] = {-1, -1}, from[2] = {-1, -1};
  Pipes() {
    if (pipe2(to, O_CLOEXEC) != 0 || pipe2(from, O_CLOEXEC) != 0) return;
    fcntl(to[1], F_SETFL, O_NONBLOCK);
  }
  ~Pipes() {
    for (int fd : {to[0], to[1], from[0], from[1]})
      if (fd >= 0) ::close(fd);
  }
  Pipes(const Pipes&) = delete;
  Pipes& operator=(const Pipes&) = delete;
  static void shut(int& fd) {
    if (fd >= 0) ::close(fd);
    fd = -1;
  }
};

// write(), where a reader that is gone is an error and no signal: SIGPIPE would end the campaign.
ssize_t write_quietly(int fd, std::string_view bytes) {
  sigset_t pipe, before;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, &before);
  const ssize_t n = ::write(fd, bytes.data(), bytes.size());
  const int error = errno;
  const timespec at_once{};
  if (n < 0 && error == EPIPE) sigtimedwait(&pipe, nullptr, &at_once);  // this thread's own
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = error;
  return n;
}

// How a conversation with the command ended, besides what it wrote.
struct Conversation {
  std::string output;
  std::string end;          // "it exited with status 1", for people
  bool is_missing = false;  // the shell found no such command, or may not run it
  bool timed_out = false;   // it was ended by us for want of an answer
  bool stopped = false;     // it was ended by us because a stop was requested
};

std::string end_of(int status) {
  if (WIFEXITED(status)) return fmt::format("it exited with status {}", WEXITSTATUS(status));
  return fmt::format("signal {} ended it", WTERMSIG(status));
}

// Waits until the command writes or takes more input. False: time is over, or a stop requested.
bool wait_for(const Pipes& pipes, Clock::time_point until, Conversation& out, pollfd (&wait)[3]) {
  wait[0] = {pipes.from[0], POLLIN, 0};
  wait[1] = {pipes.to[1], POLLOUT, 0};
  wait[2] = {stop::descriptor(), POLLIN, 0};
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now());
  const int ready = left.count() <= 0 ? 0 : poll(wait, 3, static_cast<int>(left.count()));
  out.timed_out = ready == 0;
  out.stopped = stop::requested();
  return !out.timed_out && !out.stopped;
}

// Feeds `input` to the command and collects what it writes, until it closes its output, time is
// over or a stop is requested.
void talk(Pipes& pipes, std::string_view input, unsigned seconds, Conversation& out) {
  const auto until = Clock::now() + std::chrono::seconds(seconds);
  pollfd wait[3];
  for (bool open = true; open && wait_for(pipes, until, out, wait);) {
    if ((wait[1].revents & (POLLOUT | POLLERR)) != 0) {
      const ssize_t n = write_quietly(pipes.to[1], input);
      if (n > 0) input.remove_prefix(static_cast<std::size_t>(n));
      if (input.empty() || (n < 0 && errno != EAGAIN && errno != EINTR)) Pipes::shut(pipes.to[1]);
    }
    if ((wait[0].revents & (POLLIN | POLLHUP)) == 0) continue;
    char buffer[65536];
    const ssize_t n = ::read(pipes.from[0], buffer, sizeof buffer);
    if (n > 0) out.output.append(buffer, static_cast<std::size_t>(n));
    open = n > 0 || (n < 0 && errno == EINTR);
  }
}

Conversation converse(const std::string& command, std::string_view input, unsigned seconds) {
  Pipes pipes;
  Conversation out;
  const pid_t child = fork();
  if (child < 0) {
    out.end = "it cannot be started";
    return out;
  }
  if (child == 0) {
    stop::in_child();
    setpgid(0, 0);                     // Ctrl-C is for the campaign to handle
    prctl(PR_SET_PDEATHSIG, SIGKILL);  // and it must not outlive us, however we end
    dup2(pipes.to[0], 0);
    dup2(pipes.from[1], 1);
    execl("/bin/sh", "sh", "-c", command.c_str(), static_cast<char*>(nullptr));
    _exit(127);
  }
  Pipes::shut(pipes.to[0]);
  Pipes::shut(pipes.from[1]);
  talk(pipes, input, seconds, out);
  // It closed its output and is mostly about to exit; then its own status is told.
  constexpr int patience_milliseconds = 200;
  int status = 0;
  const bool ends_itself =
      !out.timed_out && !out.stopped && stop::wait_child(child, status, patience_milliseconds);
  out.end = out.timed_out ? "it did not answer in time"
            : ends_itself ? end_of(status)
                          : "it closed its output and went on";
  const int code = ends_itself && WIFEXITED(status) ? WEXITSTATUS(status) : 0;
  out.is_missing = out.output.empty() && (code == 126 || code == 127);  // POSIX's sh
  ::kill(-child, SIGKILL);  // its own group: also what it started
  if (!ends_itself) stop::reap(child, status);
  return out;
}

// Puts what was answered where the program's operations are. Both list calls in order; a call that
// is missing from the answers was not executed.
void align(const Program& p, const ProgramText& text, Answers& out) {
  out.of.resize(p.operations.size());
  out.log_was_read = text.answers.log_was_read;
  std::size_t at = 0;
  for (std::size_t i = 0; i < p.operations.size(); ++i) {
    out.of[i].event = p.operations[i].event;
    std::size_t look = at;
    while (look < text.program.operations.size() &&
           !same_operation(text.program.operations[look], p.operations[i]))
      ++look;
    if (look == text.program.operations.size()) continue;
    out.of[i] = text.answers.of[look];
    for (const Logged& logged : text.answers.log)
      if (logged.at == look) out.log.push_back({static_cast<u32>(i), logged.text});
    at = look + 1;
  }
}

class CommandTarget final : public Target {
 public:
  CommandTarget(std::string command, const TargetOptions& options)
      : command_(std::move(command)), options_(options) {}

  // A command that ends is started again for what is left; one that never begins a program is given
  // up after a few times.
  std::vector<Answers> run(std::span<const Program> batch) override {
    constexpr unsigned silent_max = 3;
    std::vector<Answers> out(batch.size());
    unsigned silent = 0;
    for (std::size_t done = 0; done < batch.size() && silent < silent_max && !stop::requested();) {
      const Conversation said =
          converse(command_, input(batch.subspan(done), done), options_.timeout_seconds);
      const std::size_t ended = take(said, batch, done, out);
      if (said.stopped || said.is_missing) break;
      silent = ended == done ? silent + 1 : 0;
      if (ended == done) blame(said, batch[done], out[done]);
      if (said.timed_out && ended == done) break;
      done = std::max(ended, done + 1);
    }
    return out;
  }

 private:
  static std::string input(std::span<const Program> batch, std::size_t number) {
    std::string text;
    for (const Program& p : batch) {
      Program named = p;
      renumber(named);
      text += fmt::format("# program {}\n{}", number++, text_of(named));
    }
    return text + "# end\n";
  }

  // The command ended, or wrote what nobody can read, before it began this program.
  static void blame(const Conversation& said, const Program& p, Answers& out) {
    constexpr std::size_t shown_bytes = 60;
    align(p, {}, out);
    out.end = said.timed_out        ? Answers::End::hung
              : said.output.empty() ? Answers::End::crashed
                                    : Answers::End::garbled;
    const std::size_t bytes = std::min({said.output.find('\n'), said.output.size(), shown_bytes});
    out.note = said.end + (bytes == 0 ? " before it answered"
                                      : "; it wrote \"" + said.output.substr(0, bytes) + "\"");
  }

  // Returns the number of the first program that was not begun.
  static std::size_t take(const Conversation& said, std::span<const Program> batch,
                          std::size_t from, std::vector<Answers>& out) {
    constexpr std::string_view mark = "# program ";
    const std::string_view text = said.output;
    std::size_t next = from;
    for (std::size_t at = text.find(mark); at != std::string_view::npos;) {
      std::size_t number = 0;
      const char* digits = text.data() + at + mark.size();
      std::from_chars(digits, text.data() + text.size(), number);
      std::size_t after = text.find(mark, at + 1);
      const std::size_t end = text.find("\n# end", at);
      const bool complete = after != std::string_view::npos || end != std::string_view::npos;
      if (number != next || number >= batch.size()) break;
      if (!complete && said.stopped) break;  // our doing
      Program named = batch[number];
      renumber(named);
      const ProgramText read = read_program(
          text.substr(at, std::min(after, end == std::string_view::npos ? end : end + 1) - at));
      Answers& a = out[number];
      align(named, read, a);
      // Its numbers are those of the text; the program's may have gaps.
      for (std::size_t i = 0; i < a.of.size(); ++i) {
        a.of[i].event.vm = batch[number].operations[i].event.vm;
        a.of[i].event.handle = batch[number].operations[i].event.handle;
      }
      a.note = !read.error.empty() ? "what it wrote is no trace: " + read.error
               : complete          ? std::string()
                                   : said.end;
      a.end = !read.error.empty() ? Answers::End::garbled
              : complete          ? Answers::End::completed
              : said.timed_out    ? Answers::End::hung
                                  : Answers::End::crashed;
      a.at = static_cast<u32>(read.program.operations.size());
      next = number + 1;
      at = after;
    }
    return next;
  }

  std::string command_;
  TargetOptions options_;
};

}  // namespace

std::unique_ptr<Target> make_command_target(std::string command, const TargetOptions& options) {
  return std::make_unique<CommandTarget>(std::move(command), options);
}

// --- descriptions of targets --------------------------------------------------------------------

bool is_lab_machine(std::string_view name) {
  constexpr std::array<std::string_view, 5> machines{"standard", "biglittle", "halfpmu", "bare",
                                                     "amd"};
  return std::find(machines.begin(), machines.end(), name) != machines.end();
}

LabNames lab_names(std::string_view description) {
  LabNames names;
  if (description.starts_with("lab:")) description.remove_prefix(4);
  const std::size_t colon = description.rfind(':');
  const bool has_machine =
      colon != std::string_view::npos && description.find('/', colon) == std::string_view::npos;
  names.kernel = description.substr(0, has_machine ? colon : std::string_view::npos);
  if (has_machine) names.machine = description.substr(colon + 1);
  return names;
}

TargetFactory target_factory(std::string_view description, const TargetOptions& options,
                             std::string& error) {
  auto after = [&](std::string_view prefix) {
    return std::string(description.substr(prefix.size()));
  };
  if (description == "model") return [=] { return make_model_target(options.mutation); };
  if (description.starts_with("cmd:"))
    return [=, command = after("cmd:")] { return make_command_target(command, options); };
  if (description.starts_with("device:")) {
    if (description != "device:/dev/kvm") error = "only device:/dev/kvm is supported";
    if (options.performer.empty()) error = "no performer: name its path";
    if (!error.empty()) return nullptr;
    return [=] { return make_device_target(options); };
  }
  if (description.starts_with("lab:")) {
    const auto [kernel, machine] = lab_names(description);
    if (!is_lab_machine(machine))
      error = "a laboratory machine is standard, biglittle, halfpmu, bare or amd";
    if (options.lab_script.empty()) error = "no laboratory: name the path of lab.sh";
    if (!error.empty()) return nullptr;
    return [kernel = kernel, machine = machine, options] {
      return make_lab_target(kernel, machine, options);
    };
  }
  error = fmt::format(
      "'{}' is no target: model, lab:KERNEL[:MACHINE], device:/dev/kvm, "
      "cmd:PROGRAM",
      description);
  return nullptr;
}

}  // namespace assay::gen
