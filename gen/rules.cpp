#include "gen/rules.hpp"

#include <algorithm>
#include <map>
#include <mutex>

#include "spec/system.hpp"

namespace assay::gen {
namespace {

using traces::Pattern;
using traces::PatternNode;

// Adds to `out` what must hold for a call spelt by `mine` to match `other` too. False: never.
bool compare(const PatternNode* mine, const PatternNode& other, Alias& out, bool& narrower) {
  using Kind = PatternNode::Kind;
  if (other.kind == Kind::literal) {
    narrower = narrower || mine == nullptr || mine->kind != Kind::literal;
    if (mine == nullptr) return false;
    if (mine->kind == Kind::literal) return mine->value == other.value;
    if (mine->kind != Kind::argument) return false;
    out.when.push_back({static_cast<unsigned>(mine->argument), other.value});
    return true;
  }
  if (other.kind != Kind::structure) return true;
  if (mine == nullptr || mine->kind != Kind::structure) return true;
  for (const PatternNode& child : other.children) {
    const PatternNode* same = nullptr;
    for (const PatternNode& c : mine->children)
      if (c.name == child.name) same = &c;
    if (!compare(same, child, out, narrower)) return false;
  }
  return true;
}

std::vector<Alias> aliases_of(const traces::Binder& binder, u32 rule) {
  std::vector<Alias> out;
  const Pattern& mine = binder.pattern(rule);
  for (u32 i = 0; i < binder.rule_count(); ++i) {
    const Pattern& other = binder.pattern(i);
    if (i == rule || other.is_event || other.request != mine.request || other.on != mine.on)
      continue;
    Alias alias;
    bool narrower = false, possible = other.arguments.size() == mine.arguments.size();
    for (std::size_t a = 0; possible && a < mine.arguments.size(); ++a)
      possible = compare(&mine.arguments[a], other.arguments[a], alias, narrower);
    if (possible && narrower && !alias.when.empty()) out.push_back(alias);
  }
  return out;
}

void collect_arguments(const PatternNode& node, std::vector<unsigned>& out) {
  if (node.argument >= 0)
    for (unsigned i = 0; i < node.elements; ++i)
      out.push_back(static_cast<unsigned>(node.argument) + i);
  for (const PatternNode& child : node.children) collect_arguments(child, out);
}

void collect_hidden(const PatternNode& node, std::vector<RuleFacts::Hides>& out) {
  if (node.unreadable >= 0) {
    out.push_back({static_cast<unsigned>(node.unreadable), {}});
    collect_arguments(node, out.back().arguments);
  }
  for (const PatternNode& child : node.children) collect_hidden(child, out);
}

RuleFacts facts_of(const traces::Binder& binder, u32 rule) {
  RuleFacts f;
  const RuleInfo& info = binder.rule(rule);
  const Pattern& pattern = binder.pattern(rule);
  f.on = pattern.on;
  f.makes = pattern.makes;
  f.returns_it = pattern.makes != HandleKind::none && !pattern.made_in_struct;
  f.is_call = !pattern.is_event;
  f.task = info.position("task");
  f.cpu = info.position("cpu");
  f.id = info.position("id");
  f.answers_from = static_cast<unsigned>(info.arguments.size());
  for (unsigned i = 0; i < info.arguments.size(); ++i) {
    if (info.arguments[i].is_answer) {
      if (i < f.answers_from) f.answers_from = i;
    } else if (static_cast<int>(i) != f.task && static_cast<int>(i) != f.cpu) {
      f.inputs.push_back(i);
      if (means_untold(info.arguments[i])) f.untold |= Arguments{1} << i;
    }
  }
  if (std::string_view(info.constants) == "flags=KVM_MEM_") {
    f.dirty_flags = info.position("flags");
    f.dirty_size = info.position("memory_size");
  }
  for (const PatternNode& node : pattern.arguments) collect_hidden(node, f.hides);
  if (f.is_call) f.aliases = aliases_of(binder, rule);
  return f;
}

}  // namespace

bool means_untold(const ArgumentInfo& info) {
  const u64 ones = info.width >= 64 ? ~u64{0} : (u64{1} << info.width) - 1;
  return info.width > 1 && info.initial == ones;
}

Rules::Rules(const System& system) : infos_(system.rules()), binder_(traces::Binder::of(system)) {
  for (u32 i = 0; i < infos_.size(); ++i) {
    facts_.push_back(facts_of(binder_, i));
    Event& e = blanks_.emplace_back();
    e.rule = i;
    for (std::size_t a = 0; a < infos_[i].arguments.size(); ++a)
      e.value[a] = infos_[i].arguments[a].initial;
    for (HandleKind kind : facts_[i].on) {
      const bool is_object = kind != HandleKind::system && kind != HandleKind::machine;
      if (facts_[i].is_call && is_object &&
          std::find(acted_on_.begin(), acted_on_.end(), kind) == acted_on_.end())
        acted_on_.push_back(kind);
    }
  }
}

const Rules& Rules::of(const System& system) {
  static std::mutex mutex;
  static std::map<const System*, Rules> made;
  const std::lock_guard lock(mutex);
  return made.try_emplace(&system, system).first->second;
}

Object Rules::object_of(HandleKind kind, const Event& e) {
  return {kind, kind == HandleKind::system ? 0 : e.vm, is_counted(kind) ? e.handle : 0};
}

HandleKind Rules::made_by(const Event& e) const {
  const RuleFacts& f = facts_[e.rule];
  if (f.makes != HandleKind::device) return f.makes;
  return infos_[e.rule].makes == nullptr ? HandleKind::none
                                         : handle_kind_named(infos_[e.rule].makes(e));
}

bool Rules::is_alias(const Event& e) const {
  for (const Alias& alias : facts_[e.rule].aliases) {
    bool all = true;
    for (const Alias::Equal& q : alias.when) all = all && e.value[q.argument] == q.value;
    if (all) return true;
  }
  return false;
}

std::vector<std::vector<Check>> checks_by_rule(const Profile& profile) {
  const Rules& rules = Rules::of(profile);
  std::vector<std::vector<Check>> out(rules.count());
  for (const CatalogEntry& c : system_catalog(profile))
    if (c.kind != VerbKind::set)
      out[rules.system().rule_named(c.rule)].push_back({c.id, c.code, c.kind, c.hash});
  return out;
}

}  // namespace assay::gen
