#include "spec/gic_migration.hpp"

#include <array>

#include "spec/gic_profiles.hpp"

namespace assay {
namespace {

// No machine is recognised by this system: a trace of it names its profile.
constexpr std::array<std::string_view, 3> host_is_some{"vcpus", "lpis", "pes"};
// In the order of GicDim.
constexpr std::array dimensions{Dimension{"lpis", "LPIs", 2, "host.lpis"},
                                Dimension{"vcpus", "vCPUs", 2, "host.vcpus"},
                                Dimension{"pes", "PEs", 2, "host.pes"}};
constexpr std::array<std::string_view, 9> own_events{"gic_",  "its_",   "lpi_",  "vlpi_",  "vpe_",
                                                     "vcpu_", "pause_", "save_", "cancel_"};
constexpr std::array ordinary_states{OrdinaryState{"", "made", "the VMs were made"}};

MayChange all_may_change(std::string_view, bool, unsigned long long) {
  return {MayChange::What::anything, {}, true};
}
const Profile* none(std::string_view) { return nullptr; }

unsigned size_in(const Shape& shape, GicDim d) { return shape.size[static_cast<std::size_t>(d)]; }

}  // namespace

SystemInfo GicMigration::info() {
  SystemInfo all;
  all.name = "gic-migration";
  all.architecture = "arm64";
  all.dimensions = dimensions;
  all.profiles = gic_profiles();
  all.usual_profile = "gicv4.1";
  all.nearest_profile = all.profile_of_kernel = none;
  all.may_change = all_may_change;
  all.host_is_some = host_is_some;
  all.own_events = own_events;
  all.ordinary = ordinary_states;
  return all;
}

MigrationHost<Concrete> GicMigration::usual_host() {
  MigrationHost<Concrete> host{};
  host.vcpus = host.lpis = host.pes = 4;
  host.source_forwards = host.destination_forwards = true;
  return host;
}

MigrationHost<Concrete> GicMigration::typical_host(const Shape& shape) {
  MigrationHost<Concrete> host{};
  host.lpis = size_in(shape, GicDim::lpi);
  host.vcpus = size_in(shape, GicDim::vcpu);
  host.pes = size_in(shape, GicDim::pe);
  host.source_forwards = host.destination_forwards = true;
  return host;
}

void GicMigration::fit_host(MigrationHost<Concrete>& host, const Shape& shape) {
  if (host.lpis > size_in(shape, GicDim::lpi)) host.lpis = size_in(shape, GicDim::lpi);
  if (host.vcpus > size_in(shape, GicDim::vcpu)) host.vcpus = size_in(shape, GicDim::vcpu);
  if (host.pes > size_in(shape, GicDim::pe)) host.pes = size_in(shape, GicDim::pe);
}

}  // namespace assay
