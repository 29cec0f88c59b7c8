// Which vCPU an interrupt is for, and when it gets onto the list of that vCPU.
#pragma once
#include "spec/kvm/lines/state.hpp"

namespace assay {

// vgic_target_oracle: the vCPU and 1 that should have the interrupt on its list; 0: none. An active
// one stays where it is, whatever its target has become.
template <class D>
Word<D, 16> oracle(Step<D>& k, const Lines<D>& m, const VgicIrq<D>& irq) {
  const Flag<D> stays =
      k.guard(plain(irq.active), {"active_interrupt_stays", "VG-11; vgic.c:vgic_target_oracle"});
  const Flag<D> is_wanted = irq.enabled && is_pending<D>(irq) && m.enabled;
  const Word<D, 16> target = irq.target + 1;
  const Word<D, 16> here = irq.queued;
  return ite(stays, ite(here != 0, here, target), ite(is_wanted, target, Word<D, 16>(0)));
}

// vgic_queue_irq_unlock: an interrupt that is on no list gets onto one.
template <class D>
void queue_irq(Step<D>& k, const Lines<D>& m, VgicIrq<D>& irq) {
  const Word<D, 16> at = oracle<D>(k, m, irq);
  k.when(irq.queued == 0, [&] { k.set(irq.queued, at); });
}

// Runs body(irq) for an interrupt that there is.
template <class D, class Body>
void on_irq(Step<D>& k, Lines<D>& m, const Word<D, 16>& irq, Body&& body) {
  k.require(irq < m.host.irqs, {"irq_exists", "vgic.c:vgic_get_irq"});
  k.at(m.irq, irq, [&](auto& i) { body(i); });
}

}  // namespace assay
