// KVM_RUN (api.rst 4.10), and the events of a guest that is entered and left.
#pragma once
#include "spec/x86/stages.hpp"

namespace assay::x86 {

// ioctl(vCPU, KVM_RUN, ...): one call from entry to return.
template <class D>
struct VcpuRun {
  static constexpr const char* name = "x86_vcpu_run";
  static constexpr const char* syntax = "ioctl(<vcpu>, KVM_RUN, {immediate_exit=immediate_exit})";
  static constexpr const char* source = "api.rst 4.10; x86.c:kvm_arch_vcpu_ioctl_run";
  static constexpr u64 not_told = 0xff;
  VcpuId vcpu{};
  Word<D, 8> immediate_exit = Word<D, 8>(not_told);  // kvm_run.immediate_exit
  static constexpr auto fields() { return members<&VcpuRun::vcpu, &VcpuRun::immediate_exit>; }

  void apply(Step<D>& k, Vm<D>& vm) const {
    auto& self = vm.vcpu[vcpu.index];
    gate<D>(k, vm);
    k.may_fail(Errno::again, {"waits_for_startup", "x86.c: KVM_MP_STATE_UNINITIALIZED"});
    k.may_fail(Errno::inval, {"unknown_registers", "x86.c: KVM_SYNC_X86_VALID_FIELDS"});
    k.reject(Errno::intr, immediate_exit != 0 && immediate_exit != not_told,
             {"immediate_exit", "api.rst 5: immediate_exit; x86.c:kvm_arch_vcpu_ioctl_run"});
    before_guest_entry<D>(k, vm, self);
    k.may_fail(Errno::intr, {"signal_pending", "api.rst 4.10: EINTR"});
    k.may_fail(Errno::nospc, {"no_room_for_page_tables", "mmu.c:make_mmu_pages_available"});
    k.may_fail(Errno::fault, {"no_guest_memory", "mmu.c:kvm_handle_error_pfn"});
    k.may_fail(Errno::nomem, {"no_memory", "mmu.c:mmu_topup_memory_caches"});
    k.set(self.has_run, true);
  }
};

// kvm_entry: the guest is entered (trace event; the [cpu] column says where).
template <class D>
struct GuestEntry {
  static constexpr const char* name = "x86_guest_entry";
  static constexpr const char* syntax = "kvm_entry: <vcpu> cpu=cpu";
  static constexpr const char* source = "trace event kvm:kvm_entry; x86.c:vcpu_enter_guest";
  VcpuId vcpu{};
  Word<D, 16> cpu{};
  static constexpr auto fields() { return members<&GuestEntry::vcpu, &GuestEntry::cpu>; }

  void apply(Step<D>& k, Vm<D>& vm) const {
    auto& self = vm.vcpu[vcpu.index];
    k.require(!vm.dead, {"vm_alive", "x86.c: KVM_REQ_VM_DEAD"});
    k.require(!self.in_guest, {"not_already_in_guest", "one vCPU, one PE at a time"});
    at_guest_entry<D>(k, vm, self, cpu);
    k.set(self.has_run, true);
    k.set(self.in_guest, true);
    k.set(self.on_cpu, cpu);
  }
};

// kvm_exit: the guest is left.
template <class D>
struct GuestExit {
  static constexpr const char* name = "x86_guest_exit";
  static constexpr const char* syntax = "kvm_exit: <vcpu> cpu=cpu";
  static constexpr const char* source = "trace event kvm:kvm_exit";
  VcpuId vcpu{};
  Word<D, 16> cpu{};
  static constexpr auto fields() { return members<&GuestExit::vcpu, &GuestExit::cpu>; }

  void apply(Step<D>& k, Vm<D>& vm) const {
    auto& self = vm.vcpu[vcpu.index];
    k.require(plain(self.in_guest), {"was_in_guest", "an exit follows an entry"});
    k.require(self.on_cpu == cpu, {"same_cpu", "preemption is off between entry and exit"});
    at_guest_exit<D>(k, vm, self);
    k.set(self.in_guest, false);
    k.set(self.on_cpu, Word<D, 16>(0));
  }
};

}  // namespace assay::x86
