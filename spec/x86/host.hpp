// The host a VM runs on: what the implementation was given and never changes.
//
// In proofs these are unknown constants, so a proof holds for every host. In traces they come
// from the header.
#pragma once
#include "model/fields.hpp"
#include "model/value_names.hpp"
#include "spec/x86/dimensions.hpp"
#include "spec/x86/migration/host.hpp"
#include "spec/x86/pebs/state.hpp"
#include "spec/x86/tsc/state.hpp"

namespace assay::x86 {

// Who made the CPUs.
enum class Vendor : unsigned { intel, amd };

template <class D>
struct Host {
  WordCell<D, 2> vendor{};         // Vendor
  WordCell<D, 16> vcpus_max{};     // KVM_CAP_MAX_VCPUS on the system descriptor
  WordCell<D, 16> vcpu_ids_max{};  // KVM_CAP_MAX_VCPU_ID: ids lie below
  WordCell<D, 16> slots_max{};     // KVM_CAP_NR_MEMSLOTS
  WordCell<D, 32> vm_types{};      // KVM_CAP_VM_TYPES: bit 0 is the default type
  PebsHost<D> pebs{};
  TscHost<D> tsc{};
  MigrationHosts<D> migration{};  // what is known of the two hosts of a migration
  static constexpr auto fields() {
    return members<&Host::vendor, &Host::vcpus_max, &Host::vcpu_ids_max, &Host::slots_max,
                   &Host::vm_types, &Host::pebs, &Host::tsc, &Host::migration>;
  }
};

// What proofs assume of a host: sizes that KVM is built with.
template <class D>
Flag<D> host_is_possible(const Host<D>& host) {
  // KVM_MAX_VCPUS is 4096 at most, and KVM_MAX_VCPU_IDS four times that.
  const Flag<D> sizes = host.vcpus_max >= 1 && host.vcpus_max <= 4096 &&
                        host.vcpu_ids_max >= host.vcpus_max && host.vcpu_ids_max <= 16384 &&
                        host.slots_max >= 1;
  const Flag<D> counters = host.pebs.general <= host_pmcs && host.pebs.fixed <= 16;
  const auto& tsc = host.tsc;
  const Flag<D> rates = tsc.khz_least >= 1 && tsc.khz_least <= tsc.khz && tsc.khz <= tsc.khz_most &&
                        tsc.khz < tsc.khz_max;
  return sizes && counters && rates && migration_is_possible<D>(host.migration) &&
         host.vendor <= static_cast<u64>(Vendor::amd) && bit(plain(host.vm_types), 0);
}

}  // namespace assay::x86
