#include "checker/cli/cli.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cctype>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "gen/rules.hpp"

namespace assay::cli {

namespace {

void refuse(CLI::App& command, const std::string& option, const std::string& why) {
  const std::string message = "`assay " + command.get_name() + "` " + why;
  command
      .add_option_function<std::vector<std::string>>(
          option,
          [option, message](const std::vector<std::string>&) {
            throw CLI::ValidationError(option, message);
          })
      ->expected(0, 1)
      ->group("");
}

}  // namespace

void add_common(CLI::App& command, Common& common, unsigned outputs) {
  if ((outputs & as_json) != 0) command.add_flag("--json", common.json, "print one JSON document");
  else refuse(command, "--json", "has no result to print as JSON");
  command.add_flag("-q,--quiet", common.quiet, "print only what is wrong");
  command.add_option("--color", common.color, "auto, always or never")
      ->check(CLI::IsMember({"auto", "always", "never"}));
  if ((outputs & as_reports) == 0) {
    for (const char* option : {"--junit", "--sarif", "--html", "--github"})
      if (command.get_option_no_throw(option) == nullptr)  // the command's own
        refuse(command, option, "judges no trace: check, explain and replay write such reports");
    return;
  }
  command.add_option("--junit", common.junit, "also write a JUnit XML report")->type_name("FILE");
  command.add_option("--sarif", common.sarif, "also write a SARIF 2.1.0 report")->type_name("FILE");
  command.add_option("--html", common.html, "also write a self-contained HTML report")
      ->type_name("FILE");
  command.add_flag("--github", common.github,
                   "also print annotations for GitHub Actions: ::error file=...,line=...");
}

std::string shell_word(const std::string& word) {
  constexpr std::string_view plain = "_-./:=,+@%";
  bool is_plain = !word.empty();
  for (const char c : word)
    is_plain = is_plain && (std::isalnum(static_cast<unsigned char>(c)) != 0 ||
                            plain.find(c) != std::string_view::npos);
  if (is_plain) return word;
  std::string out = "'";
  for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

const traces::Binder& binder() { return traces::Binder::of(default_system()); }

const traces::Binder& binder_of(const Profile& profile) {
  return traces::Binder::of(system_of(profile));
}

bool use_color(const Common& common) {
  if (common.color != "auto") return common.color == "always";
  return ::isatty(STDOUT_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr;
}

std::string paint(const Common& common, const char* color, const std::string& text) {
  if (!use_color(common)) return text;
  std::string_view name = color;
  int code = name == "red" ? 31 : name == "green" ? 32 : name == "yellow" ? 33 : 1;
  return fmt::format("\033[{}m{}\033[0m", code, text);
}

int show_failure(const std::string& file, const traces::ReadFailure& failure) {
  std::string name = file == "-" ? "<stdin>" : file;
  std::fputs(traces::render(failure.why, name, failure.source_line).c_str(), stderr);
  std::fputc('\n', stderr);
  return exit_usage;
}

bool write_file(const std::string& path, const std::string& text) {
  if (path == "-") return std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  // A device or a pipe is written to; only a file is replaced.
  struct stat there {};
  const bool replaces = ::stat(path.c_str(), &there) != 0 || S_ISREG(there.st_mode);
  std::string part = replaces ? path + ".part" : path;
  int fd = ::open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  bool good = fd >= 0;
  for (std::size_t at = 0; good && at < text.size();) {
    ssize_t wrote = ::write(fd, text.data() + at, text.size() - at);
    if (wrote < 0 && errno == EINTR) continue;
    good = wrote > 0;
    at += good ? static_cast<std::size_t>(wrote) : 0;
  }
  good = good && (!replaces || ::fsync(fd) == 0);
  int why = errno;
  if (fd >= 0) good = ::close(fd) == 0 && good;
  good = good && (!replaces || std::rename(part.c_str(), path.c_str()) == 0);
  if (good) return true;
  std::fprintf(stderr, "assay: cannot write %s: %s\n", path.c_str(), std::strerror(why));
  if (replaces) ::unlink(part.c_str());
  return false;
}

std::string program_directory() {
  std::error_code error;
  auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  return error ? std::string() : self.parent_path().string();
}

// Beside the program when installed (../share/assay), in the source tree when built there.
std::string data_directory(const std::string& what) {
  namespace fs = std::filesystem;
  std::error_code error;
  if (const char* root = std::getenv("ASSAY_DATA"); root != nullptr)
    if (fs::path p = fs::path(root) / what; fs::is_directory(p, error)) return p.string();
  fs::path directory = program_directory();
  for (const fs::path& p :
       {directory / ".." / "share" / "assay" / what, fs::path(ASSAY_SOURCE_TRACES) / what})
    if (fs::is_directory(p, error)) return fs::weakly_canonical(p, error).string();
  return {};
}

}  // namespace assay::cli
