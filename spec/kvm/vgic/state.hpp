// The in-kernel GICv3, as far as creation, addresses and initialisation go
// (devices/arm-vgic-v3.rst). Interrupt state is a subject of its own.
#pragma once
#include "spec/kvm/host.hpp"

namespace assay {

// One redistributor region, in the order in which userspace defined them.
template <class D>
struct RedistRegion {
  FlagCell<D> present{};
  NumCell<D> base{};        // guest-physical address
  NumCell<D> count{};       // frames it can hold; 0 = the legacy region, as many as vCPUs
  NumCell<D> free_index{};  // frames given to vCPUs
  static constexpr auto fields() {
    return members<&RedistRegion::present, &RedistRegion::base, &RedistRegion::count,
                   &RedistRegion::free_index>;
  }
};

template <class D>
struct Vgic {
  FlagCell<D> created{};      // an irqchip is in the kernel
  FlagCell<D> v2{};           // it is a GICv2
  FlagCell<D> initialized{};  // KVM_DEV_ARM_VGIC_CTRL_INIT done
  FlagCell<D> ready{};        // mapped by the first successful run
  FlagCell<D> dist_set{};
  NumCell<D> dist_base{};
  WordCell<D, 16> spis{};     // 0 = not chosen yet
  WordCell<D, 16> regions{};  // how many of `region` are present
  Table<D, RedistRegion<D>, Dim::region> region{};
  static constexpr auto fields() {
    return members<&Vgic::created, &Vgic::v2, &Vgic::initialized, &Vgic::ready, &Vgic::dist_set,
                   &Vgic::dist_base, &Vgic::spis, &Vgic::regions, &Vgic::region>;
  }
};

}  // namespace assay
