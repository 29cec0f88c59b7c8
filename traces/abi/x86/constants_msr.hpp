// Names of model-specific registers of x86 that rules speak of (SDM volume 4, 2.1;
// asm/msr-index.h).
#pragma once
#include <array>

#include "traces/abi/constant.hpp"

namespace assay::traces {

inline constexpr std::array msr_constants{
    Constant{"IA32_MISC_ENABLE", 0x1a0},      Constant{"IA32_PERFEVTSEL0", 0x186},
    Constant{"IA32_PERFEVTSEL1", 0x187},      Constant{"IA32_PERFEVTSEL2", 0x188},
    Constant{"IA32_PERFEVTSEL3", 0x189},      Constant{"IA32_PERFEVTSEL4", 0x18a},
    Constant{"IA32_PERFEVTSEL5", 0x18b},      Constant{"IA32_PERFEVTSEL6", 0x18c},
    Constant{"IA32_PERFEVTSEL7", 0x18d},      Constant{"IA32_PERF_CAPABILITIES", 0x345},
    Constant{"IA32_FIXED_CTR_CTRL", 0x38d},   Constant{"IA32_PERF_GLOBAL_STATUS", 0x38e},
    Constant{"IA32_PERF_GLOBAL_CTRL", 0x38f}, Constant{"IA32_PERF_GLOBAL_OVF_CTRL", 0x390},
    Constant{"IA32_PEBS_ENABLE", 0x3f1},      Constant{"IA32_PEBS_DATA_CFG", 0x3f2},
    Constant{"IA32_DS_AREA", 0x600},
};

}  // namespace assay::traces
