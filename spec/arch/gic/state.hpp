// What GICv4 hardware keeps of the virtual interrupts of one VM (IHI 0069): which vPE is resident
// on which PE, which vPEs are mapped, and the pending bits of the virtual pending tables (VPT).
//
// A virtual LPI (VLPI) is one that the hardware delivers to a guest by itself. While its vPE is
// mapped the VPT belongs to the hardware, which may keep parts of it in caches of its own: a CPU
// that reads the memory may see an older state. Once the vPE is unmapped the table is in memory.
#pragma once
#include "model/step.hpp"

namespace assay {

// The tables of a system that has GICs: what their entries are of.
enum class GicDim : unsigned { lpi = 0, vcpu = 1, pe = 2 };

// The bit of one VLPI in the VPT of its vPE.
template <class D>
struct GicVlpi {
  FlagCell<D> pending{};  // as the hardware has it
  FlagCell<D> shown{};    // as a CPU sees it that reads the memory of the table
  static constexpr auto fields() { return members<&GicVlpi::pending, &GicVlpi::shown>; }
};

// GICR_VPENDBASER of a PE.
template <class D>
struct GicPe {
  WordCell<D, 16> resident{};  // the number of the vPE and 1; 0: none is
  static constexpr auto fields() { return members<&GicPe::resident>; }
};

// The GICv4 of one machine, as far as it serves one VM. A vPE has the number of its vCPU. VMAPP
// maps a vPE with V set and unmaps it with V clear; software does it to all vPEs of a VM together.
template <class D>
struct GicVpes {
  FlagCell<D> unmapped{};
  Table<D, GicPe<D>, GicDim::pe> pe{};
  static constexpr auto fields() { return members<&GicVpes::unmapped, &GicVpes::pe>; }
};

template <class D>
Flag<D> vpe_is_resident(const GicVpes<D>& gic, const Word<D, 16>& vpe) {
  return any<D>(gic.pe, [&](const auto& p) { return p.resident == vpe + 1; });
}
template <class D>
Flag<D> some_vpe_is_resident(const GicVpes<D>& gic) {
  return any<D>(gic.pe, [](const auto& p) { return p.resident != 0; });
}

}  // namespace assay
