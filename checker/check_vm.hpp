// What the checker keeps of one VM of a trace; for check.cpp and check_unanswered.cpp only.
#pragma once
#include "checker/check.hpp"

namespace assay::checker {

// One VM of the trace. VM 0 stands for /dev/kvm itself: a VM never created, for rules about the
// system descriptor.
struct Checker::Vm {
  std::optional<VmStates> states;    // known arguments only
  std::optional<UnknownVm> unknown;  // from the first hidden argument on
  std::uint32_t references = 0;      // descriptors that keep it alive
  std::vector<std::uint32_t> made;   // by kind: created so far, and the index of the next one
  bool violated = false;
  bool lost = false;  // no longer followed
  std::string ends;   // why the next call on it will find it lost; empty: it will not
};

}  // namespace assay::checker
