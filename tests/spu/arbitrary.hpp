// Programs for an SPU as a RapidCheck generator. They shrink by deletion of runs of stimuli.
#pragma once
#include <rapidcheck.h>

#include "tests/spu/stimulus.hpp"

namespace assay::spu {

inline rc::Gen<Program> arbitrary_program(const GeneratorOptions& options = {}) {
  auto of_number = rc::gen::map(rc::gen::arbitrary<u64>(),
                                [options](u64 number) { return generate(0x5e, number, options); });
  return rc::gen::shrink(rc::gen::noShrink(of_number), [](const Program& p) {
    std::vector<Program> smaller;
    for (std::size_t run = p.stimuli.size(); run > 0; run /= 2)
      for (std::size_t at = 0; at < p.stimuli.size(); at += run)
        smaller.push_back(without(p, at, run));
    return rc::seq::fromContainer(std::move(smaller));
  });
}

}  // namespace assay::spu

namespace rc {
inline void showValue(const assay::spu::Program& p, std::ostream& out) {
  out << assay::spu::text_of(p);
}
}  // namespace rc
