// What KVM_ARM_VCPU_INIT does to registers that are followed.
#pragma once
#include "spec/kvm/stage.hpp"

namespace assay {

// Until SVE is finalised every reset chooses the vector lengths of the host again.
template <class D>
void registers_after_init(Step<D>& k, Vm<D>& vm, const NewFeatures<D>& made) {
  Vcpu<D>& cpu = vm.vcpu[made.vcpu.index];
  k.when(!cpu.sve_finalized, [&] { k.set(cpu.registers.vector_lengths, Word<D, 16>(0)); });
}

}  // namespace assay
