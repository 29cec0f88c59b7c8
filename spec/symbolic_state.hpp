// States as formulas, of any system.
#pragma once
#include "model/symbolic.hpp"
#include "spec/system.hpp"

namespace assay {

// What the Symbolic domain can do with a system's states. Tables have the shape in use.
template <>
struct OnlyIn<Symbolic> {
  using State = SystemState<Symbolic>;
  // The host is the first of a state's leaves: how many they are.
  std::size_t (*host_leaves)() = nullptr;
  // What proofs assume: see host_assumptions.hpp of the system.
  SymFlag (*host_is_possible)(const State&) = nullptr;
  SymFlag (*fits_shape)(const State&) = nullptr;
  SymFlag (*is_made)(const State&) = nullptr;  // by the creating rule
  // The state that a model gives. Throws std::range_error for what has no 64 bits.
  SystemState<Concrete> (*decoded)(const z3::model&, const State&) = nullptr;
};

}  // namespace assay
