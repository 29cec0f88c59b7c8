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

// Whose SPE is stopped (KVM_ARM_VCPU_SPE_STOP): KVM leaves the host's buffer registers where they
// are, and the guest's accesses trap (v4-36; SPE-4.8).
template <class D>
Flag<D> is_of_stopped_vcpu(const Vm<D>& vm, const SpeSwitch<D>& sw) {
  return any<D>(vm.vcpu, [&](const auto& c, std::size_t i) {
    return sw.vcpu == Word<D, 16>(i) && c.spe.stop != spe_running;
  });
}

// The SPU's buffer registers are those that were saved of the host.
template <class D>
Flag<D> holds_buffer_of_host(const Spu<D>& spu, const SpeSwitch<D>& sw) {
  const SpeRegisters<D>& host = sw.host;
  return spu.ptr == host.ptr && spu.limit == host.limit && iff(spu.enable, host.enable) &&
         spu.fill == host.fill;
}
template <class D>
Flag<D> holds_status_of_host(const Spu<D>& spu, const SpeSwitch<D>& sw) {
  const SpeRegisters<D>& host = sw.host;
  return iff(spu.service, host.service) && iff(spu.data_loss, host.data_loss) &&
         iff(spu.collision, host.collision) && spu.ec == host.ec && spu.mss == host.mss;
}
template <class D>
Flag<D> holds_all_of_host(const Spu<D>& spu, const SpeSwitch<D>& sw) {
  return holds_buffer_of_host<D>(spu, sw) && holds_status_of_host<D>(spu, sw);
}

// KVM_ARM_VCPU_SPE_STOP_EXIT: a guest that would profile is not entered (v4-36).
template <class D>
Flag<D> is_kept_out(const SpeVcpu<D>& self) {
  return self.stop == spe_stopped_exit && !self.line && self.regs.enable &&
         (self.regs.e0spe || self.regs.e1spe);
}
// The hardware's buffer is the guest's, and on, while it runs.
template <class D>
Flag<D> wants_buffer(const SpeVcpu<D>& self) {
  return self.regs.enable && !self.line && self.stop == spe_running;
}

// The hypervisor is not on its way from the host to a guest, nor in one.
template <class D>
Flag<D> is_idle(const SpeSwitch<D>& sw) {
  return is_at<D>(sw, Switch::host) && sw.next == 0;
}
// No PE has the vCPU's registers loaded, or is about to load or save them.
template <class D>
Flag<D> is_out_of_guest(const Vm<D>& vm, VcpuId v) {
  return !any<D>(vm.spe_switch, [&](const auto& sw) {
    return !is_idle<D>(sw) && sw.vcpu == Word<D, 16>(v.index);
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
