// What devices, software and the guest do to interrupts.
#pragma once
#include "spec/kvm/lines/queue.hpp"
#include "spec/vgic_lines.hpp"

namespace assay {

template <class D>
struct VgicMade {
  static constexpr const char* name = "vgic_made";
  static constexpr const char* source = "vgic-init.c:vgic_init";
  static constexpr bool creates_the_system = true;
  static constexpr auto fields() { return members<>; }
  void apply(Step<D>& k, Lines<D>& m) const {
    k.require(!m.made, {"made_once", "vgic-init.c:vgic_init"});
    k.set(m.made, true);
  }
};

// A device drives its wire; the kernel's own trace event. Of an edge-triggered interrupt only the
// rising edge counts.
template <class D>
struct VgicUpdateIrqPending {
  static constexpr const char* name = "vgic_update_irq_pending";
  static constexpr const char* syntax = "vgic_update_irq_pending: VCPU=vcpu IRQ=irq level=level";
  static constexpr const char* source = "vgic.c:kvm_vgic_inject_irq; VG-8, VG-9";
  Word<D, 16> vcpu{}, irq{};
  Flag<D> level{};
  static constexpr auto fields() {
    return members<&VgicUpdateIrqPending::vcpu, &VgicUpdateIrqPending::irq,
                   &VgicUpdateIrqPending::level>;
  }
  void apply(Step<D>& k, Lines<D>& m) const {
    on_irq<D>(k, m, irq, [&](auto& i) {
      const Flag<D> was_edge = level && !i.level;
      k.set(i.wire, level);
      k.set(i.used, true);
      k.when(was_edge, [&] {
        k.set(i.latch, true);
        k.set(i.owed, true);
      });
      if (k.is(LineBehaviour::level_is_known_of_levels_only))
        k.when(plain(i.level), [&] { k.set(i.line, level); });
      else k.set(i.line, level);
      queue_irq<D>(k, m, i);
    });
  }
};

// GICD_ICFGR, while the interrupt is disabled.
template <class D>
struct IrqConfig {
  static constexpr const char* name = "irq_config";
  static constexpr const char* source = "VG-19: of SPIs; vgic-mmio.c:vgic_mmio_write_config";
  Word<D, 16> irq{};
  Flag<D> level{};
  static constexpr auto fields() { return members<&IrqConfig::irq, &IrqConfig::level>; }
  void apply(Step<D>& k, Lines<D>& m) const {
    on_irq<D>(k, m, irq, [&](auto& i) {
      k.require(!i.enabled, {"disabled_first", "vgic-mmio.c:vgic_mmio_write_config"});
      k.when(i.used && !iff(plain(i.level), level), [&] { k.set(i.reconfigured, true); });
      k.set(i.level, level);
    });
  }
};

// GICD_ISENABLER and GICD_ICENABLER.
template <class D>
struct IrqEnable {
  static constexpr const char* name = "irq_enable";
  static constexpr const char* source = "vgic-mmio.c:vgic_mmio_write_senable";
  Word<D, 16> irq{};
  Flag<D> enabled{};
  static constexpr auto fields() { return members<&IrqEnable::irq, &IrqEnable::enabled>; }
  void apply(Step<D>& k, Lines<D>& m) const {
    on_irq<D>(k, m, irq, [&](auto& i) {
      k.set(i.enabled, enabled);
      queue_irq<D>(k, m, i);
    });
  }
};

// GICD_IROUTER: another vCPU is the target. An interrupt that is on a list moves when it is pruned.
template <class D>
struct IrqRoute {
  static constexpr const char* name = "irq_route";
  static constexpr const char* source = "vgic-mmio-v3.c:vgic_mmio_write_irouter";
  Word<D, 16> irq{}, vcpu{};
  static constexpr auto fields() { return members<&IrqRoute::irq, &IrqRoute::vcpu>; }
  void apply(Step<D>& k, Lines<D>& m) const {
    k.require(vcpu < m.host.vcpus, {"vcpu_exists", "vgic-mmio-v3.c:vgic_mmio_write_irouter"});
    on_irq<D>(k, m, irq, [&](auto& i) { k.set(i.target, vcpu); });
  }
};

// GICD_CTLR. Interrupts that are pending already get onto the lists of their vCPUs, in a GIC.
template <class D>
struct DistEnable {
  static constexpr const char* name = "dist_enable";
  static constexpr const char* source = "VG-14; vgic-mmio-v3.c:vgic_mmio_write_v3_misc";
  Flag<D> enabled{};
  static constexpr auto fields() { return members<&DistEnable::enabled>; }
  void apply(Step<D>& k, Lines<D>& m) const {
    k.set(m.enabled, enabled);
    if (!k.is(LineBehaviour::enabling_queues_nothing))
      each<D>(m.irq, [&](auto& i) { queue_irq<D>(k, m, i); });
  }
};

// GICD_ISPENDR and GICD_ICPENDR by the guest, for an interrupt that is in no list register.
template <class D>
struct IrqSetPending {
  static constexpr const char* name = "irq_set_pending";
  static constexpr const char* source = "VG-9; vgic-mmio.c:vgic_mmio_write_spending";
  Word<D, 16> irq{};
  Flag<D> pending{};
  static constexpr auto fields() { return members<&IrqSetPending::irq, &IrqSetPending::pending>; }
  void apply(Step<D>& k, Lines<D>& m) const {
    on_irq<D>(k, m, irq, [&](auto& i) {
      k.require(!i.listed, {"no_list_register_holds_it", "vgic-mmio.c:vgic_mmio_write_spending"});
      k.set(i.latch, pending);
      k.set(i.soft, pending);
      k.set(i.owed, pending);
      k.when(pending, [&] { k.set(i.used, true); });
      queue_irq<D>(k, m, i);
    });
  }
};

}  // namespace assay
