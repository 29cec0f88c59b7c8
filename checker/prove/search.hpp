// Bounded search: the shortest history from reset that reaches a goal.
//
// All rules are one step, and an unknown picks which; depth by depth, so the first answer is a
// shortest one. What is found is then solved again along its own path alone, which is cheap, with
// ordinary values preferred, and replayed on the Concrete domain.
#pragma once
#include "checker/prove/obligations.hpp"

namespace assay::prove {

// A condition on a state that the history shall end in.
using Goal = std::function<z3::expr(const Encoding&, const Terms&)>;
// A last event and the check of it that shall decide; an empty check is "success".
struct LastCall {
  u32 rule = 0;
  u32 hash = 0;
  VerbKind kind = VerbKind::reject;
  bool success = false;
};
// A last event that breaks a property of steps.
SearchResult search_step(const Job& job, const std::string& property, unsigned depth);

// Invariants that the job's hypothesis assumes are taken to hold in every state after the first.
// `searched`: told each depth at which there was nothing. `objection`: why a history that was found
// will not do, empty when it will.
SearchResult search_state(const Job& job, const Goal& goal, unsigned depth,
                          const std::function<void(unsigned)>& searched = {},
                          const std::function<std::string(const History&)>& objection = {});
// Where search_state() found none: the shape with one more of those things of which a table that
// was full is the reason; all zeros when the rules are. Entries beyond a table are not followed, so
// whether there is a history in that shape remains to be searched.
Shape shape_beyond(const Job& job, const Goal& goal, unsigned depth);
// Several ends at once: answers in the order of `ends`, each with a shortest history.
std::vector<SearchResult> search_calls(const Job& job, const std::vector<LastCall>& ends,
                                       unsigned depth);

}  // namespace assay::prove
