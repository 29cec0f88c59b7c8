// One path of rule instances, solved on its own: small terms, so that ordinary values can be
// preferred one by one.
#pragma once
#include "checker/prove/search.hpp"

namespace assay::prove {

struct Path {
  std::vector<Instance> instances;
  // What shall hold at its end, given the last step and the state after it.
  std::function<z3::expr(const StepTerms&, const Terms& after)> end;
};

// A history along the path, with small and ordinary values, replayed. `reason` says what failed.
SearchResult solve_path(const Job& job, const Path& path);

}  // namespace assay::prove
