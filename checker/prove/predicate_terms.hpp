// A predicate as a formula over a state of the search.
#pragma once
#include "checker/prove/encoding.hpp"
#include "checker/prove/predicate.hpp"

namespace assay::prove {

// `predicate` was read with the names of the encoding's shape.
z3::expr formula_of(const Predicate& predicate, const Encoding& encoding, const Terms& state);

}  // namespace assay::prove
