// assay spec show NAME: everything that a name means. Each form is made as a document first; text
// is printed of the same document (spec_print.cpp).
#include <fmt/format.h>

#include <map>
#include <set>

#include "checker/cli/spec_parts.hpp"
#include "checker/named_parts.hpp"
#include "checker/properties.hpp"
#include "checker/prove/state_names.hpp"
#include "spec/references.hpp"
#include "spec/register.hpp"
#include "spec/text.hpp"

namespace assay::cli {
namespace {

using Json = nlohmann::ordered_json;
using checker::NamedPart;
using checker::PartKind;

// --- parts of a document
// --------------------------------------------------------------------------

Json text_json(const std::vector<Excerpt>& found) {
  Json out = Json::array();
  for (const Excerpt& e : found) {
    Json around = Json::array(), lines = Json::array();
    for (const TextLine& line : e.around) around.push_back(line.text);
    for (const TextLine& line : e.lines) lines.push_back(line.text);
    out.push_back({{"place", e.place()}, {"around", around}, {"lines", lines}});
  }
  return out;
}

// What is cited, each once, with what REFERENCES.md says of it.
class Sources {
 public:
  void add(std::string_view source) {
    for (std::string& id : ids_of_source(source)) {
      if (!seen_.insert(id).second) continue;
      const Reference* r = reference_to(id);
      list_.push_back({{"id", id},
                       {"says", r == nullptr ? std::string_view() : r->says},
                       {"from", r == nullptr ? std::string_view() : r->from}});
    }
  }
  Json list() const { return list_; }

 private:
  std::set<std::string> seen_;
  Json list_ = Json::array();
};

Json sources_of(std::string_view source) {
  Sources sources;
  sources.add(source);
  return sources.list();
}

Json names_of(const std::vector<const Profile*>& profiles) {
  Json names = Json::array();
  for (const Profile* p : profiles) names.push_back(p->name);
  return names;
}

template <class Has>
std::vector<const Profile*> profiles_with(Has&& has) {
  std::vector<const Profile*> out;
  for (const Profile& p : all_profiles())
    if (has(p)) out.push_back(&p);
  return out;
}

// Under which profile something is shown: the one that was asked for, or else the first that has
// it.
const Profile& shown_under(const Profile& wanted, const std::vector<const Profile*>& having) {
  for (const Profile* p : having)
    if (p == &wanted) return wanted;
  return having.empty() ? wanted : *having.front();
}

void add_profiles(Json& one, const Profile& wanted, const std::vector<const Profile*>& having) {
  one["profiles"] = names_of(having);
  one["shown_under"] = shown_under(wanted, having).name;
  one["asked_for"] = wanted.name;
}

const std::vector<CarriedClaim>& claims_and_carriers() {
  static const std::vector<CarriedClaim> all = [] {
    std::vector<CarriedClaim> rows;
    for (const TextFile& file : specification_text())
      if (file.path.ends_with("/CLAIMS.md"))
        for (CarriedClaim& row : carried_claims(file.lines)) rows.push_back(std::move(row));
    return rows;
  }();
  return all;
}

Json claims_carried_by(const std::string& part) {
  Json claims = Json::array();
  for (const CarriedClaim& c : claims_and_carriers())
    if (std::find(c.carriers.begin(), c.carriers.end(), part) != c.carriers.end())
      claims.push_back(c.claim);
  return claims;
}

Json entry_json(const CatalogEntry& e) {
  return {{"id", e.rule + "." + e.id},
          {"kind", kind_name(e.kind)},
          {"errno", e.code == Errno::ok ? std::string() : std::string(name_of(e.code))},
          {"source", e.source},
          {"carries", claims_carried_by(e.rule + "." + e.id)},
          {"text", e.line == 0 ? Json::array() : text_json(text_of_check(e.id, e.source, e.line))}};
}

// --- the forms
// ------------------------------------------------------------------------------------

// Whether a syntax has this as a word: `ioctl(<vcpu>, KVM_RUN, ...)` has KVM_RUN.
bool has_word(std::string_view syntax, std::string_view word) {
  const auto is_of_word = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
  };
  for (std::size_t at = syntax.find(word); at != std::string_view::npos;
       at = syntax.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    const bool begins = at == 0 || !is_of_word(syntax[at - 1]);
    if (begins && (end == syntax.size() || !is_of_word(syntax[end]))) return true;
  }
  return false;
}

Json rule_json(const Profile& wanted, const RuleInfo& rule) {
  const auto having = profiles_with([&](const Profile& p) { return rule.is_of(p); });
  Json one = {{"rule", rule.name}, {"source", rule.source}, {"syntax", rule.syntax}};
  add_profiles(one, wanted, having);
  one["text"] = text_json(text_of_rule(rule.name));
  one["arguments"] = Json::array();
  for (const ArgumentInfo& a : rule.arguments)
    if (a.array == 0)
      one["arguments"].push_back({{"name", a.name},
                                  {"bits", a.width},
                                  {"number", a.is_number},
                                  {"answered", a.is_answer}});
  Sources sources;
  sources.add(rule.source);
  one["checks"] = Json::array();
  for (const CatalogEntry& e : system_catalog(shown_under(wanted, having))) {
    if (e.rule != rule.name) continue;
    one["checks"].push_back(entry_json(e));
    sources.add(e.source);
  }
  one["sources"] = sources.list();
  return one;
}

// One check as the rules have it that share its text.
struct Variant {
  const CatalogEntry* entry;
  std::vector<std::string> rules;
  std::vector<const Profile*> profiles;
};

std::vector<Variant> variants_of(const std::string& name) {
  std::map<std::tuple<VerbKind, Errno, std::string, u32>, std::size_t> known;
  std::vector<Variant> out;
  for (const Profile& p : all_profiles())
    for (const CatalogEntry& e : system_catalog(p)) {
      if (name != e.id && name != e.rule + "." + e.id) continue;
      const auto [at, is_new] = known.try_emplace({e.kind, e.code, e.source, e.line}, out.size());
      if (is_new) out.push_back({&e, {}, {}});
      Variant& v = out[at->second];
      if (std::find(v.rules.begin(), v.rules.end(), e.rule) == v.rules.end())
        v.rules.push_back(e.rule);
      if (v.profiles.empty() || v.profiles.back() != &p) v.profiles.push_back(&p);
    }
  return out;
}

// A check by its name, with or without its rule. Where the profile has none, those of others.
void find_checks(const Profile& wanted, const std::string& name, Json& out) {
  const std::vector<Variant> all = variants_of(name);
  const auto is_of_wanted = [&](const Variant& v) {
    return std::find(v.profiles.begin(), v.profiles.end(), &wanted) != v.profiles.end();
  };
  const bool has_some = std::any_of(all.begin(), all.end(), is_of_wanted);
  for (const Variant& v : all) {
    if (has_some && !is_of_wanted(v)) continue;
    Json one = entry_json(*v.entry);
    one["check"] = v.entry->id;
    one["rules"] = v.rules;
    add_profiles(one, wanted, v.profiles);
    one["sources"] = sources_of(v.entry->source);
    out.push_back(std::move(one));
  }
}

Json claim_json(const Profile& wanted, const NamedPart& claim) {
  Json one = {{std::string(checker::name_of(claim.kind)), claim.name}, {"source", claim.source}};
  add_profiles(one, wanted, claim.profiles);
  one["text"] = text_json(text_of_claim(claim.name));
  one["rules"] = Json::array();
  for (const checker::PropertyInfo& p : checker::properties_of(*claim.profiles.front()).list())
    if (p.name == claim.name)
      for (const u32 rule : p.rules)
        one["rules"].push_back(system_of(*claim.profiles.front()).rules()[rule].name);
  one["carried_by"] = Json::array();
  one["carried_by_more"] = false;
  for (const CarriedClaim& c : claims_and_carriers()) {
    if (c.claim != claim.name) continue;
    one["carried_by"] = c.carriers;
    one["carried_by_more"] = c.has_more;
  }
  one["sources"] = sources_of(claim.source);
  return one;
}

bool is_claim(PartKind kind) {
  return kind == PartKind::invariant || kind == PartKind::property || kind == PartKind::question;
}

// A system register: where its fields lie, since when, and what a reset leaves.
Json register_json(const Sysreg& r) {
  const SysregEncoding& e = r.encoding;
  Json one = {{"register", r.name},     {"encoding", {e.op0, e.op1, e.crn, e.crm, e.op2}},
              {"writable", r.writable}, {"since_pmsver", r.since},
              {"reset", r.reset},       {"fields", Json::array()},
              {"events", Json::array()}};
  for (const SysregField& f : r.fields)
    one["fields"].push_back({{"name", f.argument},
                             {"low", f.low},
                             {"width", f.width},
                             {"since_pmsver", std::max(f.since, r.since)}});
  for (const std::string_view event : {r.write_event, r.read_event})
    if (!event.empty()) one["events"].push_back(event);
  one["sources"] = sources_of(r.name);
  return one;
}

Json stage_json(const StageInfo& stage) {
  Json one = {{"stage", stage.name}, {"rule", stage.rule}, {"parts", Json::array()}};
  Sources sources;
  for (const StageInfo::Part& part : stage.parts) {
    one["parts"].push_back({{"name", part.name}, {"when", part.when}, {"source", part.source}});
    sources.add(part.source);
  }
  one["sources"] = sources.list();
  return one;
}

bool is_of_stage(const StageInfo& stage, const std::string& name) {
  if (name == stage.name) return true;
  return std::any_of(stage.parts.begin(), stage.parts.end(), [&](const StageInfo::Part& part) {
    return name == part.name || name == std::string(stage.name) + "." + part.name;
  });
}

// A request that no rule describes, and what it does to the state.
void find_request(const System& system, const std::string& name, Json& out) {
  for (const HarmlessRequest& r : system.info().harmless)
    if (r.name == name)
      out.push_back({{"request", name},
                     {"changes", Json::array()},
                     {"source", r.source},
                     {"sources", sources_of(r.source)}});
  const MayChange change = system.info().may_change(name, false, ~0ull);
  if (change.what != MayChange::What::parts) return;
  Json parts = Json::array();
  for (const std::string_view part : change.parts) parts.push_back(part);
  out.push_back(
      {{"request", name}, {"changes", parts}, {"also_when_failing", change.also_when_failing}});
}

// An id: what it says, and who cites it.
void find_reference(const std::string& name, Json& out) {
  const Reference* r = reference_to(name);
  if (r == nullptr) return;
  Json one = {{"id", r->id}, {"says", r->says}, {"from", r->from}, {"cited_by", Json::array()}};
  std::set<std::pair<PartKind, std::string>> seen;
  for (const NamedPart& part : checker::named_parts()) {
    if (part.kind == PartKind::effect) continue;  // its source is its rule's
    const std::vector<std::string> ids = ids_of_source(part.source);
    if (std::find(ids.begin(), ids.end(), name) == ids.end()) continue;
    if (seen.insert({part.kind, part.name}).second)
      one["cited_by"].push_back({{"kind", checker::name_of(part.kind)}, {"name", part.name}});
  }
  one["mentions"] = Json::array();
  for (const Mention& m : mentions_of(name))
    one["mentions"].push_back(
        {{"place", fmt::format("{}:{}", m.path, m.line.number)}, {"text", m.line.text}});
  out.push_back(std::move(one));
}

// The names of ioctls, constants and trace events in a syntax.
void add_words(std::string_view syntax, std::set<std::string>& out) {
  constexpr std::string_view of_word =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";
  while (!syntax.empty()) {
    const std::size_t end = std::min(syntax.find_first_not_of(of_word), syntax.size());
    const std::string_view word = syntax.substr(0, end);
    if (word.starts_with("KVM_") || word.starts_with("kvm_")) out.insert(std::string(word));
    syntax.remove_prefix(std::min(end + 1, syntax.size()));
  }
}

// Names like one that means nothing.
std::vector<std::string> names_like(const System& system, const std::string& name) {
  std::set<std::string> all;
  for (const NamedPart& part : checker::named_parts()) {
    all.insert(part.name);
    const bool is_of_rule = part.kind == PartKind::check || part.kind == PartKind::stage;
    if (is_of_rule) all.insert(part.name.substr(part.name.find('.') + 1));
  }
  for (const StageInfo& stage : system.info().stages) all.insert(stage.name);
  for (const Reference& r : references()) all.insert(std::string(r.id));
  for (const RuleInfo& rule : system.rules()) add_words(rule.syntax, all);
  constexpr std::size_t names_max = 4;
  return prove::nearest(name, {all.begin(), all.end()}, names_max);
}

int nothing_called(const System& system, const std::string& name) {
  const std::string like = fmt::format("{}", fmt::join(names_like(system, name), ", "));
  fmt::print(stderr,
             "assay: nothing in the specification is called '{}' (ioctl, rule, check, stage, "
             "invariant, property, register or id of a source){}; see assay spec list\n",
             name, like.empty() ? "" : "; nearest: " + like);
  return exit_usage;
}

// All that a profile's system calls so, and the claims and references of that name.
Json shown_by(const Profile& profile, const std::string& name) {
  const System& system = system_of(profile);
  Json out = Json::array();
  for (const Sysreg& r : system.info().registers)
    if (name == r.name) out.push_back(register_json(r));
  std::vector<const RuleInfo*> rules;
  for (const RuleInfo& rule : system.rules())
    if (name == rule.name || has_word(rule.syntax, name)) rules.push_back(&rule);
  constexpr std::size_t rules_in_full_max = 3;
  for (const RuleInfo* rule : rules) {
    if (rules.size() <= rules_in_full_max || name == rule->name)
      out.push_back(rule_json(profile, *rule));
    else out.push_back({{"rule", rule->name}, {"source", rule->source}, {"syntax", rule->syntax}});
  }
  find_request(system, name, out);
  find_checks(profile, name, out);
  for (const StageInfo& stage : system.info().stages)
    if (is_of_stage(stage, name)) out.push_back(stage_json(stage));
  for (const NamedPart& part : checker::named_parts())
    if (is_claim(part.kind) && part.name == name) out.push_back(claim_json(profile, part));
  find_reference(name, out);
  return out;
}

}  // namespace

int show(const Profile& profile, const std::string& name, bool json) {
  const System& system = system_of(profile);
  if (name.empty()) return nothing_called(system, name);
  Json out = shown_by(profile, name);
  // Of another system, as its usual profile has it.
  for (const System* other : all_systems())
    if (out.empty() && other != &system)
      out = shown_by(*find_profile(other->info().usual_profile), name);
  if (out.empty()) return nothing_called(system, name);
  if (json) fmt::print("{}\n", out.dump(2));
  else
    for (const Json& one : out) print_shown(one);
  return exit_ok;
}

}  // namespace assay::cli
