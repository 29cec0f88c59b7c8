// A PE, as its ID registers describe it. What they say of a unit is declared in its folder.
#pragma once
#include "model/value_names.hpp"
#include "spec/arch/spu/pe.hpp"
#include "spec/dimensions.hpp"
#include "spec/host_values.hpp"

namespace assay {

// Pe::pmu.
inline constexpr std::array pmu_of_pe_names{NamedValue{0, "untold"}, NamedValue{no_pmu, "none"}};

template <class D>
struct Pe : SpuOfPe<D> {
  using Parts = PartList<SpuOfPe<D>>;
  WordCell<D, 32> pmu{};  // perf type of the PMU that covers it; 0 = nothing is known of this PE,
                          // `no_pmu` = none covers it
  static constexpr auto fields() { return members<&Pe::pmu> + SpuOfPe<D>::fields(); }
};

// Whether a PE is there, now.
template <class D>
struct PePower {
  FlagCell<D> offline{};
  static constexpr auto fields() { return members<&PePower::offline>; }
};

}  // namespace assay
