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
  u32 line;            // on which it stands in its file; 0 for one made by named()

  // Compiled in: hashing the id at each check once was half of what checking a trace cost. The line
  // fills what was padding; with the id it tells the place in the text (spec/text.hpp),
  // so that no check carries the name of its file.
  consteval Why(const char* the_id, const char* the_source, u32 the_line = __builtin_LINE())
      : id(the_id), source(the_source), hash(hash_of(the_id)), line(the_line) {}
  // Of an id that is only known at run time. It must live as long as the result.
  static constexpr Why named(const char* id) { return Why(hash_of(id), id); }

  static constexpr u32 hash_of(const char* text) {
    u32 h = 2166136261u;
    for (; *text != '\0'; ++text) h = (h ^ static_cast<unsigned char>(*text)) * 16777619u;
    return h;
  }

 private:
  constexpr Why(u32 the_hash, const char* the_id)
      : id(the_id), source(""), hash(the_hash), line(0) {}
};

}  // namespace assay
