// What KVM keeps of a guest's TSC and of kvmclock.
//
// A guest's TSC is the host's, scaled, plus an offset. Writes of offsets form generations: a write
// that matches the last one (the same offset and rate) belongs to its generation, any other begins
// a new one. While all vCPUs are of one generation, kvmclock can be computed from the host's TSC
// alone: that is the masterclock, and KVM_GET_CLOCK then tells the host's TSC and CLOCK_REALTIME.
#pragma once
#include "model/fields.hpp"

namespace assay::x86 {

template <class D>
struct TscHost {
  WordCell<D, 32> khz{};  // of the host's TSC
  // Between these a guest's rate needs no scaling: 250 parts in a million (tsc_tolerance_ppm).
  WordCell<D, 32> khz_least{}, khz_most{};
  FlagCell<D> scales{};        // KVM_CAP_TSC_CONTROL: the CPU scales a guest's TSC
  WordCell<D, 32> khz_max{};   // that scaling can reach
  FlagCell<D> clock_is_tsc{};  // the host's own clock is its TSC
  static constexpr auto fields() {
    return members<&TscHost::khz, &TscHost::khz_least, &TscHost::khz_most, &TscHost::scales,
                   &TscHost::khz_max, &TscHost::clock_is_tsc>;
  }
};

// An offset. Those that KVM computes from the time of a vCPU's creation are not told by any call;
// such a one is not told until somebody reads it.
template <class D>
struct TscOffset {
  FlagCell<D> is_told{};
  WordCell<D, 64> value{};
  static constexpr auto fields() { return members<&TscOffset::is_told, &TscOffset::value>; }
};

template <class D>
struct TscVcpu {
  WordCell<D, 32> khz{};     // virtual_tsc_khz
  TscOffset<D> offset{};     // l1_tsc_offset
  FlagCell<D> is_current{};  // this_tsc_generation is cur_tsc_generation
  // A rate above the host's was asked for and the CPU cannot scale: at each entry KVM moves the
  // offset forward to where the rate would have brought the TSC. For good: no rate ends it.
  FlagCell<D> catches_up{};
  FlagCell<D> update{};  // KVM_REQ_MASTERCLOCK_UPDATE is pending
  static constexpr auto fields() {
    return members<&TscVcpu::khz, &TscVcpu::offset, &TscVcpu::is_current, &TscVcpu::catches_up,
                   &TscVcpu::update>;
  }
};

template <class D>
struct TscVm {
  FlagCell<D> khz_is_set{};    // by KVM_SET_TSC_KHZ on the VM; else the host's
  WordCell<D, 32> khz{};       // default_tsc_khz
  WordCell<D, 32> last_khz{};  // last_tsc_khz: of the vCPU whose offset was written last
  TscOffset<D> offset{};       // last_tsc_offset, which is cur_tsc_offset
  WordCell<D, 16> matched{};   // nr_vcpus_matched_tsc: all of the generation but the first
  FlagCell<D> masterclock{};   // use_master_clock
  // What kvmclock cannot be below, where that is known: it was set or read.
  FlagCell<D> has_floor{};
  WordCell<D, 64> floor{};
  static constexpr auto fields() {
    return members<&TscVm::khz_is_set, &TscVm::khz, &TscVm::last_khz, &TscVm::offset,
                   &TscVm::matched, &TscVm::masterclock, &TscVm::has_floor, &TscVm::floor>;
  }
};

}  // namespace assay::x86
