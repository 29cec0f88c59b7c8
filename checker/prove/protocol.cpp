#include "checker/prove/protocol.hpp"

#include <algorithm>

namespace assay::prove {
namespace {

constexpr std::string_view after = "after_";

// The checks of one rule that ask for earlier steps, in the order of the text.
struct Asks {
  std::string rule;
  std::vector<std::string> steps;
  bool once = false;

  bool has(const std::string& step) const {
    return std::find(steps.begin(), steps.end(), step) != steps.end();
  }
};

std::vector<Asks> asking_rules(const Profile& profile) {
  std::vector<Asks> out;
  for (const CatalogEntry& e : system_catalog(profile)) {
    const std::string_view id = e.id;
    if (e.kind != VerbKind::require && e.kind != VerbKind::reject) continue;
    if (out.empty() || out.back().rule != e.rule) out.push_back({std::string(e.rule), {}, false});
    Asks& asks = out.back();
    asks.once = asks.once || id == "once";
    if (!id.starts_with(after)) continue;
    std::string step(id.substr(after.size()));
    if (!asks.has(step)) asks.steps.push_back(std::move(step));
  }
  return out;
}

const Asks* last_of(const std::vector<Asks>& rules) {
  const auto at = std::max_element(rules.begin(), rules.end(), [](const Asks& a, const Asks& b) {
    return a.steps.size() < b.steps.size();
  });
  return at == rules.end() || at->steps.empty() ? nullptr : &*at;
}

void drop(const Profile& profile, Departure& d, const std::string& rule, const std::string& id) {
  Mutation m;
  m.kind = Mutation::Kind::drop;
  m.rule = assay::system_of(profile).rule_named(rule);
  m.first = Why::hash_of(id.c_str());
  m.also = d.mutations.empty() ? nullptr : &d.mutations.back();
  d.mutations.push_back(m);
  d.dropped.push_back(rule + "." + id);
}

// The rules by which a step begins: they ask for the step before it and not for itself.
std::vector<const Asks*> beginnings(const std::vector<Asks>& rules,
                                    const std::vector<std::string>& steps, std::size_t step) {
  std::vector<const Asks*> out;
  for (const Asks& r : rules)
    if (step == 0 ? r.rule == steps[0] : r.has(steps[step - 1]) && !r.has(steps[step]))
      out.push_back(&r);
  return out;
}

}  // namespace

std::vector<std::string> protocol_of(const Profile& profile) {
  const std::vector<Asks> rules = asking_rules(profile);
  const Asks* last = last_of(rules);
  if (last == nullptr) return {};
  std::vector<std::string> steps = last->steps;
  steps.push_back(last->rule);
  return steps;
}

std::string Departure::text() const {
  switch (kind) {
    case Kind::swapped: return "`" + next + "` before `" + step + "`";
    case Kind::left_out: return "no `" + step + "`";
    case Kind::again: return "`" + step + "` twice";
  }
  return "";
}

std::string Departure::file_name() const {
  switch (kind) {
    case Kind::swapped: return next + "-before-" + step;
    case Kind::left_out: return "no-" + step;
    case Kind::again: return step + "-twice";
  }
  return "";
}

std::deque<Departure> departures_of(const Profile& profile) {
  const std::vector<Asks> rules = asking_rules(profile);
  const std::vector<std::string> steps = protocol_of(profile);
  std::deque<Departure> out;
  for (std::size_t i = 0; i + 1 < steps.size(); ++i) {
    Departure& d = out.emplace_back();
    d.kind = Departure::Kind::swapped;
    d.step = steps[i];
    d.next = steps[i + 1];
    for (const Asks* r : beginnings(rules, steps, i + 1))
      drop(profile, d, r->rule, std::string(after) + d.step);
  }
  for (std::size_t i = 0; i + 1 < steps.size(); ++i) {
    Departure& d = out.emplace_back();
    d.kind = Departure::Kind::left_out;
    d.step = steps[i];
    for (const Asks& r : rules)
      if (r.has(d.step)) drop(profile, d, r.rule, std::string(after) + d.step);
  }
  for (std::size_t i = 0; i < steps.size(); ++i) {
    Departure& d = out.emplace_back();
    d.kind = Departure::Kind::again;
    d.step = steps[i];
    for (const Asks* r : beginnings(rules, steps, i))
      if (r->once) drop(profile, d, r->rule, "once");
  }
  return out;
}

Report prove_under(Options options, const Departure& departure) {
  options.mutation = departure.mutations.empty() ? nullptr : &departure.mutations.back();
  if (departure.kind == Departure::Kind::left_out) options.without.push_back(departure.step);
  return prove(options);
}

std::string first_forbidden(const History& history, const Profile& profile) {
  const System& system = assay::system_of(profile);
  SystemState<Concrete> state = system.in<Concrete>().on_host(history.host);
  for (const Event& event : history.events) {
    StepContext context;
    context.profile = &profile;
    context.rule = event.rule;
    Step<Concrete> k(context);
    apply_rule(event, k, state);
    const char* by = k.illegal() != nullptr ? k.illegal() : k.decided_by();
    if (by != nullptr) return std::string(system.rules()[event.rule].name) + "." + by;
  }
  return "";
}

}  // namespace assay::prove
