// Where distributor and redistributors lie, and which vCPU owns which frame.
#pragma once
#include "spec/kvm/vm.hpp"

namespace assay {

inline constexpr u64 dist_bytes = 0x10000;    // KVM_VGIC_V3_DIST_SIZE
inline constexpr u64 redist_bytes = 0x20000;  // KVM_VGIC_V3_REDIST_SIZE, two 64K frames

template <class D>
Flag<D> ranges_overlap(const Num<D>& a, const Num<D>& a_bytes, const Num<D>& b,
                       const Num<D>& b_bytes) {
  return a + a_bytes > b && b + b_bytes > a;
}

// A legacy region (count 0) is as large as there are vCPUs (vgic.h:vgic_v3_rd_region_size).
template <class D>
Num<D> region_bytes(const Vm<D>& vm, const RedistRegion<D>& r) {
  return ite(r.count == 0, to_number(plain(vm.online)) * redist_bytes,
             plain(r.count) * redist_bytes);
}

template <class D>
Flag<D> last_region_has_count(const Vm<D>& vm) {
  return any<D>(vm.gic.region, [&](const auto& r, std::size_t i) {
    return r.present && vm.gic.regions == Word<D, 16>(i + 1) && r.count != 0;
  });
}

template <class D>
Flag<D> has_free_frame(const RedistRegion<D>& r) {
  return r.present && (r.count == 0 || r.free_index < r.count);
}
template <class D>
Flag<D> frame_available(const Vm<D>& vm) {
  return any<D>(vm.gic.region, [](const auto& r) { return has_free_frame<D>(r); });
}

// vgic-v3.c:vgic_v3_check_base: every region lies inside the IPA space and off the distributor.
template <class D>
Flag<D> bases_are_consistent(const Vm<D>& vm) {
  return all<D>(vm.gic.region, [&](const auto& r) {
    const Num<D> bytes = region_bytes<D>(vm, r);
    return !r.present ||
           (r.base + bytes <= vm.ipa_bytes &&
            !(vm.gic.dist_set &&
              ranges_overlap<D>(vm.gic.dist_base, Num<D>(dist_bytes), r.base, bytes)));
  });
}

// Gives the next free frame away: the first region in order that has one.
template <class D>
void take_frame(Step<D>& k, Vm<D>& vm) {
  Flag<D> taken = false;
  each<D>(vm.gic.region, [&](auto& r) {
    const Flag<D> here = !taken && has_free_frame<D>(r);
    k.when(here, [&] { k.set(r.free_index, r.free_index + Num<D>(1)); });
    taken = taken || here;
  });
}

// vgic-kvm-device.c:vgic_check_iorange after the EEXIST test.
template <class D>
void check_range(Step<D>& k, const Vm<D>& vm, const Num<D>& base, const Num<D>& bytes,
                 const Why& unaligned, const Why& wraps, const Why& beyond) {
  k.reject(Errno::inval, !is_multiple_of(base, 0x10000), unaligned);
  k.reject(Errno::inval, base + bytes >= wrap_at<D>(), wraps);
  k.reject(Errno::toobig, base >= vm.ipa_bytes || base + bytes > vm.ipa_bytes, beyond);
}

// vgic-mmio-v3.c:vgic_v3_set_redist_base after its argument checks: appends a region and gives
// frames to the vCPUs that have none, in creation order. If a frame is needed and the bases are
// inconsistent the region is removed again.
template <class D>
void add_region(Step<D>& k, Vm<D>& vm, const Num<D>& base, const Num<D>& count) {
  const Num<D> bytes =
      ite(count == 0, to_number(plain(vm.online)) * redist_bytes, count * redist_bytes);
  const Flag<D> hits_dist =
      vm.gic.dist_set && ranges_overlap<D>(vm.gic.dist_base, Num<D>(dist_bytes), base, bytes);
  const Flag<D> needed = any<D>(vm.vcpu, [](const auto& c) { return c.created && !c.has_frame; });
  k.reject(Errno::inval, needed && (hits_dist || !bases_are_consistent<D>(vm)),
           {"frames_misplaced", "vgic-mmio-v3.c:vgic_register_all_redist_iodevs"});
  k.at(vm.gic.region, vm.gic.regions, [&](auto& r) {
    k.set(r.present, true);
    k.set(r.base, base);
    k.set(r.count, count);
    k.set(r.free_index, Num<D>(0));
  });
  k.set(vm.gic.regions, vm.gic.regions + 1);
  each<D>(vm.vcpu, [&](auto& c) {
    k.when(c.created && !c.has_frame && frame_available<D>(vm), [&] {
      take_frame<D>(k, vm);
      k.set(c.has_frame, true);
    });
  });
}

}  // namespace assay
