#include "checker/explain.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "checker/leaf_text.hpp"
#include "model/tracked.hpp"
#include "spec/text.hpp"

namespace assay::checker {
namespace {

using Seen = CheckSeen<Tracked>;

// Which leaf (by number) is called what, holds what, and was written by which line.
class LeafTable {
 public:
  explicit LeafTable(const RecordedVm& state) {
    const LeafText& text = LeafText::of(state.system());
    state.each_named_leaf([&](const std::string& path, const PlainLeaf& leaf) {
      Because row;
      row.place = path;
      row.value = leaf.value();
      row.line = leaf.by();
      row.field = text.field(path);
      row.shown = text.value(path, row.value);
      rows_.push_back(std::move(row));
    });
  }
  std::vector<Because> of(const Causes& causes) const {
    std::vector<Because> out;
    for (unsigned i = 0; i < causes.size(); ++i) out.push_back(rows_[causes[i]]);
    return out;
  }

 private:
  std::vector<Because> rows_;
};

// What a requirement says stands in the specification's text and nowhere else.
void quote(const Seen& seen, const RuleInfo& rule, const System& system, const Profile& profile,
           Reason& out) {
  for (const CatalogEntry& entry : system.catalog(profile)) {
    if (entry.id != seen.id || entry.rule != std::string_view(rule.name)) continue;
    const std::vector<Excerpt> found = text_of_check(seen.id, seen.source, entry.line);
    if (found.empty()) continue;
    out.place = found.front().place();
    const std::vector<TextLine>& lines = found.front().lines;
    const std::size_t indent = lines.empty() ? 0 : lines.front().text.find_first_not_of(' ');
    for (const TextLine& line : lines)
      out.text.emplace_back(line.text.substr(std::min(indent, line.text.find_first_not_of(' '))));
    return;
  }
}

Reason reason_of(const Seen& seen, const RuleInfo& rule, const LeafTable& leaves) {
  Reason out;
  out.check = fmt::format("{}.{}", rule.name, seen.id);
  out.source = seen.source;
  out.code = seen.code;
  out.held = seen.condition.value;
  out.because = leaves.of(seen.condition.from);
  return out;
}

// Every answer the specification permits.
std::vector<std::string> allowed_answers(const Step<Tracked>& k, const std::vector<Seen>& checks,
                                         const Profile& profile) {
  std::vector<std::string> out;
  auto add = [&](std::string text) {
    for (const std::string& known : out)
      if (known == text) return;
    out.push_back(std::move(text));
  };
  bool documented = profile.precedence == Precedence::documented;
  for (const Seen& c : checks)
    if (c.code != Errno::ok && c.condition.value && (c.decided || documented))
      add(std::string(name_of(c.code)));
  if (k.ok().value)
    add(k.has_return() ? fmt::format("0x{:x}", k.returned().value.value())
                       : std::string("success"));
  return out;
}

}  // namespace

Explanation explain(const RecordedVm& state, const Event& e, const RuleInfo& rule,
                    const Profile& profile, const Mutation* mutation) {
  LeafTable leaves(state);
  SystemState<Tracked> tracked = state.system().in<Tracked>().copied(state);
  StepContext context;
  context.profile = &profile;
  context.mutation = mutation;
  context.rule = e.rule;
  context.knows_observed = true;  // failures outside the model would have matched
  context.observed = Errno::ok;
  Step<Tracked> k(context);
  apply_rule(e, k, tracked);

  Explanation out;
  out.allowed = allowed_answers(k, k.checks, profile);
  const Seen* decided = nullptr;
  for (const Seen& c : k.checks)
    if (c.decided && c.code != Errno::ok) decided = &c;
  if (decided != nullptr) {
    out.check = fmt::format("{}.{}", rule.name, decided->id);
    out.reasons.push_back(reason_of(*decided, rule, leaves));
  }
  // The checks that would have given the observed answer, and the broken requirement.
  for (const Seen& c : k.checks) {
    bool gives_observed = e.answer != Errno::ok && c.code == e.answer && &c != decided;
    bool broken = e.answer == Errno::ok && c.code == Errno::ok && c.decided;
    if (!gives_observed && !broken) continue;
    out.reasons.push_back(reason_of(c, rule, leaves));
    if (broken) quote(c, rule, state.system(), profile, out.reasons.back());
    if (out.check.empty() && broken) out.check = fmt::format("{}.{}", rule.name, c.id);
  }
  if (out.check.empty() && k.has_return() && e.answer == Errno::ok)
    out.check = fmt::format("{}.{}", rule.name, k.returns_by());
  if (out.check.empty()) out.check = fmt::format("{}.success", rule.name);
  return out;
}

}  // namespace assay::checker
