// The buffer's interrupt of a vCPU with SPE.
#pragma once
#include "spec/kvm/vm.hpp"

namespace assay {

template <class D>
Flag<D> spe_owns(const Vcpu<D>& cpu, const Word<D, 32>& intid) {
  return cpu.spe.initialized && cpu.spe.irq == intid;
}

}  // namespace assay
