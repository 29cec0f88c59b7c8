#include "checker/cli/this_host.hpp"

#include <fmt/format.h>
#include <sys/utsname.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "checker/cli/cli.hpp"
#include "traces/abi/arm64/host_info.hpp"

namespace assay::cli {
namespace {

namespace fs = std::filesystem;

// Beside the program in a build tree or an installation; empty when it is not there.
std::string host_info_program() {
  const fs::path here = program_directory();
  std::error_code error;
  for (fs::path p : {here / "../traces/assay-host-info", here / "../lib/assay/assay-host-info"})
    if (fs::exists(p, error)) return fs::weakly_canonical(p, error).string();
  return {};
}

// What it prints; also when it fails half way, which shows in what is missing.
std::string output_of(const std::string& program) {
  struct Close {
    void operator()(std::FILE* f) const { pclose(f); }
  };
  const std::unique_ptr<std::FILE, Close> pipe(popen(shell_word(program).c_str(), "re"));
  std::string out;
  if (!pipe) return out;
  std::array<char, 4096> block;
  while (const std::size_t got = std::fread(block.data(), 1, block.size(), pipe.get()))
    out.append(block.data(), got);
  return out;
}

// "kvm=ENOENT" of what the program printed: why there is no more of it.
std::string objection_of_kvm(const std::string& text) {
  const std::size_t at = text.find("\nkvm=");
  return at == std::string::npos ? std::string()
                                 : text.substr(at + 5, text.find('\n', at + 1) - at - 5);
}

}  // namespace

std::string this_machine() {
  utsname names{};
  return ::uname(&names) == 0 ? names.machine : "";
}

std::string read_this_host(traces::TraceHeader& header) {
  header = {};
  const std::string program = host_info_program();
  const std::string text = program.empty() ? std::string() : output_of(program);
  std::string missing = traces::read_host_info(text, header);
  const std::string objection = objection_of_kvm(text);
  if (program.empty()) missing = "assay-host-info is not beside this program";
  else if (!objection.empty()) missing = "/dev/kvm cannot be used: " + objection;
  utsname names{};
  if (::uname(&names) == 0) {
    header.kernel = names.release;
    header.machine = names.machine;
  }
  const Profile* profile = traces::profile_of_kernel(header.kernel, header.machine);
  const bool is_ours = system_of_machine(header.machine) == &default_system();
  header.profile = profile != nullptr && is_ours ? profile->name : "";
  if (!is_ours) missing = "the host record is that of arm64, and this is " + header.machine;
  if (!missing.empty()) {
    header.host_known = false;
    header.host = {};
  }
  return missing;
}

}  // namespace assay::cli
