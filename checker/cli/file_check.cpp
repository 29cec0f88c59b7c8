#include "checker/cli/file_check.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include "checker/cli/architecture.hpp"
#include "checker/cli/judged_by.hpp"
#include "checker/perf_check.hpp"
#include "traces/stop.hpp"

namespace assay::cli {
namespace {

using checker::FileReport;
using checker::Finding;

bool is_regular(const std::string& file) {
  struct stat there {};
  return file != "-" && ::stat(file.c_str(), &there) == 0 && S_ISREG(there.st_mode);
}

// Where the call begins in its line, behind the columns; 0 when it cannot be told.
std::uint32_t column_of(std::string_view line, std::string_view call) {
  std::string_view name = call.substr(0, call.find_first_of("(:"));
  name.remove_prefix(name.rfind(' ') + 1);  // npos + 1 is 0
  const std::size_t at = name.empty() ? std::string_view::npos : line.find(name);
  return at == std::string_view::npos ? 0 : static_cast<std::uint32_t>(at + 1);
}

bool is_as_expected(const FileReport& r) {
  std::string_view want = r.expected;
  const std::size_t space = want.find(' ');
  if (want.substr(0, space) != checker::name_of(r.report.verdict)) return false;
  if (space == std::string_view::npos) return true;
  const std::string_view check = want.substr(space + 1);
  for (const Finding& f : r.report.findings)
    if (f.check == check) return true;
  return false;
}

// Says so if no profile describes the kernel that the header names.
void say_no_profile(const traces::TraceHeader& header, const std::string& file) {
  const std::string why = traces::no_profile_text(header.kernel, header.machine);
  if (!why.empty())
    fmt::print(stderr, "assay: {}: {} (judged as documented)\n", file == "-" ? "<stdin>" : file,
               why);
}

}  // namespace

int FileCheck::run(const std::string& file, FileReport& out) {
  out.file = file_ = file;
  const bool at_rest = is_regular(file);
  if (at_rest && arguments_.format == "auto" && checker::is_perf_file(file))
    return run_perf(file, out);
  live_ = (!at_rest || arguments_.follow) && !common_.json;
  traces::Format format = traces::Format::automatic;
  traces::format_named(arguments_.format, format);
  traces::TraceSink sink;
  sink.follows = arguments_.follow;
  sink.header = [&](const traces::TraceHeader& header) { start(header, file); };
  sink.event = [&](const traces::TraceEvent& e, std::string_view line) {
    line_ = line;
    const std::string_view judged = system_of(*profile_).info().architecture;
    if (architecture_.empty() && is_of_other_architecture(e, judged))
      architecture_ = fmt::format("{} at line {} is no call of KVM/{}", e.name, e.line, judged);
    if (!architecture_.empty()) return false;
    if (live_ && e.kind != traces::TraceKind::ignored) recent_.add(e.line, line);
    checker_->feed(e);
    progress_.at(e.line);
    return wants_to_go_on();
  };
  sink.unreadable = [&](const traces::Diagnostic& why, std::string_view line) {
    ++out.unreadable_lines;
    out.unreadable_at.add(why.line);
    if (common_.verbose)
      std::fputs(traces::render(why, file == "-" ? "<stdin>" : file, line).c_str(), stderr);
  };
  traces::ReadFailure failure;
  const Profile* const wanted = find_profile(arguments_.profile);
  const traces::Binder& first = wanted != nullptr ? binder_of(*wanted) : binder();
  const traces::ReadResult result = traces::read_trace(file, format, first, sink, failure);
  line_ = {};
  progress_.done();
  if (result == traces::ReadResult::failed || result == traces::ReadResult::malformed) {
    note_failure(file, failure, out);
    if (!checker_) return exit_usage;
    checker_->incomplete(fmt::format("malformed at line {}", failure.why.line));
  }
  // A stop is how following a file ends.
  if (stop::requested() && !arguments_.follow) {
    if (!checker_) start({}, file);
    checker_->incomplete("interrupted");
  } else if (result == traces::ReadResult::stopped && found_) {
    checker_->incomplete("ended at the first violation");
  }
  if (!checker_) start({}, file);
  out.report = checker_->finish();
  if (!architecture_.empty()) forget_judgement(out.report);
  out.expected = expected_;
  out.explained = std::move(explained_);
  if (at_rest) add_texts(file, out.report.findings);
  return conclude(out);
}

// What was judged before it turned out that these rules do not apply.
void FileCheck::forget_judgement(checker::Report& r) {
  r.findings.clear();
  r.findings_total = 0;
  r.checked = 0;
  r.verdict = checker::Verdict::inconclusive;
  r.reason = fmt::format("{}: the rules are those of {}, and nothing is judged", architecture_,
                         system_of(*profile_).info().architecture);
}

bool FileCheck::wants_to_go_on() const {
  // What the header expects is no reason to end.
  const bool is_over = arguments_.fail_fast && found_ && !expected_.starts_with("violates");
  return !stop::requested() && !is_over;
}

void FileCheck::note_failure(const std::string& file, const traces::ReadFailure& failure,
                             FileReport& out) const {
  show_failure(file, failure);
  const traces::Diagnostic& why = failure.why;
  std::string message =
      why.expected.empty() ? std::string() : "expected " + std::string(why.expected);
  if (!why.message.empty()) message += (message.empty() ? "" : ", ") + why.message;
  out.failure = FileReport::Failure{message, why.line, why.column};
}

int FileCheck::run_perf(const std::string& file, FileReport& out) const {
  traces::ReadFailure failure;
  if (checker::check_perf_file(file, out.report, failure.why) == checker::PerfJudgement::judged)
    return conclude(out);
  note_failure(file, failure, out);
  return exit_usage;
}

// What the verdict comes to, with what the header expects and the command line requires.
int FileCheck::conclude(FileReport& out) const {
  checker::Report& r = out.report;
  const double percent = checker::judged_percent(r);
  if (r.verdict == checker::Verdict::conforms && percent < arguments_.require_judged) {
    r.verdict = checker::Verdict::inconclusive;
    r.reason = fmt::format("{}, and --require-judged asks for {:g} %", checker::judged_text(r),
                           arguments_.require_judged);
    out.judged_too_little = true;
  }
  if (out.failure) return exit_usage;
  if (out.expected.empty() || out.judged_too_little) return checker::exit_status(r.verdict);
  out.met_expectation = is_as_expected(out);
  if (out.met_expectation) return exit_ok;
  return stop::requested() && r.verdict == checker::Verdict::inconclusive ? exit_unknown
                                                                          : exit_found;
}

void FileCheck::start(const traces::TraceHeader& header, const std::string& file) {
  checker::CheckOptions options = options_for(header, {arguments_.profile, arguments_.host});
  if (arguments_.profile.empty() && header.profile.empty()) say_no_profile(header, file);
  // A trace that does not say its system is bound by the rules of the profile that is asked for.
  const bool says_nothing = header.profile.empty() && header.machine.empty();
  const System& system = says_nothing && !arguments_.profile.empty() ? system_of(*options.profile)
                                                                     : traces::system_of(header);
  expected_ = header.expect;
  if (!header.machine.empty() && system_of_machine(header.machine) != &system)
    architecture_ = fmt::format("the trace is of a machine {}", header.machine);
  // Its calls were bound by the rules of its own system.
  if (&system != &system_of(*options.profile))
    architecture_ = fmt::format("the trace is of {}, and {} is a profile of {}", system.name(),
                                options.profile->name, system_of(*options.profile).name());
  options.explain = arguments_.explain;
  options.budget = arguments_.budget;
  options.on_finding = [this](Finding& f) { note_finding(f); };
  if (arguments_.explain)
    options.on_event = [this](const traces::TraceEvent& e, const checker::EventNotes& notes) {
      explain_event(e, notes);
    };
  progress_.start(file);
  checker_.emplace(binder_of(*options.profile), options);
  profile_ = options.profile;
}

void FileCheck::note_finding(Finding& finding) {
  found_ = true;
  finding.column = column_of(line_, finding.call);
  if (!live_) return;
  Finding shown = finding;
  recent_.explain(shown);
  FileReport of;
  of.file = file_;
  checker::TextOptions o;
  o.color = use_color(common_);
  progress_.done();  // its line is taken back
  fmt::print("{}", checker::finding_text(of, shown, o));
  std::fflush(stdout);
}

void FileCheck::explain_event(const traces::TraceEvent& e, const checker::EventNotes& notes) {
  const bool is_plain = notes.decided_by.empty() && notes.freedoms.empty() && notes.learnt.empty();
  if (notes.changes.empty() && is_plain) return;
  std::string call(line_);
  if (call.empty()) call = binder_of(*profile_).text(e);
  if (common_.json)
    return explained_.push_back(
        {e.line, std::move(call), notes.changes, notes.learnt, notes.decided_by, notes.freedoms});
  if (common_.quiet) return;
  fmt::print("{}{}\n", e.line != 0 ? fmt::format("{:>6}  ", e.line) : std::string(), call);
  if (!notes.decided_by.empty()) fmt::print("            because of {}\n", notes.decided_by);
  for (const std::string& id : notes.freedoms) fmt::print("            with the freedom {}\n", id);
  for (const std::string& change : notes.changes) fmt::print("            {}\n", change);
  for (const std::string& change : notes.learnt) fmt::print("            now known: {}\n", change);
  if (notes.states > 1)
    fmt::print("            {} states explain the trace so far\n", notes.states);
  if (live_) std::fflush(stdout);
}

}  // namespace assay::cli
