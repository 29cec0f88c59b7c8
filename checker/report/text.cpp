#include <fmt/format.h>

#include <set>

#include "checker/report/report.hpp"
#include "spec/system.hpp"

namespace assay::checker {
namespace {

std::string colored(bool color, int code, std::string_view text) {
  return color ? fmt::format("\033[{}m{}\033[0m", code, text) : std::string(text);
}

std::string verdict_text(const FileReport& f, bool color) {
  int code = f.report.verdict == Verdict::conforms   ? 32
             : f.report.verdict == Verdict::violates ? 31
                                                     : 33;
  std::string text = colored(color, code, name_of(f.report.verdict));
  if (!f.expected.empty())
    text += f.met_expectation ? ", as expected" : fmt::format(", expected: {}", f.expected);
  return text;
}

std::string joined(const std::vector<std::string>& parts, const char* between) {
  std::string out;
  for (const std::string& p : parts) out += (out.empty() ? "" : between) + p;
  return out;
}

void print_reason(const Reason& reason) {
  std::string answers = reason.code == Errno::ok ? "" : fmt::format(" ({})", name_of(reason.code));
  fmt::print("    {}{} {}\n", reason.check, answers, reason.held ? "holds" : "does not hold");
  fmt::print("      source: {}\n", reason.source);
  for (const Because& b : reason.because) {
    std::string origin =
        b.line == 0 ? std::string("since the start") : fmt::format("line {}", b.line);
    fmt::print("      {} = {} ({}{}{}{})\n", b.place, b.value, origin, b.text.empty() ? "" : ": ",
               b.text,
               b.is_unknown ? "; the trace does not tell it, this is one value of many" : "");
  }
}

void print_finding(const FileReport& f, const Finding& finding, bool color) {
  fmt::print("{}:{}: {}{}\n", f.file, finding.line,
             colored(color, 1, finding.check.empty() ? finding.rule : finding.check),
             finding.follow_on ? " (follow-on: this VM already violated)" : "");
  if (!finding.call.empty()) fmt::print("    {}\n", finding.call);
  fmt::print("    observed {}, allowed: {}\n", finding.observed, joined(finding.allowed, ", "));
  if (!finding.tried.empty())
    fmt::print("    whatever these are, which the trace does not tell: {}\n",
               joined(finding.tried, ", "));
  for (const Reason& reason : finding.reasons) print_reason(reason);
}

}  // namespace

void print_text(const FileReport& f, bool quiet, bool color) {
  const Report& r = f.report;
  if (f.malformed && r.events == 0) return;
  for (const Finding& finding : r.findings)
    if (!quiet || f.expected.empty() || !f.met_expectation) print_finding(f, finding, color);
  if (r.findings_total > r.findings.size())
    fmt::print("    ... and {} more findings\n", r.findings_total - r.findings.size());
  bool fine = r.verdict == Verdict::conforms || f.met_expectation;
  if (quiet && fine) return;
  std::uint64_t skipped = 0;
  for (const auto& [what, count] : r.skipped) skipped += count;
  fmt::print("{}: {} under {}: {} KVM calls, {} judged, {} skipped", f.file, verdict_text(f, color),
             r.profile, r.events, r.checked, skipped);
  if (r.unknown_arguments != 0) fmt::print(", {} with unknown arguments", r.unknown_arguments);
  fmt::print("; {} checks evaluated, {} of {} distinct", r.evaluations, r.checks_seen,
             r.checks_total);
  if (r.choices_taken != 0) fmt::print("; {} answers by a named choice", r.choices_taken);
  fmt::print("\n");
  if (!r.reason.empty()) fmt::print("    {}\n", r.reason);
  for (const auto& [what, count] : r.skipped) fmt::print("    skipped {:>6}  {}\n", count, what);
}

namespace {

// The checks of all profiles that the reports were made under: some belong to one profile only.
std::size_t checks_of(const std::vector<FileReport>& files) {
  std::set<std::string> profiles;
  std::set<std::pair<std::string, std::string>> checks;
  for (const FileReport& f : files) {
    const Profile* profile = find_profile(f.report.profile);
    if (profile == nullptr || !profiles.insert(f.report.profile).second) continue;
    for (const CatalogEntry& e : system_catalog(*profile))
      if (e.kind == VerbKind::reject || e.kind == VerbKind::may_fail || e.kind == VerbKind::require)
        checks.emplace(e.rule, e.id);
  }
  return checks.size();
}

}  // namespace

void print_summary(const std::vector<FileReport>& files, bool color) {
  std::uint64_t events = 0, checked = 0, skipped = 0, evaluations = 0;
  unsigned conform = 0, violate = 0, inconclusive = 0, malformed = 0, as_expected = 0;
  Coverage coverage;
  for (const FileReport& f : files) {
    events += f.report.events;
    checked += f.report.checked;
    evaluations += f.report.evaluations;
    for (const auto& [what, count] : f.report.skipped) skipped += count;
    malformed += f.malformed ? 1 : 0;
    as_expected += f.met_expectation ? 1 : 0;
    (f.report.verdict == Verdict::conforms   ? conform
     : f.report.verdict == Verdict::violates ? violate
                                             : inconclusive) += 1;
    coverage.merge(f.report.coverage);
  }
  unsigned seen = 0, both = 0;
  coverage.each([&](const Coverage::Counter& c) {
    ++seen;
    both += c.held != 0 && c.not_held != 0 ? 1 : 0;
  });
  fmt::print("{} {} traces: {} conform, {} violate, {} inconclusive", colored(color, 1, "total"),
             files.size(), conform, violate, inconclusive);
  if (malformed != 0) fmt::print(", {} malformed", malformed);
  if (as_expected != 0) fmt::print(" ({} as their headers expect)", as_expected);
  fmt::print(
      "; {} KVM calls, {} judged, {} skipped; {} checks evaluated; of {} checks {} were seen, {} "
      "both true and false\n",
      events, checked, skipped, evaluations, checks_of(files), seen, both);
}

}  // namespace assay::checker
