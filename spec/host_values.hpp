// Values of a host's leaves that who describes a machine writes and the rules read.
#pragma once
#include "model/bits.hpp"

namespace assay {

// pe[N].pmu of a CPU that no PMU covers.
inline constexpr u64 no_pmu = 0xffffffff;

}  // namespace assay
