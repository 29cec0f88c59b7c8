// The vGIC: creation and placement. What of it belongs to the system: rules, invariants,
// properties.
#pragma once
#include "spec/kvm/vgic/invariants.hpp"
#include "spec/kvm/vgic/rules.hpp"
#include "spec/subject.hpp"

namespace assay {

struct KvmVgic {
  template <class D>
  using Rules = TypeList<CreateDevice<D>, VgicSetDist<D>, VgicSetRedist<D>, VgicSetRedistRegion<D>,
                         VgicSetNrIrqs<D>, VgicInit<D>>;

  template <class D>
  static void invariants(const SayInvariant<D>& say) {
    say(every, "vgic_stages_are_ordered", vgic_stages_are_ordered<D>, "arm-vgic-v3.rst");
    say(every, "redist_regions_are_contiguous", redist_regions_are_contiguous<D>,
        "arm-vgic-v3.rst");
    say(every, "runner_has_frame", runner_has_frame<D>, "vgic-v3.c:vgic_v3_map_resources");
    say(every, "ready_vgic_gave_frames", ready_vgic_gave_frames<D>,
        "vgic-v3.c:vgic_v3_map_resources");
    say(every, "chosen_spis_are_in_range", chosen_spis_are_in_range<D>, "arm-vgic-v3.rst NR_IRQS");
    say(every, "initialized_vgic_has_spis", initialized_vgic_has_spis<D>,
        "arm-vgic-v3.rst NR_IRQS");
  }
};

}  // namespace assay
