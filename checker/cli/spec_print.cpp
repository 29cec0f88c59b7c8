// What `assay spec show` found, as text.
#include <fmt/format.h>

#include "checker/cli/spec_parts.hpp"

namespace assay::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string joined(const Json& names, const char* between = ", ") {
  std::string out;
  for (const Json& name : names) out += (out.empty() ? "" : between) + name.get<std::string>();
  return out;
}

std::string text_of(const Json& one, const char* key) { return one.at(key).get<std::string>(); }

// Code as it stands in its file, moved to a column.
void print_code(const Json& lines, std::size_t column) {
  std::size_t indent = ~std::size_t{0};
  for (const Json& line : lines) {
    const std::string text = line.get<std::string>();
    if (const std::size_t at = text.find_first_not_of(' '); at != std::string::npos)
      indent = std::min(indent, at);
  }
  for (const Json& line : lines) {
    const std::string text = line.get<std::string>();
    if (text.size() > indent) fmt::print("{:{}}{}\n", "", column, text.substr(indent));
  }
}

void print_excerpts(const Json& text, std::size_t column) {
  for (const Json& e : text) {
    fmt::print("{:{}}{}\n", "", column, text_of(e, "place"));
    Json lines = e.at("around");
    for (const Json& line : e.at("lines")) lines.push_back(line);
    print_code(lines, column + 2);
  }
}

// What a statement stands in, without the function: conditions and choices of an entry.
Json guards_of(const Json& excerpt) {
  Json guards = Json::array();
  for (const Json& line : excerpt.at("around")) {
    const std::string text = line.get<std::string>();
    for (const char* opens : {"when(", "if (", "if constexpr (", ".at("})
      if (text.find(opens) != std::string::npos) {
        guards.push_back(line);
        break;
      }
  }
  return guards;
}

void print_sources(const Json& one) {
  if (one.at("sources").empty()) return;
  fmt::print("  sources\n");
  for (const Json& s : one.at("sources")) {
    const std::string says = text_of(s, "says"), from = text_of(s, "from");
    fmt::print("    {}: {}\n", text_of(s, "id"), says.empty() ? "not in spec/REFERENCES.md" : says);
    if (!from.empty()) fmt::print("      {}\n", from);
  }
}

// Which profiles have it; that the one asked for lacks it is said.
void print_profiles(const Json& one) {
  const Json& having = one.at("profiles");
  if (having.size() == all_profiles().size()) return;
  fmt::print("  of      {}\n", joined(having));
  const std::string asked = text_of(one, "asked_for"), shown = text_of(one, "shown_under");
  if (asked != shown) fmt::print("  {} has none such: shown is that of {}\n", asked, shown);
}

void print_rule(const Json& one) {
  fmt::print("{}: rule\n  source  {}\n  syntax  {}\n", text_of(one, "rule"), text_of(one, "source"),
             text_of(one, "syntax"));
  if (!one.contains("checks")) return;  // one of many
  print_profiles(one);
  for (const Json& e : one.at("text")) fmt::print("  text    {}\n", text_of(e, "place"));
  fmt::print("  arguments\n");
  for (const Json& a : one.at("arguments"))
    fmt::print("    {:<18} {} bits{}{}\n", text_of(a, "name"), a.at("bits").get<unsigned>(),
               a.at("number").get<bool>() ? ", address or size" : "",
               a.at("answered").get<bool>() ? ", answered" : "");
  fmt::print("  in the order of the implementation\n");
  for (const Json& c : one.at("checks")) {
    fmt::print("    {:<9} {:<8} {}\n", text_of(c, "kind"), text_of(c, "errno"), text_of(c, "id"));
    for (const Json& e : c.at("text")) {
      fmt::print("      {}\n", text_of(e, "place"));
      Json lines = guards_of(e);
      for (const Json& line : e.at("lines")) lines.push_back(line);
      print_code(lines, 8);
    }
    if (!c.at("carries").empty())
      fmt::print("      carries {} (CLAIMS.md)\n", joined(c.at("carries")));
  }
  print_sources(one);
}

void print_check(const Json& one) {
  fmt::print("{}: {} {}\n  of      {}\n", text_of(one, "check"), text_of(one, "kind"),
             text_of(one, "errno"), joined(one.at("rules")));
  print_profiles(one);
  fmt::print("  source  {}\n", text_of(one, "source"));
  print_excerpts(one.at("text"), 2);
  if (!one.at("carries").empty())
    fmt::print("  carries {} (CLAIMS.md)\n", joined(one.at("carries")));
  print_sources(one);
}

void print_claim(const Json& one, const char* kind) {
  const std::string what = kind == std::string("property")   ? "property of steps"
                           : kind == std::string("question") ? "question, which nobody promised to "
                                                               "answer"
                                                             : kind;
  fmt::print("{}: {}\n  source  {}\n", text_of(one, kind), what, text_of(one, "source"));
  print_profiles(one);
  if (!one.at("rules").empty()) fmt::print("  of      {}\n", joined(one.at("rules")));
  print_excerpts(one.at("text"), 2);
  if (!one.at("carried_by").empty())
    fmt::print("  carried by {}{} (CLAIMS.md)\n", joined(one.at("carried_by")),
               one.at("carried_by_more").get<bool>() ? ", and more" : "");
  print_sources(one);
}

void print_register(const Json& one) {
  const Json& e = one.at("encoding");
  fmt::print("{}  op0={} op1={} CRn={} CRm={} op2={}  {}\n  reset   {}\n  fields\n",
             text_of(one, "register"), e[0].get<unsigned>(), e[1].get<unsigned>(),
             e[2].get<unsigned>(), e[3].get<unsigned>(), e[4].get<unsigned>(),
             one.at("writable").get<bool>() ? "read and written" : "read only",
             text_of(one, "reset"));
  for (auto f = one.at("fields").rbegin(); f != one.at("fields").rend(); ++f) {
    const unsigned low = f->at("low").get<unsigned>(), width = f->at("width").get<unsigned>();
    fmt::print("    [{}:{}]  {:<10} PMSVer {}\n", low + width - 1, low, text_of(*f, "name"),
               f->at("since_pmsver").get<unsigned>());
  }
  fmt::print("  the rest is RES0\n  events  {}\n", joined(one.at("events")));
  print_sources(one);
}

void print_stage(const Json& one) {
  fmt::print("{}: stage of {}, in this order\n", text_of(one, "stage"), text_of(one, "rule"));
  for (const Json& part : one.at("parts"))
    fmt::print("    {:<18} {:<22} {}\n", text_of(part, "name"), text_of(part, "when"),
               text_of(part, "source"));
  print_sources(one);
}

void print_request(const Json& one) {
  fmt::print("{}: ", text_of(one, "request"));
  if (one.at("changes").empty()) {
    fmt::print("where no rule takes it, it changes nothing that a rule reads\n  source  {}\n",
               text_of(one, "source"));
    print_sources(one);
    return;
  }
  fmt::print("where no rule takes it, it may change what rules read: {}{}\n",
             joined(one.at("changes")),
             one.at("also_when_failing").get<bool>() ? ", also where it fails" : "");
}

void print_reference(const Json& one) {
  fmt::print("{}: {}\n  from    {}\n", text_of(one, "id"), text_of(one, "says"),
             text_of(one, "from"));
  if (!one.at("cited_by").empty()) fmt::print("  cited by\n");
  for (const Json& part : one.at("cited_by"))
    fmt::print("    {:<10} {}\n", text_of(part, "kind"), text_of(part, "name"));
  if (!one.at("mentions").empty()) fmt::print("  named in\n");
  for (const Json& m : one.at("mentions"))
    fmt::print("    {}: {:.100}\n", text_of(m, "place"), text_of(m, "text"));
}

}  // namespace

void print_shown(const Json& one) {
  if (one.contains("check")) return print_check(one);
  if (one.contains("rule") && one.contains("syntax")) return print_rule(one);
  if (one.contains("register")) return print_register(one);
  if (one.contains("stage")) return print_stage(one);
  if (one.contains("request")) return print_request(one);
  for (const char* kind : {"invariant", "property", "question"})
    if (one.contains(kind)) return print_claim(one, kind);
  print_reference(one);
}

}  // namespace assay::cli
