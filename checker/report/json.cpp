// JSON: one document, described by check.schema.json.
#include <nlohmann/json.hpp>

#include "checker/report/report.hpp"

namespace assay::checker {
namespace {

using nlohmann::ordered_json;

ordered_json reason_json(const Reason& r) {
  ordered_json because = ordered_json::array();
  for (const Because& b : r.because)
    because.push_back({{"place", b.place},
                       {"field", b.field},
                       {"value", b.value},
                       {"shown", b.shown},
                       {"line", b.line},
                       {"text", b.text}});
  return {{"check", r.check},  {"source", r.source}, {"errno", std::string(name_of(r.code))},
          {"held", r.held},    {"required", r.text}, {"place", r.place},
          {"because", because}};
}

ordered_json finding_json(const Finding& f) {
  ordered_json j{{"line", f.line},         {"column", f.column},   {"event", f.event},
                 {"call", f.call},         {"rule", f.rule},       {"check", f.check},
                 {"observed", f.observed}, {"allowed", f.allowed}, {"follow_on", f.follow_on}};
  j["reasons"] = ordered_json::array();
  for (const Reason& r : f.reasons) j["reasons"].push_back(reason_json(r));
  return j;
}

ordered_json skipped_json(const Report& r) {
  ordered_json out = ordered_json::array();
  for (const auto& [what, count] : r.skipped) {
    const auto at = r.skipped_at.find(what);
    out.push_back({{"what", what},
                   {"count", count},
                   {"lines", at == r.skipped_at.end() ? std::string() : at->second.text()}});
  }
  return out;
}

const char* standing_name(Standing s) {
  switch (s) {
    case Standing::fine: return "fine";
    case Standing::violates: return "violates";
    case Standing::unexpected: return "unexpected";
    case Standing::inconclusive: return "inconclusive";
    case Standing::unreadable: return "unreadable";
  }
  return "?";
}

ordered_json report_json(const FileReport& f) {
  const Report& r = f.report;
  ordered_json j{{"file", f.file},
                 {"standing", standing_name(standing_of(f))},
                 {"verdict", std::string(name_of(r.verdict))},
                 {"profile", r.profile},
                 {"reason", r.reason},
                 {"events", r.events},
                 {"judged", r.checked},
                 {"judged_percent", judged_percent(r)},
                 {"unknown_arguments", r.unknown_arguments},
                 {"skipped", skipped_json(r)},
                 {"checks_evaluated", r.evaluations},
                 {"checks_seen", r.checks_seen},
                 {"checks_total", r.checks_total},
                 {"answers_by_choice", r.choices_taken},
                 {"states_max", r.states_max},
                 {"findings_total", r.findings_total}};
  if (f.failure)
    j["error"] = {
        {"message", f.failure->message}, {"line", f.failure->line}, {"column", f.failure->column}};
  j["unreadable"] = {{"count", f.unreadable_lines}, {"lines", f.unreadable_at.text()}};
  if (!f.expected.empty()) {
    j["expected"] = f.expected;
    j["as_expected"] = f.met_expectation;
  }
  j["findings"] = ordered_json::array();
  for (const Finding& finding : r.findings) j["findings"].push_back(finding_json(finding));
  if (!f.explained.empty()) {
    j["explained"] = ordered_json::array();
    for (const ExplainedEvent& e : f.explained)
      j["explained"].push_back({{"line", e.line},
                                {"call", e.call},
                                {"changes", e.changes},
                                {"learnt", e.learnt},
                                {"because_of", e.decided_by},
                                {"freedoms", e.freedoms}});
  }
  return j;
}

}  // namespace

std::string json_text(const std::vector<FileReport>& files,
                      const std::vector<std::pair<std::string, std::string>>& more) {
  ordered_json out{{"version", 3}, {"traces", ordered_json::array()}};
  for (const FileReport& f : files) out["traces"].push_back(report_json(f));
  for (const auto& [name, value] : more) out[name] = ordered_json::parse(value);
  // Traces may hold any bytes; JSON may not.
  return out.dump(2, ' ', false, ordered_json::error_handler_t::replace);
}

}  // namespace assay::checker
