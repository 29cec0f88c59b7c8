// What proofs assume of a host and of the bounded tables they are made for.
//
// A proof holds for every host that satisfies `host_is_possible`, and for every history of calls
// that `can_be_called`, as far as it stays within `fits_shape`. All three are reported with the
// result; none is an invariant.
#pragma once
#include "spec/kvm/vm.hpp"

namespace assay {

// A host as KVM can describe it: sizes that the architecture allows, PMUs that are distinct.
template <class D>
Flag<D> host_is_possible(const Host<D>& host) {
  const auto& ipa = plain(host.ipa_bits_max);
  const auto& user = plain(host.user_address_bits);
  const auto& space = plain(host.pmu_event_space);
  // reset.c:kvm_set_ipa_limit; TASK_SIZE_MAX with 48 and 52 bit VAs; PMUv3.0 and PMUv3.1.
  const Flag<D> sizes = ipa >= 32 && ipa <= 52 && (user == 48 || user == 52) &&
                        (space == 0x400 || space == 0x10000) && host.pmu_counters_max <= 31;
  const Flag<D> tables = host.vcpus_max >= 1 && host.vcpus_max <= 512 && host.slots_max >= 1;
  const Flag<D> pmus_differ = all<D>(host.pmu, [&](const auto& a, std::size_t i) {
    return all<D>(host.pmu, [&](const auto& b, std::size_t j) {
      return i >= j ? Flag<D>(true) : Flag<D>(a.type == 0 || a.type != b.type);
    });
  });
  const Flag<D> pes_have_listed_pmus = all<D>(host.pe, [&](const auto& pe) {
    return pe.pmu == 0 || pe.pmu == no_pmu ||
           any<D>(host.pmu, [&](const auto& p) { return p.type == pe.pmu; });
  });
  // D24.7 PMSIDR_EL1.MaxSize: 2^6 to 2^11 bytes.
  const Flag<D> spus = all<D>(host.pe, [&](const auto& pe) {
    const Flag<D> told = pe.spe != 0 && pe.spe != 0xff;
    return (!told || (pe.spe <= 6 && Num<D>(64) <= pe.spe_record_max)) &&
           pe.spe_record_max <= Num<D>(2048) && pe.spe_in_flight_max < 255;
  });
  // RLIMIT_MEMLOCK is bytes in 64 bits.
  const Flag<D> limits = host.memlock_pages <= Num<D>(~u64{0} / page_bytes);
  return sizes && tables && pmus_differ && pes_have_listed_pmus && spus && limits;
}

// Nothing falls off the end of a bounded table. Slots are bounded by the host's own limit; how many
// vCPUs, redistributor regions and ITSs userspace makes is a bound of the proof.
template <class D>
Flag<D> fits_shape(const Vm<D>& vm) {
  const Shape& shape = shape_in_use();
  if (shape.grows()) return true;
  const auto size = [&](Dim d) { return shape.size[static_cast<std::size_t>(d)]; };
  return vm.online <= size(Dim::vcpu) && vm.host.slots_max <= size(Dim::slot) &&
         vm.gic.regions <= size(Dim::region) && vm.itses.count <= size(Dim::its);
}

// An ordinary host with those limits: what counterexamples prefer to show.
inline Host<Concrete> typical_host(unsigned vcpus, unsigned slots) {
  Host<Concrete> host{};
  host.ipa_bits_max = 40;
  host.user_address_bits = 48;
  host.vcpus_max = vcpus;
  host.slots_max = slots;
  host.target = 5;
  host.pmu_event_space = 0x10000;
  host.pmu_counters_max = 6;
  host.pmu_v3 = true;
  host.gic_v3 = true;
  return host;
}

}  // namespace assay
