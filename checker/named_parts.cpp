#include "checker/named_parts.hpp"

#include <map>

#include "checker/properties.hpp"
#include "spec/register.hpp"
#include "spec/system.hpp"

namespace assay::checker {
namespace {

// Puts together what several profiles have.
class Parts {
 public:
  void add(PartKind kind, const std::string& name, const std::string& source,
           const Profile* profile) {
    const auto [at, is_new] = known_.try_emplace({kind, name, source}, parts_.size());
    if (is_new) parts_.push_back({kind, name, source, {}});
    parts_[at->second].profiles.push_back(profile);
  }
  std::vector<NamedPart> taken() { return std::move(parts_); }

 private:
  std::map<std::tuple<PartKind, std::string, std::string>, std::size_t> known_;
  std::vector<NamedPart> parts_;
};

void add_rules(Parts& parts) {
  for (const Profile& p : all_profiles())
    for (const RuleInfo& rule : system_of(p).rules())
      if (rule.is_of(p)) parts.add(PartKind::rule, rule.name, rule.source, &p);
}

void add_entries(Parts& parts) {
  for (const Profile& p : all_profiles())
    for (const CatalogEntry& e : system_catalog(p))
      parts.add(e.kind == VerbKind::set ? PartKind::effect : PartKind::check, e.rule + "." + e.id,
                e.source, &p);
}

void add_claims(Parts& parts) {
  for (const Profile& p : all_profiles()) {
    for (const Invariant<Concrete>& i : system_of(p).in<Concrete>().claims.invariants)
      if (i.applies(p)) parts.add(PartKind::invariant, i.name, i.source, &p);
    for (const PropertyInfo& i : properties_of(p).list())
      parts.add(i.promised ? PartKind::property : PartKind::question, i.name, i.source, &p);
  }
}

void add_common(Parts& parts) {
  for (const Profile& p : all_profiles()) {
    for (const StageInfo& stage : system_of(p).info().stages)
      for (const StageInfo::Part& actor : stage.parts)
        parts.add(PartKind::stage, std::string(stage.name) + "." + actor.name, actor.source, &p);
    for (const Sysreg& r : system_of(p).info().registers)
      parts.add(PartKind::sysreg, std::string(r.name), std::string(r.name), &p);
    for (const HarmlessRequest& r : system_of(p).info().harmless)
      parts.add(PartKind::request, std::string(r.name), r.source, &p);
  }
}

}  // namespace

std::string_view name_of(PartKind kind) {
  switch (kind) {
    case PartKind::rule: return "rule";
    case PartKind::check: return "check";
    case PartKind::effect: return "effect";
    case PartKind::invariant: return "invariant";
    case PartKind::property: return "property";
    case PartKind::question: return "question";
    case PartKind::stage: return "stage";
    case PartKind::sysreg: return "register";
    case PartKind::request: return "request";
  }
  return "?";
}

const std::vector<NamedPart>& named_parts() {
  static const std::vector<NamedPart> all = [] {
    Parts parts;
    add_rules(parts);
    add_entries(parts);
    add_claims(parts);
    add_common(parts);
    return parts.taken();
  }();
  return all;
}

}  // namespace assay::checker
