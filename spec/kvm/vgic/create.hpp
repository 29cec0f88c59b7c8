// Making and initialising a vGIC, whatever call asks for it.
#pragma once
#include "spec/kvm/vm.hpp"

namespace assay {

// vgic-init.c:kvm_vgic_create.
template <class D>
void create_vgic(Step<D>& k, Vm<D>& vm, const Flag<D>& v2) {
  k.reject(Errno::exist, vm.gic.created, {"vgic_exists", "vgic-init.c:kvm_vgic_create"});
  k.reject(Errno::busy, any<D>(vm.vcpu, [](const auto& c) { return c.runner != 0; }),
           {"vcpu_has_run", "vgic-init.c:kvm_vgic_create"});
  k.reject(Errno::toobig, v2 && plain(vm.online) > 8,
           {"too_many_vcpus", "vgic-init.c:kvm_vgic_create; VGIC_V2_MAX_CPUS"});
  k.set(vm.gic.created, true);
  k.set(vm.gic.v2, v2);
}

// vgic-init.c:vgic_init. The number of interrupts is decided, if it was not set.
template <class D>
void initialize_vgic(Step<D>& k, Vm<D>& vm) {
  const Word<D, 16> legacy = Word<D, 16>(256 - 32);
  k.when(!vm.gic.initialized,
         [&] { k.set(vm.gic.spis, ite(plain(vm.gic.spis) == 0, legacy, plain(vm.gic.spis))); });
  k.set(vm.gic.initialized, true);
}

}  // namespace assay
