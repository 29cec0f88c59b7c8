// Where a PE stands between host and guest, and how a rule reaches that.
#pragma once
#include "spec/arch/spu/enabled.hpp"
#include "spec/kvm/vm.hpp"

namespace assay {

template <class D>
Flag<D> is_at(const SpeSwitch<D>& sw, Switch stage) {
  return sw.stage == static_cast<u64>(stage);
}
// Neither host nor guest code runs.
template <class D>
Flag<D> is_between(const SpeSwitch<D>& sw) {
  return is_at<D>(sw, Switch::host_saved) || is_at<D>(sw, Switch::restoring_guest) ||
         is_at<D>(sw, Switch::guest_saved);
}

// The buffer of the guest whose registers are concerned is mapped at stage 2.
template <class D>
Flag<D> is_mapped(const Vm<D>& vm, const SpeSwitch<D>& sw) {
  return any<D>(vm.vcpu, [&](const auto& c, std::size_t i) {
    return sw.vcpu == Word<D, 16>(i) && c.spe.buffer.mapped;
  });
}

// Runs body(spu, pe, switch) for the SPU of a PE, and what the hypervisor does with it.
template <class D, class Body>
void on_switch(Step<D>& k, Vm<D>& vm, const Word<D, 16>& cpu, Body&& body) {
  Machine<D> machine = vm.machine();
  on_spu<D>(k, machine, cpu, [&](auto& spu, const auto& pe, std::size_t index) {
    body(spu, pe, vm.spe_switch[index]);
  });
}

}  // namespace assay
