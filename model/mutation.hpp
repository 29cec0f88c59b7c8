// A deliberate defect in the specification: a check or an effect left out, or two checks in the
// wrong order.
//
// The same mechanism serves two questions: "would anything notice if this were wrong?" (mutation
// testing of corpus, proofs and fuzzing) and "which claims does this carry?" (severity: leave it
// out and prove again).
#pragma once
#include <source_location>

#include "model/why.hpp"

namespace assay {

struct Mutation {
  // drop: a check, which then lets everything pass, a guard, which then never holds, or a freedom,
  // which then is never taken.
  // omit: an effect.
  enum class Kind : std::uint8_t { none, drop, swap, omit };
  Kind kind = Kind::none;
  u32 rule = 0;                    // number of the rule in the system's list
  u32 first = 0;                   // hash of the check's id; omit: site_of() the effect
  u32 second = 0;                  // swap: the check that comes after it in the text
  const Mutation* also = nullptr;  // left out together with it

  // Whether a part of this kind, of that rule and hash, is left out by it or by one of the others.
  constexpr bool leaves_out(Kind what, u32 of_rule, u32 part) const {
    for (const Mutation* m = this; m != nullptr; m = m->also)
      if (m->kind == what && m->rule == of_rule && m->first == part) return true;
    return false;
  }
};

// Which `set` of the text: a number of its file, line and column. It is the same in all domains of
// one build, whatever folder the sources lie in.
constexpr u32 site_of(const std::source_location& at) {
  const char* name = at.file_name();
  for (const char* c = name; *c != '\0'; ++c)
    if (*c == '/') name = c + 1;
  return (Why::hash_of(name) * 31 + at.line()) * 31 + at.column();
}

}  // namespace assay
