// What a vCPU's PMU wants when the vCPU is initialised and when it runs (vcpu.rst 1.2, 1.4).
#pragma once
#include "spec/kvm/pmu/default_pmu.hpp"
#include "spec/kvm/stage.hpp"
#include "spec/kvm/vgic/numbers.hpp"

namespace assay {

// --- initialisation
// --------------------------------------------------------------------------------

// From Linux 6.7 on a VM gets its default PMU with the first vCPU that asks for one.
template <class D>
void pmu_first_init(Step<D>& k, Vm<D>& vm, const NewFeatures<D>& features) {
  const Flag<D> asks = bit(features.asked, static_cast<unsigned>(Feature::pmu_v3));
  k.when(asks && plain(vm.pmu.arm_pmu) == 0, [&] {
    pick_default_pmu<D>(k, vm, features.cpu,
                        {"no_default_pmu", "pmu-emul.c:kvm_arm_set_default_pmu: ENODEV"});
  });
}

template <class D>
void pmu_reset(Step<D>& k, Vm<D>& vm, const Reset<D>& reset) {
  reset.fails(k, reset.has(Feature::pmu_v3) && !vm.host.pmu_v3,
              {"no_pmu", "reset.c:kvm_reset_vcpu: kvm_arm_support_pmu_v3"});
}

// --- into the guest
// --------------------------------------------------------------------------------

template <class D>
void pmu_first_run(Step<D>& k, Vm<D>& vm, const Running<D>& running) {
  const Vcpu<D>& cpu = vm.vcpu[running.vcpu.index];
  const Flag<D> pmu = has(k, vm, cpu, Feature::pmu_v3);
  k.reject(Errno::inval, pmu && !cpu.pmu.created,
           {"pmu_not_initialized", "vcpu.rst 1.2; pmu-emul.c:kvm_arm_pmu_v3_enable"});
  k.reject(
      Errno::inval,
      pmu && vm.gic.created && !is_ppi<D>(cpu.pmu.irq) && !is_valid_spi<D>(vm, plain(cpu.pmu.irq)),
      {"pmu_interrupt_beyond_vgic", "pmu-emul.c:kvm_arm_pmu_v3_enable"});
  k.reject(Errno::inval, pmu && !vm.gic.created && cpu.pmu.irq != 0,
           {"pmu_interrupt_without_irqchip", "pmu-emul.c:kvm_arm_pmu_v3_enable"});
}

// Whether PE `cpu` may execute the VM's vCPUs (vcpu.rst 1.4): any PE until SET_PMU narrowed the
// VM to the PEs of one PMU. A PE of which nothing is known is not judged.
template <class D>
Flag<D> runs_on(const Vm<D>& vm, const Pe<D>& pe) {
  return !vm.pmu.narrowed || pe.pmu == 0 || pe.pmu == vm.pmu.arm_pmu;
}
template <class D>
Flag<D> pmu_refuses(const Step<D>&, const Vm<D>& vm, const Running<D>&, const Pe<D>& pe) {
  return !runs_on<D>(vm, pe);
}
template <class D>
void pmu_entry(Step<D>& k, Vm<D>& vm, const Running<D>& running) {
  // KVM asks the note of vcpu_load(); where a trace does not tell it, it was made on this PE.
  const Vcpu<D>& self = vm.vcpu[running.vcpu.index];
  Flag<D> supported = !self.on_unsupported;
  k.at(vm.host.pe, running.cpu,
       [&](const auto& pe) { k.let(supported, supported && (self.loaded || runs_on<D>(vm, pe))); });
  k.require(supported, {"on_supported_cpu", "vcpu.rst 1.4; arm.c:kvm_vcpu_exit_request"});
}

}  // namespace assay
