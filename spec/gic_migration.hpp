// The migration of a guest's interrupts, as a system: two machines in one state. What it has
// besides stands in gic_migration.cpp, its subjects in CMakeLists.txt.
#pragma once
#include "spec/kvm/migration/state.hpp"
#include "spec/system.hpp"

namespace assay {

struct GicMigration {
  template <class D>
  using State = Migration<D>;

  static SystemInfo info();

  // --- hosts ---
  static MigrationHost<Concrete> usual_host();
  static MigrationHost<Concrete> typical_host(const Shape& shape);
  static void fit_host(MigrationHost<Concrete>& host, const Shape& shape);
  static std::vector<u64> cpus(const MigrationHost<Concrete>&) { return {}; }

  // --- what proofs assume and ask ---
  template <class D>
  static Flag<D> is_possible(const MigrationHost<D>& host) {
    return host.vcpus > 0 && host.lpis > 0 && host.pes > 0;
  }
  template <class D>
  static Flag<D> fits(const Migration<D>& m) {
    const Shape& shape = shape_in_use();
    if (shape.grows()) return true;
    const auto size = [&](GicDim d) { return shape.size[static_cast<std::size_t>(d)]; };
    return m.host.lpis <= size(GicDim::lpi) && m.host.vcpus <= size(GicDim::vcpu) &&
           m.host.pes <= size(GicDim::pe);
  }
  template <class D>
  static Flag<D> is_made(const Migration<D>& m) {
    return m.made;
  }
  template <class D>
  static std::vector<Flag<D>> least_host(const MigrationHost<D>& host) {
    return {is_possible<D>(host)};
  }
};

// The architecture's rules are written for the hardware of the machine that the guest is on.
template <class D, class Rule>
void apply_to_part(const Rule& rule, Step<D>& k, Migration<D>& m) {
  where_the_guest_is<D>(k, m, [&](auto& machine) { rule.apply(k, machine.gic); });
  observe<GicMigration, D>(k, m, call_of<D>(rule));
}

}  // namespace assay
