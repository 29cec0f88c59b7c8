// What is always true of the vGIC's life cycle (VG-2, VG-3, VG-4, LC-13).
#pragma once
#include "spec/kvm/vgic/placement.hpp"

namespace assay {

// VG-4: ready implies initialised implies created.
template <class D>
Flag<D> vgic_stages_are_ordered(const Vm<D>& vm) {
  return implies<D>(vm.gic.ready, vm.gic.initialized) &&
         implies<D>(vm.gic.initialized, vm.gic.created) &&
         implies<D>(vm.gic.dist_set || vm.gic.regions != 0, vm.gic.created);
}

// Regions are numbered without gaps.
template <class D>
Flag<D> redist_regions_are_contiguous(const Vm<D>& vm) {
  return all<D>(vm.gic.region, [&](const auto& r, std::size_t i) {
    return iff(r.present, Word<D, 16>(i) < vm.gic.regions);
  });
}

// VG-3: every vCPU that passed its first run under a GICv3 owns a redistributor frame.
template <class D>
Flag<D> runner_has_frame(const Vm<D>& vm) {
  return all<D>(vm.vcpu, [&](const auto& c) {
    return implies<D>(c.runner != 0 && vm.gic.created && !vm.gic.v2, c.has_frame);
  });
}

// Strengthens VG-3: a mapped vGIC is a GICv3 whose vCPUs all own a frame. No vCPU can be added to
// an initialised vGIC (arm.c:kvm_arch_vcpu_precreate), so the first mapping decides for good.
template <class D>
Flag<D> ready_vgic_gave_frames(const Vm<D>& vm) {
  return implies<D>(vm.gic.ready, !vm.gic.v2 && all<D>(vm.vcpu, [&](const auto& c) {
                      return implies<D>(c.created, c.has_frame);
                    }));
}

// Strengthens the next: a size that userspace chose is one that NR_IRQS accepts, 64 to 992
// interrupts of which 32 are private (vgic-kvm-device.c:vgic_set_common_attr).
template <class D>
Flag<D> chosen_spis_are_in_range(const Vm<D>& vm) {
  return vm.gic.spis == 0 || (vm.gic.spis >= 32 && vm.gic.spis <= 991);
}

// An initialised vGIC has SPIs, so "is this SPI valid" has an answer.
template <class D>
Flag<D> initialized_vgic_has_spis(const Vm<D>& vm) {
  return implies<D>(vm.gic.initialized, vm.gic.spis >= 32 && vm.gic.spis <= 991);
}

}  // namespace assay
