// PEBS of a guest. What of it belongs to the system: rules, invariants, properties, questions.
#pragma once
#include "spec/x86/pebs/invariants.hpp"
#include "spec/x86/pebs/properties.hpp"

namespace assay {

struct X86Pebs {
  template <class D>
  using Rules =
      TypeList<x86::SetCpuid2<D>, x86::PebsProgram<D>, x86::PebsReset<D>, x86::PebsMoved<D>,
               x86::PebsMapped<D>, x86::PebsHostUse<D>, x86::PebsCheck<D>, x86::PebsEnter<D>,
               x86::PebsRecord<D>, x86::PebsFull<D>, x86::PebsMissed<D>, x86::PebsOverflow<D>,
               x86::PebsHandle<D>, x86::PebsPmiInjected<D>, x86::PebsDrain<D>>;

  template <class D>
  static void invariants(const x86::SayInvariant<D>& say) {
    say(x86::is_kernel, "no_record_past_absolute_maximum", x86::no_record_past_absolute_maximum<D>,
        "SDM PEBS; PB-3");
    say(x86::is_kernel, "guest_pebs_disabled_while_host_uses_pebs",
        x86::guest_pebs_disabled_while_host_uses_pebs<D>, "PEBS-v3; PB-11");
    say(x86::is_kernel, "hardware_pebs_is_the_guests", x86::hardware_pebs_is_the_guests<D>, "PB-2");
    say(x86::has_slow_path, "every_guest_counter_has_pebs", x86::every_guest_counter_has_pebs<D>,
        "PEBS-v3; PB-2");
    say(x86::is_merged_pebs, "cross_mapped_counters_have_no_pebs",
        x86::cross_mapped_counters_have_no_pebs<D>, "pmu_intel.c; PB-2");
    say(x86::has_slow_path, "full_buffer_is_announced", x86::full_buffer_is_announced<D>,
        "PB-5; B-19");
    say(x86::is_pebs_as_meant, "no_overflow_is_ignored", x86::no_overflow_is_ignored<D>, "PB-5");
    say(x86::is_kernel, "accepted_pebs_is_the_hosts", x86::accepted_pebs_is_the_hosts<D>, "PB-8");
    say(x86::has_slow_path, "pebs_unavailable_tells_the_truth",
        x86::pebs_unavailable_tells_the_truth<D>, "PB-7; B-20");
    say(x86::has_slow_path, "one_record_threshold", x86::one_record_threshold<D>, "PEBS-v3; PB-10");
    say(x86::has_slow_path, "translation_is_of_the_ds_area", x86::translation_is_of_the_ds_area<D>,
        "PEBS-v3");
    say(x86::has_slow_path, "kvm_writes_only_the_ds_area", x86::kvm_writes_only_the_ds_area<D>,
        "PEBS-v3");
    supports(say);
  }

  // What the claims above rest on.
  template <class D>
  static void supports(const x86::SayInvariant<D>& say) {
    say(x86::is_kernel, "hardware_pebs_ends_with_the_guest",
        x86::hardware_pebs_ends_with_the_guest<D>, "core.c:intel_guest_get_msrs");
    say(x86::is_kernel, "host_counters_have_one_event", x86::host_counters_have_one_event<D>,
        "core.c:x86_schedule_events");
    say(x86::is_kernel, "absent_vcpu_has_no_pebs", x86::absent_vcpu_has_no_pebs<D>,
        "kvm_main.c:kvm_vm_ioctl_create_vcpu");
    say(x86::is_kernel, "lawful_buffer_stays_lawful", x86::lawful_buffer_stays_lawful<D>,
        "SDM PEBS");
    say(x86::is_merged_pebs, "records_are_right_without_help",
        x86::records_are_right_without_help<D>, "PB-9");
    say(x86::has_slow_path, "crossing_is_known", x86::crossing_is_known<D>, "PEBS-v3");
    say(x86::has_slow_path, "threshold_is_or_will_be_limited",
        x86::threshold_is_or_will_be_limited<D>, "PEBS-v3; PB-10");
    say(x86::has_slow_path, "wrong_record_will_be_rewritten",
        x86::wrong_record_will_be_rewritten<D>, "PEBS-v3; PB-9");
    say(x86::is_pebs_as_meant, "translation_ends_with_pebs", x86::translation_ends_with_pebs<D>,
        "PEBS-v3");
    say(x86::has_slow_path, "rewrite_keeps_the_guest_out", x86::rewrite_keeps_the_guest_out<D>,
        "x86.c:vcpu_enter_guest");
    say(x86::has_slow_path, "reset_values_are_in_place", x86::reset_values_are_in_place<D>,
        "PEBS-v3");
  }

  template <class D>
  static void properties(const x86::Taken<D>& t, const SayProperty<D>& say) {
    x86::pebs_properties(t, say);
  }

  template <class D>
  static void questions(const x86::Taken<D>& t, const SayProperty<D>& say) {
    x86::pebs_questions(t, say);
  }
};

}  // namespace assay
