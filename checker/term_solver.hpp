// Asks Z3 for a witness: values of the unknowns under which all conditions hold.
#pragma once
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "model/terms.hpp"

namespace assay::checker {

// Something that is known to be true of the unknown values, and which of them it speaks of.
struct Constraint {
  PartialValue flag;
  std::vector<u32> symbols;
};

class TermSolver {
 public:
  enum class Answer : std::uint8_t { satisfied, impossible, undecided };
  struct Result {
    Answer answer = Answer::undecided;
    std::vector<std::pair<u32, u128>> witness;  // symbols with their new values, if satisfied
  };

  TermSolver();
  ~TermSolver();
  TermSolver(const TermSolver&) = delete;
  TermSolver& operator=(const TermSolver&) = delete;

  // Whether some values satisfy all of `wanted` together with those of `kept` that speak of the
  // same unknowns, directly or through others. The rest of `kept` stays satisfied by what the
  // witness says of its unknowns. Work is bounded by Z3's resource limit, not by a clock.
  Result solve(const Terms& terms, std::span<const Constraint> kept,
               std::span<const Constraint> wanted);
  // Z3's count of its work in all queries so far.
  u64 work() const { return work_; }

 private:
  struct Context;
  std::unique_ptr<Context> context_;  // of Z3, made for the first query
  u64 work_ = 0;
};

}  // namespace assay::checker
