// Points of rules at which several subjects act, as spec/kvm/stages.hpp lists them for arm64: who
// does, in the order of the implementation. What a subject does there stands in its own folder.
#pragma once
#include <array>

#include "spec/x86/pebs/switch.hpp"
#include "spec/x86/tsc/sync.hpp"

namespace assay::x86 {

// KVM_CHECK_EXTENSION of what subjects bring.
template <class D>
void at_check_extension(Step<D>& k, const Vm<D>& vm, const Word<D, 32>& cap) {
  tsc_extensions<D>(k, vm, cap);
}

// KVM_CREATE_VCPU has made a vCPU: BTS and PEBS are not there until userspace says otherwise.
template <class D>
void after_vcpu_creation(Step<D>& k, Vm<D>& vm, Vcpu<D>& cpu) {
  set_up_tsc<D>(k, vm, cpu);
  k.set(cpu.pebs.msr.bts_unavailable, true);
  k.set(cpu.pebs.msr.pebs_unavailable, true);
}

// KVM_RUN is about to enter the guest, and does what was asked of the vCPU before.
template <class D>
void before_guest_entry(Step<D>& k, Vm<D>& vm, Vcpu<D>& cpu) {
  serve_clock_requests<D>(k, vm, cpu);
}

// The guest is about to be entered on a CPU, and was left.
template <class D>
void at_guest_entry(Step<D>& k, Vm<D>& vm, Vcpu<D>& self, const Word<D, 16>& cpu) {
  pebs_at_entry<D>(k, vm, self.pebs, cpu);
}
template <class D>
void at_guest_exit(Step<D>& k, Vm<D>&, Vcpu<D>& self) {
  pebs_at_exit<D>(k, self.pebs);
}

}  // namespace assay::x86
