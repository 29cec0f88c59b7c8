// A deliberate defect in the specification: one check left out, or two checks in the wrong order.
//
// The same mechanism serves two questions: "would anything notice if this check were wrong?"
// (mutation testing of corpus, proofs and fuzzing) and "is this check load-bearing for an
// invariant?" (severity: leave it out and prove again).
#pragma once
#include "model/why.hpp"

namespace assay {

struct Mutation {
  enum class Kind : std::uint8_t { none, drop, swap };
  Kind kind = Kind::none;
  u32 rule = 0;    // number of the rule in the system's list
  u32 first = 0;   // hash of the check's id
  u32 second = 0;  // swap: the check that comes after it in the text
};

}  // namespace assay
