// How traces exercised each check of a specification: both ways, one way, or not at all.
#pragma once
#include <vector>

#include "model/catalog_entry.hpp"
#include "model/coverage.hpp"
#include "traces/bind/binder.hpp"

namespace assay::checker {

enum class Exercised : std::uint8_t {
  both,        // evaluated to true and to false
  kept,        // a requirement, or a check of an event, which a conforming implementation never
               // breaks: it was evaluated and did not break
  only_held,   // never seen false
  never_held,  // evaluated, never seen true
  never,       // not evaluated
  foreign,     // not evaluated, and of hardware events, which a kernel's traces cannot hold
};

struct ExercisedCheck {
  const CatalogEntry* check;
  Coverage::Counter seen;
  Exercised how;
};

// One for each check of the profile, in the order of the specification.
std::vector<ExercisedCheck> exercised_checks(const traces::Binder& binder, const Profile& profile,
                                             const Coverage& coverage);

// Whether a side of the check is missing that some trace could show.
constexpr bool is_one_way(Exercised how) {
  return how == Exercised::only_held || how == Exercised::never_held || how == Exercised::never;
}
// "", "one way only", ...
const char* text_of(Exercised how);

}  // namespace assay::checker
