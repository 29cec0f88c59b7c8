// The shortest history from reset to a state that satisfies a predicate.
#pragma once
#include <memory>
#include <optional>
#include <string>

#include "checker/prove/predicate.hpp"
#include "checker/prove/prove.hpp"

namespace assay::prove {

// The names of the states of the options' shape; nothing when a table of it is empty.
std::optional<StateNames> state_names(const Options& options);

// Whether a state of the shape satisfies a predicate that was read with its names.
bool holds_in(const Predicate& predicate, const StateNames& names,
              const SystemState<Concrete>& state);

// The end of a history as a place to search from. The host's limits are taken to be those of the
// shape. Nothing, and why, when the specification answers the history otherwise, or when its state
// does not fit the options' shape.
std::shared_ptr<const Start> start_after(const History& history, const Options& options,
                                         std::string& why);

// Looks at reset, then at one event, two events, ... up to options.depth. Invariants are not
// assumed, so a predicate may ask for a broken one. What is found was replayed on the Concrete
// domain and satisfies the predicate there, and options.objection had nothing against it; histories
// of the solver's that are otherwise are left out and counted, and too many are a `disagreement`.
// With options.after it looks there instead of at reset, and what is found begins with its history;
// the result's depth counts the events that were added.
// Where nothing is found the result says whether a table of the shape that was full may be why.
// Uses of `options`: the shape, profile, after, objection, mutation, depth, rlimit, progress
// (depths done) and stop.
SearchResult find(const Options& options, const Predicate& predicate);

}  // namespace assay::prove
