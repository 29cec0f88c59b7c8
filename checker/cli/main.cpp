// assay: an executable reference model of KVM/arm64.
#include <fmt/format.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <exception>
#include <system_error>

#include "checker/cli/cli.hpp"
#include "checker/cli/interrupt.hpp"
#include "traces/stop.hpp"

namespace {

using namespace assay::cli;

// Standard output went away (`assay ... | head`): we end as any filter does.
[[noreturn]] void end_by_broken_pipe() {
  std::signal(SIGPIPE, SIG_DFL);
  std::raise(SIGPIPE);
  std::_Exit(exit_internal);
}

int run(CLI::App& app, const Common& common, int argc, char** argv) {
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? exit_ok : exit_usage;
  } catch (const std::exception& e) {
    const auto* error = dynamic_cast<const std::system_error*>(&e);
    if (error != nullptr && error->code() == std::errc::broken_pipe) end_by_broken_pipe();
    std::fflush(stdout);
    // Z3 throws where it is interrupted outside of a query.
    if (assay::stop::requested()) {
      fmt::print(stderr, "assay: interrupted\n");
      return exit_unknown;
    }
    fmt::print(stderr, "assay: internal error: {}\n", e.what());
    return exit_internal;
  }
  errno = 0;
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return common.status;
  if (errno == EPIPE) end_by_broken_pipe();
  fmt::print(stderr, "assay: cannot write to standard output: {}\n", std::strerror(errno));
  return exit_internal;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{
      "An executable reference model of KVM/arm64: judges traces, proves, fuzzes, minimises."};
  app.require_subcommand(1);
  app.set_version_flag("--version", "assay " ASSAY_VERSION);
  app.footer(
      "exit status: 0 conforms/proved/nothing found, 1 violation, 2 inconclusive,\n"
      "             3 bad usage or malformed input, 4 internal error\n"
      "Ctrl-C ends a command with the best so far: 2, or 1 where a violation was found already");
  Common common;
  add_check(app, common);
  add_explain(app, common);
  add_convert(app, common);
  add_spec(app, common);
  add_record(app, common);
  add_lab(app, common);
  add_prove(app, common);
  add_find(app, common);
  add_fuzz(app, common);
  add_minimise(app, common);
  add_replay(app, common);
  add_info(app, common);
  add_its(app, common);

  watch_signals();
  int status = run(app, common, argc, argv);
  status = status_after_all(status, common.ends_by_stop);
  end_if_stopped(status);
  return status;
}
