// The generators as RapidCheck generators, for property tests. Programs shrink by deletion of
// operations, closed under their dependencies.
#pragma once
#include <rapidcheck.h>

#include "gen/generator.hpp"
#include "gen/minimise.hpp"

namespace assay::gen {

// `generator` must outlive the Gen; it is used by one thread at a time, as RapidCheck itself is.
inline rc::Gen<Program> arbitrary_program(Generator& generator) {
  auto of_number = rc::gen::map(rc::gen::arbitrary<u64>(),
                                [&generator](u64 number) { return generator.program(number); });
  return rc::gen::shrink(rc::gen::noShrink(of_number), [](const Program& p) {
    std::vector<Program> smaller;
    for (std::size_t run = p.operations.size(); run > 0; run /= 2)
      for (std::size_t at = 0; at < p.operations.size(); at += run) {
        std::vector<bool> drop(p.operations.size());
        for (std::size_t i = at; i < at + run && i < drop.size(); ++i) drop[i] = true;
        smaller.push_back(without(p, drop));
      }
    return rc::seq::fromContainer(std::move(smaller));
  });
}

// A call of one rule on a VM that a program of the generator left behind.
inline rc::Gen<Event> arbitrary_event(u32 rule, const Knowledge& knowledge, World& world,
                                      Operation where) {
  return rc::gen::map(rc::gen::arbitrary<u64>(), [=, &knowledge, &world](u64 number) {
    Random random(rule, number);
    return generate_event(rule, knowledge, world, where, random);
  });
}

}  // namespace assay::gen

namespace rc {
inline void showValue(const assay::gen::Program& p, std::ostream& out) {
  out << assay::gen::text_of(p);
}
}  // namespace rc
