// The stages of a VM's life at which several subjects act: who does, in which order, and where the
// implementation does it. A subject joins a stage by one line here.
#pragma once
#include <array>

#include "spec/kvm/pmu/run.hpp"
#include "spec/kvm/registers/init.hpp"
#include "spec/kvm/spe/capability.hpp"
#include "spec/kvm/spe/run.hpp"
#include "spec/kvm/vcpu/run.hpp"
#include "spec/kvm/vgic/new_vcpu.hpp"
#include "spec/kvm/vgic/run.hpp"

namespace assay {

struct StageInfo;

// --- the VM --------------------------------------------------------------------------------------

// KVM_CREATE_VM is about to succeed.
template <class D>
inline constexpr std::array at_vm_creation = {
    StagePart<D, NewVm>{"spe_time_access", "v4-33: perfmon_capable()", spe_vm_is_created<D>},
};

// What KVM_CHECK_EXTENSION answers besides the capabilities of every VM.
template <class D>
inline constexpr std::array at_check_extension = {
    StagePart<D, Extension<D>>{"spe_capabilities", "v4-02, v4-12, v4-14", spe_answers_extension<D>},
};

// --- memory slots: kvm_main.c:__kvm_set_memory_region
// ---------------------------------------------

// The arguments of a change are valid, and it is not made yet.
template <class D>
inline constexpr std::array before_slot_changes = {
    StagePart<D, SlotChange<D>>{"spe_lock", "v4-08", spe_slot_may_change<D>},
};

// The slot was created, moved, deleted or has other flags.
template <class D>
inline constexpr std::array after_slot_changed = {
    StagePart<D, SlotChange<D>>{"spe_lock", "v4-08", spe_slot_has_changed<D>},
};

// --- creation of a vCPU
// ----------------------------------------------------------------------------

// How many vCPUs the VM may have: at most what the host allows.
template <class D>
inline constexpr std::array limits_of_vcpus = {
    StagePart<D, NewVcpu<D>>{"gicv2", "vgic-init.c:kvm_vgic_create: max_vcpus",
                             vgic_limits_vcpus<D>},
};

// arm.c:kvm_arch_vcpu_precreate: whether the VM may still get one.
template <class D>
inline constexpr std::array before_vcpu_creation = {
    StagePart<D, NewVcpu<D>>{"vgic", "arm.c:kvm_arch_vcpu_precreate", vgic_before_vcpu<D>},
};

// arm.c:kvm_arch_vcpu_create, which comes before the test for a duplicate id.
template <class D>
inline constexpr std::array at_vcpu_creation = {
    StagePart<D, NewVcpu<D>>{"redistributor", "vgic-init.c:kvm_vgic_vcpu_init",
                             vgic_gives_frame<D>},
};

// The vCPU has its descriptor.
template <class D>
inline constexpr std::array after_vcpu_creation = {
    StagePart<D, CreatedVcpu<D>>{"redistributor", "vgic-init.c:kvm_vgic_vcpu_init",
                                 vgic_gave_frame<D>},
};

// --- initialisation of a vCPU
// ----------------------------------------------------------------------

// Linux 6.7 and later, the first time only (arm.c:__kvm_vcpu_set_target, kvm_setup_vcpu).
template <class D>
inline constexpr std::array at_first_init = {
    StagePart<D, NewFeatures<D>>{"default_pmu", "arm.c:kvm_setup_vcpu; kvm_arm_set_default_pmu",
                                 pmu_first_init<D>},
};

// Before Linux 6.7: what a reset validates, after the vCPU's own features (reset.c:kvm_reset_vcpu).
template <class D>
inline constexpr std::array at_reset = {
    StagePart<D, Reset<D>>{"pmu", "reset.c:kvm_reset_vcpu; kvm_arm_support_pmu_v3", pmu_reset<D>},
    StagePart<D, Reset<D>>{"spe", "v4-17; v5-17, v5-19", spe_reset<D>},
};

// Before Linux 6.7: the reset has succeeded.
template <class D>
inline constexpr std::array after_reset = {
    StagePart<D, Reset<D>>{"spe_registers", "SPE-4.12", spe_registers_reset<D>},
    StagePart<D, Reset<D>>{"spe_maintenance", "v4-05; arm.c: stage2_unmap_vm", spe_after_reset<D>},
};

// Any KVM_ARM_VCPU_INIT that succeeds.
template <class D>
inline constexpr std::array after_init = {
    StagePart<D, NewFeatures<D>>{"vector_lengths", "reset.c:kvm_vcpu_enable_sve",
                                 registers_after_init<D>},
};

// --- into the guest
// --------------------------------------------------------------------------------

// There are two ways to see a vCPU go into the guest. KVM_RUN is one call from entry to return, and
// all its checks count. A kvm_entry that is seen before the KVM_RUN that caused it has returned
// shows that those of the entry itself have passed.
enum class WayIn : unsigned char { run, entry };

// Which runs take a part of it: every one, those by another task than the one before
// (kvm_arch_vcpu_run_pid_change), or the first.
enum class Runs : unsigned char { none, every, of_another_task, first };

template <class D>
struct RunPart : StagePart<D, Running<D>> {
  Runs run;    // on the way of KVM_RUN
  Runs entry;  // on that of kvm_entry
};

// arm.c:kvm_arch_vcpu_ioctl_run and kvm_arch_vcpu_run_pid_change, in the order of Linux 6.1 to 7.2
// with what the SPE series insert.
template <class D>
inline constexpr std::array on_the_way_in = {
    RunPart<D>{{"initialized", "arm.c:kvm_arch_vcpu_run_pid_change; kvm_vcpu_initialized",
                vcpu_is_initialized<D>},
               Runs::of_another_task,
               Runs::of_another_task},
    RunPart<D>{{"spe_maintenance", "v4-04: kvm_mmu_perform_pending_ops", spe_maintenance<D>},
               Runs::every,
               Runs::of_another_task},
    RunPart<D>{{"sve_finalized", "arm.c:kvm_arm_vcpu_is_finalized", sve_is_finalized<D>},
               Runs::of_another_task,
               Runs::of_another_task},
    RunPart<D>{{"spe_ready", "v4-22", spe_first_run<D>}, Runs::first, Runs::first},
    RunPart<D>{{"vgic_mapped", "arm.c:kvm_vgic_map_resources", vgic_first_run<D>},
               Runs::first,
               Runs::first},
    RunPart<D>{
        {"timer_enabled", "arm.c:kvm_timer_enable", timer_first_run<D>}, Runs::first, Runs::first},
    RunPart<D>{
        {"pmu_enabled", "arm.c:kvm_arm_pmu_v3_enable", pmu_first_run<D>}, Runs::first, Runs::first},
    RunPart<D>{{"has_run", "arm.c: KVM_ARCH_FLAG_HAS_RAN_ONCE", vcpu_has_run<D>},
               Runs::of_another_task,
               Runs::of_another_task},
    RunPart<D>{{"pmu_covers_pe", "vcpu.rst 1.4; arm.c:kvm_vcpu_exit_request", pmu_entry<D>},
               Runs::none,
               Runs::every},
    RunPart<D>{{"spe_covers_pe", "v4-19", spe_entry<D>}, Runs::none, Runs::every},
};

// What the run loop asks before each entry, after immediate_exit and signals
// (kvm_arch_vcpu_ioctl_run with preemption off).
template <class D>
inline constexpr std::array in_run_loop = {
    StagePart<D, Running<D>>{"spe_may_run", "v4-19, v4-36", spe_run<D>},
};

// A vCPU is taken off its PE (arm.c:kvm_arch_vcpu_put).
template <class D>
inline constexpr std::array at_vcpu_put = {
    StagePart<D, PutVcpu<D>>{"spe_event_filter", "v4-32", spe_vcpu_put<D>},
};

// Takes a vCPU along one of the ways. What a part does happens before the next one looks.
template <WayIn way, class D>
void go_into_guest(Step<D>& k, Vm<D>& vm, const Running<D>& running) {
  const Vcpu<D>& self = vm.vcpu[running.vcpu.index];
  const Flag<D> by_another = running.task != self.runner;
  const Flag<D> is_first = by_another && self.runner == 0;
  const auto take = [&]<std::size_t i>() {
    constexpr RunPart<D> part = on_the_way_in<D>[i];
    constexpr Runs runs = way == WayIn::run ? part.run : part.entry;
    if constexpr (runs == Runs::every) part.act(k, vm, running);
    else if constexpr (runs != Runs::none)
      k.when(runs == Runs::first ? is_first : by_another, [&] { part.act(k, vm, running); });
  };
  [&]<std::size_t... i>(std::index_sequence<i...>) { (take.template operator()<i>(), ...); }
  (std::make_index_sequence<on_the_way_in<D>.size()>{});
}

// Who keeps a vCPU off a PE: KVM_RUN then returns 0 with KVM_EXIT_FAIL_ENTRY.
template <class D>
struct Refusal {
  const char* name;
  const char* source;
  Flag<D> (*refuses)(const Step<D>& k, const Vm<D>& vm, const Running<D>& running, const Pe<D>& pe);
};
template <class D>
inline constexpr std::array refusals = {
    Refusal<D>{"pmu", "vcpu.rst 1.4; arm.c:kvm_vcpu_exit_request", pmu_refuses<D>},
    Refusal<D>{"spe", "v6-21", spe_refuses<D>},
};
template <class D>
Flag<D> is_refused(const Step<D>& k, const Vm<D>& vm, const Running<D>& running, const Pe<D>& pe) {
  return [&]<std::size_t... i>(std::index_sequence<i...>) {
    return (refusals<D>[i].refuses(k, vm, running, pe) || ...);
  }
  (std::make_index_sequence<refusals<D>.size()>{});
}

// The stages as a list.
const std::vector<StageInfo>& arm64_stages();

}  // namespace assay
