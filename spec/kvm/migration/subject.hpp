// Interrupts across a migration. What of it belongs to the system: rules, what KVM promises about
// vPEs, invariants, properties and a question.
#pragma once
#include "spec/gic_migration.hpp"
#include "spec/kvm/migration/entry.hpp"
#include "spec/kvm/migration/forwarding.hpp"
#include "spec/kvm/migration/invariants.hpp"
#include "spec/kvm/migration/properties.hpp"

namespace assay {

struct KvmMigration {
  template <class D>
  using Rules = TypeList<GicVmsMade<D>, ItsMapti<D>, ItsDiscard<D>, ItsMovi<D>, LpiConfig<D>,
                         ItsMsi<D>, ItsInt<D>, ItsClear<D>, VcpuEnter<D>, VcpuExit<D>, VcpuBlock<D>,
                         VcpuWake<D>, LpiTaken<D>, VlpiMap<D>, VlpiTransfer<D>, VlpiUnmap<D>,
                         PauseVcpus<D>, PauseDevices<D>, ItsSaveTables<D>, SavePendingStart<D>,
                         SavePendingBit<D>, SavePendingEnd<D>, CopyMemory<D>, ItsRestoreTables<D>,
                         Resume<D>, CancelMigration<D>>;

  template <class D>
  static void observes(Step<D>& k, Migration<D>& m, const Call<D>& call) {
    observes_vpe<D>(k, m, call);
  }

  template <class D>
  static void invariants(const SayOfMigration<D>& say) {
    say(every, "no_interrupt_lost", no_interrupt_lost<D>, "VLPI-0; VL-4");
    say(every, "no_interrupt_invented", no_interrupt_invented<D>, "VLPI-0; VL-4");
    say(every, "no_interrupt_invented_after_a_cancelled_migration",
        no_interrupt_invented_after_a_cancelled_migration<D>, "VLPI-0; GIC-5.9");
    say(every, "pending_state_is_saved", pending_state_is_saved<D>, "GIC-6.4; VL-4");
    say(every, "pending_state_survives_migration", pending_state_survives_migration<D>,
        "GIC-6.5; VL-3, VL-4");
    say(every, "mappings_survive_migration", mappings_survive_migration<D>, "ITS-4");
    say(reads_vpt, "vpes_are_mapped_outside_of_saving", vpes_are_mapped_outside_of_saving<D>,
        "VL-5");
    say(cannot_read_vpt, "vpes_stay_mapped", vpes_stay_mapped<D>, "GIC-6.4");
    say(forwards_nothing, "nothing_is_forwarded", nothing_is_forwarded<D>, "GIC-6.1");
    say(forwards, "forwarded_lpi_has_one_pending_source", forwarded_lpi_has_one_pending_source<D>,
        "VL-1; GIC-6.2");
    say(every, "only_mapped_lpis_are_pending", only_mapped_lpis_are_pending<D>, "ITS-6, ITS-8");
    say(every, "listed_lpi_is_of_a_vcpu_in_guest", listed_lpi_is_of_a_vcpu_in_guest<D>, "VG-10");
    say(forwards, "unfinished_forwarding_halts_the_guest", unfinished_forwarding_halts_the_guest<D>,
        "GIC-6.2");
    say(forwards, "paused_vcpus_have_forwarding_set_up", paused_vcpus_have_forwarding_set_up<D>,
        "GIC-6.2, GIC-6.5");
    say(reads_vpt, "vpes_are_unmapped_while_saving", vpes_are_unmapped_while_saving<D>,
        "GIC-6.4; VLPI-2");
    say(every, "pending_lpi_wakes_its_vcpu", pending_lpi_wakes_its_vcpu<D>, "VL-10");
    say(every, "paused_vcpus_are_put", paused_vcpus_are_put<D>, "GIC-6.5");
    say(every, "nothing_runs_on_the_destination_yet", nothing_runs_on_the_destination_yet<D>,
        "GIC-6.5");
    order_invariants<D>(say);
    say(every, "nothing_is_saved_once_the_guest_moved", nothing_is_saved_once_the_guest_moved<D>,
        "GIC-6.5");
    say(every, "tables_are_saved_once", tables_are_saved_once<D>, "VLPI-0");
    say(every, "saved_entries_are_the_mappings", saved_entries_are_the_mappings<D>, "ITS-4");
    say(every, "written_bits_are_true", written_bits_are_true<D>, "GIC-6.4; VL-4");
    say(reads_vpt, "unmapped_vpt_shows_what_is_pending", unmapped_vpt_shows_what_is_pending<D>,
        "GIC-6.4; 301beaf19739");
    say(cannot_read_vpt, "saved_lpis_can_be_saved", saved_lpis_can_be_saved<D>, "VL-11; ITS-5");
    say(every, "copied_tables_are_those_of_the_source", copied_tables_are_those_of_the_source<D>,
        "GIC-6.5");
    say(every, "destination_is_blank_until_restored", destination_is_blank_until_restored<D>,
        "GIC-6.5");
    say(every, "all_that_is_on_its_way_was_sent", all_that_is_on_its_way_was_sent<D>,
        "VLPI-0; VL-4");
    say(every, "pending_tables_are_consumed", pending_tables_are_consumed<D>, "GIC-5.9");
  }

  template <class D>
  static void properties(const TakenMigration<D>& t, const SayProperty<D>& say) {
    migration_properties<D>(t, say);
    saving_properties<D>(t, say);
  }
  template <class D>
  static void questions(const TakenMigration<D>& t, const SayProperty<D>& say) {
    migration_questions<D>(t, say);
  }
};

}  // namespace assay
