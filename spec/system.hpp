// The specification as a whole: the state, the list of rules, the list of invariants.
//
// Tools include this file and never name a subject. Adding a subject is one folder and its lines
// here. Rule numbers are positions in the list; binary traces name rules by their name, so the
// order may change.
#pragma once
#include "model/catalog.hpp"
#include "spec/arch/spu/invariants.hpp"
#include "spec/arch/spu/properties.hpp"
#include "spec/arch/spu/reads.hpp"
#include "spec/kvm/host_assumptions.hpp"
#include "spec/kvm/lifecycle/invariants.hpp"
#include "spec/kvm/lifecycle/rules.hpp"
#include "spec/kvm/memslot/invariants.hpp"
#include "spec/kvm/memslot/rules.hpp"
#include "spec/kvm/pmu/invariants.hpp"
#include "spec/kvm/pmu/rules.hpp"
#include "spec/kvm/spe/invariants.hpp"
#include "spec/kvm/spe/properties.hpp"
#include "spec/kvm/vcpu/invariants.hpp"
#include "spec/kvm/vcpu/properties.hpp"
#include "spec/kvm/vcpu/rules.hpp"
#include "spec/kvm/vgic/invariants.hpp"
#include "spec/kvm/vgic/rules.hpp"

namespace assay {

// The state a rule works on.
template <class D>
using SystemState = Vm<D>;

template <class D>
using SystemRules = TypeList<
    CreateVm<D>, CheckExtension<D>, CreateVcpu<D>, PreferredTarget<D>, SetUserMemoryRegion<D>,
    CreateDevice<D>, VcpuInit<D>, VcpuFinalize<D>, VcpuRun<D>, GuestEntry<D>, GuestExit<D>,
    VgicSetDist<D>, VgicSetRedist<D>, VgicSetRedistRegion<D>, VgicSetNrIrqs<D>, VgicInit<D>,
    PmuSetIrq<D>, PmuInit<D>, PmuSetFilter<D>, PmuSetPmu<D>, PmuSetOther<D>, PmuGetIrq<D>,
    PmuHas<D>, SpuWritePointer<D>, SpuWriteLimit<D>, SpuWriteStatus<D>, SpuWriteControl<D>,
    SpuWriteControl2<D>, SpuContext<D>, SpuReset<D>, SpuWriteInterval<D>, SpuWriteCounter<D>,
    SpuWriteFilter<D>, SpuWriteValue<D, PmsevfrName>, SpuWriteValue<D, PmsnevfrName>,
    SpuWriteValue<D, PmslatfrName>, SpuWriteValue<D, PmsdsfrName>, SpuWriteValue<D, PmbmarName>,
    SpuReadPointer<D>, SpuReadStatus<D>, SpuReadLimit<D>, SpuReadControl<D>, SpuReadControl2<D>,
    SpuReadInterval<D>, SpuReadCounter<D>, SpuReadFilter<D>, SpuReadValue<D, PmsevfrName>,
    SpuReadValue<D, PmsnevfrName>, SpuReadValue<D, PmslatfrName>, SpuReadValue<D, PmsdsfrName>,
    SpuReadValue<D, PmbmarName>, SpuReadSamplingId<D>, SpuReadBufferId<D>, SpuReadCounts<D>,
    SpuInterrupt<D>, SpuCount<D>, SpuSample<D>, SpuCollision<D>, SpuDrop<D>, SpuRecord<D>,
    SpuStore<D>, SpuMarked<D>, SpuTranslation<D>, SpuFault<D>, SpuAbort<D>, SpuNotAllowed<D>,
    SpuContextBarrier<D>, SpuProfilingBarrier<D>, SpuDataBarrier<D>, SpuDrained<D>, EnableCap<D>,
    SpeLockPage<D>, SpeGuestFault<D>, MmuUnmap<D>, SpeSetIrq<D>, SpeInit<D>, SpeStop<D>,
    SpeSetOther<D>, SpeGetIrq<D>, SpeGetStop<D>, SpeSupportedCpus<D>, SpeHostSaved<D>,
    SpeRestoring<D>, SpeEnter<D>, SpeGuestSaved<D>, SpeHostRestored<D>, SpeSync<D>,
    SpeTrapPointer<D>, SpeTrapLimit<D>, SpeTrapStatus<D>, SpeSetSpu<D>, SpeSetBufferMax<D>,
    SpeBufferPinned<D>, SpeRlimitExit<D>, SpeStage1Missing<D>, SpeTrapBufferId<D>,
    SpeFaultServed<D>, SpeGetReg<D>, SpeSetReg<D>, SpeSetRegStatus<D>, SpeSetRegPointer<D>,
    SpeSetRegLimit<D>, SpeTablesFreed<D>, SpeUnpinned<D>, SpeInject<D>, SpeEnterWithout<D>>;

// Every check, freedom, answer and effect of every rule under a profile, in the order of the text.
// Made once for each set of behaviours.
const std::vector<CatalogEntry>& system_catalog(const Profile& profile);

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

// Whether an invariant says anything about a profile's implementation.
constexpr bool every(const Profile&) { return true; }
constexpr bool is_before_6_7(const Profile& p) { return !p.is(Behaviour::features_belong_to_vm); }
constexpr bool is_v5_or_later(const Profile& p) { return p.is(Behaviour::spe_v5); }
constexpr bool clears_all_tags(const Profile& p) {
  return pins_memory(p) && !p.is(Behaviour::spe_tags_stay_pending);
}
constexpr bool pins_no_memory(const Profile& p) { return is_spe_series(p) && !pins_memory(p); }

// say(whose, name, holds, source) for each, the properties users ask for first.
template <class D, class Say>
void kvm_invariants(Say&& say) {
  say(every, "vcpu_never_runs_on_unsupported_cpu", vcpu_never_runs_on_unsupported_cpu<D>,
      "vcpu.rst 1.4");
  say(every, "memslots_never_overlap", memslots_never_overlap<D>, "api.rst 4.35");
  say(every, "memslots_lie_below_ipa_size", memslots_lie_below_ipa_size<D>, "api.rst 4.35");
  say(every, "memslots_are_bounded", memslots_are_bounded<D>, "kvm_main.c: KVM_MEM_MAX_NR_PAGES");
  say(every, "absent_slot_is_blank", absent_slot_is_blank<D>, "kvm_main.c:kvm_set_memslot");
  say(every, "online_counts_vcpus", online_counts_vcpus<D>, "api.rst 4.7");
  say(every, "vcpu_ids_are_unique", vcpu_ids_are_unique<D>, "api.rst 4.7");
  say(every, "absent_vcpu_is_blank", absent_vcpu_is_blank<D>,
      "kvm_main.c:kvm_vm_ioctl_create_vcpu");
  say(every, "runner_implies_vm_has_run", runner_implies_vm_has_run<D>,
      "arm.c:kvm_arch_vcpu_run_pid_change");
  say(every, "narrowed_vm_has_pmu", narrowed_vm_has_pmu<D>, "vcpu.rst 1.4");
  say(every, "dead_vm_ran_nothing_new", dead_vm_ran_nothing_new<D>,
      "vgic-init.c:kvm_vgic_map_resources");
  say(every, "interrupts_have_one_owner", interrupts_have_one_owner<D>,
      "vgic.c:kvm_vgic_set_owner");
  say(every, "vgic_stages_are_ordered", vgic_stages_are_ordered<D>, "arm-vgic-v3.rst");
  say(every, "redist_regions_are_contiguous", redist_regions_are_contiguous<D>, "arm-vgic-v3.rst");
  say(every, "runner_has_frame", runner_has_frame<D>, "vgic-v3.c:vgic_v3_map_resources");
  say(every, "ready_vgic_gave_frames", ready_vgic_gave_frames<D>,
      "vgic-v3.c:vgic_v3_map_resources");
  say(every, "chosen_spis_are_in_range", chosen_spis_are_in_range<D>, "arm-vgic-v3.rst NR_IRQS");
  say(every, "initialized_vgic_has_spis", initialized_vgic_has_spis<D>, "arm-vgic-v3.rst NR_IRQS");
  say(every, "pmu_interrupts_are_consistent", pmu_interrupts_are_consistent<D>, "vcpu.rst 1.1");
  say(every, "pmu_interrupt_needs_irqchip", pmu_interrupt_needs_irqchip<D>, "vcpu.rst 1.1");
  say(every, "initialized_pmu_interrupt_is_deliverable",
      initialized_pmu_interrupt_is_deliverable<D>, "vcpu.rst 1.2");
  say(every, "arm_pmu_is_a_host_pmu", arm_pmu_is_a_host_pmu<D>, "vcpu.rst 1.4");
  say(every, "vcpu_that_ran_is_initialized", vcpu_that_ran_is_initialized<D>, "api.rst 4.82");
  say(is_before_6_7, "initialized_features_fit", initialized_features_fit<D>,
      "reset.c:kvm_reset_vcpu");
}
template <class D, class Say>
void spu_invariants(Say&& say) {
  say(every, "pmbsr_dl_is_correct", pmbsr_dl_is_correct<D>, "D17.8, D17.8.3; facts/spe A18, A19");
  say(every, "no_write_at_or_above_limit", no_write_at_or_above_limit<D>, "D17.8.2; facts/spe A12");
  say(every, "no_sampling_while_service", no_sampling_while_service<D>, "D17.4; facts/spe A01");
  say(every, "irq_line_equals_service_bit", irq_line_equals_service_bit<D>, "D17.8 RTSJRP; A26");
  say(every, "buffer_pointers_are_ordered", buffer_pointers_are_ordered<D>, "D17.7; A13, A14");
  say(every, "running_buffer_has_room", running_buffer_has_room<D>, "D17.7 RHXSYK; A43, A44");
  say(every, "pointer_stays_below_limit", pointer_stays_below_limit<D>, "D17.8.2; A15");
  say(every, "full_event_is_exact", full_event_is_exact<D>, "D17.8.2; A16, A17");
  say(every, "fault_is_within_one_record", fault_is_within_one_record<D>, "D17.8; A20");
  say(every, "no_external_abort_from_v1p3", no_external_abort_from_v1p3<D>, "D17.8.4; A21");
  say(every, "not_allowed_loses_data", not_allowed_loses_data<D>, "D17.8.5; A22");
  say(every, "events_keep_service", events_keep_service<D>, "D17.8; A07, A09");
  say(every, "syndrome_is_of_the_event", syndrome_is_of_the_event<D>, "D17.8; A09");
  say(every, "in_flight_is_bounded", in_flight_is_bounded<D>, "D17.3.7; A24");
  say(every, "covered_samples_are_in_flight", covered_samples_are_in_flight<D>, "D17.9 PSB CSYNC");
  say(every, "drained_registers_are_shown", drained_registers_are_shown<D>, "D17.9; A39");
  say(every, "buffer_owner_is_defined", buffer_owner_is_defined<D>, "D24.3.17 MDCR_EL2.E2PB");
}
template <class D, class Say>
void spe_invariants(Say&& say) {
  say(pins_memory, "locked_memslot_is_never_unmapped", locked_memslot_is_never_unmapped<D>,
      "L05, L19");
  say(pins_memory, "locked_memslot_stays_mapped", locked_memslot_stays_mapped<D>,
      "L20; seed: stage 2 faults");
  say(pins_memory, "locked_memslot_is_pinned", locked_memslot_is_pinned<D>, "v4-03; L01");
  say(pins_memory, "unlocked_memslot_holds_no_pins", unlocked_memslot_holds_no_pins<D>,
      "v4-03; L02");
  say(pins_memory, "unlocked_memslot_has_no_stale_mapping",
      unlocked_memslot_has_no_stale_mapping<D>, "v4-03; L09, L12");
  say(clears_all_tags, "tags_do_not_stay_pending", tags_do_not_stay_pending<D>,
      "v4-06; facts/spe 4.4");
  say(pins_memory, "locked_memslot_exists", locked_memslot_exists<D>, "v4-08; L07, L19");
  say(pins_memory, "locked_pages_are_exact", locked_pages_are_exact<D>, "v4-03; L03");
  say(pins_memory, "locked_pages_are_given_back_once", locked_pages_are_given_back_once<D>,
      "v4-03; L03");
  say(pins_memory, "locked_pages_within_limit", locked_pages_within_limit<D>, "v4-03; L04");
  say(pins_memory, "write_lock_excludes_logging", write_lock_excludes_logging<D>,
      "v4-03, v4-08; L08");
  say(is_spe_series, "spe_interrupts_are_equal", spe_interrupts_are_equal<D>, "v4-21; V08");
  say(is_spe_series, "spe_interrupt_is_ppi", spe_interrupt_is_ppi<D>, "v4-21; V09");
  say(is_spe_series, "initialized_spe_has_interrupt", initialized_spe_has_interrupt<D>,
      "v4-22; V11");
  say(is_spe_series, "virtual_line_equals_service_bit", virtual_line_equals_service_bit<D>,
      "v4-34; I01");
  say(is_spe_series, "guest_spe_state_isolated", guest_spe_state_isolated<D>,
      "v4-23, v4-33; W01, W18, W19");
  say(is_spe_series, "world_switch_is_silent", world_switch_is_silent<D>,
      "v4-30, v4-31; W06, W07, W08");
  say(is_spe_series, "restore_order", restore_order<D>, "v4-30, v4-31; W09");
  say(is_spe_series, "host_spe_state_isolated", host_spe_state_isolated<D>, "v4-30, v4-31; W03");
  say(is_spe_series, "spe_vcpu_never_runs_without_spe", spe_vcpu_never_runs_without_spe<D>,
      "v4-19; V02");
  say(is_spe_series, "pending_event_has_service", pending_event_has_service<D>, "v4-34; I02");
  say(is_spe_series, "loaded_guest_owns_the_buffer", loaded_guest_owns_the_buffer<D>, "v4-23; W01");
  say(is_spe_series, "vcpu_is_on_one_pe", vcpu_is_on_one_pe<D>, "v4-30");
  say(is_spe_series, "spe_vcpu_never_runs_on_unsupported_cpu",
      spe_vcpu_never_runs_on_unsupported_cpu<D>, "v4-19; V01");
  say(is_spe_series, "spe_vcpu_that_ran_names_spe_cpus", spe_vcpu_that_ran_names_spe_cpus<D>,
      "v4-22; V02");
  say(is_v5_or_later, "initialized_spe_vcpu_names_cpus", initialized_spe_vcpu_names_cpus<D>,
      "v5-18; V02");
  say(is_spe_series, "initialized_spe_feature_fits", initialized_spe_feature_fits<D>, "v4-17");
  say(is_spe_series, "spe_vcpu_is_aarch64", spe_vcpu_is_aarch64<D>, "v4-17; V07");
  say(is_spe_series, "profiling_has_no_blackout", profiling_has_no_blackout<D>,
      "facts/spe 5.1; L20, N01");
  say(is_spe_series, "no_loss_goes_untold", no_loss_goes_untold<D>, "facts/spe 5.1");
  say(is_spe_series, "loss_shows_as_dl", loss_shows_as_dl<D>, "facts/spe 5.1; A18, I06");
  say(is_spe_series, "destroyed_vm_is_not_loaded", destroyed_vm_is_not_loaded<D>, "v4-07; W21");
  say(pins_buffer, "pinned_buffer_is_in_use", pinned_buffer_is_in_use<D>, "v6-28; N07");
  say(pins_no_memory, "nothing_is_locked", nothing_is_locked<D>, "facts/spe 5");
  say(pins_buffer, "pinned_buffer_is_mapped", pinned_buffer_is_mapped<D>, "v6-29; N01");
  say(pins_buffer, "running_buffer_is_mapped", running_buffer_is_mapped<D>, "v6-29; N01");
  say(pins_buffer, "buffers_are_within_memlock", buffers_are_within_memlock<D>, "v6-33; N04");
}

// Calls f(Invariant<D>) for each.
template <class D, class F>
void each_invariant(F&& f) {
  auto say = [&](bool (*applies)(const Profile&), const char* name,
                 Flag<D> (*holds)(const SystemState<D>&), const char* source) {
    f(Invariant<D>{name, holds, source, applies});
  };
  kvm_invariants<D>(say);
  spu_invariants<D>(say);
  spe_invariants<D>(say);
}

// What the events of a rule keep: say(name, holds, source) for each property that speaks of them.
template <class D, class Call>
void each_property(const Taken<D, Call>& t, const SayProperty<D>& say) {
  vcpu_properties(t, say);
  spu_properties(t, say);
  spe_properties(t, say);
}
// Claims of the same kind that nobody has promised: `assay prove` answers them, a trace that breaks
// one is no violation.
template <class D, class Call>
void each_question(const Taken<D, Call>& t, const SayProperty<D>& say) {
  spe_questions(t, say);
}

}  // namespace assay
