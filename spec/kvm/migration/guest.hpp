// What the guest and its devices do: the guest maps, configures and retargets LPIs by commands of
// its ITS and by their configuration table, devices send MSIs. It happens on the machine that the
// guest is on.
#pragma once
#include "spec/gic_profiles.hpp"
#include "spec/kvm/migration/state.hpp"

namespace assay {

// Runs body(lpi, interrupt) for an LPI on the machine that the guest is on.
template <class D, class Body>
void on_lpi(Step<D>& k, Migration<D>& m, const Word<D, 16>& lpi, Body&& body) {
  k.require(lpi < m.host.lpis, {"lpi_exists", "GIC-5.9: LPIs of the host line"});
  where_the_guest_is<D>(k, m, [&](auto& machine) {
    k.at(machine.lpi, lpi, [&](auto& l, std::size_t i) { body(l, m.interrupt[i], machine); });
  });
}

// An LPI that is pending and enabled wakes its vCPU where that one waits: KVM kicks it for an
// interrupt of its own, and the doorbell rings for one of the hardware.
template <class D>
void wakes(Step<D>& k, MigrationMachine<D>& machine, const KvmLpi<D>& l, const Interrupt<D>& i) {
  const Flag<D> is_due = i.enabled && is_pending<D>(l);
  k.at(machine.vcpu, plain(l.vcpu),
       [&](auto& v) { k.when(is_due && v.blocked, [&] { k.set(v.woken, true); }); });
}

// What a guest does it does inside KVM_RUN. A call that saves tables holds the lock of every vCPU.
template <class D>
void guest_acts(Step<D>& k, const Migration<D>& m) {
  k.require(guest_runs<D>(m), {"guest_runs", "GIC-6.5: vCPUs are paused"});
  k.require(m.step.resume || !m.step.saving, {"vcpus_are_unlocked", "GIC-6.4: all vCPU locks"});
}

// Both VMs are made: that of the guest, and the one that waits for it on the destination. Every vPE
// is mapped from then on.
template <class D>
struct GicVmsMade {
  static constexpr const char* name = "gic_vms_made";
  static constexpr const char* source = "GIC-6.1: one vPE for each vCPU";
  static constexpr bool creates_the_system = true;
  static constexpr auto fields() { return members<>; }
  void apply(Step<D>& k, Migration<D>& m) const {
    k.require(!m.made, {"made_once", "GIC-6.5"});
    k.set(m.made, true);
  }
};

// The guest's MAPTI: a device and an event are translated to this LPI of this vCPU. KVM takes over
// the pending bit that guest memory holds, and clears it there (vgic_v3_lpi_sync_pending_status).
template <class D>
struct ItsMapti {
  static constexpr const char* name = "its_mapti";
  static constexpr const char* source = "GIC-5.9: MAPTI; vgic-its.c:vgic_its_cmd_handle_mapi";
  Word<D, 16> lpi{}, vcpu{};
  static constexpr auto fields() { return members<&ItsMapti::lpi, &ItsMapti::vcpu>; }
  void apply(Step<D>& k, Migration<D>& m) const {
    guest_acts<D>(k, m);
    k.require(vcpu < m.host.vcpus, {"vcpu_exists", "GIC-5.9: a collection names a vCPU"});
    on_lpi<D>(k, m, lpi, [&](auto& l, auto& interrupt, auto& machine) {
      // Of an event that is mapped already nothing changes.
      k.when(!l.mapped, [&] {
        k.set(l.mapped, true);
        k.set(l.vcpu, vcpu);
        k.set(l.latch, plain(l.table));
        k.set(l.table, false);
      });
      wakes<D>(k, machine, l, interrupt);
    });
  }
};

// DISCARD: the translation is gone, and what was pending with it. KVM also clears the entry in
// guest memory.
template <class D>
struct ItsDiscard {
  static constexpr const char* name = "its_discard";
  static constexpr const char* source = "GIC-5.9: DISCARD; vgic-its.c:vgic_its_cmd_handle_discard";
  Word<D, 16> lpi{};
  static constexpr auto fields() { return members<&ItsDiscard::lpi>; }
  void apply(Step<D>& k, Migration<D>& m) const {
    guest_acts<D>(k, m);
    on_lpi<D>(k, m, lpi, [&](auto& l, auto& interrupt, auto&) {
      k.require(!l.listed,
                {"no_list_register_holds_it", "GIC-5.9: the vCPU left the guest before"});
      k.require(!l.unfinished, {"forwarding_is_not_changing", "GIC-6.2: under the ITS's lock"});
      k.set(l.mapped, false);
      k.set(l.entry, false);
      k.set(l.latch, false);
      k.set(l.forwarded, false);
      k.set(l.vlpi.pending, false);
      k.set(interrupt.owed, false);
    });
  }
};

// MOVI: the LPI is another vCPU's.
template <class D>
struct ItsMovi {
  static constexpr const char* name = "its_movi";
  static constexpr const char* source = "GIC-5.9: MOVI; vgic-its.c:vgic_its_cmd_handle_movi";
  Word<D, 16> lpi{}, vcpu{};
  static constexpr auto fields() { return members<&ItsMovi::lpi, &ItsMovi::vcpu>; }
  void apply(Step<D>& k, Migration<D>& m) const {
    guest_acts<D>(k, m);
    k.require(vcpu < m.host.vcpus, {"vcpu_exists", "GIC-5.9: a collection names a vCPU"});
    on_lpi<D>(k, m, lpi, [&](auto& l, auto& interrupt, auto& machine) {
      k.require(!l.listed, {"no_list_register_holds_it", "GIC-5.9: it moves when it is pruned"});
      k.when(l.mapped, [&] { k.set(l.vcpu, vcpu); });
      wakes<D>(k, machine, l, interrupt);
    });
  }
};

// The guest writes the LPI's byte in the configuration table and has it read (INV).
template <class D>
struct LpiConfig {
  static constexpr const char* name = "lpi_config";
  static constexpr const char* source = "GIC-5.9: INV; vgic-its.c:update_lpi_config";
  Word<D, 16> lpi{};
  Flag<D> enabled{};
  static constexpr auto fields() { return members<&LpiConfig::lpi, &LpiConfig::enabled>; }
  void apply(Step<D>& k, Migration<D>& m) const {
    guest_acts<D>(k, m);
    on_lpi<D>(k, m, lpi, [&](auto& l, auto& interrupt, auto& machine) {
      k.set(interrupt.enabled, enabled);
      wakes<D>(k, machine, l, interrupt);
    });
  }
};

// An interrupt arrives for a mapped LPI: in the VPT where the hardware has it as a VLPI, in KVM's
// latch otherwise. Of one that is not mapped the ITS knows nothing. While the vPE is unmapped the
// hardware may drop it: the VPT is not its own.
template <class D>
void arrives(Step<D>& k, Migration<D>& m, const Word<D, 16>& lpi, const Flag<D>& dropped) {
  on_lpi<D>(k, m, lpi, [&](auto& l, auto& interrupt, auto& machine) {
    const Flag<D> forwarded = l.forwarded;
    k.require(!dropped || (forwarded && machine.gic.unmapped),
              {"vpe_is_unmapped", "GIC-6.4: a mapped vPE takes its VLPIs"});
    k.when(l.mapped, [&] {
      k.set(interrupt.owed, true);
      k.when(forwarded && !dropped, [&] { k.set(l.vlpi.pending, true); });
      k.when(!forwarded, [&] { k.set(l.latch, true); });
    });
    wakes<D>(k, machine, l, interrupt);
  });
}

// A device writes to the ITS's doorbell.
template <class D>
struct ItsMsi {
  static constexpr const char* name = "its_msi";
  static constexpr const char* source = "GIC-5.9; vgic-its.c:vgic_its_inject_msi; ITS-6";
  static constexpr unsigned answers = 1;
  Word<D, 16> lpi{};
  Flag<D> dropped{};
  static constexpr auto fields() { return members<&ItsMsi::lpi, &ItsMsi::dropped>; }
  void apply(Step<D>& k, Migration<D>& m) const {
    k.require(devices_run<D>(m), {"device_runs", "VLPI-0: a paused device sends no interrupt"});
    arrives<D>(k, m, lpi, dropped);
  }
};

// The guest's INT: the same, by a command.
template <class D>
struct ItsInt {
  static constexpr const char* name = "its_int";
  static constexpr const char* source = "GIC-5.9: INT; GIC-6.2";
  static constexpr unsigned answers = 1;
  Word<D, 16> lpi{};
  Flag<D> dropped{};
  static constexpr auto fields() { return members<&ItsInt::lpi, &ItsInt::dropped>; }
  void apply(Step<D>& k, Migration<D>& m) const {
    guest_acts<D>(k, m);
    arrives<D>(k, m, lpi, dropped);
  }
};

// The guest's CLEAR: the LPI is pending no more.
template <class D>
struct ItsClear {
  static constexpr const char* name = "its_clear";
  static constexpr const char* source = "GIC-5.9: CLEAR; GIC-6.2";
  Word<D, 16> lpi{};
  static constexpr auto fields() { return members<&ItsClear::lpi>; }
  void apply(Step<D>& k, Migration<D>& m) const {
    guest_acts<D>(k, m);
    on_lpi<D>(k, m, lpi, [&](auto& l, auto& interrupt, auto&) {
      k.require(!l.listed,
                {"no_list_register_holds_it", "GIC-5.9: the vCPU left the guest before"});
      k.set(l.latch, false);
      k.set(l.vlpi.pending, false);
      k.set(interrupt.owed, false);
    });
  }
};

}  // namespace assay
