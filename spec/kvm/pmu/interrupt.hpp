// The overflow interrupt of a vCPU's PMU.
#pragma once
#include "spec/kvm/vm.hpp"

namespace assay {

template <class D>
Flag<D> pmu_owns(const Vcpu<D>& cpu, const Word<D, 32>& intid) {
  return cpu.pmu.created && cpu.pmu.irq == intid;
}

}  // namespace assay
