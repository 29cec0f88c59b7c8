#include "checker/cli/find_list.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "checker/prove/find.hpp"

namespace assay::cli {
namespace {

using prove::StateNode;

struct Field {
  std::string place, type;
  std::span<const NamedValue> values;
};

std::string type_of(const StateNode& node) {
  switch (node.kind) {
    case StateNode::Kind::flag: return "flag";
    case StateNode::Kind::word: return fmt::format("word of {} bits", node.width);
    case StateNode::Kind::number: return "address or size";
    case StateNode::Kind::table: return fmt::format("table of {}", node.entries);
    case StateNode::Kind::record: return "record";
  }
  return "?";
}

void add_fields(const StateNode& node, const std::string& place, std::vector<Field>& out) {
  const bool is_table = node.kind == StateNode::Kind::table;
  if (is_table || node.is_leaf()) out.push_back({place, type_of(node), node.values});
  for (const StateNode& part : node.parts) {
    const std::string name = is_table        ? place + "[]"
                             : place.empty() ? part.name
                                             : place + "." + part.name;
    add_fields(part, name, out);
  }
}

// Those of a rule, in the order of the text.
std::vector<const CatalogEntry*> checks_of(const std::vector<CatalogEntry>& catalog,
                                           const char* rule) {
  std::vector<const CatalogEntry*> out;
  for (const CatalogEntry& c : catalog)
    if (c.rule == rule &&
        (c.kind == VerbKind::reject || c.kind == VerbKind::may_fail || c.kind == VerbKind::require))
      out.push_back(&c);
  return out;
}

std::string names_of(std::span<const NamedValue> values) {
  std::string out;
  for (const NamedValue& v : values) out += fmt::format("{}{}", out.empty() ? ": " : ", ", v.name);
  return out;
}

void print(const std::vector<Field>& fields, const prove::StateNames& names,
           const prove::Options& options) {
  const System& system = prove::system_of(options);
  fmt::print("state, under {} with {}\n", options.profile->name, names.shape);
  for (const Field& f : fields) fmt::print("  {:<36} {}{}\n", f.place, f.type, names_of(f.values));
  fmt::print("\ninvariants\n");
  for (const auto& i : system.in<Concrete>().claims.invariants)
    if (i.applies(*options.profile)) fmt::print("  {:<44} {}\n", i.name, i.source);
  fmt::print("\nrules of which histories are made, and their checks\n");
  const auto& catalog = system.catalog(*options.profile);
  for (const RuleInfo& rule : system.rules()) {
    if (!rule.is_of(*options.profile)) continue;
    fmt::print("  {:<30} {}\n", rule.name, rule.syntax);
    for (const CatalogEntry* c : checks_of(catalog, rule.name))
      fmt::print("    {}{}\n", c->id,
                 c->code == Errno::ok ? "" : fmt::format(" ({})", name_of(c->code)));
  }
}

void print_json(const std::vector<Field>& fields, const prove::StateNames& names,
                const prove::Options& options) {
  using nlohmann::ordered_json;
  const System& system = prove::system_of(options);
  ordered_json out{{"profile", std::string(options.profile->name)}, {"shape", names.shape}};
  out["state"] = ordered_json::array();
  for (const Field& f : fields) {
    ordered_json values = ordered_json::object();
    for (const NamedValue& v : f.values) values[std::string(v.name)] = v.value;
    out["state"].push_back({{"place", f.place}, {"type", f.type}, {"values", values}});
  }
  out["invariants"] = ordered_json::array();
  for (const auto& i : system.in<Concrete>().claims.invariants)
    if (i.applies(*options.profile))
      out["invariants"].push_back({{"name", i.name}, {"source", i.source}});
  out["rules"] = ordered_json::array();
  const auto& catalog = system.catalog(*options.profile);
  for (const RuleInfo& rule : system.rules()) {
    if (!rule.is_of(*options.profile)) continue;
    ordered_json checks = ordered_json::array();
    for (const CatalogEntry* c : checks_of(catalog, rule.name)) checks.push_back(c->id);
    out["rules"].push_back({{"name", rule.name}, {"syntax", rule.syntax}, {"checks", checks}});
  }
  fmt::print("{}\n", out.dump(2));
}

}  // namespace

int list_what_can_be_asked(const prove::Options& options, const Common& common) {
  const std::optional<prove::StateNames> names = prove::state_names(options);
  if (!names) {
    fmt::print(stderr, "assay: a shape needs at least one of each thing\n");
    return exit_usage;
  }
  std::vector<Field> fields;
  add_fields(names->root(), "", fields);
  if (common.json) print_json(fields, *names, options);
  else print(fields, *names, options);
  return exit_ok;
}

}  // namespace assay::cli
