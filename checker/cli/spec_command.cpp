// assay spec: the specification itself.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "checker/cli/cli.hpp"
#include "checker/cli/spec_parts.hpp"
#include "checker/properties.hpp"
#include "spec/register.hpp"
#include "spec/system.hpp"

namespace assay::cli {
namespace {

const std::vector<CatalogEntry>& catalog(const Profile& profile) { return system_catalog(profile); }

const char* kind_name(VerbKind kind) {
  switch (kind) {
    case VerbKind::reject: return "check";
    case VerbKind::may_fail: return "may fail";
    case VerbKind::require: return "requires";
    case VerbKind::choose: return "choice";
    case VerbKind::returns: return "returns";
    case VerbKind::set: return "sets";
  }
  return "?";
}

std::string answer_of(const CatalogEntry& e) {
  return e.code == Errno::ok ? std::string() : std::string(name_of(e.code));
}

nlohmann::ordered_json entry_json(const CatalogEntry& e) {
  return {{"id", e.rule + "." + e.id},
          {"kind", kind_name(e.kind)},
          {"errno", answer_of(e)},
          {"source", e.source}};
}

int list(const Profile& profile, bool json) {
  const std::vector<CatalogEntry>& entries = catalog(profile);
  nlohmann::ordered_json out{{"profile", std::string(profile.name)},
                             {"rules", nlohmann::ordered_json::array()}};
  for (const RuleInfo& rule : system_of(profile).rules()) {
    nlohmann::ordered_json checks = nlohmann::ordered_json::array();
    if (!json) fmt::print("{}  ({})\n  {}\n", rule.name, rule.source, rule.syntax);
    for (const CatalogEntry& e : entries) {
      if (e.rule != rule.name) continue;
      checks.push_back(entry_json(e));
      if (!json)
        fmt::print("    {:<9} {:<8} {:<34} {}\n", kind_name(e.kind), answer_of(e), e.id, e.source);
    }
    out["rules"].push_back({{"name", rule.name},
                            {"source", rule.source},
                            {"syntax", rule.syntax},
                            {"checks", checks}});
  }
  nlohmann::ordered_json invariants = nlohmann::ordered_json::array();
  if (!json) fmt::print("invariants\n");
  for (const Invariant<Concrete>& i : system_of(profile).in<Concrete>().claims.invariants) {
    if (!i.applies(profile)) continue;
    invariants.push_back({{"name", i.name}, {"source", i.source}});
    if (!json) fmt::print("    {:<42} {}\n", i.name, i.source);
  }
  out["invariants"] = invariants;
  out["properties"] = nlohmann::ordered_json::array();
  if (!json) fmt::print("properties of steps\n");
  for (const checker::PropertyInfo& p : checker::properties_of(profile).list()) {
    out["properties"].push_back({{"name", p.name}, {"source", p.source}, {"promised", p.promised}});
    if (!json) fmt::print("    {:<42} {}{}\n", p.name, p.source, p.promised ? "" : " (a question)");
  }
  out["stages"] = stages_json(system_of(profile));
  if (json) fmt::print("{}\n", out.dump(2));
  else list_stages(system_of(profile));
  return exit_ok;
}

// A system register: where its fields lie, since when, and what a reset leaves.
void show_register(const Sysreg& r, nlohmann::ordered_json& out, bool json) {
  const SysregEncoding& e = r.encoding;
  nlohmann::ordered_json one = {
      {"register", r.name},     {"encoding", {e.op0, e.op1, e.crn, e.crm, e.op2}},
      {"writable", r.writable}, {"since_pmsver", r.since},
      {"reset", r.reset},       {"fields", nlohmann::ordered_json::array()}};
  for (const SysregField& f : r.fields)
    one["fields"].push_back({{"name", f.argument},
                             {"low", f.low},
                             {"width", f.width},
                             {"since_pmsver", std::max(f.since, r.since)}});
  out.push_back(std::move(one));
  if (json) return;
  fmt::print("{}  op0={} op1={} CRn={} CRm={} op2={}  {}\n  reset   {}\n  fields\n", r.name, e.op0,
             e.op1, e.crn, e.crm, e.op2, r.writable ? "read and written" : "read only", r.reset);
  for (auto f = r.fields.rbegin(); f != r.fields.rend(); ++f)
    fmt::print("    [{}:{}]  {:<10} PMSVer {}\n", f->low + f->width - 1, f->low, f->argument,
               std::max(f->since, r.since));
  fmt::print("  the rest is RES0\n  events  {}{}{}\n", r.write_event,
             r.write_event.empty() || r.read_event.empty() ? "" : ", ", r.read_event);
}

// A rule with its checks under the profile, or one of its checks.
void show_rule(const Profile& profile, const RuleInfo& rule, const std::string& id,
               nlohmann::ordered_json& out, bool json) {
  const bool whole = id == rule.name;
  nlohmann::ordered_json checks = nlohmann::ordered_json::array();
  nlohmann::ordered_json arguments = nlohmann::ordered_json::array();
  for (const ArgumentInfo& a : rule.arguments)
    if (a.array == 0)
      arguments.push_back({{"name", a.name}, {"bits", a.width}, {"answered", a.is_answer}});
  if (whole && !json) {
    fmt::print("{}\n  source  {}\n  syntax  {}\n  arguments\n", rule.name, rule.source,
               rule.syntax);
    for (const ArgumentInfo& a : rule.arguments)
      if (a.array == 0)
        fmt::print("    {:<18} {} bits{}{}\n", a.name, a.width,
                   a.is_number ? ", address or size" : "", a.is_answer ? ", answered" : "");
  }
  for (const CatalogEntry& e : catalog(profile)) {
    if (e.rule != rule.name || (!whole && id != e.rule + "." + e.id)) continue;
    checks.push_back(entry_json(e));
    if (!json)
      fmt::print("  {:<9} {:<8} {}.{}\n            {}\n", kind_name(e.kind), answer_of(e), e.rule,
                 e.id, e.source);
  }
  if (whole)
    out.push_back({{"rule", rule.name},
                   {"source", rule.source},
                   {"syntax", rule.syntax},
                   {"arguments", arguments},
                   {"checks", checks}});
  else
    for (auto& check : checks) out.push_back(std::move(check));
}

// What is claimed of the rules under this name.
void show_claims(const Profile& profile, const std::string& id, nlohmann::ordered_json& out,
                 bool json) {
  for (const Invariant<Concrete>& i : system_of(profile).in<Concrete>().claims.invariants) {
    if (id != i.name) continue;
    out.push_back({{"invariant", i.name}, {"source", i.source}});
    if (!json) fmt::print("{}: invariant ({})\n", i.name, i.source);
  }
  for (const checker::PropertyInfo& p : checker::properties_of(profile).list()) {
    if (id != p.name) continue;
    nlohmann::ordered_json rules = nlohmann::ordered_json::array();
    for (const u32 rule : p.rules) rules.push_back(binder_of(profile).rule(rule).name);
    out.push_back(
        {{"property", p.name}, {"source", p.source}, {"promised", p.promised}, {"rules", rules}});
    if (json) continue;
    fmt::print("{}: {} ({})\n", p.name,
               p.promised ? "property of steps" : "question, which nobody promised to answer",
               p.source);
    for (const u32 rule : p.rules) fmt::print("  of {}\n", binder_of(profile).rule(rule).name);
  }
}

// Everything that is called so.
int show(const Profile& profile, const std::string& id, bool json) {
  nlohmann::ordered_json out = nlohmann::ordered_json::array();
  for (const Sysreg& r : system_of(profile).info().registers)
    if (id == r.name) show_register(r, out, json);
  for (const RuleInfo& rule : system_of(profile).rules()) show_rule(profile, rule, id, out, json);
  show_stage(system_of(profile), id, out, json);
  show_claims(profile, id, out, json);
  if (out.empty()) {
    fmt::print(
        stderr,
        "assay: no rule, check, stage, invariant, property or register is called '{}'; see assay "
        "spec list\n",
        id);
    return exit_usage;
  }
  if (json) fmt::print("{}\n", out.dump(2));
  return exit_ok;
}

int graph_json(const Profile& profile) {
  nlohmann::ordered_json out = nlohmann::ordered_json::array();
  for (const CatalogEntry& e : catalog(profile))
    if (e.code != Errno::ok)
      out.push_back({{"rule", e.rule}, {"check", e.id}, {"errno", answer_of(e)}});
  fmt::print("{}\n", out.dump(2));
  return exit_ok;
}

// Rules and the checks that decide them, for graphviz.
int graph(const Profile& profile) {
  fmt::print(
      "digraph specification {{\n  rankdir=LR; node [shape=box, fontname=\"sans-serif\"];\n");
  for (const CatalogEntry& e : catalog(profile))
    if (e.code != Errno::ok)
      fmt::print("  \"{}\" -> \"{}\" [label=\"{}\"];\n", e.rule, name_of(e.code), e.id);
  fmt::print("}}\n");
  return exit_ok;
}

}  // namespace

void add_spec(CLI::App& app, Common& common) {
  auto* command =
      app.add_subcommand("spec", "the specification itself: list, show, coverage, graph, mutants");
  command->require_subcommand(1);
  auto profile = std::make_shared<std::string>("linux-6.1");
  auto id = std::make_shared<std::string>();
  std::vector<std::string> names;
  for (const Profile& p : all_profiles()) names.emplace_back(p.name);
  auto add = [&](const char* name, const char* help) {
    auto* sub = command->add_subcommand(name, help);
    sub->add_option("--profile", *profile, "which implementation's rules")
        ->check(CLI::IsMember(names));
    add_common(*sub, common, as_json);
    return sub;
  };
  add("list", "every rule with its checks, answers, effects and sources")
      ->callback(
          [profile, &common] { common.status = list(*find_profile(*profile), common.json); });
  auto* one = add("show", "one rule, check, invariant, property or register");
  one->add_option("ID", *id, "rule, rule.check, invariant, property or register")->required();
  one->callback(
      [profile, id, &common] { common.status = show(*find_profile(*profile), *id, common.json); });
  add_mutants(*add("mutants", "every check left out or swapped, and what notices it"), profile,
              common);
  add_coverage(*add("coverage", "which checks the bundled or given traces evaluate, both ways"),
               profile, common);
  add("graph", "rules and answers as a graphviz graph")->callback([profile, &common] {
    const Profile& of = *find_profile(*profile);
    common.status = common.json ? graph_json(of) : graph(of);
  });
}

}  // namespace assay::cli
