// Migration of a VM's time: the algorithm of devices/vcpu.rst 4.1.
#pragma once
#include "spec/x86/migration/claims.hpp"

namespace assay {

struct X86Migration {
  template <class D>
  using Rules = TypeList<x86::MigrationSource<D>, x86::MigrationSetClock<D>,
                         x86::MigrationReadClock<D>, x86::MigrationWriteOffset<D>>;

  template <class D>
  static void invariants(const x86::SayInvariant<D>& say) {
    using x86::has_migration;
    say(has_migration, "migration_times_are_ordered", x86::migration_times_are_ordered<D>,
        "vcpu.rst 4.1");
    say(has_migration, "migration_source_is_sane", x86::migration_source_is_sane<D>,
        "vcpu.rst 4.1: step 4");
    say(has_migration, "migration_words_fit", x86::migration_words_fit<D>, "vcpu.rst 4.1");
    say(has_migration, "kvmclock_never_goes_backwards", x86::kvmclock_never_goes_backwards<D>,
        "TSC-4; api.rst 4.30");
    say(has_migration, "kvmclock_is_ahead_of_true_time_by_at_most_the_bound",
        x86::kvmclock_is_ahead_of_true_time_by_at_most_the_bound<D>, "vcpu.rst 4.1: step 4");
    say(has_migration, "kvmclock_is_behind_true_time_by_at_most_the_bound",
        x86::kvmclock_is_behind_true_time_by_at_most_the_bound<D>, "vcpu.rst 4.1: step 4");
  }

  template <class D>
  static void properties(const x86::Taken<D>& t, const SayProperty<D>& say) {
    if (t.template as<x86::MigrationWriteOffset<D>>() == nullptr) return;
    say("guest_time_never_goes_backwards",
        x86::guest_tsc_went_forward<D>(t.profile, t.after.migration), "TSC-3; vcpu.rst 4.1");
    say("guest_time_differs_from_true_elapsed_time_by_at_most_the_bound",
        x86::guest_tsc_follows_time<D>(t.profile, t.after), "TSC-3; vcpu.rst 4.1");
  }
};

}  // namespace assay
