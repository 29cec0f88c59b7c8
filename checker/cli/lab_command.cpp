// assay lab: the laboratory of real kernels, run by traces/lab/lab.sh.
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "checker/cli/cli.hpp"
#include "traces/stop.hpp"

namespace assay::cli {

void add_lab(CLI::App& app, Common& common) {
  auto* command = app.add_subcommand(
      "lab", "real KVM kernels under emulation: setup, list, run, info, perform, serve");
  command->prefix_command();
  command->footer("everything after `lab` goes to the laboratory; `assay lab help` tells more");
  command->callback([command, &common] {
    std::string script = data_directory("lab");
    if (script.empty()) {
      fmt::print(stderr, "assay: the laboratory's scripts are not installed\n");
      common.status = exit_internal;
      return;
    }
    script += "/lab.sh";
    std::vector<std::string> words{"bash", script};
    for (const std::string& word : command->remaining()) words.push_back(word);
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    stop::in_child();  // bash takes our place
    ::execvp(argv[0], argv.data());
    fmt::print(stderr, "assay: cannot run bash: {}\n", std::strerror(errno));
    common.status = exit_internal;
  });
}

}  // namespace assay::cli
