// The specification as a whole: the state, the list of rules, the list of invariants.
//
// Tools include this file and never name a subject. Adding a subject is one folder and its lines
// here. Rule numbers are positions in the list; binary traces name rules by their name, so the
// order may change.
#pragma once
#include "model/catalog.hpp"
#include "spec/arch/spu/invariants.hpp"
#include "spec/kvm/host_assumptions.hpp"
#include "spec/kvm/lifecycle/invariants.hpp"
#include "spec/kvm/lifecycle/rules.hpp"
#include "spec/kvm/memslot/invariants.hpp"
#include "spec/kvm/memslot/rules.hpp"
#include "spec/kvm/pmu/invariants.hpp"
#include "spec/kvm/pmu/rules.hpp"
#include "spec/kvm/spe/invariants.hpp"
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
             PmuSetOther<D>, PmuGetIrq<D>, PmuHas<D>, SpuWritePointer<D>, SpuWriteLimit<D>,
             SpuWriteStatus<D>, SpuWriteControl<D>, SpuWriteControl2<D>, SpuContext<D>,
             SpuWriteInterval<D>, SpuWriteFilter<D>, SpuRead<D>, SpuInterrupt<D>, SpuCount<D>,
             SpuSample<D>, SpuCollision<D>, SpuDrop<D>, SpuRecord<D>, SpuStore<D>, SpuFault<D>,
             SpuAbort<D>, SpuNotAllowed<D>, SpuDrained<D>, EnableCap<D>, MmuUnmap<D>, SpeSetIrq<D>,
             SpeInit<D>, SpeStop<D>, SpeSetOther<D>, SpeGetIrq<D>, SpeGetStop<D>,
             SpeSupportedCpus<D>, SpeHostSaved<D>, SpeRestoring<D>, SpeEnter<D>, SpeGuestSaved<D>,
             SpeHostRestored<D>, SpeSync<D>, SpeTrapPointer<D>, SpeTrapLimit<D>, SpeTrapStatus<D>>;

// Every check, freedom, answer and effect of every rule under a profile, in the order of the text.
std::vector<CatalogEntry> system_catalog(const Profile& profile);

// The rule that makes a system out of nothing; all others apply to one that was made.
template <class D>
using CreatingRule = CreateVm<D>;

template <class D>
struct Invariant {
  const char* name;
  Flag<D> (*holds)(const SystemState<D>&);
  const char* source;
  bool (*applies)(const Profile&);  // whether it says anything about that implementation
};

// Calls f(Invariant<D>) for each, the properties users ask for first.
template <class D, class F>
void each_invariant(F&& f) {
  using Holds = Flag<D> (*)(const SystemState<D>&);
  auto say = [&](const char* name, Holds holds, const char* source) {
    f(Invariant<D>{name, holds, source, [](const Profile&) { return true; }});
  };
  auto say_of_spe = [&](const char* name, Holds holds, const char* source) {
    f(Invariant<D>{name, holds, source, [](const Profile& p) { return is_spe_series(p); }});
  };
  say("vcpu_never_runs_on_unsupported_cpu", vcpu_never_runs_on_unsupported_cpu<D>, "vcpu.rst 1.4");
  say("memslots_never_overlap", memslots_never_overlap<D>, "api.rst 4.35");
  say("memslots_lie_below_ipa_size", memslots_lie_below_ipa_size<D>, "api.rst 4.35");
  say("memslots_are_bounded", memslots_are_bounded<D>, "kvm_main.c: KVM_MEM_MAX_NR_PAGES");
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
  say("pmbsr_dl_is_correct", pmbsr_dl_is_correct<D>, "D17.8, D17.8.3; facts/spe A18, A19");
  say("no_write_at_or_above_limit", no_write_at_or_above_limit<D>, "D17.8.2; facts/spe A12");
  say("no_sampling_while_service", no_sampling_while_service<D>, "D17.4; facts/spe A01");
  say("irq_line_equals_service_bit", irq_line_equals_service_bit<D>, "D17.8 RTSJRP; A26");
  say("buffer_pointers_are_ordered", buffer_pointers_are_ordered<D>, "D17.7; A13, A14");
  say("pointer_stays_below_limit", pointer_stays_below_limit<D>, "D17.8.2; A15");
  say("full_event_is_exact", full_event_is_exact<D>, "D17.8.2; A16, A17");
  say("fault_is_within_one_record", fault_is_within_one_record<D>, "D17.8; A20");
  say("no_external_abort_from_v1p3", no_external_abort_from_v1p3<D>, "D17.8.4; A21");
  say("not_allowed_loses_data", not_allowed_loses_data<D>, "D17.8.5; A22");
  say("events_keep_service", events_keep_service<D>, "D17.8; A07, A09");
  say("syndrome_is_of_the_event", syndrome_is_of_the_event<D>, "D17.8; A09");
  say("in_flight_is_bounded", in_flight_is_bounded<D>, "D17.3.7; A24");
  say("buffer_owner_is_defined", buffer_owner_is_defined<D>, "D24.3.17 MDCR_EL2.E2PB");
  say_of_spe("locked_memslot_is_never_unmapped", locked_memslot_is_never_unmapped<D>, "L05, L19");
  say_of_spe("locked_memslot_stays_mapped", locked_memslot_stays_mapped<D>,
             "L20; seed: stage 2 faults");
  say_of_spe("locked_memslot_is_pinned", locked_memslot_is_pinned<D>, "v4-03; L01");
  say_of_spe("unlocked_memslot_holds_no_pins", unlocked_memslot_holds_no_pins<D>, "v4-03; L02");
  say_of_spe("locked_memslot_exists", locked_memslot_exists<D>, "v4-08; L07, L19");
  say_of_spe("locked_pages_are_exact", locked_pages_are_exact<D>, "v4-03; L03");
  say_of_spe("locked_pages_within_limit", locked_pages_within_limit<D>, "v4-03; L04");
  say_of_spe("write_lock_excludes_logging", write_lock_excludes_logging<D>, "v4-03, v4-08; L08");
  say_of_spe("spe_interrupts_are_equal", spe_interrupts_are_equal<D>, "v4-21; V08");
  say_of_spe("spe_interrupt_is_ppi", spe_interrupt_is_ppi<D>, "v4-21; V09");
  say_of_spe("initialized_spe_has_interrupt", initialized_spe_has_interrupt<D>, "v4-22; V11");
  say_of_spe("virtual_line_equals_service_bit", virtual_line_equals_service_bit<D>, "v4-34; I01");
  say_of_spe("guest_spe_state_isolated", guest_spe_state_isolated<D>,
             "v4-23, v4-33; W01, W18, W19");
  say_of_spe("world_switch_is_silent", world_switch_is_silent<D>, "v4-30, v4-31; W06, W07, W08");
  say_of_spe("restore_order", restore_order<D>, "v4-30, v4-31; W09");
  say_of_spe("host_spe_state_isolated", host_spe_state_isolated<D>, "v4-30, v4-31; W03");
  say_of_spe("spe_vcpu_never_runs_without_spe", spe_vcpu_never_runs_without_spe<D>, "v4-19; V02");
}

}  // namespace assay
