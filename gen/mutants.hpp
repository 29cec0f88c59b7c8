// Mutants of the specification: each check left out, and each two neighbours in the wrong order.
//
// They are made from the catalog, so a new check has its mutants without further text.
#pragma once
#include <string>
#include <vector>

#include "model/errno.hpp"
#include "model/mutation.hpp"
#include "model/profile.hpp"

namespace assay::gen {

struct Mutant {
  Mutation mutation;
  std::string name;  // "pmu_set_irq: drop no_irqchip", "pmu_set_irq: swap a,b"
  std::string rule;
  std::string first, second;  // ids of checks; second is empty for a dropped one
};

// In the order of the specification. Swaps exist for neighbouring rejects with different errnos,
// and only where order is specified: under documented precedence any check that holds may answer.
std::vector<Mutant> enumerate_mutants(const Profile& profile);

}  // namespace assay::gen
