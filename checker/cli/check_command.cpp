// assay check, assay explain: verdicts on traces.
#include <fmt/format.h>

#include "checker/cli/cli.hpp"
#include "checker/cli/file_check.hpp"
#include "checker/cli/host_option.hpp"
#include "checker/cli/reports.hpp"
#include "checker/cli/trace_files.hpp"
#include "traces/stop.hpp"

namespace assay::cli {
namespace {

int worse(int a, int b) {
  auto rank = [](int s) {
    return s == exit_usage ? 3 : s == exit_found ? 2 : s == exit_unknown ? 1 : 0;
  };
  return rank(b) > rank(a) ? b : a;
}

// Which files: those that were named, with folders replaced by what is in them, or the bundled
// ones. False, with a message: there is nothing to read.
bool choose_files(const CheckArguments& arguments, std::vector<std::string>& files) {
  files = arguments.files;
  if (!expand_directories(files)) return false;
  if (files.empty()) files = bundled_traces();
  if (files.empty())
    fmt::print(stderr, "assay: no bundled traces found: name a file, or - for standard input\n");
  if (arguments.follow && files.size() != 1) {
    fmt::print(stderr, "assay: --follow takes one file\n");
    return false;
  }
  return !files.empty();
}

int run(const CheckArguments& arguments, const Common& common) {
  std::vector<std::string> files;
  if (!choose_files(arguments, files)) return exit_usage;
  checker::TextOptions text;
  text.quiet = common.quiet;
  text.color = use_color(common);
  text.verbose = common.verbose;
  const bool in_detail = files.size() == 1 || common.verbose || arguments.explain;
  std::vector<checker::FileReport> reports;
  int status = exit_ok;
  for (const std::string& file : files) {
    FileCheck check(arguments, common);
    checker::FileReport report;
    const int its = check.run(file, report);
    status = worse(status, its);
    text.without_found = check.is_live();
    if (!common.json && in_detail) fmt::print("{}", checker::file_text(report, text));
    reports.push_back(std::move(report));
    if (stop::requested() || (arguments.fail_fast && its == exit_found)) break;
  }
  if (!common.json && !in_detail) fmt::print("{}", checker::table_text(reports, text));
  if (!common.json && files.size() > 1)
    fmt::print("{}", checker::summary_text(reports, text.color));
  if (common.json) fmt::print("{}\n", checker::json_text(reports));
  if (!write_reports(reports, common)) return exit_internal;
  return status;
}

void add_input_options(CLI::App& command, CheckArguments& a) {
  command.add_option(
      "FILE", a.files,
      "traces: text, strace, ftrace, capture or binary, also compressed with gzip or "
      "zstd, or perf.data with Arm SPE records; a directory: the traces below it; a "
      "FIFO, or - for standard input: judged as lines arrive; none: the bundled "
      "real traces");
  std::vector<std::string> names;
  for (const Profile& p : all_profiles()) names.emplace_back(p.name);
  command.add_option("--profile", a.profile, "the implementation that answered")
      ->check(CLI::IsMember(names));
  command.add_option("--format", a.format, "input format")
      ->check(CLI::IsMember({"auto", "assay", "strace", "ftrace", "binary", "capture"}));
  add_host_option(command, a.host, HostNeed::part);
}

void add(CLI::App& app, Common& common, const char* name, const char* help, bool explain) {
  auto* command = app.add_subcommand(name, help);
  auto arguments = std::make_shared<CheckArguments>();
  arguments->explain = explain;
  add_input_options(*command, *arguments);
  command
      ->add_option("--require-judged", arguments->require_judged,
                   "a conforming trace of which fewer calls were judged is inconclusive")
      ->check(CLI::Range(0.0, 100.0))
      ->type_name("PERCENT");
  command
      ->add_option("--budget", arguments->budget,
                   "most work of Z3 on one VM with unknown values, in Z3's units; what it would "
                   "decide beyond that counts as permitted, and the trace is inconclusive")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_flag("--fail-fast", arguments->fail_fast,
                    "end at the first violation that no header expects");
  command->add_flag("-f,--follow", arguments->follow,
                    "go on with a growing file until interrupted; that ends it as its end would");
  command->add_flag("-v,--verbose", common.verbose,
                    "several traces: every finding; and the lines of the calls that were skipped");
  add_common(*command, common, as_json | as_reports);
  command->callback([arguments, &common] {
    common.ends_by_stop = arguments->follow;
    common.status = run(*arguments, common);
  });
}

}  // namespace

void add_check(CLI::App& app, Common& common) {
  add(app, common, "check", "judge traces: conforms, violates or inconclusive", false);
}
void add_explain(CLI::App& app, Common& common) {
  add(app, common, "explain", "as check, with every state change and its cause", true);
}

}  // namespace assay::cli
