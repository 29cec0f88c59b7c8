// A PE, as its ID registers describe it.
#pragma once
#include "model/fields.hpp"
#include "spec/dimensions.hpp"

namespace assay {

// Pe::pmu of a CPU that no PMU covers.
inline constexpr u64 no_pmu = 0xffffffff;

template <class D>
struct Pe {
  WordCell<D, 32> pmu{};  // perf type of the PMU that covers it; 0 = nothing is known of this PE,
                          // `no_pmu` = none covers it
  WordCell<D, 8> spe{};   // ID_AA64DFR0_EL1.PMSVer: 1 to 6; 0 = nothing is known, 0xff = no SPE
  NumCell<D> spe_record_max{};         // 2^PMSIDR_EL1.MaxSize, bytes
  WordCell<D, 8> spe_in_flight_max{};  // samples the PE can hold at once; 0 = not told
  WordCell<D, 8> spe_align{};          // PMBIDR_EL1.Align: records fill multiples of 2^this bytes
  FlagCell<D> spe_ernd{};              // PMSIDR_EL1.ERnd
  static constexpr auto fields() {
    return members<&Pe::pmu, &Pe::spe, &Pe::spe_record_max, &Pe::spe_in_flight_max, &Pe::spe_align,
                   &Pe::spe_ernd>;
  }
};

// Whether a PE is there, now.
template <class D>
struct PePower {
  FlagCell<D> offline{};
  static constexpr auto fields() { return members<&PePower::offline>; }
};

// PMSVer is at least `since`, or not known.
template <class D>
Flag<D> is_of_version(const Pe<D>& pe, unsigned since) {
  return pe.spe == 0 || pe.spe >= since;
}

}  // namespace assay
