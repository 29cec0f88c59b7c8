// The private interrupts of a vCPU's timers.
#pragma once
#include "spec/kvm/vm.hpp"

namespace assay {

inline constexpr u64 vtimer_ppi = 27, ptimer_ppi = 30;

template <class D>
Flag<D> vtimer_owns(const Vcpu<D>& cpu, const Word<D, 32>& intid) {
  return intid == vtimer_ppi && cpu.vtimer_claimed;
}
template <class D>
Flag<D> ptimer_owns(const Vcpu<D>& cpu, const Word<D, 32>& intid) {
  return intid == ptimer_ppi && cpu.ptimer_claimed;
}

}  // namespace assay
