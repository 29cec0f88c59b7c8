#include "model/bits.hpp"

#include <cstdio>
#include <cstdlib>

namespace assay {

// Always on: a wrapped constant makes proofs vacuous and verdicts wrong, silently.
void constant_does_not_fit(u64 value, u64 mask) {
  std::fprintf(stderr, "assay: internal error: constant %#llx does not fit a word of mask %#llx\n",
               static_cast<unsigned long long>(value), static_cast<unsigned long long>(mask));
  std::abort();
}

}  // namespace assay
