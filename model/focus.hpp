// What an invariant is asked about after a step: while a Focus lives, all() and all_pairs() of its
// thread visit only the entries of tables that the step's journal names (of long tables). Loops
// inside the body of such a loop visit every entry.
//
// Only for invariants that say one thing of each entry, or of each pair, and that held before the
// step (checker/invariants.hpp finds out which do).
#pragma once
#include "model/journal.hpp"

namespace assay {

// Null: loops visit every entry.
inline constinit thread_local const Journal* focus_in_use = nullptr;

class Focus {
 public:
  explicit Focus(const Journal* step) : outer_(focus_in_use) { focus_in_use = step; }
  ~Focus() { focus_in_use = outer_; }
  Focus(const Focus&) = delete;
  Focus& operator=(const Focus&) = delete;

 private:
  const Journal* outer_;
};

}  // namespace assay
