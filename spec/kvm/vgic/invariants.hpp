// What is always true of the vGIC's life cycle (facts VG-2, VG-3, VG-4, LC-13).
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
    return iff(r.present, Word<D, 8>(i) < vm.gic.regions);
  });
}

// VG-3: every vCPU that passed its first run under a GICv3 owns a redistributor frame.
template <class D>
Flag<D> runner_has_frame(const Vm<D>& vm) {
  return all<D>(vm.vcpu, [&](const auto& c) {
    return implies<D>(c.runner != 0 && vm.gic.created && !vm.gic.v2, c.has_frame);
  });
}

// An initialised vGIC has SPIs, so "is this SPI valid" has an answer.
template <class D>
Flag<D> initialized_vgic_has_spis(const Vm<D>& vm) {
  return implies<D>(vm.gic.initialized, vm.gic.spis >= 32 && vm.gic.spis <= 991);
}

}  // namespace assay
