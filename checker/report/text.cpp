#include <fmt/format.h>

#include <set>

#include "checker/report/report.hpp"
#include "spec/system.hpp"

namespace assay::checker {
namespace {

constexpr int red = 31, green = 32, yellow = 33, bold = 1, faint = 2;

std::string colored(bool color, int code, std::string_view text) {
  return color ? fmt::format("\033[{}m{}\033[0m", code, text) : std::string(text);
}

int color_of(const FileReport& f) {
  switch (standing_of(f)) {
    case Standing::fine: return green;
    case Standing::inconclusive: return yellow;
    default: return red;
  }
}

// "conforms", "violates, as expected", "conforms, expected: violates x.y"
std::string verdict_text(const FileReport& f) {
  if (f.failure && f.report.events == 0) return "unreadable";
  std::string text(name_of(f.report.verdict));
  if (!f.expected.empty())
    text += f.met_expectation ? ", as expected" : fmt::format(", expected: {}", f.expected);
  return text;
}

std::string origin_of(const Because& b) {
  std::string out = b.line == 0 ? std::string("since the start") : fmt::format("line {}", b.line);
  if (!b.text.empty()) out += ": " + b.text;
  if (b.is_unknown) out += "; the trace does not tell it, this is one value of many";
  return out;
}

std::string reason_text(const Reason& reason) {
  std::string out;
  if (reason.code == Errno::ok) {
    out = fmt::format("    {} is required, and is not so\n", reason.check);
    if (!reason.place.empty()) out += fmt::format("      {}\n", reason.place);
    for (const std::string& line : reason.text) out += fmt::format("        {}\n", line);
  } else {
    out = fmt::format("    {} ({}) {}\n", reason.check, name_of(reason.code),
                      reason.held ? "holds" : "does not hold");
  }
  out += fmt::format("      source: {}\n", reason.source);
  for (const Because& b : reason.because) {
    const std::string name = b.field.empty() ? b.place : fmt::format("{} ({})", b.place, b.field);
    const std::string shown = b.shown.empty() ? fmt::format("{}", b.value) : b.shown;
    out += fmt::format("      {} = {} ({})\n", name, shown, origin_of(b));
  }
  return out;
}

// One line: where, which check, what is not as expected of it.
std::string headline(const FileReport& f, const Finding& finding, bool color) {
  const std::string& check = finding.check.empty() ? finding.rule : finding.check;
  return fmt::format("{}:{}: {}{}{}", f.file, finding.line,
                     colored(color, f.met_expectation ? faint : bold, check),
                     f.met_expectation ? " (expected by the trace's header)" : "",
                     finding.follow_on ? " (follow-on: this VM already violated)" : "");
}

}  // namespace

std::string finding_text(const FileReport& f, const Finding& finding, const TextOptions& o) {
  std::string out = headline(f, finding, o.color) + "\n";
  if (!finding.call.empty()) out += fmt::format("    {}\n", finding.call);
  out += fmt::format("    {}\n", message_of(finding));
  if (!finding.tried.empty())
    out += fmt::format("    whatever these are, which the trace does not tell: {}\n",
                       fmt::join(finding.tried, ", "));
  for (const Reason& reason : finding.reasons) out += reason_text(reason);
  return out;
}

std::string file_text(const FileReport& f, const TextOptions& o) {
  const Report& r = f.report;
  std::string out;
  const bool fine = standing_of(f) == Standing::fine;
  if (f.failure && r.events == 0) return out;
  if (!o.without_found && !(o.quiet && fine))
    for (const Finding& finding : r.findings) out += finding_text(f, finding, o);
  if (r.findings_total > r.findings.size())
    out += fmt::format("    ... and {} more findings\n", r.findings_total - r.findings.size());
  if (o.quiet && fine) return out;
  std::uint64_t skipped = 0;
  for (const auto& [what, count] : r.skipped) skipped += count;
  out += fmt::format("{}: {} under {}: {}, {} skipped", f.file,
                     colored(o.color, color_of(f), verdict_text(f)), r.profile, judged_text(r),
                     skipped);
  if (r.unknown_arguments != 0)
    out += fmt::format(", {} with unknown arguments", r.unknown_arguments);
  out += fmt::format("; {} checks evaluated, {} of {} distinct", r.evaluations, r.checks_seen,
                     r.checks_total);
  if (r.choices_taken != 0) out += fmt::format("; {} answers by a named choice", r.choices_taken);
  out += "\n";
  if (!r.reason.empty()) out += fmt::format("    {}\n", r.reason);
  if (f.unreadable_lines != 0)
    out +=
        fmt::format("    {} lines cannot be read, and what they do not tell is unknown: line {}\n",
                    f.unreadable_lines, f.unreadable_at.text(20));
  for (const auto& [what, count] : r.skipped) {
    out += fmt::format("    skipped {:>6}  {}\n", count, what);
    const auto at = r.skipped_at.find(what);
    if (o.verbose && at != r.skipped_at.end())
      out += fmt::format("                    at line {}\n", at->second.text(20));
  }
  return out;
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

std::string summary_text(const std::vector<FileReport>& files, bool color) {
  std::uint64_t events = 0, checked = 0, skipped = 0, evaluations = 0;
  unsigned conform = 0, violate = 0, inconclusive = 0, unreadable = 0, as_expected = 0;
  Coverage coverage;
  for (const FileReport& f : files) {
    events += f.report.events;
    checked += f.report.checked;
    evaluations += f.report.evaluations;
    for (const auto& [what, count] : f.report.skipped) skipped += count;
    unreadable += f.failure ? 1 : 0;
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
  std::string out =
      fmt::format("{} {} traces: {} conform, {} violate, {} inconclusive",
                  colored(color, bold, "total"), files.size(), conform, violate, inconclusive);
  if (unreadable != 0) out += fmt::format(", {} malformed", unreadable);
  if (as_expected != 0) out += fmt::format(" ({} as their headers expect)", as_expected);
  return out + fmt::format(
                   "; {} KVM calls, {} judged, {} skipped; {} checks evaluated; of {} checks {} "
                   "were seen, {} both true and false\n",
                   events, checked, skipped, evaluations, checks_of(files), seen, both);
}

namespace {

constexpr std::size_t rows_max = 30;          // more fine traces than this share a row by folder
constexpr std::size_t findings_in_table = 3;  // of one trace

// Fine traces of one folder.
struct Folder {
  std::size_t traces = 0, as_expected = 0;
  Report sum;
};

std::string folder_of(const std::string& file) {
  const std::size_t slash = file.rfind('/');
  return slash == std::string::npos ? std::string("./") : file.substr(0, slash + 1);
}

std::string row(bool color, int code, const std::string& verdict, const Report& r,
                const std::string& what) {
  const std::string share = r.events == 0 ? "" : fmt::format("{} of {}", r.checked, r.events);
  return fmt::format("{} {:>16} {:>7}  {}\n", colored(color, code, fmt::format("{:<22}", verdict)),
                     share, r.events == 0 ? "" : fmt::format("{:.1f} %", judged_percent(r)), what);
}

std::string trouble_text(const FileReport& f, const TextOptions& o) {
  std::string out;
  std::size_t shown = 0;
  for (const Finding& finding : f.report.findings) {
    if (finding.follow_on) continue;
    if (++shown > findings_in_table) break;
    out += fmt::format("    {}: {}\n", headline(f, finding, o.color), message_of(finding));
  }
  if (f.report.findings_total > std::min(shown, findings_in_table) && shown != 0)
    out +=
        fmt::format("    {} findings in all: assay check -v shows them\n", f.report.findings_total);
  if (!f.report.reason.empty()) out += fmt::format("    {}\n", f.report.reason);
  return out;
}

}  // namespace

std::string table_text(const std::vector<FileReport>& files, const TextOptions& o) {
  std::map<std::string, Folder> folders;
  std::string fine, wrong;
  for (const FileReport& f : files) {
    if (standing_of(f) != Standing::fine) {
      wrong += row(o.color, color_of(f), verdict_text(f), f.report, f.file);
      wrong += trouble_text(f, o);
      continue;
    }
    fine += row(o.color, green, verdict_text(f), f.report, f.file);
    Folder& folder = folders[folder_of(f.file)];
    ++folder.traces;
    folder.as_expected += f.met_expectation ? 1 : 0;
    folder.sum.events += f.report.events;
    folder.sum.checked += f.report.checked;
  }
  if (o.quiet) return wrong;
  std::string out =
      fmt::format("{:<22} {:>16} {:>7}  {}\n", "verdict", "calls judged", "", "trace");
  if (files.size() <= rows_max) return out + fine + wrong;
  for (const auto& [name, folder] : folders)
    out += row(o.color, green, folder.as_expected == folder.traces ? "as expected" : "fine",
               folder.sum, fmt::format("{} ({} traces)", name, folder.traces));
  return out + wrong;
}

}  // namespace assay::checker
