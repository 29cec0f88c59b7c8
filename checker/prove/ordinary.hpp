// What a state is that somebody wants to see: a VM that exists, PEs that have what is asked about.
// Systems say it (SystemInfo::ordinary).
#pragma once
#include "checker/prove/predicate.hpp"
#include "spec/system.hpp"

namespace assay::prove {

struct Ordinary {
  Predicate predicate;            // together with the conditions that concern it
  std::vector<std::string> what;  // they say, in words
};
// The conditions of the system that concern a predicate, joined to it. One that reads a leaf that
// the predicate names by itself is left out: it was asked for.
Ordinary of_ordinary_states(const Predicate& predicate, const StateNames& names,
                            const System& system);

}  // namespace assay::prove
