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

}  // namespace

const std::vector<PropertyInfo>& properties_of(const Profile& profile) {
  static std::mutex mutex;
  static std::map<std::string, std::vector<PropertyInfo>, std::less<>> all;
  std::lock_guard lock(mutex);
  auto at = all.find(profile.name);
  if (at == all.end()) at = all.emplace(std::string(profile.name), listed(profile)).first;
  return at->second;
}

bool speaks_of(const Profile& profile, u32 rule, Claims claims) {
  const auto& all = properties_of(profile);
  return std::any_of(all.begin(), all.end(), [&](const PropertyInfo& p) {
    return (p.promised || claims == Claims::all) &&
           std::find(p.rules.begin(), p.rules.end(), rule) != p.rules.end();
  });
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
