// One instance of every rule says what is said of it.
#include "checker/prove/properties.hpp"

#include <algorithm>
#include <map>
#include <mutex>

namespace assay::prove {
namespace {

using State = SystemState<Concrete>;
using Say = SayProperty<Concrete>;
using Ask = void (*)(const State&, const Event&, const State&, const Profile&, const Say&);

template <class Rule>
void ask_one(const State& before, const Event& event, const State& after, const Profile& profile,
             const Say& say) {
  if (!rule_is_of<Rule>(profile)) return;
  const Rule call = rule_of<Rule>(event);
  each_property(Taken<Concrete, Rule>{before, call, after, event.answer == Errno::ok, profile},
                say);
}

template <class... Rule>
std::vector<Ask> questions(TypeList<Rule...>) {
  return {&ask_one<Rule>...};
}
const std::vector<Ask>& ask() {
  static const std::vector<Ask> all = questions(SystemRules<Concrete>{});
  return all;
}

std::vector<PropertyInfo> listed(const Profile& profile) {
  std::vector<PropertyInfo> out;
  const State blank{};
  for (u32 rule = 0; rule < ask().size(); ++rule) {
    Event event;
    event.rule = rule;
    ask()[rule](blank, event, blank, profile, [&](const char* name, bool, const char* source) {
      auto at = std::find_if(out.begin(), out.end(), [&](const auto& p) { return p.name == name; });
      if (at == out.end()) at = out.insert(out.end(), {name, source, {}});
      at->rules.push_back(rule);
    });
  }
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

std::vector<std::string> broken_properties(const SystemState<Concrete>& before, const Event& event,
                                           const SystemState<Concrete>& after,
                                           const Profile& profile) {
  std::vector<std::string> broken;
  ask()[event.rule](before, event, after, profile, [&](const char* name, bool holds, const char*) {
    if (!holds) broken.emplace_back(name);
  });
  return broken;
}

}  // namespace assay::prove
