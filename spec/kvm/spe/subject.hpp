// SPE virtualisation by the RFC series and the designs that followed. What of it belongs to the
// system: rules, invariants, properties.
#pragma once
#include "spec/arm64_subject.hpp"
#include "spec/kvm/spe/invariants.hpp"
#include "spec/kvm/spe/observed.hpp"
#include "spec/kvm/spe/properties.hpp"
#include "spec/kvm/spe/switch_code_invariants.hpp"

namespace assay {

struct KvmSpe {
  template <class D>
  using Rules =
      TypeList<EnableCap<D>, SpeLockPage<D>, SpeGuestFault<D>, MmuUnmap<D>, SetAttribute<D, SpeIrq>,
               SetAttribute<D, SpeInit>, SetAttribute<D, SpeStop>, SetAttribute<D, SpeOther>,
               GetAttribute<D, SpeIrq>, GetAttribute<D, SpeStop>, HasAttribute<D, SpeCtrlGroup>,
               SpeSupportedCpus<D>, SpeSwitchBegins<D>, SpeHostSaved<D>, SpeRestoring<D>,
               SpeEnter<D>, SpeGuestSaved<D>, SpeHostRestored<D>, SpeSync<D>, SpeTrapPointer<D>,
               SpeTrapLimit<D>, SpeTrapStatus<D>, SpeTrapEventFilter<D>, SetAttribute<D, SpeSpu>,
               SetAttribute<D, SpeBufferMax>, SpeBufferPinned<D>, SpeRlimitExit<D>,
               SpeStage1Missing<D>, SpeTrapBufferId<D>, SpeFaultServed<D>, SpeGetReg<D>,
               SpeSetReg<D>, SpeSetRegStatus<D>, SpeSetRegPointer<D>, SpeSetRegLimit<D>,
               SpeTablesFreed<D>, SpeUnpinned<D>, SpeInject<D>, SpeEnterWithout<D>>;

  template <class D>
  static void observes(Step<D>& k, Vm<D>& vm, const Call<D>& call) {
    spe_observes<D>(k, vm, call);
  }

  static constexpr bool is_v5_or_later(const Profile& p) { return p.is(Behaviour::spe_v5); }
  static constexpr bool clears_all_tags(const Profile& p) {
    return pins_memory(p) && !p.is(Behaviour::spe_tags_stay_pending);
  }
  static constexpr bool pins_no_memory(const Profile& p) {
    return is_spe_series(p) && !pins_memory(p);
  }

  // Of the profiles that have the code of the world switch.
  template <class D>
  static void code_invariants(const SayInvariant<D>& say) {
    say(has_switch_code_of_vhe, "pointer_writes_stay_on_vhe",
        writes_stay<D, switch_code_of_vhe, is_pointer_register>, "SPE-4.10");
    say(has_switch_code_of_vhe, "status_writes_stay_on_vhe",
        writes_stay<D, switch_code_of_vhe, is_status_register>, "SPE-4.10");
    say(has_switch_code_of_vhe, "control_writes_stay_on_vhe",
        writes_stay<D, switch_code_of_vhe, is_control_register>, "SPE-4.10");
    say(has_switch_code_of_vhe, "hosts_buffer_stays_on_vhe",
        hosts_buffer_stays<D, switch_code_of_vhe>, "SPE-4.10");
    say(has_switch_code_of_vhe, "switch_drains_on_vhe", switch_drains<D, switch_code_of_vhe>,
        "v4-30, v4-31; D17.9");
    say(has_switch_code_of_vhe, "place_fits_stage_on_vhe", place_fits_stage<D, switch_code_of_vhe>,
        "SPE-4.10");
    say(has_switch_code_of_nvhe, "pointer_writes_stay_on_nvhe",
        writes_stay<D, switch_code_of_nvhe, is_pointer_register>, "SPE-4.10");
    say(has_switch_code_of_nvhe, "status_writes_stay_on_nvhe",
        writes_stay<D, switch_code_of_nvhe, is_status_register>, "SPE-4.10");
    say(has_switch_code_of_nvhe, "control_writes_stay_on_nvhe",
        writes_stay<D, switch_code_of_nvhe, is_control_register>, "SPE-4.10");
    say(has_switch_code_of_nvhe, "hosts_buffer_stays_on_nvhe",
        hosts_buffer_stays<D, switch_code_of_nvhe>, "SPE-4.10");
    say(has_switch_code_of_nvhe, "switch_drains_on_nvhe", switch_drains<D, switch_code_of_nvhe>,
        "v4-30, v4-31; D17.9");
    say(has_switch_code_of_nvhe, "place_fits_stage_on_nvhe",
        place_fits_stage<D, switch_code_of_nvhe>, "SPE-4.10");
  }

  template <class D>
  static void invariants(const SayInvariant<D>& say) {
    say(pins_memory, "locked_memslot_is_never_unmapped", locked_memslot_is_never_unmapped<D>,
        "L05, L19");
    say(pins_memory, "locked_memslot_survives_mmu_notifiers",
        locked_memslot_survives_mmu_notifiers<D>, "L20; LIST-2022: stage 2 faults");
    say(pins_memory, "locked_memslot_is_pinned", locked_memslot_is_pinned<D>, "v4-03; L01");
    say(pins_memory, "unlocked_memslot_holds_no_pins", unlocked_memslot_holds_no_pins<D>,
        "v4-03; L02");
    say(pins_memory, "unlocked_memslot_has_no_stale_mapping",
        unlocked_memslot_has_no_stale_mapping<D>, "v4-03; L09, L12");
    say(clears_all_tags, "tags_do_not_stay_pending", tags_do_not_stay_pending<D>, "v4-06; SPE-4.4");
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
        "v4-24, v4-33; W01, W18, W19");
    say(is_spe_series, "world_switch_is_silent", world_switch_is_silent<D>,
        "v4-30, v4-31; W06, W07, W08");
    code_invariants<D>(say);
    say(is_spe_series, "restore_order", restore_order<D>, "v4-30, v4-31; W09");
    say(is_spe_series, "host_spe_state_isolated", host_spe_state_isolated<D>, "v4-30, v4-31; W03");
    say(is_spe_series, "spe_vcpu_never_runs_without_spe", spe_vcpu_never_runs_without_spe<D>,
        "v4-19; V02");
    say(is_spe_series, "pending_event_has_service", pending_event_has_service<D>, "v4-34; I02");
    say(is_spe_series, "loaded_guest_owns_the_buffer", loaded_guest_owns_the_buffer<D>,
        "v4-24; W01");
    say(is_spe_series, "vcpu_is_on_one_pe", vcpu_is_on_one_pe<D>, "v4-30");
    say(is_spe_series, "spe_vcpu_never_runs_on_unsupported_cpu",
        spe_vcpu_never_runs_on_unsupported_cpu<D>, "v4-19; V01");
    say(is_spe_series, "spe_vcpu_that_ran_names_spe_cpus", spe_vcpu_that_ran_names_spe_cpus<D>,
        "v4-22; V02");
    say(is_v5_or_later, "initialized_spe_vcpu_names_cpus", initialized_spe_vcpu_names_cpus<D>,
        "v5-19; V02");
    say(is_spe_series, "initialized_spe_feature_fits", initialized_spe_feature_fits<D>, "v4-17");
    say(is_spe_series, "spe_vcpu_is_aarch64", spe_vcpu_is_aarch64<D>, "v4-17; V07");
    say(is_spe_series, "profiling_has_no_blackout", profiling_has_no_blackout<D>,
        "SPE-5.1; L20, N01");
    say(is_spe_series, "no_loss_goes_untold", no_loss_goes_untold<D>, "SPE-5.1");
    say(is_spe_series, "loss_shows_as_dl", loss_shows_as_dl<D>, "SPE-5.1; A18, I06");
    say(is_spe_series, "destroyed_vm_is_not_loaded", destroyed_vm_is_not_loaded<D>, "v4-07; W21");
    say(pins_buffer, "pinned_buffer_is_in_use", pinned_buffer_is_in_use<D>, "v6-28; N07");
    say(pins_no_memory, "nothing_is_locked", nothing_is_locked<D>, "SPE-5");
    say(pins_buffer, "pinned_buffer_is_mapped", pinned_buffer_is_mapped<D>, "v6-29; N01");
    say(pins_buffer, "running_buffer_is_mapped", running_buffer_is_mapped<D>, "v6-29; N01");
    say(pins_buffer, "buffers_are_within_memlock", buffers_are_within_memlock<D>, "v6-33; N04");
  }

  template <class D>
  static void properties(const Taken<D>& t, const SayProperty<D>& say) {
    spe_properties(t, say);
  }

  // Claims of the same kind that nobody has promised: `assay prove` answers them, a trace that
  // breaks one is no violation.
  template <class D>
  static void questions(const Taken<D>& t, const SayProperty<D>& say) {
    spe_questions(t, say);
  }
};

}  // namespace assay
