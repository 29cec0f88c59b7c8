// Annotations of GitHub Actions.
#include <fmt/format.h>

#include "checker/report/report.hpp"

namespace assay::checker {
namespace {

// The runner reads one command a line; %, CR and LF are spelt out, in properties also : and ,
std::string escaped(std::string_view text, bool is_property) {
  std::string out;
  for (const char c : text) {
    const bool special =
        c == '%' || c == '\r' || c == '\n' || (is_property && (c == ':' || c == ','));
    out += special ? fmt::format("%{:02X}", static_cast<unsigned char>(c)) : std::string(1, c);
  }
  return out;
}

std::string annotation(const char* kind, const std::string& file, std::uint64_t line,
                       std::uint32_t column, const std::string& title, const std::string& message) {
  std::string where = "file=" + escaped(file == "-" ? "stdin" : file, true);
  if (line != 0) where += fmt::format(",line={},col={}", line, column == 0 ? 1 : column);
  return fmt::format("::{} {},title={}::{}\n", kind, where, escaped(title, true),
                     escaped(message, false));
}

std::string findings_of(const FileReport& f) {
  std::string out;
  for (const Finding& finding : f.report.findings)
    if (!finding.follow_on)
      out += annotation("error", f.file, finding.line, finding.column, finding.check,
                        finding.call + (finding.call.empty() ? "" : ": ") + message_of(finding));
  return out;
}

}  // namespace

std::string github_text(const std::vector<FileReport>& files) {
  std::string out;
  for (const FileReport& f : files) switch (standing_of(f)) {
      case Standing::fine: break;
      case Standing::violates: out += findings_of(f); break;
      case Standing::unexpected:
        out += annotation("error", f.file, 1, 1, "assay.unexpected-verdict",
                          fmt::format("{}, expected: {}", name_of(f.report.verdict), f.expected));
        out += findings_of(f);
        break;
      case Standing::inconclusive:
        out += annotation("warning", f.file, 1, 1, "assay.inconclusive", f.report.reason);
        break;
      case Standing::unreadable:
        out += annotation("error", f.file, f.failure->line, f.failure->column,
                          "assay.malformed-input", f.failure->message);
        out += findings_of(f);  // of what came before
        break;
    }
  return out;
}

}  // namespace assay::checker
