#include "spec/x86_kvm.hpp"

#include <array>

#include "spec/x86/unruled.hpp"

namespace assay {
namespace {

constexpr std::array<std::string_view, 4> machines{"x86_64", "i686", "i386", "amd64"};
constexpr std::array<std::string_view, 3> host_is_some{"vcpus_max", "vcpu_ids_max", "slots_max"};
// In the order of x86::Dim.
constexpr std::array dimensions{Dimension{"vcpus", "vCPUs", 2, "online"},
                                Dimension{"cpus", "CPUs", 2}};
constexpr std::array<std::string_view, 5> own_events{"pebs_", "kvm_pebs_", "wrmsr", "rdmsr",
                                                     "migration_"};
constexpr std::array named_leaves_of_state{
    NamedLeaf{"host.vendor", names_of_values<x86::Vendor>},
};
constexpr std::array ordinary_states{OrdinaryState{"", "created", "a VM was created"}};

}  // namespace

SystemInfo X86Kvm::info() {
  SystemInfo all;
  all.name = "x86-kvm";
  all.architecture = "x86";
  all.machines = machines;
  all.dimensions = dimensions;
  all.profiles = x86::profiles();
  all.usual_profile = "linux-6.1-x86";
  all.nearest_profile = x86::profile_for_release;
  all.profile_of_kernel = x86::profile_of_kernel;
  all.harmless = x86::harmless_requests();
  all.may_change = x86::may_change;
  all.host_is_some = host_is_some;
  all.named_leaves = named_leaves_of_state;
  all.ordinary = ordinary_states;
  all.own_events = own_events;
  return all;
}

x86::Host<Concrete> X86Kvm::usual_host() {
  x86::Host<Concrete> host{};
  host.vcpus_max = 1024;
  host.vcpu_ids_max = 4096;
  host.slots_max = 32764;
  host.vm_types = 1;
  host.pebs.general = 8;
  host.pebs.fixed = 4;
  host.pebs.model = 0x606a6;             // Ice Lake server
  host.pebs.perf_capabilities = 0x24c5;  // without PEBS_BASELINE
  host.tsc.khz = 2600000;
  host.tsc.khz_least = 2599350;
  host.tsc.khz_most = 2600650;
  host.tsc.khz_max = 0xffffffff;
  host.tsc.clock_is_tsc = true;
  return host;
}

x86::Host<Concrete> X86Kvm::typical_host(const Shape& shape) {
  x86::Host<Concrete> host = usual_host();
  host.vcpus_max = shape.size[static_cast<std::size_t>(x86::Dim::vcpu)];
  return host;
}

const System& x86_kvm() {
  static const System& system = System::registered("x86-kvm", 1);
  return system;
}

}  // namespace assay
