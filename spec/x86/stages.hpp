// Points of rules at which several subjects act, as spec/kvm/stages.hpp lists them for arm64: who
// does, in the order of the implementation. What a subject does there stands in its own folder.
#pragma once
#include <array>

#include "spec/x86/vm.hpp"

namespace assay::x86 {

// KVM_CHECK_EXTENSION: the capability that is asked for.
template <class D>
void answer_extension(Step<D>& k, const Word<D, 32>& cap, u64 number, const Word<D, 64>& value,
                      const Why& why) {
  k.when(cap == number, [&] { k.returns(value, why); });
}

// KVM_CHECK_EXTENSION of what subjects bring.
template <class D>
void at_check_extension(Step<D>&, const Vm<D>&, const Word<D, 32>&) {}

// KVM_CREATE_VCPU has made a vCPU.
template <class D>
void after_vcpu_creation(Step<D>&, Vm<D>&, Vcpu<D>&) {}

// The guest is about to be entered, and was left.
template <class D>
void at_guest_entry(Step<D>&, Vm<D>&, Vcpu<D>&) {}
template <class D>
void at_guest_exit(Step<D>&, Vm<D>&, Vcpu<D>&) {}

}  // namespace assay::x86
