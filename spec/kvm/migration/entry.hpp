// Into the guest and out of it: pending LPIs go into list registers where a vCPU enters, what is
// left in them comes back where it leaves, and in between the guest takes interrupts.
#pragma once
#include "spec/arch/gic/vpe.hpp"
#include "spec/kvm/migration/guest.hpp"

namespace assay {

// vgic_flush: the vCPU enters the guest with its pending and enabled LPIs in list registers. One
// that the hardware has is never put there.
template <class D>
struct VcpuEnter {
  static constexpr const char* name = "vcpu_enter";
  static constexpr const char* source = "GIC-6.2; vgic.c:kvm_vgic_flush_hwstate; VG-10";
  Word<D, 16> vcpu{};
  static constexpr auto fields() { return members<&VcpuEnter::vcpu>; }
  void apply(Step<D>& k, Migration<D>& m) const {
    guest_acts<D>(k, m);
    k.require(vcpu < m.host.vcpus, {"vcpu_exists", "GIC-6.1"});
    where_the_guest_is<D>(k, m, [&](auto& machine) {
      if (k.is(GicBehaviour::forwards))
        k.require(vpe_is_resident<D>(machine.gic, vcpu), {"vpe_is_resident", "GIC-6.3; VL-9"});
      k.require(!any<D>(machine.lpi, [](const auto& l) { return l.unfinished; }),
                {"guest_is_not_halted", "GIC-6.2: KVM halts the guest around set_forwarding"});
      k.at(machine.vcpu, vcpu, [&](auto& v) {
        k.require(!v.in_guest, {"vcpu_is_outside", "vgic.c:kvm_vgic_flush_hwstate"});
        k.require(!v.blocked, {"vcpu_does_not_wait", "GIC-6.3"});
        k.set(v.in_guest, true);
      });
      each<D>(machine.lpi, [&](auto& l, std::size_t i) {
        const Flag<D> goes = l.latch && !l.forwarded && l.vcpu == vcpu && m.interrupt[i].enabled;
        k.when(goes, [&] {
          k.set(l.listed, true);
          k.set(l.latch, false);
        });
      });
    });
  }
};

// vgic_sync: what the guest has not taken is pending in the latch again.
template <class D>
struct VcpuExit {
  static constexpr const char* name = "vcpu_exit";
  static constexpr const char* source = "vgic.c:kvm_vgic_sync_hwstate";
  Word<D, 16> vcpu{};
  static constexpr auto fields() { return members<&VcpuExit::vcpu>; }
  void apply(Step<D>& k, Migration<D>& m) const {
    k.require(vcpu < m.host.vcpus, {"vcpu_exists", "GIC-6.1"});
    where_the_guest_is<D>(k, m, [&](auto& machine) {
      k.at(machine.vcpu, vcpu, [&](auto& v) {
        k.require(plain(v.in_guest), {"vcpu_is_in_guest", "vgic.c:kvm_vgic_sync_hwstate"});
        k.set(v.in_guest, false);
      });
      each<D>(machine.lpi, [&](auto& l) {
        k.when(l.listed && l.vcpu == vcpu, [&] {
          k.set(l.latch, true);
          k.set(l.listed, false);
        });
      });
    });
  }
};

// The guest waits for an interrupt: the vCPU is put, and its vPE asks for a doorbell. What is
// pending by then rings no bell any more; GICR_VPENDBASER.PendingLast tells of it.
template <class D>
struct VcpuBlock {
  static constexpr const char* name = "vcpu_block";
  static constexpr const char* source = "GIC-6.3; VL-10";
  Word<D, 16> vcpu{};
  static constexpr auto fields() { return members<&VcpuBlock::vcpu>; }
  void apply(Step<D>& k, Migration<D>& m) const {
    guest_acts<D>(k, m);
    k.require(vcpu < m.host.vcpus, {"vcpu_exists", "GIC-6.1"});
    where_the_guest_is<D>(k, m, [&](auto& machine) {
      k.require(!vpe_is_resident<D>(machine.gic, vcpu), {"vpe_is_not_resident", "GIC-6.3"});
      const Flag<D> is_pending_last = any<D>(machine.lpi, [&](const auto& l, std::size_t i) {
        return l.vcpu == vcpu && m.interrupt[i].enabled && is_pending<D>(l);
      });
      k.at(machine.vcpu, vcpu, [&](auto& v) {
        k.require(!v.in_guest, {"vcpu_is_outside", "GIC-6.3"});
        k.require(!v.blocked, {"vcpu_does_not_wait", "GIC-6.3"});
        k.set(v.blocked, true);
        k.set(v.woken, k.guard(is_pending_last, {"pending_last", "GIC-6.3; VL-10"}));
      });
    });
  }
};

// It goes on: the doorbell rang, or it was kicked.
template <class D>
struct VcpuWake {
  static constexpr const char* name = "vcpu_wake";
  static constexpr const char* source = "GIC-6.3; VL-10";
  Word<D, 16> vcpu{};
  static constexpr auto fields() { return members<&VcpuWake::vcpu>; }
  void apply(Step<D>& k, Migration<D>& m) const {
    guest_acts<D>(k, m);
    k.require(vcpu < m.host.vcpus, {"vcpu_exists", "GIC-6.1"});
    where_the_guest_is<D>(k, m, [&](auto& machine) {
      k.at(machine.vcpu, vcpu, [&](auto& v) {
        k.require(v.blocked && v.woken, {"something_woke_it", "GIC-6.3"});
        k.set(v.blocked, false);
        k.set(v.woken, false);
      });
    });
  }
};

// The guest acknowledges an LPI: from a list register, or from the hardware.
template <class D>
struct LpiTaken {
  static constexpr const char* name = "lpi_taken";
  static constexpr const char* source = "GIC-6.3; vgic.c:kvm_vgic_sync_hwstate";
  Word<D, 16> lpi{};
  static constexpr auto fields() { return members<&LpiTaken::lpi>; }
  void apply(Step<D>& k, Migration<D>& m) const {
    on_lpi<D>(k, m, lpi, [&](auto& l, auto& interrupt, auto& machine) {
      k.require(vcpu_is_in_guest<D>(machine, plain(l.vcpu)),
                {"its_vcpu_is_in_guest", "vgic.c:kvm_vgic_flush_hwstate"});
      const Flag<D> by_hardware = l.forwarded && l.vlpi.pending && interrupt.enabled;
      k.require(l.listed || by_hardware, {"it_is_delivered", "GIC-6.2, GIC-6.3"});
      // One that arrived while the list register held the first is taken next.
      k.set(interrupt.owed, l.listed && l.latch);
      k.when(!l.listed, [&] { k.set(l.vlpi.pending, false); });
      k.set(l.listed, false);
    });
  }
};

// A vPE follows its vCPU: it is resident from vcpu_load to vcpu_put.
template <class D>
void observes_vpe(Step<D>& k, Migration<D>& m, const Call<D>& call) {
  if (const auto* resident = call.template as<VpeResident<D>>()) {
    k.require(resident->vpe < m.host.vcpus, {"vcpu_exists", "GIC-6.1"});
    k.require(resident->pe < m.host.pes, {"pe_exists", "GIC-6.3"});
    k.require(guest_runs<D>(m), {"vcpus_are_not_paused", "GIC-6.3: vcpu_load; GIC-6.5"});
    k.require(m.step.resume || !m.step.saving, {"vcpus_are_unlocked", "GIC-6.4: all vCPU locks"});
  }
  if (call.template as<VpeNonResident<D>>() != nullptr)
    where_the_guest_is<D>(k, m, [&](auto& machine) {
      const Flag<D> all_outside = all<D>(machine.vcpu, [&](const auto& v, std::size_t i) {
        return !v.in_guest || vpe_is_resident<D>(machine.gic, Word<D, 16>(i));
      });
      k.require(all_outside, {"its_vcpu_is_outside", "GIC-6.3: vcpu_put comes after the exit"});
    });
}

}  // namespace assay
