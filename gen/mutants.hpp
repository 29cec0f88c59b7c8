// Mutants of the specification: each check, guard or effect left out, and each two neighbouring
// checks in the wrong order.
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
  std::string first, second;  // ids of checks, or a place; second is empty where one is left out
};

// In the order of the specification. Swaps exist for neighbouring rejects with different errnos,
// and only where order is specified: under documented precedence any check that holds may answer.
std::vector<Mutant> enumerate_mutants(const Profile& profile);

// Everything that can be left out: each check and each guard of enumerate_mutants(), and then each
// effect, one mutant for each place of the text that makes it: "vcpu_init: omit
// vcpu[].features", and where a rule writes a place twice "vcpu[].features#2". A place of the text
// that writes several places of the state has one mutant, named after the first.
std::vector<Mutant> enumerate_left_out(const Profile& profile);

// Each freedom that can be left out: then it is never taken. "spe_write_pmbptr: drop
// write_while_enabled_ignored" is a PE that takes the write. What may fail for a reason that no
// state shows is one, too.
std::vector<Mutant> enumerate_freedoms(const Profile& profile);

}  // namespace assay::gen
