// What a vGIC does when a vCPU is created: it limits how many there are, and gives the new one a
// redistributor frame if a region has one left.
#pragma once
#include "spec/kvm/stage.hpp"
#include "spec/kvm/vgic/placement.hpp"

namespace assay {

inline constexpr u64 gicv2_vcpus_max = 8;  // VGIC_V2_MAX_CPUS

template <class D>
void vgic_limits_vcpus(Step<D>& k, Vm<D>& vm, const NewVcpu<D>& made) {
  k.let(made.limit, ite(vm.gic.created && vm.gic.v2, Word<D, 16>(gicv2_vcpus_max), made.limit));
}

template <class D>
void vgic_before_vcpu(Step<D>& k, Vm<D>& vm, const NewVcpu<D>&) {
  k.reject(Errno::busy, vm.gic.created && vm.gic.initialized,
           {"vgic_initialized", "arm.c:kvm_arch_vcpu_precreate"});
}

// A creation that fails later gives the frame back only to the I/O bus: the region's index stays
// advanced.
template <class D>
void vgic_gives_frame(Step<D>& k, Vm<D>& vm, const NewVcpu<D>& made) {
  k.let(made.takes_frame, vm.gic.created && !vm.gic.v2 && frame_available<D>(vm));
  k.reject(Errno::inval, made.takes_frame && !bases_are_consistent<D>(vm),
           {"frame_misplaced", "vgic-mmio-v3.c:vgic_register_redist_iodev"});
  k.when(made.takes_frame, [&] { take_frame<D>(k, vm); });
}

template <class D>
void vgic_gave_frame(Step<D>& k, Vm<D>&, const CreatedVcpu<D>& made) {
  k.set(made.self.has_frame, made.took_frame);
}

}  // namespace assay
