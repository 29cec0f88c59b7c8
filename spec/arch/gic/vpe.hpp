// Residency: which vPE a PE serves. A VLPI that becomes pending while its vPE is resident is
// delivered to the guest on that PE; otherwise it waits in the VPT.
#pragma once
#include "spec/arch/gic/state.hpp"
#include "spec/gic_profiles.hpp"

namespace assay {

// Software writes GICR_VPENDBASER with Valid set.
template <class D>
struct VpeResident {
  static constexpr const char* name = "vpe_resident";
  static constexpr const char* source = "GIC-6.3: GICR_VPENDBASER.Valid; VL-8";
  static bool applies(const Profile& p) { return p.is(GicBehaviour::forwards); }
  Word<D, 16> pe{}, vpe{};
  static constexpr auto fields() { return members<&VpeResident::pe, &VpeResident::vpe>; }
  void apply(Step<D>& k, GicVpes<D>& gic) const {
    k.require(!gic.unmapped, {"vpe_is_mapped", "GIC-6.3: EINVAL if it is unmapped"});
    k.require(!vpe_is_resident<D>(gic, vpe), {"vpe_is_not_resident", "GIC-6.3; VL-8"});
    k.at(gic.pe, pe, [&](auto& p) {
      k.require(p.resident == 0, {"pe_serves_no_vpe", "GIC-6.3: Valid is clear before"});
      k.set(p.resident, vpe + 1);
    });
  }
};

// Software clears Valid. What was not delivered stays pending in the VPT.
template <class D>
struct VpeNonResident {
  static constexpr const char* name = "vpe_nonresident";
  static constexpr const char* source = "GIC-6.3: GICR_VPENDBASER.Valid";
  static bool applies(const Profile& p) { return p.is(GicBehaviour::forwards); }
  Word<D, 16> pe{};
  static constexpr auto fields() { return members<&VpeNonResident::pe>; }
  void apply(Step<D>& k, GicVpes<D>& gic) const {
    k.at(gic.pe, pe, [&](auto& p) {
      k.require(p.resident != 0, {"pe_serves_a_vpe", "GIC-6.3"});
      k.set(p.resident, Word<D, 16>(0));
    });
  }
};

}  // namespace assay
