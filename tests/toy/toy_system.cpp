#include "tests/toy/toy_system.hpp"

#include <array>

namespace assay {
namespace {

constexpr std::array<std::string_view, 1> machines{"toy"};
constexpr std::array<std::string_view, 1> host_is_some{"gates_max"};
constexpr std::array dimensions{Dimension{"gates", "gates", 3}, Dimension{"bells", "bells", 2}};
constexpr std::array profiles{
    Profile{"toy-documented", Precedence::documented, 0}, Profile{"toy-1", Precedence::exact, 0},
    Profile{"toy-2", Precedence::exact, behaviour_set(ToyBehaviour::open_twice)}};

MayChange all_may_change(std::string_view, bool, unsigned long long) {
  return {MayChange::What::anything, {}, true};
}
const Profile* none(std::string_view) { return nullptr; }

}  // namespace

SystemInfo ToySystem::info() {
  SystemInfo all;
  all.name = "toy";
  all.architecture = "toy";
  all.machines = machines;
  all.dimensions = dimensions;
  all.profiles = profiles;
  all.usual_profile = "toy-1";
  all.nearest_profile = all.profile_of_kernel = none;
  all.may_change = all_may_change;
  all.host_is_some = host_is_some;
  return all;
}

HallHost<Concrete> ToySystem::usual_host() {
  HallHost<Concrete> host{};
  host.gates_max = 4;
  host.has_alarm = true;
  return host;
}

HallHost<Concrete> ToySystem::typical_host(const Shape& shape) {
  HallHost<Concrete> host{};
  host.gates_max = shape.size[static_cast<std::size_t>(ToyDim::gate)];
  return host;
}

void ToySystem::fit_host(HallHost<Concrete>& host, const Shape& shape) {
  const unsigned gates = shape.size[static_cast<std::size_t>(ToyDim::gate)];
  if (host.gates_max > gates) host.gates_max = gates;
}

}  // namespace assay
