#include "checker/cli/targets.hpp"

#include <fmt/format.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "checker/cli/host_option.hpp"
#include "checker/cli/this_host.hpp"
#include "gen/mutants.hpp"
#include "traces/abi/arm64/host_info.hpp"

namespace assay::cli {
namespace {

// Standard output of a command; nothing when it fails.
std::optional<std::string> output_of(const std::string& command) {
  struct Close {
    void operator()(std::FILE* f) const { pclose(f); }
  };
  std::unique_ptr<std::FILE, Close> pipe(popen(command.c_str(), "re"));
  if (!pipe) return std::nullopt;
  std::string out;
  std::array<char, 4096> block{};
  while (std::size_t got = std::fread(block.data(), 1, block.size(), pipe.get()))
    out.append(block.data(), got);
  int status = pclose(pipe.release());
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) return std::nullopt;
  return out;
}

bool lab_host(const TargetArguments& a, const std::string& script, traces::TraceHeader& header) {
  const gen::LabNames names = gen::lab_names(a.target);
  auto info = output_of(fmt::format("bash {} info --kernel {} --machine {} --append {}",
                                    shell_word(script), shell_word(names.kernel),
                                    shell_word(names.machine), shell_word(a.append)));
  if (!info) {
    fmt::print(stderr,
               "assay: the laboratory cannot tell what kernel {} on machine {} offers; see assay "
               "lab list\n",
               names.kernel, names.machine);
    return false;
  }
  std::string missing = traces::read_host_info(*info, header);
  if (missing.empty()) return true;
  fmt::print(stderr, "assay: the laboratory's description of {} lacks {}\n", names.kernel, missing);
  return false;
}

}  // namespace

std::optional<Mutation> mutation_named(const Profile& profile, std::string_view name) {
  for (const auto& parts : {gen::enumerate_left_out(profile), gen::enumerate_freedoms(profile)})
    for (const gen::Mutant& m : parts)
      if (m.rule + "." + m.first == name) return m.mutation;
  return std::nullopt;
}

void add_target_options(CLI::App& command, TargetArguments& a) {
  command.add_option("--target", a.target,
                     "model, lab:KERNEL[:MACHINE], device:/dev/kvm, cmd:PROGRAM");
  command
      .add_option("--kernel", a.kernel,
                  "of the laboratory: 6.1, 6.12, 7.2, or a kernel of yours as Image, Image.gz or "
                  "vmlinuz; --target lab:MACHINE chooses the machine")
      ->type_name("KERNEL");
  command
      .add_option("--append", a.append,
                  "of the laboratory: more kernel command line, such as kvm-arm.mode=nvhe")
      ->type_name("TEXT");
}

bool settle_target(TargetArguments& a, const std::string& by_default) {
  if (!a.kernel.empty()) {
    const std::string machine = a.target.empty() || a.target == "lab" ? "standard"
                                : a.target.starts_with("lab:")        ? a.target.substr(4)
                                                                      : "";
    if (!gen::is_lab_machine(machine)) {
      fmt::print(stderr,
                 "assay: --kernel is the laboratory's: --target lab:MACHINE, with a machine of "
                 "standard, biglittle, halfpmu, bare and amd, or no --target\n");
      return false;
    }
    a.target = fmt::format("lab:{}:{}", a.kernel, machine);
  }
  if (a.target.empty()) a.target = by_default;
  if (a.append.empty() || a.target.starts_with("lab:")) return true;
  fmt::print(stderr, "assay: --append is the kernel command line of a laboratory's machine\n");
  return false;
}

bool choose_target(const TargetArguments& a, ChosenTarget& out) {
  const auto& [description, profile, host, drop, kernel, append] = a;
  traces::TraceHeader header;
  gen::TargetOptions options;
  options.lab_script = data_directory("lab") + "/lab.sh";
  options.lab_append = append;
  namespace fs = std::filesystem;
  std::error_code error;
  fs::path here = program_directory();
  for (fs::path p : {here / "../traces/assay-perform", here / "../lib/assay/assay-perform"})
    if (fs::exists(p, error)) options.performer = fs::weakly_canonical(p, error).string();
  if (const std::string machine = this_machine();
      description.starts_with("device:") && system_of_machine(machine) != &default_system()) {
    fmt::print(stderr, "assay: {} is one of {}: the rules are those of arm64\n",
               description.substr(7), machine);
    return false;
  }
  const Profile* const wanted = find_profile(profile);
  const System& system = wanted != nullptr ? system_of(*wanted) : default_system();
  header.host = traces::default_host(system);
  if (description.starts_with("lab:") && !lab_host(a, options.lab_script, header)) return false;
  if (!host.empty()) {
    header.host = system.info().blank_host();
    read_host_option(host, header);
  }
  const std::string no_profile =
      profile.empty() ? traces::no_profile_text(header.kernel) : std::string();
  if (!no_profile.empty()) fmt::print(stderr, "assay: {} (judged as documented)\n", no_profile);
  out.profile = !profile.empty()          ? find_profile(profile)
                : !header.profile.empty() ? find_profile(header.profile)
                : !no_profile.empty()     ? &system.info().profiles.front()
                                          : find_profile(system.info().usual_profile);
  out.host = header.host;
  if (!drop.empty()) {
    out.mutation = mutation_named(*out.profile, drop);
    if (!out.mutation || description != "model") {
      if (out.mutation) fmt::print(stderr, "assay: --drop is for --target model\n");
      else fmt::print(stderr, "assay: there is no check '{}'; see assay spec list\n", drop);
      return false;
    }
    options.mutation = &*out.mutation;
  }
  std::string why;
  out.factory = gen::target_factory(description, options, why);
  if (out.factory) return true;
  fmt::print(stderr, "assay: {}\n", why);
  return false;
}

}  // namespace assay::cli
