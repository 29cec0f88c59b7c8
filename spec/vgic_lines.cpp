#include "spec/vgic_lines.hpp"

#include <array>

namespace assay {
namespace {

using enum LineBehaviour;

constexpr std::array profiles{
    Profile{"vgic-architecture", Precedence::exact, 0},
    Profile{"vgic-6.1", Precedence::exact,
            behaviour_set(level_is_known_of_levels_only, enabling_queues_nothing)}};
constexpr std::array<std::string_view, 2> host_is_some{"irqs", "vcpus"};
// In the order of LineDim.
constexpr std::array dimensions{Dimension{"irqs", "interrupts", 2, "host.irqs"},
                                Dimension{"vcpus", "vCPUs", 2, "host.vcpus"}};
constexpr std::array<std::string_view, 3> own_events{"vgic_", "irq_", "dist_"};
constexpr std::array ordinary_states{OrdinaryState{"", "made", "the vGIC was made"}};

MayChange all_may_change(std::string_view, bool, unsigned long long) {
  return {MayChange::What::anything, {}, true};
}
const Profile* none(std::string_view) { return nullptr; }

unsigned size_in(const Shape& shape, LineDim d) { return shape.size[static_cast<std::size_t>(d)]; }

}  // namespace

SystemInfo VgicLines::info() {
  SystemInfo all;
  all.name = "vgic-lines";
  all.architecture = "arm64";
  all.dimensions = dimensions;
  all.profiles = profiles;
  all.usual_profile = "vgic-6.1";
  all.nearest_profile = all.profile_of_kernel = none;
  all.may_change = all_may_change;
  all.host_is_some = host_is_some;
  all.own_events = own_events;
  all.ordinary = ordinary_states;
  return all;
}

LineHost<Concrete> VgicLines::usual_host() {
  LineHost<Concrete> host{};
  host.irqs = 64;
  host.vcpus = 4;
  return host;
}

LineHost<Concrete> VgicLines::typical_host(const Shape& shape) {
  LineHost<Concrete> host{};
  host.irqs = size_in(shape, LineDim::irq);
  host.vcpus = size_in(shape, LineDim::vcpu);
  return host;
}

void VgicLines::fit_host(LineHost<Concrete>& host, const Shape& shape) {
  if (host.irqs > size_in(shape, LineDim::irq)) host.irqs = size_in(shape, LineDim::irq);
  if (host.vcpus > size_in(shape, LineDim::vcpu)) host.vcpus = size_in(shape, LineDim::vcpu);
}

}  // namespace assay
