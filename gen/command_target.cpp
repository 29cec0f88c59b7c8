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
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>

#include "gen/target.hpp"

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

// Feeds `input` to the command and collects what it writes, until it ends or time is over.
std::string converse(const std::string& command, std::string_view input, unsigned seconds,
                     bool& timed_out) {
  Pipes pipes;
  std::string output;
  const pid_t child = fork();
  if (child < 0) return output;
  if (child == 0) {
    setpgid(0, 0);
    dup2(pipes.to[0], 0);
    dup2(pipes.from[1], 1);
    execl("/bin/sh", "sh", "-c", command.c_str(), static_cast<char*>(nullptr));
    _exit(127);
  }
  Pipes::shut(pipes.to[0]);
  Pipes::shut(pipes.from[1]);
  const auto until = Clock::now() + std::chrono::seconds(seconds);
  for (bool open = true; open;) {
    pollfd wait[2] = {{pipes.from[0], POLLIN, 0}, {pipes.to[1], POLLOUT, 0}};
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now());
    if (left.count() <= 0 || poll(wait, 2, static_cast<int>(left.count())) == 0) {
      timed_out = true;
      break;
    }
    if ((wait[1].revents & (POLLOUT | POLLERR)) != 0) {
      const ssize_t n = write_quietly(pipes.to[1], input);
      if (n > 0) input.remove_prefix(static_cast<std::size_t>(n));
      if (input.empty() || (n < 0 && errno != EAGAIN && errno != EINTR)) Pipes::shut(pipes.to[1]);
    }
    if ((wait[0].revents & (POLLIN | POLLHUP)) == 0) continue;
    char buffer[65536];
    const ssize_t n = ::read(pipes.from[0], buffer, sizeof buffer);
    if (n > 0) output.append(buffer, static_cast<std::size_t>(n));
    open = n > 0 || (n < 0 && errno == EINTR);
  }
  ::kill(-child, SIGKILL);  // its own group: also what it started
  int status;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {}
  return output;
}

// Puts what was answered where the program's operations are. Both list calls in order; a call that
// is missing from the answers was not executed.
void align(const Program& p, const ProgramText& text, Answers& out) {
  out.of.resize(p.operations.size());
  std::size_t at = 0;
  for (std::size_t i = 0; i < p.operations.size(); ++i) {
    out.of[i].event = p.operations[i].event;
    std::size_t look = at;
    while (look < text.program.operations.size() &&
           !same_operation(text.program.operations[look], p.operations[i]))
      ++look;
    if (look == text.program.operations.size()) continue;
    out.of[i] = text.answers.of[look];
    at = look + 1;
  }
}

class CommandTarget final : public Target {
 public:
  CommandTarget(std::string command, const TargetOptions& options)
      : command_(std::move(command)), options_(options) {}

  std::vector<Answers> run(std::span<const Program> batch) override {
    std::vector<Answers> out(batch.size());
    for (std::size_t done = 0; done < batch.size();) {
      bool timed_out = false;
      const std::string text =
          converse(command_, input(batch.subspan(done), done), options_.timeout_seconds, timed_out);
      const std::size_t ended = take(text, batch, done, out, timed_out);
      if (ended == done) break;
      done = ended;
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

  // Returns the number of the first program that was not begun.
  static std::size_t take(std::string_view text, std::span<const Program> batch, std::size_t from,
                          std::vector<Answers>& out, bool timed_out) {
    constexpr std::string_view mark = "# program ";
    std::size_t next = from;
    for (std::size_t at = text.find(mark); at != std::string_view::npos;) {
      std::size_t number = 0;
      const char* digits = text.data() + at + mark.size();
      std::from_chars(digits, text.data() + text.size(), number);
      std::size_t after = text.find(mark, at + 1);
      const std::size_t end = text.find("\n# end", at);
      const bool complete = after != std::string_view::npos || end != std::string_view::npos;
      if (number != next || number >= batch.size()) break;
      Program named = batch[number];
      renumber(named);
      const ProgramText read = read_program(
          text.substr(at, std::min(after, end == std::string_view::npos ? end : end + 1) - at));
      Answers& a = out[number];
      align(named, read, a);
      // Its numbers are those of the text; the program's may have gaps.
      for (std::size_t i = 0; i < a.of.size(); ++i) {
        a.of[i].event.vm = batch[number].operations[i].event.vm;
        a.of[i].event.vcpu = batch[number].operations[i].event.vcpu;
      }
      a.note = read.error;
      a.end = complete    ? Answers::End::completed
              : timed_out ? Answers::End::hung
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
    std::string kernel = after("lab:"), machine = "standard";
    if (const std::size_t colon = kernel.find(':'); colon != std::string::npos) {
      machine = kernel.substr(colon + 1);
      kernel.resize(colon);
    }
    constexpr std::array machines{"standard", "biglittle", "halfpmu", "bare"};
    if (std::find(machines.begin(), machines.end(), machine) == machines.end())
      error = "a laboratory machine is standard, biglittle, halfpmu or bare";
    if (options.lab_script.empty()) error = "no laboratory: name the path of lab.sh";
    if (!error.empty()) return nullptr;
    return [=] { return make_lab_target(kernel, machine, options); };
  }
  error = fmt::format(
      "'{}' is no target: model, lab:KERNEL[:MACHINE], device:/dev/kvm, "
      "cmd:PROGRAM",
      description);
  return nullptr;
}

}  // namespace assay::gen
