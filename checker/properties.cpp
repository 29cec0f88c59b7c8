#include "checker/properties.hpp"

#include <algorithm>
#include <map>
#include <mutex>

#include "spec/properties.hpp"

namespace assay::checker {
namespace {

// Asks every property of the profile's that speaks of the event, and the questions when all claims
// are wanted.
template <class D>
void ask(const SystemState<D>& before, const Event& event, const SystemState<D>& after,
         const Profile& profile, Claims claims, const SayProperty<D>& promise,
         const SayProperty<D>& question) {
  if (!system_rules()[event.rule].is_of(profile)) return;
  system_ops<D>()[event.rule].with_call(event, [&](const Call<D>& call) {
    const Taken<D> taken{
        before, call, after, event.answer == Errno::ok, Word<D, 8>(static_cast<u64>(event.answer)),
        profile};
    for (const auto& property : system_claims<D>().properties) property(taken, promise);
    if (claims != Claims::all) return;
    for (const auto& property : system_claims<D>().questions) property(taken, question);
  });
}

std::vector<PropertyInfo> listed(const Profile& profile) {
  std::vector<PropertyInfo> out;
  const SystemState<Concrete> blank{};
  for (u32 rule = 0; rule < system_rules().size(); ++rule) {
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
    ask<Concrete>(blank, event, blank, profile, Claims::all, noted_as(true), noted_as(false));
  }
  return out;
}

template <class D>
std::vector<BrokenProperty> broken(const SystemState<D>& before, const Event& event,
                                   const SystemState<D>& after, const Profile& profile,
                                   Claims claims) {
  std::vector<BrokenProperty> out;
  const SayProperty<D> say = [&](const char* name, bool holds, const char* source) {
    if (!holds) out.push_back({name, source});
  };
  ask<D>(before, event, after, profile, claims, say, say);
  return out;
}

// What is listed of a profile, made when it is asked for first.
struct Known {
  std::vector<PropertyInfo> properties;
  std::vector<bool> promised, any;  // by rule: some property speaks of its events
};

Known known_of(const Profile& profile) {
  Known out{listed(profile), std::vector<bool>(system_rules().size()),
            std::vector<bool>(system_rules().size())};
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

std::vector<BrokenProperty> broken_properties(const SystemState<Recorded>& before,
                                              const Event& event,
                                              const SystemState<Recorded>& after,
                                              const Profile& profile, Claims claims) {
  return broken<Recorded>(before, event, after, profile, claims);
}

std::vector<BrokenProperty> broken_properties(const SystemState<Concrete>& before,
                                              const Event& event,
                                              const SystemState<Concrete>& after,
                                              const Profile& profile) {
  return broken<Concrete>(before, event, after, profile, Claims::all);
}

}  // namespace assay::checker
