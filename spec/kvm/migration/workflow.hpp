// The order in which a VMM migrates a guest (VLPI-0). Each step asks that all before it were taken,
// by one check for each: what the check of one pair carries can be asked by leaving it out. The id
// of such a check is `after_` and the event that ends the earlier step; `assay prove --protocol`
// goes by that.
//
//   on the source        pause_vcpus, pause_devices, its_save_tables, save_pending_end, copy_memory
//   on the destination   its_restore_tables, vlpi_transfer (of each forwarded LPI), resume
#pragma once
#include "spec/gic_profiles.hpp"
#include "spec/kvm/migration/state.hpp"

namespace assay {

// The steps that a VMM takes by calls, in their order.
enum class MigrationStep : unsigned {
  pause_vcpus,
  pause_devices,
  its_save_tables,
  save_pending_end,
  copy_memory,
  its_restore_tables,
  last
};

template <MigrationStep before, class D>
void comes_after(Step<D>& k, const Workflow<D>& step) {
  using enum MigrationStep;
  constexpr auto number = static_cast<unsigned>(before);
  k.require(!step.saving, {"no_call_goes_on", "VLPI-0: one step ends before the next begins"});
  if constexpr (number > static_cast<unsigned>(pause_vcpus))
    k.require(plain(step.pause_vcpus), {"after_pause_vcpus", "VLPI-0: pause all vCPUs"});
  if constexpr (number > static_cast<unsigned>(pause_devices))
    k.require(plain(step.pause_devices), {"after_pause_devices", "VLPI-0: pause other devices"});
  if constexpr (number > static_cast<unsigned>(its_save_tables))
    k.require(plain(step.its_save_tables),
              {"after_its_save_tables", "VLPI-0: flush ITS tables into guest RAM"});
  if constexpr (number > static_cast<unsigned>(save_pending_end))
    k.require(plain(step.save_pending_end),
              {"after_save_pending_end", "VLPI-0: flush RDIST pending tables"});
  if constexpr (number > static_cast<unsigned>(copy_memory))
    k.require(plain(step.copy_memory), {"after_copy_memory", "GIC-6.5: copy dirty RAM"});
  if constexpr (number > static_cast<unsigned>(its_restore_tables))
    k.require(plain(step.its_restore_tables),
              {"after_its_restore_tables", "VLPI-0: restore ITS tables"});
}

// --- answers ------------------------------------------------------------------------------------

// The checks of a call that an event reports with its errno: the first that holds decides.
template <class D>
class Refusals {
 public:
  Refusals(Step<D>& k, const Word<D, 8>& answer) : k_(k), answer_(answer) {}

  void reject(Errno code, const Flag<D>& condition, const Why& why) {
    const Flag<D> refuses = k_.guard(condition, why);
    expected_ = ite(expected_ == 0 && refuses, Word<D, 8>(static_cast<u64>(code)), expected_);
  }
  // A failure whose cause lies outside the model.
  void may_fail(Errno code, const Why& why) {
    reject(code, answer_ == Word<D, 8>(static_cast<u64>(code)), why);
  }
  // To be asked once all checks are told: whether the call was carried out.
  Flag<D> succeeds() {
    k_.require(answer_ == expected_, {"error", "GIC-6.4"});
    return answer_ == 0;
  }

 private:
  Step<D>& k_;
  Word<D, 8> answer_, expected_{};
};

// --- pausing and going on -----------------------------------------------------------------------

// The vCPU threads are out of KVM_RUN, and so put.
template <class D>
struct PauseVcpus {
  static constexpr const char* name = "pause_vcpus";
  static constexpr const char* source = "VLPI-0: pause all vCPUs; GIC-6.5";
  static constexpr auto fields() { return members<>; }
  void apply(Step<D>& k, Migration<D>& m) const {
    k.require(!m.step.pause_vcpus, {"once", "VLPI-0"});
    k.require(!any<D>(m.source.lpi, [](const auto& l) { return l.unfinished; }),
              {"forwarding_is_set_up", "GIC-6.2: set_forwarding has returned"});
    k.require(!some_vcpu_is_in_guest<D>(m.source), {"no_vcpu_is_in_guest", "GIC-6.5"});
    k.require(!some_vpe_is_resident<D>(m.source.gic), {"no_vcpu_is_loaded", "GIC-6.3; GIC-6.5"});
    // A vCPU that waits leaves KVM_RUN, and waits no more when it runs again.
    each<D>(m.source.vcpu, [&](auto& v) {
      k.set(v.blocked, false);
      k.set(v.woken, false);
    });
    k.set(m.step.pause_vcpus, true);
  }
};

// Devices are kept from sending interrupts (VFIO's migration states).
template <class D>
struct PauseDevices {
  static constexpr const char* name = "pause_devices";
  static constexpr const char* source = "VLPI-0: pause other devices; GIC-6.5";
  static constexpr auto fields() { return members<>; }
  void apply(Step<D>& k, Migration<D>& m) const {
    comes_after<MigrationStep::pause_devices>(k, m.step);
    k.require(!m.step.pause_devices, {"once", "VLPI-0"});
    k.set(m.step.pause_devices, true);
  }
};

// Whether every LPI of the destination that is to be forwarded is.
template <class D>
Flag<D> forwarding_is_set_up(const Migration<D>& m) {
  return !m.host.destination_forwards || all<D>(m.destination.lpi, [](const auto& l) {
    return !l.mapped || (l.forwarded && !l.unfinished);
  });
}

// The guest and its devices go on on the destination.
template <class D>
struct Resume {
  static constexpr const char* name = "resume";
  static constexpr const char* source = "VLPI-0; GIC-6.5: run vCPUs";
  static constexpr auto fields() { return members<>; }
  void apply(Step<D>& k, Migration<D>& m) const {
    comes_after<MigrationStep::last>(k, m.step);
    if (k.is(GicBehaviour::forwards))
      k.require(forwarding_is_set_up<D>(m),
                {"after_vlpi_transfer", "VLPI-0: establish the forwarding paths"});
    k.require(!m.step.resume, {"once", "VLPI-0"});
    k.require(!any<D>(m.destination.lpi, [](const auto& l) { return l.unfinished; }),
              {"guest_is_not_halted", "GIC-6.2"});
    k.set(m.step.resume, true);
  }
};

// The migration is given up: guest and devices go on on the source, and the destination is no more.
// A later migration begins anew.
template <class D>
struct CancelMigration {
  static constexpr const char* name = "cancel_migration";
  static constexpr const char* source = "GIC-6.5: vCPUs and devices of the source run again";
  static constexpr auto fields() { return members<>; }
  void apply(Step<D>& k, Migration<D>& m) const {
    k.require(plain(m.step.pause_vcpus), {"a_migration_goes_on", "GIC-6.5"});
    k.require(!m.step.resume, {"guest_has_not_moved", "GIC-6.5"});
    k.require(!m.step.saving, {"saving_has_ended", "GIC-6.4"});
    Workflow<D>& step = m.step;
    k.set(step.pause_vcpus, false);
    k.set(step.pause_devices, false);
    k.set(step.its_save_tables, false);
    k.set(step.save_pending_end, false);
    k.set(step.copy_memory, false);
    k.set(step.its_restore_tables, false);
    k.set(step.cancelled, true);
    each<D>(m.destination.lpi, [&](auto& l) { forget(k, l); });
  }

 private:
  // As after the VM of the destination was made.
  static void forget(Step<D>& k, KvmLpi<D>& l) {
    k.set(l.mapped, false);
    k.set(l.vcpu, Word<D, 16>(0));
    k.set(l.latch, false);
    k.set(l.listed, false);
    k.set(l.forwarded, false);
    k.set(l.unfinished, false);
    k.set(l.vlpi.pending, false);
    k.set(l.vlpi.shown, false);
    k.set(l.table, false);
    k.set(l.entry, false);
    k.set(l.entry_vcpu, Word<D, 16>(0));
  }
};

}  // namespace assay
