// Whether an answer follows from the specification: what a checker and a generator ask of each
// call.
#pragma once
#include "model/event.hpp"
#include "model/step.hpp"

namespace assay {

// Whether the step that applied the rule of `e`, with what was observed in its context, gives the
// answer that `e` has. Under documented precedence any check that holds may answer. A number that
// was returned counts where the rule says which it is.
template <class D>
requires(!D::merges) bool explains(const Step<D>& k, const Event& e, const Profile& profile) {
  if (e.answer != Errno::ok) {
    if (k.ok()) return false;
    if (k.code().value() == static_cast<u64>(e.answer)) return true;
    return profile.precedence == Precedence::documented && k.held().has(e.answer);
  }
  if (!k.ok() || k.illegal() != nullptr) return false;
  return !k.has_return() || !e.has_returned || k.returned().value() == e.returned;
}

}  // namespace assay
