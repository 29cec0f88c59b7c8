// A self-contained HTML report: verdicts first, then each finding with its reasons, folded.
#include <fmt/format.h>

#include "checker/report/escaped.hpp"
#include "checker/report/report.hpp"

namespace assay::checker {
namespace {

// A report nobody can open helps nobody: findings beyond this are counted, not shown.
constexpr std::size_t html_bytes_max = std::size_t{4} << 20;

constexpr std::string_view head = R"(<!doctype html><html lang="en"><head><meta charset="utf-8">
<title>assay check</title><style>
body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#1d2330;background:#fcfcfa}
code,pre{font:13px/1.45 ui-monospace,monospace}table{border-collapse:collapse;width:100%}
td,th{padding:.3rem .6rem;border-bottom:1px solid #ddd;text-align:left;vertical-align:top}
.conforms{color:#17692f}.violates{color:#a3182a}.inconclusive{color:#8a5a00}
details{margin:.5rem 0;padding:.4rem .8rem;border-left:3px solid #ccc;background:#fff}
summary{cursor:pointer}pre{white-space:pre-wrap;margin:.3rem 0}
@media(prefers-color-scheme:dark){body{background:#16181d;color:#dde}details{background:#1e2128;border-color:#444}td,th{border-color:#333}.conforms{color:#6fcf8a}.violates{color:#ff8a95}.inconclusive{color:#e5b85c}}
</style></head><body><h1>assay check</h1>)";

std::string reason_html(const Reason& r) {
  std::string out =
      fmt::format("<p><code>{}</code> {}{}<br><small>{}</small></p>", escaped(r.check),
                  r.code == Errno::ok ? "" : std::string(name_of(r.code)) + " ",
                  r.code == Errno::ok ? "is required, and is not so"
                  : r.held            ? "holds"
                                      : "does not hold",
                  escaped(r.source));
  if (!r.text.empty()) {
    out += "<pre>";
    for (const std::string& line : r.text) out += escaped(line) + "\n";
    out += "</pre>";
  }
  if (r.because.empty()) return out;
  out += "<table>";
  for (const Because& b : r.because)
    out += fmt::format(
        "<tr><td><code>{}</code></td><td>{}</td><td>{}</td><td><code>{}</code></td></tr>",
        escaped(b.field.empty() ? b.place : fmt::format("{} ({})", b.place, b.field)),
        escaped(b.shown.empty() ? fmt::format("{}", b.value) : b.shown),
        b.line == 0 ? std::string("since the start") : fmt::format("line {}", b.line),
        escaped(b.text));
  return out + "</table>";
}

std::string finding_html(const Finding& f) {
  std::string out = fmt::format("<details{}><summary><b>{}</b> line {}: {}</summary><pre>{}</pre>",
                                f.follow_on ? "" : " open", escaped(f.check), f.line,
                                escaped(message_of(f)), escaped(f.call));
  for (const Reason& r : f.reasons) out += reason_html(r);
  return out + "</details>";
}

// What the table says beside the verdict.
std::string note_of(const FileReport& f) {
  switch (standing_of(f)) {
    case Standing::unexpected: return ", expected: " + escaped(f.expected);
    case Standing::unreadable: return ", malformed: " + escaped(f.failure->message);
    case Standing::inconclusive: return ": " + escaped(f.report.reason);
    default: return f.met_expectation ? " (as expected)" : "";
  }
}

}  // namespace

std::string html_text(const std::vector<FileReport>& files) {
  std::string out(head);
  out +=
      "<table><tr><th>trace</th><th>verdict</th><th>profile</th><th>calls</th><th>judged</th>"
      "<th>checks</th></tr>";
  for (const FileReport& f : files)
    out += fmt::format(
        "<tr><td><code>{}</code></td><td class=\"{}\">{}{}</td><td>{}</td><td>{}</td><td>{}</td>"
        "<td>{} of {}</td></tr>",
        escaped(f.file), name_of(f.report.verdict), name_of(f.report.verdict), note_of(f),
        escaped(f.report.profile), f.report.events, f.report.checked, f.report.checks_seen,
        f.report.checks_total);
  out += "</table>";
  std::size_t left_out = 0;
  for (const FileReport& f : files) {
    if (f.report.findings.empty()) continue;
    out += fmt::format("<h2><code>{}</code></h2>", escaped(f.file));
    for (const Finding& finding : f.report.findings) {
      if (out.size() > html_bytes_max) ++left_out;
      else out += finding_html(finding);
    }
  }
  if (left_out != 0) out += fmt::format("<p>{} more findings are not shown.</p>", left_out);
  return out + "</body></html>\n";
}

}  // namespace assay::checker
