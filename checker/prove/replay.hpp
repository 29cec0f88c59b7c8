// Runs a history on the Concrete domain: nothing that a solver says is shown before this agrees.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "checker/prove/prove.hpp"

namespace assay::prove {

// Applies one event; the free choices are resolved so that the answer and, if given, the state
// come out as expected. False when no resolution does that, or when the event is not legal.
bool replay_event(const Event& event, const Profile& profile, const Mutation* mutation,
                  SystemState<Concrete>& state, const SystemState<Concrete>* expected);

// The state after a history. Nothing when the specification answers otherwise.
std::optional<SystemState<Concrete>> replay(const History& history, const Profile& profile,
                                            const Mutation* mutation);

// The profile's invariants that a state breaks.
std::vector<std::string> broken_invariants(const SystemState<Concrete>& state,
                                           const Profile& profile);
// The invariants that its last state breaks, and the properties that its last event breaks.
std::vector<std::string> broken_by(const History& history, const Profile& profile,
                                   const Mutation* mutation);

}  // namespace assay::prove
