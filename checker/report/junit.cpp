// JUnit XML: one test case for each trace.
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <pugixml.hpp>
#include <sstream>

#include "checker/report/report.hpp"

namespace assay::checker {
namespace {

struct Counts {
  unsigned failures = 0, errors = 0, skipped = 0;
};

// Any bytes of a trace as text that XML can hold: valid UTF-8 without control characters.
std::string xml_safe(const std::string& bytes) {
  using nlohmann::json;
  const std::string valid = json(bytes).dump(-1, ' ', false, json::error_handler_t::replace);
  auto text = json::parse(valid).get<std::string>();
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') c = '?';
  return text;
}

void add(pugi::xml_node& test, const char* element, const std::string& type,
         const std::string& message, const std::string& text = {}) {
  pugi::xml_node node = test.append_child(element);
  node.append_attribute("type") = xml_safe(type).c_str();
  node.append_attribute("message") = xml_safe(message).c_str();
  if (!text.empty()) node.text() = xml_safe(text).c_str();
}

void add_findings(pugi::xml_node& test, const FileReport& f) {
  for (const Finding& finding : f.report.findings)
    add(test, "failure", finding.check, message_of(finding),
        fmt::format("{}:{}: {}", f.file, finding.line, finding.call));
}

void describe(pugi::xml_node& test, const FileReport& f, Counts& counts) {
  switch (standing_of(f)) {
    case Standing::fine: return;
    case Standing::violates: ++counts.failures; return add_findings(test, f);
    case Standing::unexpected:
      ++counts.failures;
      add(test, "failure", "assay.unexpected-verdict",
          fmt::format("{}, expected: {}", name_of(f.report.verdict), f.expected));
      return add_findings(test, f);
    case Standing::inconclusive:
      ++counts.skipped;
      test.append_child("skipped").append_attribute("message") = xml_safe(f.report.reason).c_str();
      return;
    case Standing::unreadable:
      ++counts.errors;
      add(test, "error", "assay.malformed-input", f.failure->message,
          fmt::format("{}:{}:{}: {}", f.file, f.failure->line, f.failure->column,
                      f.failure->message));
      return add_findings(test, f);  // of what came before
  }
}

}  // namespace

std::string junit_text(const std::vector<FileReport>& files) {
  pugi::xml_document document;
  pugi::xml_node suite = document.append_child("testsuites").append_child("testsuite");
  suite.append_attribute("name") = "assay check";
  suite.append_attribute("tests") = static_cast<unsigned>(files.size());
  Counts counts;
  for (const FileReport& f : files) {
    pugi::xml_node test = suite.append_child("testcase");
    test.append_attribute("classname") =
        f.report.profile.empty() ? "assay" : f.report.profile.c_str();
    test.append_attribute("name") = xml_safe(f.file).c_str();
    describe(test, f, counts);
  }
  suite.append_attribute("failures") = counts.failures;
  suite.append_attribute("errors") = counts.errors;
  suite.append_attribute("skipped") = counts.skipped;
  std::ostringstream out;
  document.save(out, "  ");
  return out.str();
}

}  // namespace assay::checker
