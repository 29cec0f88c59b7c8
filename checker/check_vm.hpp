// What the checker keeps of one VM of a trace; for check*.cpp only.
#pragma once
#include <algorithm>

#include "checker/check.hpp"

namespace assay::checker {

// One VM of the trace. VM 0 stands for /dev/kvm itself: a VM never created, for rules about the
// system descriptor.
struct Checker::Vm {
  std::optional<VmStates> states;    // known arguments only
  std::optional<UnknownVm> unknown;  // from the first hidden argument on
  std::uint32_t references = 0;      // descriptors that keep it alive
  std::vector<std::uint32_t> made;   // by kind: created so far, and the index of the next one
  std::vector<u32> broken;           // invariants that its state breaks, as far as was judged
  std::uint64_t judged = 0;          // events after which invariants were judged
  bool has_long_table = false;       // as it was not long ago
  bool violated = false;
  bool lost = false;  // no longer followed
  std::string ends;   // why the next call on it will find it lost; empty: it will not

  bool keeps(u32 invariant) const {
    return std::find(broken.begin(), broken.end(), invariant) == broken.end();
  }
};

}  // namespace assay::checker
