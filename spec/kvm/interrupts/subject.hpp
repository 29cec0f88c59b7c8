// Interrupts from userspace. What of it belongs to the system: rules.
#pragma once
#include "spec/arm64_subject.hpp"
#include "spec/kvm/interrupts/rules.hpp"

namespace assay {

struct KvmInterrupts {
  template <class D>
  using Rules = TypeList<CreateIrqchip<D>, IrqLine<D, Silently>, IrqLine<D, WithStatus>, Irqfd<D>,
                         SetGsiRouting<D>, SignalMsi<D>>;
};

}  // namespace assay
