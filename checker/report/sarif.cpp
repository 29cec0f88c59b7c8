// SARIF 2.1.0, for code scanning.
#include <fmt/format.h>

#include <cctype>
#include <cstring>
#include <map>
#include <nlohmann/json.hpp>

#include "checker/report/report.hpp"

namespace assay::checker {
namespace {

using nlohmann::ordered_json;

// A path as a URI reference: relative paths stay relative.
std::string uri_of(const std::string& path) {
  std::string out = path.starts_with('/') ? "file://" : "";
  for (const char c : path == "-" ? std::string("stdin") : path) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain =
        byte < 0x80 && (std::isalnum(byte) != 0 || std::strchr("/._-~", c) != nullptr);
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", byte);
  }
  return out;
}

ordered_json location_of(const std::string& file, std::uint64_t line, std::uint32_t column) {
  ordered_json physical{{"artifactLocation", {{"uri", uri_of(file)}}}};
  if (line != 0) {
    physical["region"] = {{"startLine", line}};
    if (column != 0) physical["region"]["startColumn"] = column;
  }
  return {{"physicalLocation", physical}};
}

// The lines that wrote what decided.
ordered_json causes_of(const FileReport& f, const Finding& finding) {
  ordered_json out = ordered_json::array();
  for (const Reason& r : finding.reasons)
    for (const Because& b : r.because) {
      if (b.line == 0) continue;
      ordered_json location = location_of(f.file, b.line, 0);
      location["id"] = out.size() + 1;
      if (!b.text.empty()) location["physicalLocation"]["region"]["snippet"] = {{"text", b.text}};
      location["message"] = {{"text", fmt::format("{}: {} = {}", r.check, b.place, b.value)}};
      out.push_back(location);
    }
  return out;
}

class Run {
 public:
  void add(const FileReport& f) {
    for (const Finding& finding : f.report.findings) add_finding(f, finding);
    switch (standing_of(f)) {
      case Standing::fine:
      case Standing::violates: return;
      case Standing::unexpected:
        add_result("assay.unexpected-verdict", "the header of a trace expects another verdict",
                   "error", fmt::format("{}, expected: {}", name_of(f.report.verdict), f.expected),
                   location_of(f.file, 1, 0));
        return;
      case Standing::inconclusive:
        add_result("assay.inconclusive", "a trace that could not be judged, or not enough of it",
                   "warning", f.report.reason, location_of(f.file, 1, 0));
        return;
      case Standing::unreadable:
        is_complete_ = false;
        add_result("assay.malformed-input", "the input is no trace, or breaks off", "error",
                   f.failure->message, location_of(f.file, f.failure->line, f.failure->column));
        return;
    }
  }
  ordered_json json() const {
    ordered_json driver{{"name", "assay"}, {"version", ASSAY_VERSION}, {"rules", rules_}};
    return {{"tool", {{"driver", driver}}},
            {"invocations", {{{"executionSuccessful", is_complete_}}}},
            {"results", results_}};
  }

 private:
  ordered_json& add_result(const std::string& rule, const std::string& what, const char* level,
                           const std::string& message, const ordered_json& location) {
    const auto [at, is_new] = index_.try_emplace(rule, index_.size());
    if (is_new) rules_.push_back({{"id", rule}, {"shortDescription", {{"text", what}}}});
    results_.push_back({{"ruleId", rule},
                        {"ruleIndex", at->second},
                        {"level", level},
                        {"message", {{"text", message.empty() ? what : message}}},
                        {"locations", ordered_json::array({location})}});
    return results_.back();
  }
  void add_finding(const FileReport& f, const Finding& finding) {
    const std::string& source = finding.reasons.empty() || finding.reasons.front().source.empty()
                                    ? finding.rule
                                    : finding.reasons.front().source;
    const bool is_less = finding.follow_on || f.met_expectation;
    ordered_json& result =
        add_result(finding.check, source, is_less ? "note" : "error",
                   finding.call + (finding.call.empty() ? "" : ": ") + message_of(finding),
                   location_of(f.file, std::max<std::uint64_t>(finding.line, 1), finding.column));
    if (ordered_json causes = causes_of(f, finding); !causes.empty())
      result["relatedLocations"] = causes;
    if (f.met_expectation)
      result["suppressions"] = {
          {{"kind", "external"}, {"justification", "the header of the trace expects it"}}};
  }

  ordered_json rules_ = ordered_json::array(), results_ = ordered_json::array();
  std::map<std::string, std::size_t> index_;
  bool is_complete_ = true;
};

}  // namespace

std::string sarif_text(const std::vector<FileReport>& files) {
  Run run;
  for (const FileReport& f : files) run.add(f);
  const ordered_json out{{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
                         {"version", "2.1.0"},
                         {"runs", ordered_json::array({run.json()})}};
  return out.dump(2, ' ', false, ordered_json::error_handler_t::replace);
}

}  // namespace assay::checker
