// The Symbolic domain as proofs use it: choices have names that repeat when a step is built
// again, and each check leaves the condition under which it decides.
#pragma once
#include <string>
#include <vector>

#include "model/symbolic.hpp"

namespace assay::prove {

// What one step leaves behind besides its result.
struct StepWatch {
  struct Mark {
    std::string id;
    u32 hash;
    Errno code;
    VerbKind kind;
    SymFlag before;  // rejecting verbs: no earlier check has fired; require: legal up to it
  };
  std::string prefix;              // of the names of choices
  const SymFlag* live = nullptr;   // the step's own "no check has fired"
  const SymFlag* legal = nullptr;  // the step's own conjunction of requires
  std::vector<Mark> marks;
  std::vector<z3::expr> choices;
};

template <Shape S>
struct ProofIn : SymbolicIn<S> {
  static inline thread_local StepWatch* watch = nullptr;

  // The same name for the same question of the same step: a rule and its mutant then share their
  // choices, and results do not depend on what a thread did before.
  static SymFlag fresh_choice(const Why& why) {
    std::string name =
        watch->prefix + ".choice" + std::to_string(watch->choices.size()) + "." + why.id;
    watch->choices.push_back(z3_context().bool_const(name.c_str()));
    return SymFlag(watch->choices.back());
  }
  static void on_check(const Why& why, Errno code, VerbKind kind) {
    if (kind == VerbKind::returns) return;
    const SymFlag& seen = kind == VerbKind::require ? *watch->legal : *watch->live;
    watch->marks.push_back({why.id, why.hash, code, kind, seen});
  }
};

}  // namespace assay::prove
