// Forwarding of an LPI by the hardware: an IRQFD meets a VFIO device (kvm_vgic_v4_set_forwarding),
// or is taken from it. KVM halts the guest around it. Setting up is two events, because a device
// may send between them: the VLPI is mapped, and the pending state is handed over.
#pragma once
#include "spec/kvm/migration/workflow.hpp"

namespace assay {

// Whether the hardware of a machine takes VLPIs of a device of this VM.
template <class D>
Flag<D> machine_forwards(const Migration<D>& m, const Word<D, 1>& vm) {
  return (vm == 0 && m.host.source_forwards) || (vm == 1 && m.host.destination_forwards);
}

// A VMM leaves forwarding on the source alone once vCPUs are paused, and sets it up on the
// destination once the tables are restored.
template <class D>
void forwarding_may_change(Step<D>& k, const Migration<D>& m, const Word<D, 1>& vm) {
  k.when(vm == 0, [&] {
    k.require(!m.step.pause_vcpus, {"not_while_migrating", "GIC-6.5; VL-12"});
    k.require(!m.step.resume, {"guest_has_not_moved", "GIC-6.5"});
  });
  k.when(vm == 1, [&] { comes_after<MigrationStep::last>(k, m.step); });
}

// The VLPI is mapped (VMAPTI), and KVM leaves the LPI to the hardware.
template <class D>
struct VlpiMap {
  static constexpr const char* name = "vlpi_map";
  static constexpr const char* source =
      "GIC-6.2; vgic-v4.c:kvm_vgic_v4_set_forwarding; irq-gic-v3-its.c:its_vlpi_map";
  static bool applies(const Profile& p) { return p.is(GicBehaviour::forwards); }
  Word<D, 1> vm{};
  Word<D, 16> lpi{};
  static constexpr auto fields() { return members<&VlpiMap::vm, &VlpiMap::lpi>; }
  void apply(Step<D>& k, Migration<D>& m) const {
    forwarding_may_change<D>(k, m, vm);
    k.require(machine_forwards<D>(m, vm), {"machine_forwards", "GIC-6.1, GIC-6.2; VL-1"});
    k.require(lpi < m.host.lpis, {"lpi_exists", "GIC-5.9"});
    on_machine<D>(k, m, vm, [&](auto& machine) {
      k.require(!some_vcpu_is_in_guest<D>(machine), {"guest_is_halted", "GIC-6.2"});
      k.at(machine.lpi, lpi, [&](auto& l) {
        k.require(plain(l.mapped), {"lpi_is_mapped", "GIC-6.2: vgic_its_resolve_lpi"});
        k.require(!l.forwarded, {"once", "GIC-6.2"});
        k.set(l.forwarded, true);
        k.set(l.unfinished, true);
      });
    });
  }
};

// What KVM has in its latch becomes pending in the VPT, by a command to the physical ITS, and the
// latch is cleared.
template <class D>
struct VlpiTransfer {
  static constexpr const char* name = "vlpi_transfer";
  static constexpr const char* source =
      "GIC-6.2; VL-3; VLPI-3; vgic-v4.c:kvm_vgic_v4_set_forwarding";
  static bool applies(const Profile& p) { return p.is(GicBehaviour::forwards); }
  Word<D, 1> vm{};
  Word<D, 16> lpi{};
  static constexpr auto fields() { return members<&VlpiTransfer::vm, &VlpiTransfer::lpi>; }
  void apply(Step<D>& k, Migration<D>& m) const {
    k.require(lpi < m.host.lpis, {"lpi_exists", "GIC-5.9"});
    on_machine<D>(k, m, vm, [&](auto& machine) {
      k.at(machine.lpi, lpi, [&](auto& l) {
        k.require(plain(l.unfinished), {"vlpi_was_mapped", "GIC-6.2"});
        if (k.is(GicBehaviour::writes_clear_latch)) {
          k.set(l.vlpi.pending, plain(l.latch));
        } else {
          k.when(l.latch, [&] { k.set(l.vlpi.pending, true); });
        }
        k.set(l.latch, false);
        k.set(l.unfinished, false);
      });
    });
  }
};

// The IRQFD and the device part (kvm_vgic_v4_unset_forwarding). What is pending in the hardware is
// not read back: a limit that the series names. The device is quiet then, as a rule; an interrupt
// that it sent before is lost, and nobody owes it any more.
template <class D>
struct VlpiUnmap {
  static constexpr const char* name = "vlpi_unmap";
  static constexpr const char* source = "GIC-6.2; VL-12; vgic-v4.c:kvm_vgic_v4_unset_forwarding";
  static bool applies(const Profile& p) { return p.is(GicBehaviour::forwards); }
  Word<D, 1> vm{};
  Word<D, 16> lpi{};
  static constexpr auto fields() { return members<&VlpiUnmap::vm, &VlpiUnmap::lpi>; }
  void apply(Step<D>& k, Migration<D>& m) const {
    forwarding_may_change<D>(k, m, vm);
    k.require(vm == 0 || m.step.resume, {"guest_has_moved", "GIC-6.5; VL-12"});
    k.require(lpi < m.host.lpis, {"lpi_exists", "GIC-5.9"});
    const Flag<D> is_permitted = guest_runs<D>(m);
    on_machine<D>(k, m, vm, [&](auto& machine) {
      k.require(!some_vcpu_is_in_guest<D>(machine), {"guest_is_halted", "GIC-6.2"});
      k.at(machine.lpi, lpi, [&](auto& l, std::size_t i) {
        k.require(l.forwarded && !l.unfinished, {"lpi_is_forwarded", "GIC-6.2"});
        k.when(l.vlpi.pending && is_permitted, [&] { k.set(m.interrupt[i].owed, false); });
        k.set(l.forwarded, false);
        k.set(l.vlpi.pending, false);
      });
    });
  }
};

}  // namespace assay
