// One instance of every rule says what is said of it.
#include "checker/properties.hpp"

#include <algorithm>
#include <map>
#include <mutex>

namespace assay::checker {
namespace {

using D = Recorded;
using State = SystemState<D>;
using Say = SayProperty<D>;
using Ask = void (*)(const State&, const Event&, const State&, const Profile&, Claims,
                     const Say& promise, const Say& question);

template <class Rule>
void ask_one(const State& before, const Event& event, const State& after, const Profile& profile,
             Claims claims, const Say& promise, const Say& question) {
  if (!rule_is_of<Rule>(profile)) return;
  const Rule call = rule_of<Rule>(event);
  const Taken<D, Rule> taken{
      before, call, after, event.answer == Errno::ok, Word<D, 8>(static_cast<u64>(event.answer)),
      profile};
  each_property(taken, promise);
  if (claims == Claims::all) each_question(taken, question);
}

template <class... Rule>
std::vector<Ask> questions(TypeList<Rule...>) {
  return {&ask_one<Rule>...};
}
const std::vector<Ask>& ask() {
  static const std::vector<Ask> all = questions(SystemRules<D>{});
  return all;
}

std::vector<PropertyInfo> listed(const Profile& profile) {
  std::vector<PropertyInfo> out;
  const State blank{};
  for (u32 rule = 0; rule < ask().size(); ++rule) {
    Event event;
    event.rule = rule;
    auto noted_as = [&](bool promised) {
      return [&, promised](const char* name, bool, const char* source) {
        auto at =
            std::find_if(out.begin(), out.end(), [&](const auto& p) { return p.name == name; });
        if (at == out.end()) at = out.insert(out.end(), {name, source, {}, promised});
        at->rules.push_back(rule);
      };
    };
    ask()[rule](blank, event, blank, profile, Claims::all, noted_as(true), noted_as(false));
  }
  return out;
}

State recorded(const SystemState<Concrete>& state) {
  State out{};
  leaves([](auto& leaf, const auto& from) { store(leaf, raw(from)); }, out, state);
  return out;
}

// What is listed of a profile, made when it is asked for first.
struct Known {
  std::vector<PropertyInfo> properties;
  std::vector<bool> promised, any;  // by rule: some property speaks of its events
};

Known known_of(const Profile& profile) {
  Known out{listed(profile), std::vector<bool>(ask().size()), std::vector<bool>(ask().size())};
  for (const PropertyInfo& p : out.properties)
    for (const u32 rule : p.rules) {
      out.any[rule] = true;
      if (p.promised) out.promised[rule] = true;
    }
  return out;
}

const Known& known(const Profile& profile) {
  static std::mutex mutex;
  static std::map<std::string, Known, std::less<>> all;
  std::lock_guard lock(mutex);
  auto at = all.find(profile.name);
  if (at == all.end()) at = all.emplace(std::string(profile.name), known_of(profile)).first;
  return at->second;
}

}  // namespace

const std::vector<PropertyInfo>& properties_of(const Profile& profile) {
  return known(profile).properties;
}

const std::vector<bool>& rules_spoken_of(const Profile& profile, Claims claims) {
  const Known& k = known(profile);
  return claims == Claims::all ? k.any : k.promised;
}

std::vector<BrokenProperty> broken_properties(const State& before, const Event& event,
                                              const State& after, const Profile& profile,
                                              Claims claims) {
  std::vector<BrokenProperty> broken;
  const Say say = [&](const char* name, bool holds, const char* source) {
    if (!holds) broken.push_back({name, source});
  };
  ask()[event.rule](before, event, after, profile, claims, say, say);
  return broken;
}

std::vector<BrokenProperty> broken_properties(const SystemState<Concrete>& before,
                                              const Event& event,
                                              const SystemState<Concrete>& after,
                                              const Profile& profile) {
  return broken_properties(recorded(before), event, recorded(after), profile, Claims::all);
}

}  // namespace assay::checker
