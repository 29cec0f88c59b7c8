// Replay with every resolution of the free choices, like an odometer.
#include "checker/prove/replay.hpp"

#include "checker/properties.hpp"

namespace assay::prove {
namespace {

// A rule asks at most this many questions; more would be an error in the specification.
constexpr unsigned resolutions_max = 4096;

bool agrees(const Event& event, const Step<Concrete>& k) {
  if (k.illegal() != nullptr) return false;
  if (k.code().value() != static_cast<u64>(event.answer)) return false;
  return !event.has_returned || !k.has_return() || k.returned().value() == event.returned;
}

}  // namespace

bool replay_event(const Event& event, const Profile& profile, const Mutation* mutation,
                  SystemState<Concrete>& state, const SystemState<Concrete>* expected) {
  Choices choices;
  StepContext context;
  context.profile = &profile;
  context.mutation = mutation;
  context.choices = &choices;
  context.rule = event.rule;
  for (unsigned i = 0; i < resolutions_max; ++i) {
    SystemState<Concrete> next = state;
    Step<Concrete> k(context);
    apply_rule(event, k, next);
    if (agrees(event, k) && (expected == nullptr || same_values(next, *expected))) {
      state = std::move(next);
      return true;
    }
    if (!choices.next()) return false;
  }
  return false;
}

std::optional<SystemState<Concrete>> replay(const History& history, const Profile& profile,
                                            const Mutation* mutation) {
  SystemState<Concrete> state = assay::system_of(profile).in<Concrete>().on_host(history.host);
  for (const Event& e : history.events)
    if (!replay_event(e, profile, mutation, state, nullptr)) return std::nullopt;
  return state;
}

std::vector<std::string> broken_invariants(const SystemState<Concrete>& state,
                                           const Profile& profile) {
  std::vector<std::string> broken;
  for (const Invariant<Concrete>& i : state.system().in<Concrete>().claims.invariants)
    if (i.applies(profile) && !i.holds(state)) broken.emplace_back(i.name);
  return broken;
}

std::vector<std::string> broken_by(const History& history, const Profile& profile,
                                   const Mutation* mutation) {
  if (history.events.empty()) return {};
  const History all_but_last{history.host, {history.events.begin(), history.events.end() - 1}};
  const auto before = replay(all_but_last, profile, mutation);
  if (!before) return {};
  SystemState<Concrete> after = *before;
  if (!replay_event(history.events.back(), profile, mutation, after, nullptr)) return {};
  std::vector<std::string> broken = broken_invariants(after, profile);
  const auto& properties = checker::properties_of(profile);
  for (const checker::BrokenProperty& p : properties.broken_by<Concrete>(
           {*before, history.events.back(), after}, checker::Claims::all))
    broken.emplace_back(p.name);
  return broken;
}

}  // namespace assay::prove
