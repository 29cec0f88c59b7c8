// JSON, JUnit XML and SARIF.
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <pugixml.hpp>
#include <set>
#include <sstream>

#include "checker/report/report.hpp"

namespace assay::checker {
namespace {

using nlohmann::ordered_json;

ordered_json finding_json(const Finding& f) {
  ordered_json j{{"line", f.line},       {"event", f.event},        {"call", f.call},
                 {"rule", f.rule},       {"check", f.check},        {"observed", f.observed},
                 {"allowed", f.allowed}, {"follow_on", f.follow_on}};
  j["reasons"] = ordered_json::array();
  for (const Reason& r : f.reasons) {
    ordered_json because = ordered_json::array();
    for (const Because& b : r.because)
      because.push_back(
          {{"place", b.place}, {"value", b.value}, {"line", b.line}, {"text", b.text}});
    j["reasons"].push_back({{"check", r.check},
                            {"source", r.source},
                            {"errno", std::string(name_of(r.code))},
                            {"held", r.held},
                            {"because", because}});
  }
  return j;
}

ordered_json report_json(const FileReport& f) {
  const Report& r = f.report;
  ordered_json j{{"file", f.file},
                 {"verdict", std::string(name_of(r.verdict))},
                 {"profile", r.profile},
                 {"reason", r.reason},
                 {"events", r.events},
                 {"judged", r.checked},
                 {"unknown_arguments", r.unknown_arguments},
                 {"skipped", r.skipped},
                 {"checks_evaluated", r.evaluations},
                 {"checks_seen", r.checks_seen},
                 {"checks_total", r.checks_total},
                 {"answers_by_choice", r.choices_taken},
                 {"states_max", r.states_max},
                 {"findings_total", r.findings_total}};
  if (!f.expected.empty()) {
    j["expected"] = f.expected;
    j["as_expected"] = f.met_expectation;
  }
  j["findings"] = ordered_json::array();
  for (const Finding& finding : r.findings) j["findings"].push_back(finding_json(finding));
  return j;
}

// Traces may hold any bytes; JSON may not.
std::string dump(const ordered_json& j) {
  return j.dump(2, ' ', false, ordered_json::error_handler_t::replace);
}

std::string message_of(const Finding& f) {
  std::string allowed;
  for (const std::string& a : f.allowed) allowed += (allowed.empty() ? "" : ", ") + a;
  return fmt::format("observed {}, allowed: {}", f.observed, allowed);
}

}  // namespace

std::string json_text(const std::vector<FileReport>& files) {
  ordered_json out{{"version", 1}, {"traces", ordered_json::array()}};
  for (const FileReport& f : files) out["traces"].push_back(report_json(f));
  return dump(out);
}

std::string junit_text(const std::vector<FileReport>& files) {
  pugi::xml_document document;
  pugi::xml_node suite = document.append_child("testsuites").append_child("testsuite");
  suite.append_attribute("name") = "assay check";
  suite.append_attribute("tests") = static_cast<unsigned>(files.size());
  unsigned failures = 0, skipped = 0;
  for (const FileReport& f : files) {
    pugi::xml_node test = suite.append_child("testcase");
    test.append_attribute("classname") = f.report.profile.c_str();
    test.append_attribute("name") = f.file.c_str();
    if (f.met_expectation) continue;
    if (f.report.verdict == Verdict::inconclusive) {
      ++skipped;
      test.append_child("skipped").append_attribute("message") = f.report.reason.c_str();
    }
    if (f.report.verdict != Verdict::violates) continue;
    ++failures;
    for (const Finding& finding : f.report.findings) {
      pugi::xml_node failure = test.append_child("failure");
      failure.append_attribute("type") = finding.check.c_str();
      failure.append_attribute("message") = message_of(finding).c_str();
      failure.text() = fmt::format("{}:{}: {}", f.file, finding.line, finding.call).c_str();
    }
  }
  suite.append_attribute("failures") = failures;
  suite.append_attribute("skipped") = skipped;
  std::ostringstream out;
  document.save(out, "  ");
  return out.str();
}

std::string sarif_text(const std::vector<FileReport>& files) {
  ordered_json rules = ordered_json::array(), results = ordered_json::array();
  std::set<std::string> known;
  for (const FileReport& f : files)
    for (const Finding& finding : f.report.findings) {
      if (known.insert(finding.check).second) {
        std::string source =
            finding.reasons.empty() ? finding.rule : finding.reasons.front().source;
        rules.push_back({{"id", finding.check}, {"shortDescription", {{"text", source}}}});
      }
      ordered_json region{{"startLine", std::max<std::uint64_t>(finding.line, 1)}};
      ordered_json location{
          {"physicalLocation", {{"artifactLocation", {{"uri", f.file}}}, {"region", region}}}};
      results.push_back({{"ruleId", finding.check},
                         {"level", finding.follow_on ? "note" : "error"},
                         {"message", {{"text", finding.call + ": " + message_of(finding)}}},
                         {"locations", ordered_json::array({location})}});
    }
  ordered_json driver{{"name", "assay"}, {"version", ASSAY_VERSION}, {"rules", rules}};
  ordered_json run{{"tool", {{"driver", driver}}}, {"results", results}};
  return dump({{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
               {"version", "2.1.0"},
               {"runs", ordered_json::array({run})}});
}

}  // namespace assay::checker
