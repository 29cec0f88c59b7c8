// assay check, assay explain: verdicts on traces.
#include <fmt/format.h>

#include <fstream>
#include <set>

#include "checker/check.hpp"
#include "checker/cli/cli.hpp"
#include "checker/cli/host_option.hpp"
#include "checker/cli/progress.hpp"
#include "checker/cli/trace_files.hpp"
#include "checker/perf_check.hpp"
#include "checker/report/report.hpp"

namespace assay::cli {

namespace {

using checker::Report;

struct CheckArguments {
  std::vector<std::string> files;
  std::string profile, format = "auto", host;
  bool explain = false;
};

// One file: header, then events into a checker.
class FileCheck {
 public:
  FileCheck(const CheckArguments& arguments, const Common& common)
      : arguments_(arguments), common_(common) {}

  int run(const std::string& file, checker::FileReport& out) {
    out.file = file;
    if (file != "-" && arguments_.format == "auto" && checker::is_perf_file(file))
      return run_perf(file, out);
    traces::Format format = traces::Format::automatic;
    traces::format_named(arguments_.format, format);
    traces::TraceSink sink;
    sink.header = [&](const traces::TraceHeader& header) { start(header, file); };
    sink.event = [&](const traces::TraceEvent& e, std::string_view line) {
      line_ = line;
      checker_->feed(e);
      progress_.at(e.line);
      return !interrupted().load(std::memory_order_relaxed);
    };
    traces::ReadFailure failure;
    traces::ReadResult result = traces::read_trace(file, format, binder(), sink, failure);
    progress_.done();
    if (result == traces::ReadResult::failed || (result == traces::ReadResult::malformed)) {
      int status = show_failure(file, failure);
      if (!checker_) return status;
      checker_->incomplete(fmt::format("malformed at line {}", failure.why.line));
      out.malformed = true;
    }
    if (result == traces::ReadResult::stopped) checker_->incomplete("interrupted");
    out.report = checker_->finish();
    out.expected = expected_;
    add_texts(file, out.report);
    return out.malformed ? static_cast<int>(exit_usage) : status_of(out);
  }

  static bool as_expected(const checker::FileReport& r) {
    if (r.expected.empty()) return false;
    std::string_view want = r.expected;
    std::size_t space = want.find(' ');
    std::string_view verdict = want.substr(0, space);
    if (verdict != checker::name_of(r.report.verdict)) return false;
    if (space == std::string_view::npos) return true;
    std::string_view check = want.substr(space + 1);
    for (const auto& f : r.report.findings)
      if (f.check == check) return true;
    return false;
  }

 private:
  static int run_perf(const std::string& file, checker::FileReport& out) {
    traces::ReadFailure failure;
    switch (checker::check_perf_file(file, out.report, failure.why)) {
      case checker::PerfJudgement::judged: return status_of(out);
      case checker::PerfJudgement::malformed: out.malformed = true; break;
      case checker::PerfJudgement::unreadable: break;
    }
    return show_failure(file, failure);
  }

  static int status_of(checker::FileReport& r) {
    if (r.expected.empty()) return checker::exit_status(r.report.verdict);
    r.met_expectation = as_expected(r);
    return r.met_expectation ? exit_ok : exit_found;
  }

  void start(const traces::TraceHeader& header, const std::string& file) {
    checker::CheckOptions options;
    const Profile* profile = nullptr;
    if (!arguments_.profile.empty()) profile = find_profile(arguments_.profile);
    else if (!header.profile.empty()) profile = find_profile(header.profile);
    else profile = profile_for_release(header.kernel);
    options.profile = profile != nullptr ? profile : find_profile("documented");
    if (!arguments_.host.empty()) {
      options.host.emplace();
      read_host_option(arguments_.host, *options.host);
    } else if (header.host_known) {
      options.host = header.host;
    }
    expected_ = header.expect;
    options.explain = arguments_.explain;
    if (arguments_.explain && !common_.json)
      options.on_event = [this](const traces::TraceEvent& e,
                                const std::vector<std::string>& changes) {
        if (changes.empty() || common_.quiet) return;
        std::string text(line_);
        fmt::print("{}{}\n", e.line != 0 ? fmt::format("{:>6}  ", e.line) : std::string(),
                   text.empty() ? binder().text(e) : text);
        for (const std::string& change : changes) fmt::print("            {}\n", change);
      };
    progress_.start(file);
    checker_.emplace(binder(), options);
  }

  // The lines that causes name, read again from the file.
  void add_texts(const std::string& file, Report& report) {
    if (file == "-") return;
    std::map<std::uint64_t, std::vector<std::string*>> wanted;
    for (auto& finding : report.findings)
      for (auto& reason : finding.reasons)
        for (auto& because : reason.because)
          if (because.line != 0) wanted[because.line].push_back(&because.text);
    if (wanted.empty()) return;
    std::ifstream in(file);
    std::string line;
    std::uint64_t number = 0;
    auto next = wanted.begin();
    while (next != wanted.end() && std::getline(in, line)) {
      if (++number != next->first) continue;
      for (std::string* text : next->second) *text = line.substr(0, 300);
      ++next;
    }
  }

  const CheckArguments& arguments_;
  const Common& common_;
  std::optional<checker::Checker> checker_;
  std::string expected_;
  std::string_view line_;
  Progress progress_;
};

int worse(int a, int b) {
  auto rank = [](int s) {
    return s == exit_usage ? 3 : s == exit_found ? 2 : s == exit_unknown ? 1 : 0;
  };
  return rank(b) > rank(a) ? b : a;
}

int run(const CheckArguments& arguments, const Common& common) {
  std::vector<std::string> files = arguments.files;
  if (!expand_directories(files)) return exit_usage;
  if (files.empty()) files = bundled_traces();
  if (files.empty()) {
    std::fprintf(stderr, "assay: no bundled traces found: name a file, or - for standard input\n");
    return exit_usage;
  }
  std::vector<checker::FileReport> reports;
  int status = exit_ok;
  for (const std::string& file : files) {
    FileCheck check(arguments, common);
    checker::FileReport report;
    status = worse(status, check.run(file, report));
    if (!common.json) checker::print_text(report, common.quiet, use_color(common));
    reports.push_back(std::move(report));
    if (interrupted()) break;
  }
  if (!common.json && files.size() > 1) checker::print_summary(reports, use_color(common));
  if (common.json) fmt::print("{}\n", checker::json_text(reports));
  bool written = true;
  if (!common.junit.empty())
    written = write_file(common.junit, checker::junit_text(reports)) && written;
  if (!common.sarif.empty())
    written = write_file(common.sarif, checker::sarif_text(reports)) && written;
  if (!common.html.empty())
    written = write_file(common.html, checker::html_text(reports)) && written;
  return written ? status : exit_internal;
}

void add(CLI::App& app, Common& common, const char* name, const char* help, bool explain) {
  auto* command = app.add_subcommand(name, help);
  auto arguments = std::make_shared<CheckArguments>();
  arguments->explain = explain;
  command->add_option("FILE", arguments->files,
                      "traces: text, strace, ftrace, capture or binary, or perf.data with Arm SPE "
                      "records; a directory: the traces below it; - is standard input; "
                      "none: the bundled real traces");
  std::vector<std::string> names;
  for (const Profile& p : all_profiles()) names.emplace_back(p.name);
  command->add_option("--profile", arguments->profile, "the implementation that answered")
      ->check(CLI::IsMember(names));
  command->add_option("--format", arguments->format, "input format")
      ->check(CLI::IsMember({"auto", "assay", "strace", "ftrace", "binary", "capture"}));
  command->add_option("--host", arguments->host, host_option_help)
      ->check([](const std::string& text) {
        Host<Concrete> host;
        return read_host_option(text, host);
      });
  add_common(*command, common);
  command->callback([arguments, &common] { common.status = run(*arguments, common); });
}

}  // namespace

void add_check(CLI::App& app, Common& common) {
  add(app, common, "check", "judge traces: conforms, violates or inconclusive", false);
}
void add_explain(CLI::App& app, Common& common) {
  add(app, common, "explain", "as check, with every state change and its cause", true);
}

}  // namespace assay::cli
