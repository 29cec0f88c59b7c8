// The identity of a check, an effect or a choice: a stable id and the source it comes from.
//
// The id is unique within its rule; "rule.id" is what coverage, mutants, SARIF and explanations
// use. It never changes when rules are reordered or edited, so results of different versions of
// the specification can be compared.
#pragma once
#include "model/bits.hpp"

namespace assay {

struct Why {
  const char* id;      // "no_pmu_feature"
  const char* source;  // "vcpu.rst 1.1 ENODEV; pmu-emul.c:kvm_arm_pmu_v3_set_attr"
  u32 hash;            // of the id

  constexpr Why(const char* the_id, const char* the_source)
      : id(the_id), source(the_source), hash(hash_of(the_id)) {}

  static constexpr u32 hash_of(const char* text) {
    u32 h = 2166136261u;
    for (; *text != '\0'; ++text) h = (h ^ static_cast<unsigned char>(*text)) * 16777619u;
    return h;
  }
};

}  // namespace assay
