// KVM_ARM_VCPU_FINALIZE and KVM_RUN (api.rst 4.119, 4.10).
#pragma once
#include "spec/kvm/vcpu/init.hpp"

namespace assay {

// ioctl(vCPU, KVM_ARM_VCPU_FINALIZE, [feature]).
template <class D>
struct VcpuFinalize {
  static constexpr const char* name = "vcpu_finalize";
  static constexpr const char* syntax =
      "ioctl(<vcpu>, KVM_ARM_VCPU_FINALIZE, unreadable:[feature])";
  static constexpr const char* source = "api.rst 4.119; reset.c:kvm_arm_vcpu_finalize";
  VcpuId vcpu{};
  Flag<D> unreadable{};
  Word<D, 32> feature{};
  static constexpr auto fields() {
    return members<&VcpuFinalize::vcpu, &VcpuFinalize::unreadable, &VcpuFinalize::feature>;
  }
  void apply(Step<D>& k, Vm<D>& vm) const {
    auto& cpu = vm.vcpu[vcpu.index];
    gate<D>(k, vm);
    k.reject(Errno::noexec, !is_initialized<D>(cpu),
             {"not_initialized", "arm.c:kvm_arch_vcpu_ioctl"});
    k.reject(Errno::fault, unreadable, {"copy_in", "arm.c: get_user"});
    k.reject(Errno::inval, feature != static_cast<u64>(Feature::sve),
             {"not_finalizable", "api.rst 4.119: EINVAL, feature unknown or not present"});
    if (k.is(Behaviour::documented_alternatives))
      k.reject(Errno::perm, !has_sve<D>(k, vm, cpu),
               {"feature_not_enabled", "api.rst 4.119: EPERM, feature not enabled"});
    k.reject(Errno::inval, !has_sve<D>(k, vm, cpu),
             {"no_sve", "reset.c:kvm_arm_vcpu_finalize: vcpu_has_sve"});
    k.reject(Errno::perm, cpu.sve_finalized, {"already_finalized", "api.rst 4.119: EPERM"});
    k.may_fail(Errno::nomem, {"no_memory", "reset.c:kvm_vcpu_finalize_sve"});
    k.set(cpu.sve_finalized, true);
  }
};

// ioctl(vCPU, KVM_RUN, ...): one call from entry to return.
template <class D>
struct VcpuRun {
  static constexpr const char* name = "vcpu_run";
  static constexpr const char* syntax =
      "ioctl(<vcpu>, KVM_RUN, {immediate_exit=immediate_exit, cpu=cpu, exit_reason=exit_reason, "
      "fail_cpu=fail_cpu})";
  static constexpr const char* source = "api.rst 4.10; arm.c:kvm_arch_vcpu_ioctl_run";
  static constexpr const char* constants = "exit_reason=KVM_EXIT_";
  VcpuId vcpu{};
  Word<D, 32> task{};                                 // the calling thread
  Word<D, 8> immediate_exit = Word<D, 8>(0xff);       // kvm_run.immediate_exit; 0xff = not told
  Word<D, 16> cpu = Word<D, 16>(0xffff);              // CPU before and after; 0xffff = not told
  Word<D, 32> exit_reason = Word<D, 32>(0xffffffff);  // answered; all ones = not told
  Word<D, 16> fail_cpu = Word<D, 16>(0xffff);         // answered with FAIL_ENTRY
  static constexpr unsigned answers = 2;
  static constexpr auto fields() {
    return members<&VcpuRun::vcpu, &VcpuRun::task, &VcpuRun::immediate_exit, &VcpuRun::cpu,
                   &VcpuRun::exit_reason, &VcpuRun::fail_cpu>;
  }
  // Thread 0 is the idle task: no thread of a VMM has that number, and `runner` 0 means "never
  // ran".
  Flag<D> can_be_called(const Vm<D>&) const { return task != 0; }
  static constexpr u64 not_told_8 = 0xff, not_told_16 = 0xffff, not_told_32 = 0xffffffff;
  static constexpr u64 exit_fail_entry = 9;  // KVM_EXIT_FAIL_ENTRY

  void apply(Step<D>& k, Vm<D>& vm) const {
    const Running<D> running{vcpu, task, cpu};
    gate<D>(k, vm);
    go_into_guest<WayIn::run>(k, vm, running);
    k.reject(Errno::intr, immediate_exit != 0 && immediate_exit != not_told_8,
             {"immediate_exit", "api.rst 5: immediate_exit; arm.c:kvm_arch_vcpu_ioctl_run"});
    k.may_fail(Errno::intr, {"signal_pending", "api.rst 4.10: EINTR"});
    run_stage<in_run_loop<D>>(k, vm, running);
    enter(k, vm, running);
  }

 private:
  void enter(Step<D>& k, Vm<D>& vm, const Running<D>& running) const {
    Flag<D> unsupported = false, known = false;
    k.at(vm.host.pe, cpu, [&](const auto& pe) {
      k.let(unsupported, is_refused<D>(k, vm, running, pe));
      k.let(known, pe.pmu != 0);
    });
    k.when(!unsupported, [&] {
      k.may_fail(Errno::nosys, {"no_instruction_syndrome", "mmio.c:io_mem_abort"});
      k.may_fail(Errno::fault, {"stage2_fault", "mmu.c:kvm_handle_guest_abort"});
      k.may_fail(Errno::nomem, {"no_memory", "mmu.c:user_mem_abort"});
      k.may_fail(Errno::inval, {"illegal_guest_state", "arm.c: forbidden AArch32 state"});
    });
    const Flag<D> told = exit_reason != not_told_32;
    const Flag<D> refused = exit_reason == exit_fail_entry;
    k.require(!told || !unsupported || refused,
              {"refuses_unsupported_cpu", "vcpu.rst 1.4: KVM_EXIT_FAIL_ENTRY"});
    k.require(!told || !known || unsupported || !refused,
              {"enters_on_supported_cpu", "arm.c:kvm_vcpu_exit_request"});
    k.require(!refused || cpu == not_told_16 || fail_cpu == not_told_16 || fail_cpu == cpu,
              {"names_the_cpu", "vcpu.rst 1.4: fail_entry.cpu is the processor"});
  }
};

// A vCPU in KVM_RUN is put on a PE: its thread is scheduled in there, after a change of its
// affinity or because the PE that it was on went offline, too. KVM notes at that moment whether the
// PE is one that the vCPU may run on, and asks the note before each entry. A trace that holds none
// of these says with each entry where it was.
template <class D>
struct VcpuLoad {
  static constexpr const char* name = "vcpu_load";
  static constexpr const char* syntax = "kvm_vcpu_load: <vcpu> cpu=cpu";
  static constexpr const char* source = "arm.c:kvm_arch_vcpu_load; kvm_main.c:kvm_sched_in";
  VcpuId vcpu{};
  Word<D, 16> cpu{};
  static constexpr auto fields() { return members<&VcpuLoad::vcpu, &VcpuLoad::cpu>; }
  void apply(Step<D>& k, Vm<D>& vm) const {
    auto& self = vm.vcpu[vcpu.index];
    k.require(self.runner != 0, {"vcpu_runs", "arm.c: vcpu_load() of KVM_RUN follows its checks"});
    k.require(!self.loaded, {"was_put", "kvm_main.c:kvm_sched_out comes before kvm_sched_in"});
    k.require(!self.in_guest, {"guest_was_left", "kvm_main.c:kvm_sched_out comes after the exit"});
    k.require(!is_offline<D>(vm, cpu), {"pe_is_online", "a thread runs on a PE that is online"});
    Flag<D> unsupported = false;
    k.at(vm.host.pe, cpu, [&](const auto& pe) { k.let(unsupported, !runs_on<D>(vm, pe)); });
    k.set(self.loaded, true);
    k.set(self.on_unsupported, unsupported);
    k.set(self.on_pe, cpu);
  }
};

// It is taken off: its thread is scheduled out, or KVM_RUN returns.
template <class D>
struct VcpuPut {
  static constexpr const char* name = "vcpu_put";
  static constexpr const char* syntax = "kvm_vcpu_put: <vcpu>";
  static constexpr const char* source = "arm.c:kvm_arch_vcpu_put; kvm_main.c:kvm_sched_out";
  VcpuId vcpu{};
  static constexpr auto fields() { return members<&VcpuPut::vcpu>; }
  void apply(Step<D>& k, Vm<D>& vm) const {
    auto& self = vm.vcpu[vcpu.index];
    k.require(plain(self.loaded), {"was_loaded", "arm.c:kvm_arch_vcpu_load"});
    k.require(!self.in_guest, {"guest_was_left", "a thread in a guest is not scheduled out"});
    run_stage<at_vcpu_put<D>>(k, vm, PutVcpu<D>{vcpu});
    k.set(self.loaded, false);
    k.set(self.on_unsupported, false);
    k.set(self.on_pe, Word<D, 16>(0));
  }
};

// kvm_entry: the hypervisor enters the guest (trace event; the [cpu] column says where).
template <class D>
struct GuestEntry {
  static constexpr const char* name = "guest_entry";
  static constexpr const char* syntax = "kvm_entry: <vcpu> cpu=cpu";
  static constexpr const char* source = "trace event kvm:kvm_entry; arm.c:kvm_arch_vcpu_ioctl_run";
  VcpuId vcpu{};
  Word<D, 32> task{};
  Word<D, 16> cpu{};
  static constexpr auto fields() {
    return members<&GuestEntry::vcpu, &GuestEntry::task, &GuestEntry::cpu>;
  }
  // Thread 0 is the idle task: no thread of a VMM has that number, and `runner` 0 means "never
  // ran".
  Flag<D> can_be_called(const Vm<D>&) const { return task != 0; }
  void apply(Step<D>& k, Vm<D>& vm) const {
    auto& self = vm.vcpu[vcpu.index];
    k.require(!vm.dead, {"vm_alive", "arm.c:check_vcpu_requests: KVM_REQ_VM_DEAD"});
    k.require(!self.in_guest, {"not_already_in_guest", "one vCPU, one PE at a time"});
    k.require(!is_offline<D>(vm, cpu), {"pe_is_online", "a guest runs on a PE that is online"});
    k.require(!self.loaded || self.on_pe == cpu,
              {"on_the_pe_it_was_loaded_on", "arm.c: preemption is off from vcpu_load() on"});
    // An entry seen before the KVM_RUN that caused it has returned: its checks have passed.
    go_into_guest<WayIn::entry>(k, vm, Running<D>{vcpu, task, cpu});
    k.set(self.in_guest, true);
    k.set(self.on_pe, cpu);
  }
};

// kvm_exit: the guest is left.
template <class D>
struct GuestExit {
  static constexpr const char* name = "guest_exit";
  static constexpr const char* syntax = "kvm_exit: <vcpu> cpu=cpu";
  static constexpr const char* source = "trace event kvm:kvm_exit";
  VcpuId vcpu{};
  Word<D, 16> cpu{};
  static constexpr auto fields() { return members<&GuestExit::vcpu, &GuestExit::cpu>; }
  void apply(Step<D>& k, Vm<D>& vm) const {
    auto& self = vm.vcpu[vcpu.index];
    k.require(self.in_guest, {"was_in_guest", "an exit follows an entry"});
    k.require(self.on_pe == cpu, {"same_cpu", "preemption is off between entry and exit"});
    k.set(self.in_guest, false);
    k.when(!self.loaded, [&] { k.set(self.on_pe, Word<D, 16>(0)); });
  }
};

}  // namespace assay
