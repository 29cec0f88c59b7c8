// The vGIC: creation and placement. What of it belongs to the system: rules, invariants,
// properties.
#pragma once
#include "spec/arm64_subject.hpp"
#include "spec/kvm/vgic/has.hpp"
#include "spec/kvm/vgic/invariants.hpp"

namespace assay {

struct KvmVgic {
  template <class D>
  using Rules =
      TypeList<CreateDevice<D>, SetAttribute<D, VgicDist>, SetAttribute<D, VgicRedist>,
               SetAttribute<D, VgicRedistRegion>, SetAttribute<D, VgicNrIrqs>,
               SetAttribute<D, VgicInit>, GetAttribute<D, VgicDist>, GetAttribute<D, VgicRedist>,
               GetAttribute<D, VgicRedistRegion>, GetAttribute<D, VgicNrIrqs>,
               SetAttribute<D, VgicDistReg>, GetAttribute<D, VgicDistReg>,
               SetAttribute<D, VgicRedistReg>, GetAttribute<D, VgicRedistReg>,
               SetAttribute<D, VgicCpuSysreg>, GetAttribute<D, VgicCpuSysreg>,
               SetAttribute<D, VgicLevels>, GetAttribute<D, VgicLevels>,
               SetAttribute<D, VgicSavePending>, SetAttribute<D, VgicOtherControl>,
               SetAttribute<D, VgicOtherAddress>, GetAttribute<D, VgicOtherAddress>,
               SetAttribute<D, VgicMaintenance>, GetAttribute<D, VgicMaintenance>,
               HasAttribute<D, VgicHasAddress>, HasAttribute<D, VgicHasNrIrqs>,
               HasAttribute<D, VgicHasControl>, HasAttribute<D, VgicHasLevels>,
               HasAttribute<D, VgicHasMaintenance>, HasAttribute<D, VgicHasDistReg>,
               HasAttribute<D, VgicHasRedistReg>, HasAttribute<D, VgicHasCpuSysreg>>;

  static constexpr std::array handles{
      HandleDeclaration{.kind = HandleKind{4},
                        .name = "vgic",
                        .link = "anon_inode:kvm-arm-vgic-v3",
                        .owner = HandleKind::vm,
                        .device_type = vgic_v3_device},
      HandleDeclaration{.kind = HandleKind{7},
                        .name = "vgic_v2",
                        .link = "anon_inode:kvm-arm-vgic-v2",
                        .owner = HandleKind::vm,
                        .device_type = vgic_v2_device},
  };

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
