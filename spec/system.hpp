// The specification as a whole: the state, the list of rules, the list of invariants.
//
// Tools include this file and never name a subject. Adding a subject is one folder and its lines
// here. Rule numbers are positions in the list; binary traces name rules by their name, so the
// order may change.
#pragma once
#include "model/dispatch.hpp"
#include "spec/kvm/host_assumptions.hpp"
#include "spec/kvm/lifecycle/invariants.hpp"
#include "spec/kvm/lifecycle/rules.hpp"
#include "spec/kvm/memslot/invariants.hpp"
#include "spec/kvm/memslot/rules.hpp"
#include "spec/kvm/pmu/invariants.hpp"
#include "spec/kvm/pmu/rules.hpp"
#include "spec/kvm/vcpu/invariants.hpp"
#include "spec/kvm/vcpu/rules.hpp"
#include "spec/kvm/vgic/invariants.hpp"
#include "spec/kvm/vgic/rules.hpp"

namespace assay {

// The state a rule works on.
template <class D>
using SystemState = Vm<D>;

template <class D>
using SystemRules =
    TypeList<CreateVm<D>, CheckExtension<D>, CreateVcpu<D>, PreferredTarget<D>,
             SetUserMemoryRegion<D>, CreateDevice<D>, VcpuInit<D>, VcpuFinalize<D>, VcpuRun<D>,
             GuestEntry<D>, GuestExit<D>, VgicSetDist<D>, VgicSetRedist<D>, VgicSetRedistRegion<D>,
             VgicSetNrIrqs<D>, VgicInit<D>, PmuSetIrq<D>, PmuInit<D>, PmuSetFilter<D>, PmuSetPmu<D>,
             PmuSetOther<D>, PmuGetIrq<D>, PmuHas<D>>;

// The rule that makes a system out of nothing; all others apply to one that was made.
template <class D>
using CreatingRule = CreateVm<D>;

template <class D>
struct Invariant {
  const char* name;
  Flag<D> (*holds)(const SystemState<D>&);
  const char* source;
};

// Calls f(Invariant<D>) for each, the properties users ask for first.
template <class D, class F>
void each_invariant(F&& f) {
  auto say = [&](const char* name, Flag<D> (*holds)(const SystemState<D>&), const char* source) {
    f(Invariant<D>{name, holds, source});
  };
  say("vcpu_never_runs_on_unsupported_cpu", vcpu_never_runs_on_unsupported_cpu<D>, "vcpu.rst 1.4");
  say("memslots_never_overlap", memslots_never_overlap<D>, "api.rst 4.35");
  say("memslots_lie_below_ipa_size", memslots_lie_below_ipa_size<D>, "api.rst 4.35");
  say("absent_slot_is_blank", absent_slot_is_blank<D>, "kvm_main.c:kvm_set_memslot");
  say("online_counts_vcpus", online_counts_vcpus<D>, "api.rst 4.7");
  say("vcpu_ids_are_unique", vcpu_ids_are_unique<D>, "api.rst 4.7");
  say("absent_vcpu_is_blank", absent_vcpu_is_blank<D>, "kvm_main.c:kvm_vm_ioctl_create_vcpu");
  say("runner_implies_vm_has_run", runner_implies_vm_has_run<D>,
      "arm.c:kvm_arch_vcpu_run_pid_change");
  say("narrowed_vm_has_pmu", narrowed_vm_has_pmu<D>, "vcpu.rst 1.4");
  say("dead_vm_ran_nothing_new", dead_vm_ran_nothing_new<D>, "vgic-init.c:kvm_vgic_map_resources");
  say("interrupts_have_one_owner", interrupts_have_one_owner<D>, "vgic.c:kvm_vgic_set_owner");
  say("vgic_stages_are_ordered", vgic_stages_are_ordered<D>, "arm-vgic-v3.rst");
  say("redist_regions_are_contiguous", redist_regions_are_contiguous<D>, "arm-vgic-v3.rst");
  say("runner_has_frame", runner_has_frame<D>, "vgic-v3.c:vgic_v3_map_resources");
  say("ready_vgic_gave_frames", ready_vgic_gave_frames<D>, "vgic-v3.c:vgic_v3_map_resources");
  say("chosen_spis_are_in_range", chosen_spis_are_in_range<D>, "arm-vgic-v3.rst NR_IRQS");
  say("initialized_vgic_has_spis", initialized_vgic_has_spis<D>, "arm-vgic-v3.rst NR_IRQS");
  say("pmu_interrupts_are_consistent", pmu_interrupts_are_consistent<D>, "vcpu.rst 1.1");
  say("pmu_interrupt_needs_irqchip", pmu_interrupt_needs_irqchip<D>, "vcpu.rst 1.1");
  say("initialized_pmu_interrupt_is_deliverable", initialized_pmu_interrupt_is_deliverable<D>,
      "vcpu.rst 1.2");
  say("arm_pmu_is_a_host_pmu", arm_pmu_is_a_host_pmu<D>, "vcpu.rst 1.4");
}

}  // namespace assay
