// What a predicate of `assay find` can ask about, and what histories are made of.
#pragma once
#include "checker/cli/cli.hpp"
#include "checker/prove/prove.hpp"

namespace assay::cli {

// Prints the leaves of the states of the options' shape with their types and the names of their
// values, the invariants, and the profile's rules with their checks. The status of the process.
int list_what_can_be_asked(const prove::Options& options, const Common& common);

}  // namespace assay::cli
