// A served machine of the laboratory as a target: lab.sh describes the protocol.
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>

#include "gen/performer.hpp"
#include "gen/target.hpp"
#include "traces/stop.hpp"

namespace assay::gen {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr unsigned boots_max = 8;  // in one batch; then what is left was not run

class LabTarget final : public Target {
 public:
  LabTarget(std::string kernel, std::string machine, const TargetOptions& options)
      : kernel_(std::move(kernel)), machine_(std::move(machine)), options_(options) {
    std::string pattern = (fs::temp_directory_path() / "assay-lab-XXXXXX").string();
    if (mkdtemp(pattern.data()) != nullptr) dir_ = pattern;
  }
  ~LabTarget() override {
    stop();
    std::error_code ignored;
    if (!dir_.empty()) fs::remove_all(dir_, ignored);
  }
  LabTarget(const LabTarget&) = delete;
  LabTarget& operator=(const LabTarget&) = delete;

  std::vector<Answers> run(std::span<const Program> batch) override;
  unsigned batch_size() const override { return 64; }

 private:
  void start();
  void stop();
  std::string state() const;
  bool wait_ready();
  enum class Outcome : std::uint8_t { complete, failed, died, timed_out };
  struct Performed {
    Outcome outcome = Outcome::failed;
    std::string file;  // the capture
    std::string note;  // why it is not complete: what the machine said last
  };
  Performed perform(std::span<const Program> batch, bool step);
  std::size_t take(std::span<const Program> batch, Performed& done, std::span<Answers> answers);
  void look_closer(const Program& program, Answers& answers);
  void kill_machine(const std::string& state) const;
  std::string last_words(const std::string& ready_state) const;

  std::string kernel_, machine_;
  TargetOptions options_;
  fs::path dir_;
  pid_t server_ = -1;
  unsigned batches_ = 0;
};

void LabTarget::start() {
  server_ = fork();
  if (server_ != 0) return;
  // A group of its own: Ctrl-C is for us to handle, and we end the machine in order.
  stop::in_child();
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGTERM);  // and it must not outlive us, however we end
  const int log = ::open((dir_ / "log").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (log >= 0) dup2(log, 1), dup2(log, 2);
  const std::string dir = dir_.string();
  execl(options_.lab_script.c_str(), "lab.sh", "serve", "--kernel", kernel_.c_str(), "--machine",
        machine_.c_str(), "--append", options_.lab_append.c_str(), "--restart", "--dir",
        dir.c_str(), static_cast<char*>(nullptr));
  _exit(127);
}

void LabTarget::stop() {
  if (server_ <= 0) return;
  ::kill(server_, SIGTERM);
  int status;
  while (waitpid(server_, &status, 0) < 0 && errno == EINTR) {}
  server_ = -1;
}

std::string LabTarget::state() const {
  std::ifstream in(dir_ / "state");
  std::string line;
  std::getline(in, line);
  return line;
}

bool LabTarget::wait_ready() {
  if (dir_.empty()) return false;
  if (server_ <= 0) start();
  const auto until = Clock::now() + std::chrono::seconds(90);
  while (Clock::now() < until) {
    if (state().starts_with("ready")) return true;
    int status;
    if (waitpid(server_, &status, WNOHANG) == server_) {
      server_ = -1;
      return false;
    }
    if (stop::wait(20)) return false;
  }
  return false;
}

void LabTarget::kill_machine(const std::string& state) const {
  const std::size_t at = state.find("qemu=");
  const int pid = at == std::string::npos ? 0 : std::atoi(state.c_str() + at + 5);
  if (pid > 1) ::kill(pid, SIGKILL);
}

// The console of a machine that was in this state and is gone.
std::string LabTarget::last_words(const std::string& ready_state) const {
  constexpr std::string_view before = "boot=";
  const std::size_t at = ready_state.find(before);
  const int boot =
      at == std::string::npos ? 0 : std::atoi(ready_state.c_str() + at + before.size());
  const fs::path console = dir_ / fmt::format("console-{}", boot);
  std::ifstream in(console, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(in), {}};
  std::error_code ignored;
  fs::remove(console, ignored);
  std::erase(text, '\r');
  return text;
}

LabTarget::Performed LabTarget::perform(std::span<const Program> batch, bool step) {
  Performed done;
  const std::string name = fmt::format("batch-{}", batches_++);
  const std::string base = (dir_ / name).string();
  const std::vector<std::uint8_t> ops = performer_stream(batch, 0, step);
  {
    std::ofstream out(base + ".ops", std::ios::binary);
    out.write(reinterpret_cast<const char*>(ops.data()), static_cast<std::streamsize>(ops.size()));
  }
  const std::string before = state();
  const int bell = ::open((dir_ / "doorbell").c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
  const std::string ring = name + "\n";
  const bool rung =
      bell >= 0 && ::write(bell, ring.data(), ring.size()) == static_cast<ssize_t>(ring.size());
  if (bell >= 0) ::close(bell);
  done.file = base + ".partial";
  // Time is counted from the last sign of life: a slow machine is not a hung one.
  const auto patience = std::chrono::seconds(options_.timeout_seconds);
  auto until = Clock::now() + patience;
  bool killed = false, has_failed = false;
  for (std::uintmax_t seen = 0; rung && state() == before;) {
    std::error_code absent;
    const std::uintmax_t grown = fs::file_size(done.file, absent);
    if (!absent && grown != seen) {
      seen = grown;
      until = Clock::now() + patience;
    }
    if (fs::exists(base + ".capture")) {
      done.file = base + ".capture";
      done.outcome = Outcome::complete;
      return done;
    }
    if (!has_failed && fs::exists(base + ".failed")) {
      // The performer gave up: a task of its is stuck in the kernel. No later program can be
      // trusted on this machine.
      std::ifstream in(base + ".failed");
      std::getline(in, done.note);
      has_failed = true;
      until = Clock::now();
    }
    if (!killed && Clock::now() >= until) {
      kill_machine(before);
      killed = true;
    }
    if (stop::wait(2)) return done;
  }
  if (!killed) done.note = last_words(before);
  else if (!has_failed) done.note = fmt::format("no sign of life for {} s", patience.count());
  done.outcome = !killed ? Outcome::died : has_failed ? Outcome::failed : Outcome::timed_out;
  return done;
}

// How many programs ended; the last of them is the one that ended the machine, if one did.
std::size_t LabTarget::take(std::span<const Program> batch, Performed& done,
                            std::span<Answers> answers) {
  const std::size_t ended = read_capture(done.file, batch, done.outcome == Outcome::died, answers);
  std::error_code ignored;
  fs::remove(done.file, ignored);
  if (done.outcome != Outcome::complete && ended != 0) answers[ended - 1].note = done.note;
  return ended;
}

// A machine that dies takes its last answers with it. Step by step and alone the program shows
// which call it dies of, and that it does so again.
void LabTarget::look_closer(const Program& program, Answers& answers) {
  if (!wait_ready()) return;
  Answers again;
  Performed done = perform({&program, 1}, true);
  const bool ended = take({&program, 1}, done, {&again, 1}) != 0;
  if (ended && done.outcome == Outcome::died) answers = std::move(again);
  else answers.note += "\n(it did not die of this program alone)";
}

std::vector<Answers> LabTarget::run(std::span<const Program> batch) {
  std::vector<Answers> out(batch.size());
  std::size_t ended = 0;
  std::string why;
  for (unsigned boot = 0; ended < batch.size() && boot < boots_max && !stop::requested(); ++boot) {
    if (!wait_ready()) {  // it died while it booted
      why = state();
      continue;
    }
    const std::span<const Program> rest = batch.subspan(ended);
    const std::span<Answers> answers{out.data() + ended, rest.size()};
    Performed done = perform(rest, false);
    const std::size_t now = take(rest, done, answers);
    if (done.outcome == Outcome::died && now != 0) look_closer(rest[now - 1], answers[now - 1]);
    ended += now;
    why = done.note;
    if (done.outcome == Outcome::complete) break;
    if (done.outcome == Outcome::failed && now == 0) break;
  }
  for (Answers& a : out)
    if (a.end == Answers::End::not_run) a.note = why;
  return out;
}

}  // namespace

std::unique_ptr<Target> make_lab_target(std::string kernel, std::string machine,
                                        const TargetOptions& options) {
  return std::make_unique<LabTarget>(std::move(kernel), std::move(machine), options);
}

}  // namespace assay::gen
