// One check, guard, freedom, answer or effect of a rule, as plain data: what coverage, mutants,
// listings and reports count.
#pragma once
#include <string>
#include <vector>

#include "model/errno.hpp"
#include "model/why.hpp"

namespace assay {

enum class VerbKind : std::uint8_t { reject, may_fail, require, guard, choose, returns, set };

// An effect's id is the place it writes ("vcpu[].pmu.irq"), which outlives any reordering of the
// text; its source is the rule's.
struct CatalogEntry {
  std::string rule;
  std::string id;
  std::string source;
  Errno code;  // what it answers; ok for require, guard, choose, returns and effects
  VerbKind kind;
  u32 hash;
  u32 line = 0;  // of its file, where the text of a check stands; 0 for effects
  std::vector<u32> sites{};  // of an effect: where the rule writes the place (site_of())
};

}  // namespace assay
