// A VM of which the trace does not tell everything: arguments behind opaque pointers, an unknown
// host. Its state is symbolic; a step is allowed when some values of the unknowns explain it.
//
// Nothing is guessed: an answer violates only when no assignment of all unknowns so far, together
// with all earlier answers, permits it. Solver bounds are rlimit; an undecided query keeps the
// state (the answer counts as permitted) and is reported.
#pragma once
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "checker/vm_states.hpp"

namespace assay::checker {

class UnknownVm {
 public:
  // exhausted: the budget was spent before this call, which was not looked at.
  enum class Outcome : std::uint8_t { possible, impossible, undecided, exhausted };

  // Continues from the states that explained the trace so far, on that known host.
  UnknownVm(const std::vector<std::unique_ptr<RecordedVm>>& states, const Profile& profile);
  // A new VM on a host of which nothing is known.
  explicit UnknownVm(const Profile& profile);
  ~UnknownVm();
  UnknownVm(UnknownVm&&) noexcept;

  // `rules` are the rules the call may belong to; for more than one, `e`'s arguments are unknown.
  // `may_be_other`: the call may also be one that no rule describes and that changes nothing here.
  Outcome step(const Event& e, std::span<const std::uint32_t> rules, bool may_be_other);
  // After impossible: every errno (or success) that would have been permitted.
  std::vector<std::string> allowed(const Event& e, std::span<const std::uint32_t> rules);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace assay::checker
