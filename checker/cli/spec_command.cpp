// assay spec: the specification itself.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "checker/cli/cli.hpp"
#include "checker/cli/spec_parts.hpp"
#include "checker/properties.hpp"
#include "spec/system.hpp"

namespace assay::cli {

const char* kind_name(VerbKind kind) {
  switch (kind) {
    case VerbKind::reject: return "check";
    case VerbKind::may_fail: return "may fail";
    case VerbKind::require: return "requires";
    case VerbKind::guard: return "guard";
    case VerbKind::choose: return "choice";
    case VerbKind::returns: return "returns";
    case VerbKind::set: return "sets";
  }
  return "?";
}

namespace {

const std::vector<CatalogEntry>& catalog(const Profile& profile) { return system_catalog(profile); }

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
  auto* one = add("show", "everything that a name means, with its text and its sources");
  one->add_option("NAME", *id,
                  "ioctl, rule, check, effect, stage, invariant, property, register or id of a "
                  "source (KVM_RUN, vcpu_run.not_initialized, PMBSR_EL1, L05, 'api.rst 4.10')")
      ->required();
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
