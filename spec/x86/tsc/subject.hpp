// A guest's TSC and kvmclock. What of it belongs to the system: rules and claims.
#pragma once
#include "spec/x86/tsc/claims.hpp"
#include "spec/x86/tsc/clock.hpp"

namespace assay {

struct X86Tsc {
  template <class D>
  using Rules = TypeList<x86::SetTscKhzOfVm<D>, x86::GetTscKhzOfVm<D>, x86::SetTscKhz<D>,
                         x86::GetTscKhz<D>, x86::HasTscOffset<D>, x86::GetTscOffset<D>,
                         x86::SetTscOffset<D>, x86::GetClock<D>, x86::SetClock<D>>;

  template <class D>
  static void invariants(const x86::SayInvariant<D>& say) {
    say(x86::is_kernel, "tsc_generation_has_one_offset", x86::tsc_generation_has_one_offset<D>,
        "x86.c:__kvm_synchronize_tsc");
    say(x86::is_kernel, "tsc_matches_are_counted", x86::tsc_matches_are_counted<D>,
        "x86.c:kvm_track_tsc_matching");
    say(x86::is_kernel, "tsc_of_absent_vcpu_is_blank", x86::tsc_of_absent_vcpu_is_blank<D>,
        "x86.c:kvm_arch_vcpu_create");
    say(x86::is_kernel, "tsc_rates_are_known", x86::tsc_rates_are_known<D>,
        "x86.c:kvm_set_tsc_khz");
    say(x86::is_kernel, "masterclock_means_one_offset", x86::masterclock_means_one_offset<D>,
        "x86.c:pvclock_update_vm_gtod_copy");
  }
};

}  // namespace assay
