// GICv4's vPEs. What of it belongs to the system: rules and invariants.
#pragma once
#include "spec/arch/gic/vpe.hpp"
#include "spec/gic_migration.hpp"

namespace assay {

constexpr bool has_vpes(const Profile& p) { return p.is(GicBehaviour::forwards); }

template <class D>
Flag<D> vpes_are_on_one_pe(const GicVpes<D>& gic) {
  return all_pairs<D>(gic.pe, [](const auto& a, const auto& b) {
    return a.resident == 0 || a.resident != b.resident;
  });
}
template <class D>
Flag<D> resident_vpes_are_mapped(const GicVpes<D>& gic) {
  return all<D>(gic.pe, [&](const auto& p) { return p.resident == 0 || !gic.unmapped; });
}

struct ArchGic {
  template <class D>
  using Rules = TypeList<VpeResident<D>, VpeNonResident<D>>;

  template <class D>
  static void invariants(const SayOfMigration<D>& say) {
    say(
        has_vpes, "one_vpe_resident_on_one_pe",
        [](const Migration<D>& m) {
          return vpes_are_on_one_pe<D>(m.source.gic) && vpes_are_on_one_pe<D>(m.destination.gic);
        },
        "VL-8; GIC-6.3");
    say(
        has_vpes, "resident_vpe_is_mapped",
        [](const Migration<D>& m) {
          return resident_vpes_are_mapped<D>(m.source.gic) &&
                 resident_vpes_are_mapped<D>(m.destination.gic);
        },
        "GIC-6.3: a vPE that is unmapped cannot be resident");
  }
};

}  // namespace assay
