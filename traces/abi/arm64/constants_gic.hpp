// Names of a vGIC's registers, which are attributes of its device: offsets as in
// <linux/irqchip/arm-gic-v3.h> and <linux/irqchip/arm-gic.h>, system registers as in
// <asm/sysreg.h>.
//
// A register of several words is one name for all of them: GICD_ISENABLER|0x4 is its second. The
// upper half of an attribute says which CPU it is of: GICR_CTLR|0x100000000.
#pragma once
#include "traces/abi/arm64/constants_calls.hpp"

namespace assay::traces {

// The distributor of a GICv3.
inline constexpr std::array gic_dist_constants{
    Constant{"GICD_CTLR", 0x0, 0x4},
    Constant{"GICD_TYPER", 0x4, 0x4},
    Constant{"GICD_IIDR", 0x8, 0x4},
    Constant{"GICD_TYPER2", 0xc, 0x4},
    Constant{"GICD_STATUSR", 0x10, 0x4},
    Constant{"GICD_SETSPI_NSR", 0x40, 0x4},
    Constant{"GICD_CLRSPI_NSR", 0x48, 0x4},
    Constant{"GICD_SETSPI_SR", 0x50, 0x4},
    Constant{"GICD_CLRSPI_SR", 0x58, 0x4},
    Constant{"GICD_IGROUPR", 0x80, 0x80},
    Constant{"GICD_ISENABLER", 0x100, 0x80},
    Constant{"GICD_ICENABLER", 0x180, 0x80},
    Constant{"GICD_ISPENDR", 0x200, 0x80},
    Constant{"GICD_ICPENDR", 0x280, 0x80},
    Constant{"GICD_ISACTIVER", 0x300, 0x80},
    Constant{"GICD_ICACTIVER", 0x380, 0x80},
    Constant{"GICD_IPRIORITYR", 0x400, 0x400},
    Constant{"GICD_ITARGETSR", 0x800, 0x400},
    Constant{"GICD_ICFGR", 0xc00, 0x100},
    Constant{"GICD_IGRPMODR", 0xd00, 0x80},
    Constant{"GICD_NSACR", 0xe00, 0x100},
    Constant{"GICD_IGROUPRnE", 0x1000, 0x80},
    Constant{"GICD_ISENABLERnE", 0x1200, 0x80},
    Constant{"GICD_ICENABLERnE", 0x1400, 0x80},
    Constant{"GICD_ISPENDRnE", 0x1600, 0x80},
    Constant{"GICD_ICPENDRnE", 0x1800, 0x80},
    Constant{"GICD_ISACTIVERnE", 0x1a00, 0x80},
    Constant{"GICD_ICACTIVERnE", 0x1c00, 0x80},
    Constant{"GICD_IPRIORITYRnE", 0x2000, 0x400},
    Constant{"GICD_ICFGRnE", 0x3000, 0x100},
    Constant{"GICD_IROUTER", 0x6000, 0x2000},
    Constant{"GICD_IROUTERnE", 0x8000, 0x2000},
    Constant{"GICD_PIDR2", 0xffe8, 0x4},
};

// A redistributor. Its second frame (SGIs and PPIs) lies behind the first.
inline constexpr std::array gic_redist_constants{
    Constant{"GICR_CTLR", 0x0, 0x4},           Constant{"GICR_IIDR", 0x4, 0x4},
    Constant{"GICR_TYPER", 0x8, 0x8},          Constant{"GICR_STATUSR", 0x10, 0x4},
    Constant{"GICR_WAKER", 0x14, 0x4},         Constant{"GICR_SETLPIR", 0x40, 0x8},
    Constant{"GICR_CLRLPIR", 0x48, 0x8},       Constant{"GICR_PROPBASER", 0x70, 0x8},
    Constant{"GICR_PENDBASER", 0x78, 0x8},     Constant{"GICR_PIDR2", 0xffe8, 0x4},
    Constant{"GICR_IGROUPR0", 0x10080, 0x4},   Constant{"GICR_ISENABLER0", 0x10100, 0x4},
    Constant{"GICR_ICENABLER0", 0x10180, 0x4}, Constant{"GICR_ISPENDR0", 0x10200, 0x4},
    Constant{"GICR_ICPENDR0", 0x10280, 0x4},   Constant{"GICR_ISACTIVER0", 0x10300, 0x4},
    Constant{"GICR_ICACTIVER0", 0x10380, 0x4}, Constant{"GICR_IPRIORITYR0", 0x10400, 0x20},
    Constant{"GICR_ICFGR0", 0x10c00, 0x8},     Constant{"GICR_IGRPMODR0", 0x10d00, 0x4},
    Constant{"GICR_NSACR", 0x10e00, 0x4},
};

// An ITS.
inline constexpr std::array its_constants{
    Constant{"GITS_CTLR", 0x0, 0x4},     Constant{"GITS_IIDR", 0x4, 0x4},
    Constant{"GITS_TYPER", 0x8, 0x8},    Constant{"GITS_MPIDR", 0x18, 0x8},
    Constant{"GITS_CBASER", 0x80, 0x8},  Constant{"GITS_CWRITER", 0x88, 0x8},
    Constant{"GITS_CREADR", 0x90, 0x8},  Constant{"GITS_BASER", 0x100, 0x40},
    Constant{"GITS_PIDR4", 0xffd0, 0x4}, Constant{"GITS_PIDR0", 0xffe0, 0x4},
    Constant{"GITS_PIDR1", 0xffe4, 0x4}, Constant{"GITS_PIDR2", 0xffe8, 0x4},
};

// The distributor and the CPU interfaces of a GICv2.
inline constexpr std::array gic_v2_dist_constants{
    Constant{"GIC_DIST_CTRL", 0x0, 0x4},
    Constant{"GIC_DIST_CTR", 0x4, 0x4},
    Constant{"GIC_DIST_IIDR", 0x8, 0x4},
    Constant{"GIC_DIST_IGROUP", 0x80, 0x80},
    Constant{"GIC_DIST_ENABLE_SET", 0x100, 0x80},
    Constant{"GIC_DIST_ENABLE_CLEAR", 0x180, 0x80},
    Constant{"GIC_DIST_PENDING_SET", 0x200, 0x80},
    Constant{"GIC_DIST_PENDING_CLEAR", 0x280, 0x80},
    Constant{"GIC_DIST_ACTIVE_SET", 0x300, 0x80},
    Constant{"GIC_DIST_ACTIVE_CLEAR", 0x380, 0x80},
    Constant{"GIC_DIST_PRI", 0x400, 0x400},
    Constant{"GIC_DIST_TARGET", 0x800, 0x400},
    Constant{"GIC_DIST_CONFIG", 0xc00, 0x100},
    Constant{"GIC_DIST_SOFTINT", 0xf00, 0x4},
    Constant{"GIC_DIST_SGI_PENDING_CLEAR", 0xf10, 0x10},
    Constant{"GIC_DIST_SGI_PENDING_SET", 0xf20, 0x10},
};

inline constexpr std::array gic_v2_cpu_constants{
    Constant{"GIC_CPU_CTRL", 0x0, 0x4},          Constant{"GIC_CPU_PRIMASK", 0x4, 0x4},
    Constant{"GIC_CPU_BINPOINT", 0x8, 0x4},      Constant{"GIC_CPU_INTACK", 0xc, 0x4},
    Constant{"GIC_CPU_EOI", 0x10, 0x4},          Constant{"GIC_CPU_RUNNINGPRI", 0x14, 0x4},
    Constant{"GIC_CPU_HIGHPRI", 0x18, 0x4},      Constant{"GIC_CPU_ALIAS_BINPOINT", 0x1c, 0x4},
    Constant{"GIC_CPU_ACTIVEPRIO", 0xd0, 0x10},  Constant{"GIC_CPU_IDENT", 0xfc, 0x4},
    Constant{"GIC_CPU_DEACTIVATE", 0x1000, 0x4},
};

// System registers of a CPU interface.
inline constexpr std::array gic_sysreg_constants{
    Constant{"SYS_ICC_PMR_EL1", 0xc230},     Constant{"SYS_ICC_BPR0_EL1", 0xc643},
    Constant{"SYS_ICC_AP0R0_EL1", 0xc644},   Constant{"SYS_ICC_AP0R1_EL1", 0xc645},
    Constant{"SYS_ICC_AP0R2_EL1", 0xc646},   Constant{"SYS_ICC_AP0R3_EL1", 0xc647},
    Constant{"SYS_ICC_AP1R0_EL1", 0xc648},   Constant{"SYS_ICC_AP1R1_EL1", 0xc649},
    Constant{"SYS_ICC_AP1R2_EL1", 0xc64a},   Constant{"SYS_ICC_AP1R3_EL1", 0xc64b},
    Constant{"SYS_ICC_BPR1_EL1", 0xc663},    Constant{"SYS_ICC_CTLR_EL1", 0xc664},
    Constant{"SYS_ICC_SRE_EL1", 0xc665},     Constant{"SYS_ICC_IGRPEN0_EL1", 0xc666},
    Constant{"SYS_ICC_IGRPEN1_EL1", 0xc667},
};

}  // namespace assay::traces
