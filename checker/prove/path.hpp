// One path of rule instances, solved on its own: small terms, so that ordinary values can be
// preferred one by one.
#pragma once
#include "checker/prove/search.hpp"

namespace assay::prove {

struct LastStep {
  Instance instance;
  const Terms& before;
  std::string prefix;  // of its arguments
  const StepTerms& step;
};

struct Path {
  std::vector<Instance> instances;
  // What shall hold at its end.
  std::function<z3::expr(const LastStep&)> end;
};

// Whether a step can stand in a history: it is legal, and an event that traces show without an
// answer succeeds.
z3::expr can_be_shown(const System& system, const Instance& instance, const StepTerms& step);

// Gives the unknown host of a state ordinary values, as far as the solver's facts allow them.
void prefer_typical_host(const Job& job, const Terms& state, z3::solver& solver);

// A history along the path, with small and ordinary values, replayed. `reason` says what failed.
SearchResult solve_path(const Job& job, const Path& path);

}  // namespace assay::prove
