// Random states and arguments for tests, mostly small numbers: states that rules can tell apart,
// and states that no sequence of calls ever reaches.
#pragma once
#include <random>

#include "spec/system.hpp"

namespace assay::tests {

inline u64 random_value(std::mt19937_64& random) {
  u64 v = random();
  switch (random() % 6) {
    case 0: return 0;
    case 1: return v % 4;
    case 2: return v % 64;
    case 3: return (v % 64) * page_bytes;
    case 4: return (v % 16) * 0x10000;
    default: return v;
  }
}

template <class State>
State random_state(std::mt19937_64& random) {
  State state{};
  leaves([&](auto& leaf) { store(leaf, random_value(random)); }, state);
  return state;
}

template <class Rule>
Rule random_rule(std::mt19937_64& random, unsigned vcpus) {
  Rule rule{};
  walk_arguments(
      rule, [&](auto& leaf, unsigned) { store(leaf, random_value(random)); },
      [&](auto& handle) { handle.index = static_cast<unsigned>(random() % vcpus); });
  return rule;
}

}  // namespace assay::tests
