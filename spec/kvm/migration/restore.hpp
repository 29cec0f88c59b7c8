// The destination reads the ITS's tables from guest memory: KVM_DEV_ARM_ITS_RESTORE_TABLES. With
// each LPI comes its pending bit, which is cleared there (vgic_v3_lpi_sync_pending_status).
#pragma once
#include "spec/kvm/migration/workflow.hpp"

namespace assay {

template <class D>
struct ItsRestoreTables {
  static constexpr const char* name = "its_restore_tables";
  static constexpr const char* source = "arm-vgic-its.rst; GIC-5.9, GIC-6.5; ITS-4";
  static constexpr unsigned answers = 1;
  Word<D, 8> error{};
  static constexpr auto fields() { return members<&ItsRestoreTables::error>; }
  void apply(Step<D>& k, Migration<D>& m) const {
    comes_after<MigrationStep::its_restore_tables>(k, m.step);
    k.require(!m.step.its_restore_tables, {"once", "VLPI-0"});
    k.require(!m.step.resume, {"guest_has_not_moved", "GIC-6.5"});
    Refusals<D> answer(k, error);
    answer.reject(Errno::exist, plain(m.step.its_restore_tables),
                  {"collections_exist", "GIC-5.9: EEXIST for a collection that there is"});
    answer.may_fail(Errno::fault, {"guest_memory", "arm-vgic-its.rst: EFAULT"});
    k.when(answer.succeeds(), [&] {
      each<D>(m.destination.lpi, [&](auto& l) {
        k.when(l.entry, [&] {
          k.set(l.mapped, true);
          k.set(l.vcpu, plain(l.entry_vcpu));
          k.set(l.latch, plain(l.table));
          k.set(l.table, false);
        });
      });
      k.set(m.step.its_restore_tables, true);
    });
  }
};

}  // namespace assay
