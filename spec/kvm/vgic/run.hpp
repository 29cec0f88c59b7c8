// What a vGIC must be at the first run of a vCPU (KVM-1.6, row 6). A mapping that fails kills
// the VM; the other checks of a first run may be tried again.
#pragma once
#include "spec/kvm/stage.hpp"
#include "spec/kvm/vgic/placement.hpp"

namespace assay {

template <class D>
void vgic_first_run(Step<D>& k, Vm<D>& vm, const Running<D>&) {
  const Flag<D> maps = vm.gic.created && !vm.gic.v2 && !vm.gic.ready;
  auto kills = [&](Errno code, const Flag<D>& condition, const Why& why) {
    k.when(maps && condition, [&] { k.set(vm.dead, true); });
    k.reject(code, maps && condition, why);
  };
  kills(Errno::nxio, any<D>(vm.vcpu, [](const auto& c) { return c.created && !c.has_frame; }),
        {"vcpu_without_redist", "arm-vgic-v3.rst; vgic-v3.c:vgic_v3_map_resources"});
  kills(Errno::nxio, !vm.gic.dist_set, {"dist_not_set", "vgic-v3.c:vgic_v3_map_resources"});
  kills(Errno::inval, !bases_are_consistent<D>(vm),
        {"frames_overlap", "vgic-v3.c:vgic_v3_check_base"});
  kills(Errno::busy, !vm.gic.initialized,
        {"vgic_not_initialized", "vgic-v3.c:vgic_v3_map_resources"});
  k.when(maps, [&] { k.set(vm.gic.ready, true); });
  // No rule describes where a GICv2 lies: it may or may not have been placed.
  k.when(vm.gic.created && vm.gic.v2, [&] {
    const Why why = {"gicv2_not_placed", "vgic-v2.c:vgic_v2_map_resources"};
    const Flag<D> unplaced =
        k.choose({"gicv2_is_placed_or_not", "vgic-v2.c:vgic_v2_map_resources"});
    k.when(unplaced, [&] { k.set(vm.dead, true); });
    k.reject(Errno::nxio, unplaced, why);
  });
}

}  // namespace assay
