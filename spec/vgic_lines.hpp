// The life cycle of a vGIC's interrupts, as a system. What it has besides stands in vgic_lines.cpp,
// its subjects in CMakeLists.txt.
#pragma once
#include <span>

#include "spec/kvm/lines/state.hpp"
#include "spec/system.hpp"

namespace assay {

enum class LineBehaviour : unsigned {
  // The vGIC knows the level of a wire only of interrupts that are level-sensitive when it changes
  // (vgic.c:kvm_vgic_inject_irq). A GIC samples the wire whatever the configuration is.
  level_is_known_of_levels_only,
  // Where the distributor is enabled, vCPUs are kicked, and interrupts that became pending before
  // are not put on their lists (vgic-mmio-v3.c:vgic_mmio_write_v3_misc).
  enabling_queues_nothing,
  count_
};

struct VgicLines {
  template <class D>
  using State = Lines<D>;

  static SystemInfo info();

  // --- hosts ---
  static LineHost<Concrete> usual_host();
  static LineHost<Concrete> typical_host(const Shape& shape);
  static void fit_host(LineHost<Concrete>& host, const Shape& shape);
  static std::vector<u64> cpus(const LineHost<Concrete>&) { return {}; }

  // --- what proofs assume and ask ---
  template <class D>
  static Flag<D> is_possible(const LineHost<D>& host) {
    return host.irqs > 0 && host.vcpus > 0;
  }
  template <class D>
  static Flag<D> fits(const Lines<D>& m) {
    const Shape& shape = shape_in_use();
    if (shape.grows()) return true;
    return m.host.irqs <= shape.size[static_cast<std::size_t>(LineDim::irq)] &&
           m.host.vcpus <= shape.size[static_cast<std::size_t>(LineDim::vcpu)];
  }
  template <class D>
  static Flag<D> is_made(const Lines<D>& m) {
    return m.made;
  }
  template <class D>
  static std::vector<Flag<D>> least_host(const LineHost<D>& host) {
    return {is_possible<D>(host)};
  }
};

}  // namespace assay
