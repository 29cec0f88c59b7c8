// Who may own an interrupt of a vCPU (vgic.c:kvm_vgic_set_owner). A device of the vCPU claims its
// own when it is set up, and what another has claimed is refused. A claim is never given back.
#pragma once
#include <array>
#include <string_view>

#include "spec/kvm/pmu/interrupt.hpp"
#include "spec/kvm/spe/interrupt.hpp"
#include "spec/kvm/vcpu/timers.hpp"

namespace assay {

template <class D>
using Owns = Flag<D> (*)(const Vcpu<D>& cpu, const Word<D, 32>& intid);

template <class D>
struct InterruptOwner {
  const char* name;
  const char* source;
  Owns<D> owns;
};

template <class D>
inline constexpr std::array interrupt_owners = {
    InterruptOwner<D>{"vtimer", "arch_timer.c:timer_irqs_are_valid", vtimer_owns<D>},
    InterruptOwner<D>{"ptimer", "arch_timer.c:timer_irqs_are_valid", ptimer_owns<D>},
    InterruptOwner<D>{"pmu", "pmu-emul.c:kvm_arm_pmu_v3_init", pmu_owns<D>},
    InterruptOwner<D>{"spe", "v4-22", spe_owns<D>},
};

// Whether one that is not called `self` owns the interrupt.
template <class D>
Flag<D> is_owned_by_another(std::string_view self, const Vcpu<D>& cpu, const Word<D, 32>& intid) {
  Flag<D> owned = false;
  for (const InterruptOwner<D>& other : interrupt_owners<D>)
    if (other.name != self) owned = owned || other.owns(cpu, intid);
  return owned;
}

}  // namespace assay
