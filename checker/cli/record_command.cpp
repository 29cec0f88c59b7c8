// assay record -o FILE -- COMMAND...: runs a VMM under the recorder and writes its trace.
#include <fmt/format.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>

#include "checker/cli/cli.hpp"
#include "checker/cli/this_host.hpp"
#include "traces/abi/arm64/host_info.hpp"
#include "traces/stop.hpp"

namespace assay::cli {
namespace {

namespace fs = std::filesystem;

struct RecordArguments {
  std::string out;
  bool raw = false;
  std::vector<std::string> command;
  // In a guest of the laboratory instead of here.
  std::string kernel, machine = "standard", append, memory = "1G";
  std::vector<std::string> put;
};

// Beside the program in a build tree or an installation.
std::string recorder_library() {
  fs::path here = program_directory();
  std::error_code error;
  for (fs::path p : {here / "../traces/assay-recorder.so", here / "../lib/assay/assay-recorder.so"})
    if (fs::exists(p, error)) return fs::weakly_canonical(p, error).string();
  return {};
}

// Starts a program, with more in its environment; its process id.
pid_t run_command(const std::vector<std::string>& words,
                  const std::vector<std::pair<std::string, std::string>>& environment) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  stop::in_child();
  for (const auto& [name, value] : environment) ::setenv(name.c_str(), value.c_str(), 1);
  std::vector<char*> argv;
  for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  ::execvp(argv[0], argv.data());
  fmt::print(stderr, "assay: cannot run {}: {}\n", words[0], std::strerror(errno));
  ::_exit(127);
}

// Its wait status.
int wait_for(pid_t child) {
  int status = 0;
  if (child < 0 || stop::wait_child(child, status)) return status;
  // We are to stop, and so is the program; one that does not is ended.
  constexpr int patience_milliseconds = 300;
  ::kill(child, SIGTERM);
  if (stop::wait_child(child, status, patience_milliseconds)) return status;
  ::kill(child, SIGKILL);
  stop::reap(child, status);
  return status;
}

int run_recorded(const RecordArguments& a, const std::string& library, const std::string& capture) {
  std::string preload = library;
  if (const char* others = std::getenv("LD_PRELOAD"); others != nullptr && *others != '\0')
    preload += std::string(":") + others;
  return wait_for(run_command(a.command, {{"LD_PRELOAD", preload}, {"ASSAY_RECORD", capture}}));
}

// One capture as a native text trace.
int write_text(const std::string& capture, const std::string& out,
               const traces::TraceHeader& host) {
  std::string text;
  std::uint64_t calls = 0;
  traces::TraceSink sink;
  sink.wants_text = true;
  sink.header = [&](const traces::TraceHeader& read) {
    traces::TraceHeader header = read;
    if (!header.host_known) set_host(header, host);
    text = write_header(header);
  };
  sink.event = [&](const traces::TraceEvent& e, std::string_view line) {
    text += line.empty() ? binder().text(e) : std::string(line);
    text += '\n';
    ++calls;
    return true;
  };
  traces::ReadFailure failure;
  traces::ReadResult result = read_trace(capture, traces::Format::capture, binder(), sink, failure);
  if (result != traces::ReadResult::complete) return show_failure(capture, failure);
  if (!write_file(out, text)) return exit_internal;
  fmt::print(stderr, "assay: {}: {} calls\n", out, calls);
  return exit_ok;
}

// Every capture that is called FILE or FILE.<pid>, as a text named likewise; removed when it is.
int write_texts(const std::string& capture, const std::string& out,
                const traces::TraceHeader& host) {
  std::error_code error;
  int result = write_text(capture, out, host);
  if (result == exit_ok) fs::remove(capture, error);
  const fs::path directory = fs::path(capture).parent_path();
  const std::string prefix = fs::path(capture).filename().string() + ".";
  for (const auto& entry : fs::directory_iterator(directory.empty() ? "." : directory, error)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(prefix)) continue;
    if (write_text(entry.path().string(), out + "." + name.substr(prefix.size()), host) == exit_ok)
      fs::remove(entry.path(), error);
  }
  return result;
}

// The laboratory's guest has the recorder; its captures know their host.
int record_in_lab(const RecordArguments& a) {
  const fs::path folder = a.out + ".captures";
  std::vector<std::string> words{"bash",         data_directory("lab") + "/lab.sh",
                                 "run",          "--kernel",
                                 a.kernel,       "--machine",
                                 a.machine,      "--append",
                                 a.append,       "--memory",
                                 a.memory,       "--record",
                                 folder.string()};
  for (const std::string& put : a.put) words.insert(words.end(), {"--put", put});
  words.emplace_back("--");
  words.insert(words.end(), a.command.begin(), a.command.end());
  const int status = wait_for(run_command(words, {}));
  if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
    fmt::print(stderr, "assay: the laboratory ended with status {}\n", WEXITSTATUS(status));
  const fs::path capture = folder / "capture";
  std::error_code error;
  if (!fs::exists(capture, error)) return exit_unknown;
  if (a.raw) {
    fs::rename(capture, a.out, error);
    return error ? exit_internal : exit_ok;
  }
  const int result = write_texts(capture.string(), a.out, {});
  fs::remove(folder, error);  // unless something is left in it
  return result;
}

int record(const RecordArguments& a) {
  if (!a.kernel.empty()) return record_in_lab(a);
  const std::string library = recorder_library();
  if (library.empty()) {
    fmt::print(stderr,
               "assay: the recorder library is not beside this program: build assay_recorder\n");
    return exit_internal;
  }
  std::string capture = a.raw ? a.out : a.out + ".capture";
  std::error_code error;
  fs::remove(capture, error);
  int status = run_recorded(a, library, capture);
  if (WIFSIGNALED(status))
    fmt::print(stderr,
               "assay: the program was ended by signal {}; what it did until then is kept\n",
               WTERMSIG(status));
  else if (WEXITSTATUS(status) != 0)
    fmt::print(stderr, "assay: the program ended with status {}\n", WEXITSTATUS(status));
  if (!fs::exists(capture, error)) {
    fmt::print(stderr,
               "assay: no KVM call was recorded (a static program, or one without /dev/kvm?)\n");
    return exit_unknown;
  }
  if (a.raw) return exit_ok;
  // Other processes of the program write FILE.<pid>; each becomes a trace of its own.
  traces::TraceHeader host;
  if (const std::string missing = read_this_host(host); !missing.empty())
    fmt::print(stderr, "assay: the trace has no host line: {}\n", missing);
  return write_texts(capture, a.out, host);
}

}  // namespace

void add_record(CLI::App& app, Common& common) {
  auto* command = app.add_subcommand(
      "record", "run a VMM, here or in the laboratory, and record its KVM calls with payloads");
  auto a = std::make_shared<RecordArguments>();
  command->add_option("-o,--output", a->out, "the trace to write")->required();
  command->add_flag("--capture", a->raw, "write the capture stream itself instead of text");
  command
      ->add_option("--kernel", a->kernel,
                   "run the command in a guest of the laboratory: 6.1, 6.12, 7.2, or a kernel "
                   "of yours as Image, Image.gz or vmlinuz")
      ->type_name("KERNEL");
  auto* const machine = command->add_option("--machine", a->machine, "of the laboratory");
  auto* const append = command->add_option("--append", a->append, "more kernel command line");
  auto* const memory = command->add_option("--memory", a->memory, "of the guest, such as 3G");
  auto* const put = command->add_option("--put", a->put, "HOSTPATH:GUESTPATH: a file or a folder");
  put->allow_extra_args(false);  // the next word is the command's
  for (CLI::Option* option : {machine, append, memory, put}) option->needs("--kernel");
  command->add_option("COMMAND", a->command, "the program and its arguments, after --")->required();
  add_common(*command, common, only_text);
  command->callback([a, &common] { common.status = record(*a); });
}

}  // namespace assay::cli
