// Shrinking a program to the few calls that matter.
//
// The oracle (a real kernel, perhaps) is expensive and the specification is cheap, so the
// specification goes first: the calls on which its own answer to the offending call depends are
// mostly the ones that matter. That slice is tried alone; what it lacks is found by halving the
// rest. The result is 1-minimal by the oracle's word: no operation can be deleted, together with
// those that need its handle, without losing the violation.
#pragma once
#include <atomic>
#include <functional>

#include "gen/program.hpp"

namespace assay::gen {

using StillFails = std::function<bool(const Program&)>;

struct MinimiseOptions {
  StillFails oracle;                        // required; "violates the same check"
  std::size_t operation = ~std::size_t{0};  // where the violation shows; beyond the end: unknown
  std::vector<u32> hint;                    // operations that matter, if the caller knows
  bool use_model = true;                    // find them by the specification otherwise
  bool simplify_arguments = true;
  u64 calls_max = 0;                        // 0: no limit
  const std::atomic<bool>* stop = nullptr;  // best so far is returned
  std::function<void(std::size_t operations, u64 calls)> on_progress;
};

struct MinimiseResult {
  Program program;
  bool reproduced = false;  // the oracle agreed about the program as given
  bool minimal = false;     // 1-minimal; false when a limit or a stop ended the search
  u64 calls = 0;            // of the oracle, all of them
  u64 deletion_calls = 0;   // those spent on deleting operations and proving that none is left
  u64 cached = 0;           // questions answered by the cache
};

MinimiseResult minimise(const Program& program, const MinimiseOptions& options);

// The operations of `p` on which the specification's answer to operation `at` depends: a 1-minimal
// set, `at` included.
std::vector<u32> model_slice(const Program& p, std::size_t at);

// `p` without the operations in `drop` and without those that lost their handle by it.
Program without(const Program& p, const std::vector<bool>& drop);

}  // namespace assay::gen
