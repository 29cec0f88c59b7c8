// The life of an SPI or a PPI in KVM's vGIC: from a device's wire to a list register, to the guest
// that takes it and deactivates it.
//
// What stands under "ghost" is kept by no implementation. It says what devices and software asked
// for and what the guest has in hand, by which claims can speak of interrupts that are lost or
// delivered twice.
#pragma once
#include "model/step.hpp"
#include "spec/subject.hpp"

namespace assay {

enum class LineDim : unsigned { irq = 0, vcpu = 1 };

template <class D>
struct VgicIrq {
  FlagCell<D> level{};       // GICD_ICFGR: level-sensitive; otherwise edge-triggered
  FlagCell<D> enabled{};     // GICD_ISENABLER
  WordCell<D, 16> target{};  // GICD_IROUTER; of a PPI its own vCPU
  FlagCell<D> line{};        // line_level
  FlagCell<D> latch{};       // pending_latch
  FlagCell<D> active{};
  WordCell<D, 16> queued{};  // on the list of this vCPU and 1; 0: on none
  FlagCell<D> listed{};      // in a list register of that vCPU, whose state is
  FlagCell<D> lr_pending{}, lr_active{};
  // Ghost.
  FlagCell<D> wire{};          // as the device drives it
  FlagCell<D> soft{};          // made pending by software, and not handled since
  FlagCell<D> owed{};          // an edge was sent, and not taken
  WordCell<D, 16> handler{};   // taken by this vCPU and 1, and not deactivated
  FlagCell<D> used{};          // it was sent or made pending at least once
  FlagCell<D> reconfigured{};  // it became another kind of interrupt after that
  static constexpr auto fields() {
    return members<&VgicIrq::level, &VgicIrq::enabled, &VgicIrq::target, &VgicIrq::line,
                   &VgicIrq::latch, &VgicIrq::active, &VgicIrq::queued, &VgicIrq::listed,
                   &VgicIrq::lr_pending, &VgicIrq::lr_active, &VgicIrq::wire, &VgicIrq::soft,
                   &VgicIrq::owed, &VgicIrq::handler, &VgicIrq::used, &VgicIrq::reconfigured>;
  }
};

template <class D>
struct LineVcpu {
  FlagCell<D> in_guest{};
  static constexpr auto fields() { return members<&LineVcpu::in_guest>; }
};

template <class D>
struct LineHost {
  WordCell<D, 16> irqs{}, vcpus{};
  static constexpr auto fields() { return members<&LineHost::irqs, &LineHost::vcpus>; }
};

template <class D>
struct Lines {
  using Domain = D;
  LineHost<D> host{};
  FlagCell<D> made{};
  FlagCell<D> enabled{};  // GICD_CTLR
  Table<D, VgicIrq<D>, LineDim::irq> irq{};
  Table<D, LineVcpu<D>, LineDim::vcpu> vcpu{};
  static constexpr auto fields() {
    return members<&Lines::host, &Lines::made, &Lines::enabled, &Lines::irq, &Lines::vcpu>;
  }
};

// irq_is_pending()
template <class D>
Flag<D> is_pending(const VgicIrq<D>& irq) {
  return irq.latch || (irq.level && irq.line);
}

template <class D>
using TakenLine = TakenOf<D, Lines<D>>;
template <class D>
using SayOfLines = SayInvariantOf<D, Lines<D>>;

}  // namespace assay
