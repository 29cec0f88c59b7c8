// A condition over terms as a conjunction of clauses, as far as its form shows one.
#pragma once
#include <set>
#include <utility>
#include <vector>

#include "model/partial.hpp"

namespace assay::checker {

// A disjunction of terms, each as it is (true) or negated.
using Clause = std::set<std::pair<Terms::Id, bool>>;
using Clauses = std::set<Clause>;

// Their conjunction is the flag; none: it is true. A disjunction is spread over one conjunction in
// it; of more, it is a clause as a whole.
Clauses clauses_of(const Terms& terms, const PartialFlag& flag);

// The symbols in a clause.
std::vector<u32> symbols_of(const Terms& terms, const Clause& clause);

}  // namespace assay::checker
