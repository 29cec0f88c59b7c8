// List registers: filled before an entry, used by the guest, read back after an exit.
#pragma once
#include "spec/kvm/lines/rules.hpp"

namespace assay {

// kvm_vgic_flush_hwstate: what is on the vCPU's list and should be there goes into list registers.
// A level-sensitive interrupt is never pending and active in one.
template <class D>
struct VgicFlush {
  static constexpr const char* name = "vgic_flush";
  static constexpr const char* source =
      "VG-10, VG-13; vgic.c:kvm_vgic_flush_hwstate; vgic-v3.c:vgic_v3_populate_lr";
  Word<D, 16> vcpu{};
  static constexpr auto fields() { return members<&VgicFlush::vcpu>; }
  void apply(Step<D>& k, Lines<D>& m) const {
    k.require(vcpu < m.host.vcpus, {"vcpu_exists", "VG-10; vgic.c:kvm_vgic_flush_hwstate"});
    k.at(m.vcpu, vcpu, [&](auto& v) {
      k.require(!v.in_guest, {"vcpu_was_outside", "VG-10; vgic.c:kvm_vgic_flush_hwstate"});
      k.set(v.in_guest, true);
    });
    each<D>(m.irq, [&](auto& i) {
      const Flag<D> is_here = i.queued == vcpu + 1 && oracle<D>(k, m, i) == vcpu + 1;
      k.when(is_here, [&] { populate(k, i); });
    });
  }

 private:
  static void populate(Step<D>& k, VgicIrq<D>& i) {
    const Flag<D> is_active =
        k.guard(i.level && i.active, {"active_level_is_not_pending", "VG-13"});
    const Flag<D> pending = is_pending<D>(i) && !is_active;
    k.set(i.listed, true);
    k.set(i.lr_active, plain(i.active));
    k.set(i.lr_pending, pending);
    k.when(pending && !i.level, [&] { k.set(i.latch, false); });
  }
};

// kvm_vgic_sync_hwstate: the active bit comes back; the pending bit of an edge does; the latch of a
// level that was handled is cleared. Then the list is pruned: what should be elsewhere moves.
template <class D>
struct VgicSync {
  static constexpr const char* name = "vgic_sync";
  static constexpr const char* source =
      "VG-12; vgic.c:kvm_vgic_sync_hwstate; vgic-v3.c:vgic_v3_fold_lr_state";
  Word<D, 16> vcpu{};
  static constexpr auto fields() { return members<&VgicSync::vcpu>; }
  void apply(Step<D>& k, Lines<D>& m) const {
    k.require(vcpu < m.host.vcpus, {"vcpu_exists", "VG-12; vgic.c:kvm_vgic_sync_hwstate"});
    k.at(m.vcpu, vcpu, [&](auto& v) {
      k.require(plain(v.in_guest), {"vcpu_was_in_guest", "VG-12; vgic.c:kvm_vgic_sync_hwstate"});
      k.set(v.in_guest, false);
    });
    each<D>(m.irq, [&](auto& i) { k.when(i.listed && i.queued == vcpu + 1, [&] { fold(k, i); }); });
    each<D>(m.irq, [&](auto& i) {
      const Word<D, 16> at = oracle<D>(k, m, i);
      k.when(i.queued == vcpu + 1, [&] { k.set(i.queued, at); });
    });
  }

 private:
  static void fold(Step<D>& k, VgicIrq<D>& i) {
    const Flag<D> handled = i.level && !i.lr_pending && !i.lr_active;
    k.set(i.active, plain(i.lr_active));
    k.when(!i.level && i.lr_pending, [&] { k.set(i.latch, true); });
    k.when(handled, [&] {
      k.set(i.latch, false);
      k.set(i.soft, false);
    });
    k.set(i.listed, false);
    k.set(i.lr_pending, false);
    k.set(i.lr_active, false);
  }
};

// The guest acknowledges an interrupt. Hardware does not signal one that is active.
template <class D>
struct IrqAck {
  static constexpr const char* name = "irq_ack";
  static constexpr const char* source = "GIC-1.1: ICC_IAR1_EL1; VG-11";
  Word<D, 16> irq{}, vcpu{};
  static constexpr auto fields() { return members<&IrqAck::irq, &IrqAck::vcpu>; }
  void apply(Step<D>& k, Lines<D>& m) const {
    on_irq<D>(k, m, irq, [&](auto& i) {
      k.require(i.listed && i.queued == vcpu + 1, {"in_its_list_register", "VG-10"});
      k.require(plain(i.lr_pending), {"it_is_pending", "GIC-1.1: ICC_IAR1_EL1"});
      k.require(!i.lr_active, {"it_is_not_active", "GIC-1.1: ICC_IAR1_EL1"});
      k.set(i.lr_pending, false);
      k.set(i.lr_active, true);
      k.set(i.handler, vcpu + 1);
      // An edge that arrived since the entry is taken next.
      k.set(i.owed, !i.level && i.latch);
    });
  }
};

// The guest deactivates it: ICC_EOIR1_EL1, or ICC_DIR_EL1 with EOImode set.
template <class D>
struct IrqDeactivate {
  static constexpr const char* name = "irq_deactivate";
  static constexpr const char* source = "GIC-1.1: ICC_EOIR1_EL1, ICC_DIR_EL1";
  Word<D, 16> irq{}, vcpu{};
  static constexpr auto fields() { return members<&IrqDeactivate::irq, &IrqDeactivate::vcpu>; }
  void apply(Step<D>& k, Lines<D>& m) const {
    on_irq<D>(k, m, irq, [&](auto& i) {
      k.require(i.listed && i.queued == vcpu + 1, {"in_its_list_register", "VG-10"});
      k.require(plain(i.lr_active), {"it_is_active", "GIC-1.1: ICC_EOIR1_EL1"});
      k.set(i.lr_active, false);
      k.set(i.handler, Word<D, 16>(0));
    });
  }
};

}  // namespace assay
