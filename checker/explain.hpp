// Why an event's answer is not allowed: the checks, the values they read, the lines that wrote
// those values.
#pragma once
#include "checker/verdict.hpp"
#include "checker/vm_states.hpp"

namespace assay::checker {

struct Explanation {
  std::vector<std::string> allowed;
  std::string check;  // the check that the observation contradicts
  std::vector<Reason> reasons;
};

// `state` is the state before the event. Runs the rule once more in the Tracked domain.
Explanation explain(const RecordedVm& state, const Event& e, const RuleInfo& rule,
                    const Profile& profile, const Mutation* mutation);

}  // namespace assay::checker
