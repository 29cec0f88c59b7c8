// More names of the KVM/arm64 interface: what stands in the structures behind the calls. See
// constants_calls.hpp for where the numbers come from.
#pragma once
#include "traces/abi/arm64/constants_calls.hpp"

namespace assay::traces {

// Bit numbers in kvm_vcpu_init.features. SPE is of the SPE RFC series (never merged).
inline constexpr std::array feature_constants{
    Constant{"KVM_ARM_VCPU_POWER_OFF", 0},
    Constant{"KVM_ARM_VCPU_EL1_32BIT", 1},
    Constant{"KVM_ARM_VCPU_PSCI_0_2", 2},
    Constant{"KVM_ARM_VCPU_PMU_V3", 3},
    Constant{"KVM_ARM_VCPU_SVE", 4},
    Constant{"KVM_ARM_VCPU_PTRAUTH_ADDRESS", 5},
    Constant{"KVM_ARM_VCPU_PTRAUTH_GENERIC", 6},
    Constant{"KVM_ARM_VCPU_HAS_EL2", 7},
    Constant{"KVM_ARM_VCPU_HAS_EL2_E2H0", 8},
    Constant{"KVM_ARM_VCPU_PMU_V3_STRICT", 9},
    Constant{"KVM_ARM_VCPU_SPE", 7},
};

inline constexpr std::array target_constants{
    Constant{"KVM_ARM_TARGET_AEM_V8", 0},     Constant{"KVM_ARM_TARGET_FOUNDATION_V8", 1},
    Constant{"KVM_ARM_TARGET_CORTEX_A57", 2}, Constant{"KVM_ARM_TARGET_XGENE_POTENZA", 3},
    Constant{"KVM_ARM_TARGET_CORTEX_A53", 4}, Constant{"KVM_ARM_TARGET_GENERIC_V8", 5},
};

inline constexpr std::array mp_state_constants{
    Constant{"KVM_MP_STATE_RUNNABLE", 0},      Constant{"KVM_MP_STATE_UNINITIALIZED", 1},
    Constant{"KVM_MP_STATE_INIT_RECEIVED", 2}, Constant{"KVM_MP_STATE_HALTED", 3},
    Constant{"KVM_MP_STATE_SIPI_RECEIVED", 4}, Constant{"KVM_MP_STATE_STOPPED", 5},
    Constant{"KVM_MP_STATE_CHECK_STOP", 6},    Constant{"KVM_MP_STATE_OPERATING", 7},
    Constant{"KVM_MP_STATE_LOAD", 8},          Constant{"KVM_MP_STATE_AP_RESET_HOLD", 9},
    Constant{"KVM_MP_STATE_SUSPENDED", 10},
};

inline constexpr std::array memory_flag_constants{
    Constant{"KVM_MEM_LOG_DIRTY_PAGES", 1},
    Constant{"KVM_MEM_READONLY", 2},
    Constant{"KVM_MEM_GUEST_MEMFD", 4},
};

inline constexpr std::array device_type_constants{
    Constant{"KVM_DEV_TYPE_FSL_MPIC_20", 1}, Constant{"KVM_DEV_TYPE_FSL_MPIC_42", 2},
    Constant{"KVM_DEV_TYPE_XICS", 3},        Constant{"KVM_DEV_TYPE_VFIO", 4},
    Constant{"KVM_DEV_TYPE_ARM_VGIC_V2", 5}, Constant{"KVM_DEV_TYPE_FLIC", 6},
    Constant{"KVM_DEV_TYPE_ARM_VGIC_V3", 7}, Constant{"KVM_DEV_TYPE_ARM_VGIC_ITS", 8},
    Constant{"KVM_DEV_TYPE_XIVE", 9},        Constant{"KVM_DEV_TYPE_ARM_PV_TIME", 10},
};

inline constexpr std::array device_flag_constants{
    Constant{"KVM_CREATE_DEVICE_TEST", 1},
};

// Device attribute groups of a vCPU, and the attributes in each. SPE: RFC series.
inline constexpr std::array vcpu_group_constants{
    Constant{"KVM_ARM_VCPU_PMU_V3_CTRL", 0},
    Constant{"KVM_ARM_VCPU_TIMER_CTRL", 1},
    Constant{"KVM_ARM_VCPU_PVTIME_CTRL", 2},
    Constant{"KVM_ARM_VCPU_SPE_CTRL", 3},
};

inline constexpr std::array vcpu_group_of_x86_constants{
    Constant{"KVM_VCPU_TSC_CTRL", 0},
};

inline constexpr std::array tsc_attr_constants{
    Constant{"KVM_VCPU_TSC_OFFSET", 0},
};

inline constexpr std::array pmu_attr_constants{
    Constant{"KVM_ARM_VCPU_PMU_V3_IRQ", 0},
    Constant{"KVM_ARM_VCPU_PMU_V3_INIT", 1},
    Constant{"KVM_ARM_VCPU_PMU_V3_FILTER", 2},
    Constant{"KVM_ARM_VCPU_PMU_V3_SET_PMU", 3},
    Constant{"KVM_ARM_VCPU_PMU_V3_SET_NR_COUNTERS", 4},
};

inline constexpr std::array timer_attr_constants{
    Constant{"KVM_ARM_VCPU_TIMER_IRQ_VTIMER", 0},
    Constant{"KVM_ARM_VCPU_TIMER_IRQ_PTIMER", 1},
    Constant{"KVM_ARM_VCPU_TIMER_IRQ_HVTIMER", 2},
    Constant{"KVM_ARM_VCPU_TIMER_IRQ_HPTIMER", 3},
};

inline constexpr std::array pvtime_attr_constants{
    Constant{"KVM_ARM_VCPU_PVTIME_IPA", 0},
};

inline constexpr std::array spe_attr_constants{
    Constant{"KVM_ARM_VCPU_SPE_IRQ", 0},         Constant{"KVM_ARM_VCPU_SPE_INIT", 1},
    Constant{"KVM_ARM_VCPU_SPE_STOP", 2},        Constant{"KVM_ARM_VCPU_SPE_SPU", 3},
    Constant{"KVM_ARM_VCPU_MAX_BUFFER_SIZE", 4},
};

// Device attribute groups of a VM.
inline constexpr std::array vm_group_constants{
    Constant{"KVM_ARM_VM_SMCCC_CTRL", 0},
};

inline constexpr std::array smccc_attr_constants{
    Constant{"KVM_ARM_VM_SMCCC_FILTER", 0},
};

inline constexpr std::array smccc_action_constants{
    Constant{"KVM_SMCCC_FILTER_HANDLE", 0},
    Constant{"KVM_SMCCC_FILTER_DENY", 1},
    Constant{"KVM_SMCCC_FILTER_FWD_TO_USER", 2},
};

// Device attribute groups of the vGIC and the ITS.
inline constexpr std::array gic_group_constants{
    Constant{"KVM_DEV_ARM_VGIC_GRP_ADDR", 0},
    Constant{"KVM_DEV_ARM_VGIC_GRP_DIST_REGS", 1},
    Constant{"KVM_DEV_ARM_VGIC_GRP_CPU_REGS", 2},
    Constant{"KVM_DEV_ARM_VGIC_GRP_NR_IRQS", 3},
    Constant{"KVM_DEV_ARM_VGIC_GRP_CTRL", 4},
    Constant{"KVM_DEV_ARM_VGIC_GRP_REDIST_REGS", 5},
    Constant{"KVM_DEV_ARM_VGIC_GRP_CPU_SYSREGS", 6},
    Constant{"KVM_DEV_ARM_VGIC_GRP_LEVEL_INFO", 7},
    Constant{"KVM_DEV_ARM_VGIC_GRP_ITS_REGS", 8},
    Constant{"KVM_DEV_ARM_VGIC_GRP_MAINT_IRQ", 9},
};

// Attributes of GRP_ADDR, of a GICv2 and of the others.
inline constexpr std::array gic_v2_addr_constants{
    Constant{"KVM_VGIC_V2_ADDR_TYPE_DIST", 0},
    Constant{"KVM_VGIC_V2_ADDR_TYPE_CPU", 1},
};

inline constexpr std::array gic_addr_constants{
    Constant{"KVM_VGIC_V3_ADDR_TYPE_DIST", 2},
    Constant{"KVM_VGIC_V3_ADDR_TYPE_REDIST", 3},
    Constant{"KVM_VGIC_ITS_ADDR_TYPE", 4},
    Constant{"KVM_VGIC_V3_ADDR_TYPE_REDIST_REGION", 5},
};

inline constexpr std::array gic_ctrl_constants{
    Constant{"KVM_DEV_ARM_VGIC_CTRL_INIT", 0},
    Constant{"KVM_DEV_ARM_ITS_SAVE_TABLES", 1},
    Constant{"KVM_DEV_ARM_ITS_RESTORE_TABLES", 2},
    Constant{"KVM_DEV_ARM_VGIC_SAVE_PENDING_TABLES", 3},
    Constant{"KVM_DEV_ARM_ITS_CTRL_RESET", 4},
};

inline constexpr std::array filter_action_constants{
    Constant{"KVM_PMU_EVENT_ALLOW", 0},
    Constant{"KVM_PMU_EVENT_DENY", 1},
};

inline constexpr std::array system_event_constants{
    Constant{"KVM_SYSTEM_EVENT_SHUTDOWN", 1},  Constant{"KVM_SYSTEM_EVENT_RESET", 2},
    Constant{"KVM_SYSTEM_EVENT_CRASH", 3},     Constant{"KVM_SYSTEM_EVENT_WAKEUP", 4},
    Constant{"KVM_SYSTEM_EVENT_SUSPEND", 5},   Constant{"KVM_SYSTEM_EVENT_SEV_TERM", 6},
    Constant{"KVM_SYSTEM_EVENT_TDX_FATAL", 7},
};

inline constexpr std::array irqfd_flag_constants{
    Constant{"KVM_IRQFD_FLAG_DEASSIGN", 1},
    Constant{"KVM_IRQFD_FLAG_RESAMPLE", 2},
};

inline constexpr std::array ioeventfd_flag_constants{
    Constant{"KVM_IOEVENTFD_FLAG_DATAMATCH", 1},
    Constant{"KVM_IOEVENTFD_FLAG_PIO", 2},
    Constant{"KVM_IOEVENTFD_FLAG_DEASSIGN", 4},
    Constant{"KVM_IOEVENTFD_FLAG_VIRTIO_CCW_NOTIFY", 8},
};

// KVM_SET_GUEST_DEBUG's control; the upper half is arm64's.
inline constexpr std::array guest_debug_constants{
    Constant{"KVM_GUESTDBG_ENABLE", 1},
    Constant{"KVM_GUESTDBG_SINGLESTEP", 2},
    Constant{"KVM_GUESTDBG_USE_SW_BP", 1 << 16},
    Constant{"KVM_GUESTDBG_USE_HW", 1 << 17},
};

inline constexpr std::array clock_flag_constants{
    Constant{"KVM_CLOCK_TSC_STABLE", 2},
    Constant{"KVM_CLOCK_REALTIME", 4},
    Constant{"KVM_CLOCK_HOST_TSC", 8},
};

inline constexpr std::array msi_flag_constants{
    Constant{"KVM_MSI_VALID_DEVID", 1},
};

// Flags of openat and mmap whose numbers arm64 and x86 share.
inline constexpr std::array open_constants{
    Constant{"O_RDONLY", 0x0},   Constant{"O_WRONLY", 0x1},     Constant{"O_RDWR", 0x2},
    Constant{"O_CREAT", 0x40},   Constant{"O_EXCL", 0x80},      Constant{"O_TRUNC", 0x200},
    Constant{"O_APPEND", 0x400}, Constant{"O_NONBLOCK", 0x800}, Constant{"O_CLOEXEC", 0x80000},
};

inline constexpr std::array protection_constants{
    Constant{"PROT_NONE", 0},
    Constant{"PROT_READ", 1},
    Constant{"PROT_WRITE", 2},
    Constant{"PROT_EXEC", 4},
};

inline constexpr std::array map_constants{
    Constant{"MAP_SHARED", 0x1},          Constant{"MAP_PRIVATE", 0x2},
    Constant{"MAP_SHARED_VALIDATE", 0x3}, Constant{"MAP_FIXED", 0x10},
    Constant{"MAP_ANONYMOUS", 0x20},      Constant{"MAP_NORESERVE", 0x4000},
    Constant{"MAP_POPULATE", 0x8000},     Constant{"MAP_STACK", 0x20000},
    Constant{"MAP_HUGETLB", 0x40000},     Constant{"MAP_FIXED_NOREPLACE", 0x100000},
};

// Names that are only ever read, never printed for a number: mainline gave the numbers of the SPE
// RFC series to other things.
inline constexpr std::array other_constants{
    // Registers of KVM_GET_ONE_REG that a rule names: SPE, of the RFC series.
    Constant{"KVM_REG_ARM64_PMBLIMITR_EL1", 0x603000000013c4d0},
    Constant{"KVM_REG_ARM64_PMBPTR_EL1", 0x603000000013c4d1},
    Constant{"KVM_REG_ARM64_PMBSR_EL1", 0x603000000013c4d3},
    Constant{"NULL", 0},
    Constant{"KVM_EXIT_FAIL_ENTRY_CPU_UNSUPPORTED", 1},
    Constant{"AT_FDCWD", 0xffffffffffffff9c},
    Constant{"KVM_CAP_ARM_LOCK_USER_MEMORY_REGION", 207},
    Constant{"KVM_CAP_ARM_SPE", 208},
    Constant{"KVM_ARM_LOCK_USER_MEMORY_REGION_FLAGS_LOCK", 1},
    Constant{"KVM_ARM_LOCK_USER_MEMORY_REGION_FLAGS_UNLOCK", 2},
    Constant{"KVM_ARM_LOCK_MEM_READ", 1},
    Constant{"KVM_ARM_LOCK_MEM_WRITE", 2},
    Constant{"KVM_ARM_UNLOCK_MEM_ALL", 1},
    Constant{"KVM_ARM_VCPU_SPE_STOP_TRAP", 1},
    Constant{"KVM_ARM_VCPU_SPE_STOP_EXIT", 2},
    Constant{"KVM_ARM_VCPU_SPE_STOP_RESUME", 4},
};

}  // namespace assay::traces
