// assay: an executable reference model of KVM/arm64.
#include <fmt/format.h>

#include <exception>

#include "checker/cli/cli.hpp"

int main(int argc, char** argv) {
  using namespace assay::cli;
  CLI::App app{
      "An executable reference model of KVM/arm64: judges traces, proves, fuzzes, minimises."};
  app.require_subcommand(1);
  app.set_version_flag("--version", "assay " ASSAY_VERSION);
  app.footer(
      "exit status: 0 conforms/proved/nothing found, 1 violation, 2 inconclusive,\n"
      "             3 bad usage or malformed input, 4 internal error");
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

  catch_interrupts();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? exit_ok : exit_usage;
  } catch (const std::exception& e) {
    std::fflush(stdout);
    fmt::print(stderr, "assay: internal error: {}\n", e.what());
    return exit_internal;
  }
  std::fflush(stdout);
  if (std::ferror(stdout) != 0) return exit_internal;
  return common.status;
}
