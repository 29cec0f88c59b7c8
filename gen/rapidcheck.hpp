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

}  // namespace assay::gen

namespace rc {
inline void showValue(const assay::gen::Program& p, std::ostream& out) {
  out << assay::gen::text_of(p);
}
}  // namespace rc
