// KVM_HAS_DEVICE_ATTR on a GICv3 (api.rst 4.81; vgic-kvm-device.c:vgic_v3_has_attr).
#pragma once
#include "spec/kvm/vgic/register_access.hpp"

namespace assay {

// Registers of a length, or of so many bits for each interrupt, of which those exist that the vGIC
// has.
struct VgicRegisterRange {
  u64 first, bytes;
  unsigned bits_of_interrupt = 0;
};
inline constexpr std::array dist_ranges{
    VgicRegisterRange{0x0, 16},        // GICD_CTLR to GICD_TYPER2
    VgicRegisterRange{0x10, 4},        // GICD_STATUSR
    VgicRegisterRange{0x80, 0, 1},     // GICD_IGROUPR
    VgicRegisterRange{0x100, 0, 1},    // GICD_ISENABLER
    VgicRegisterRange{0x180, 0, 1},    // GICD_ICENABLER
    VgicRegisterRange{0x200, 0, 1},    // GICD_ISPENDR
    VgicRegisterRange{0x280, 0, 1},    // GICD_ICPENDR
    VgicRegisterRange{0x300, 0, 1},    // GICD_ISACTIVER
    VgicRegisterRange{0x380, 0, 1},    // GICD_ICACTIVER
    VgicRegisterRange{0x400, 0, 8},    // GICD_IPRIORITYR
    VgicRegisterRange{0x800, 0, 8},    // GICD_ITARGETSR
    VgicRegisterRange{0xc00, 0, 2},    // GICD_ICFGR
    VgicRegisterRange{0xd00, 0, 1},    // GICD_IGRPMODR
    VgicRegisterRange{0x6000, 0, 64},  // GICD_IROUTER
    VgicRegisterRange{0xffd0, 48},     // GICD_IDREGS
};
// GICR_STATUSR (0x10) is in the kernel's table, out of order, so that the search misses it: all
// three kernels answer ENXIO.
inline constexpr std::array redist_ranges{
    VgicRegisterRange{0x0, 8},       // GICR_CTLR, GICR_IIDR
    VgicRegisterRange{0x8, 8},       // GICR_TYPER
    VgicRegisterRange{0x14, 4},      // GICR_WAKER
    VgicRegisterRange{0x70, 16},     // GICR_PROPBASER, GICR_PENDBASER
    VgicRegisterRange{0xa0, 8},      // GICR_INVLPIR
    VgicRegisterRange{0xb0, 8},      // GICR_INVALLR
    VgicRegisterRange{0xc0, 4},      // GICR_SYNCR
    VgicRegisterRange{0xffd0, 48},   // GICR_IDREGS
    VgicRegisterRange{0x10080, 4},   // GICR_IGROUPR0
    VgicRegisterRange{0x10100, 4},   // GICR_ISENABLER0
    VgicRegisterRange{0x10180, 4},   // GICR_ICENABLER0
    VgicRegisterRange{0x10200, 4},   // GICR_ISPENDR0
    VgicRegisterRange{0x10280, 4},   // GICR_ICPENDR0
    VgicRegisterRange{0x10300, 4},   // GICR_ISACTIVER0
    VgicRegisterRange{0x10380, 4},   // GICR_ICACTIVER0
    VgicRegisterRange{0x10400, 32},  // GICR_IPRIORITYR0
    VgicRegisterRange{0x10c00, 8},   // GICR_ICFGR0
    VgicRegisterRange{0x10d00, 4},   // GICR_IGRPMODR0
    VgicRegisterRange{0x10e00, 4},   // GICR_NSACR
};
template <class D>
Flag<D> is_register_in(const Vm<D>& vm, const auto& ranges, const Word<D, 64>& attr) {
  const Word<D, 32> offset = field_bits<32>(attr, 0);
  const Num<D> at = to_number(offset);
  const Num<D> interrupts = to_number(plain(vm.gic.spis)) + Num<D>(32);
  Flag<D> some = false;
  for (const VgicRegisterRange& r : ranges) {
    const Num<D> end = r.bits_of_interrupt == 0
                           ? Num<D>(r.first + r.bytes)
                           : Num<D>(r.first) + interrupts * r.bits_of_interrupt / 8;
    some = some || (offset >= r.first && at < end);
  }
  return some && (offset & Word<D, 32>(3)) == 0;
}

template <class D>
void has_or_nxio(Step<D>& k, const Vm<D>& vm, const Flag<D>& has) {
  gate<D>(k, vm);
  k.reject(Errno::nxio, !has, {"unknown_attribute", "api.rst 4.81: ENXIO"});
}

struct VgicHasAddress : VgicAddresses {
  static constexpr AttributeCall has_call{"vgic_has_address",
                                          "api.rst 4.81; vgic-kvm-device.c:vgic_v3_has_attr"};
  template <class D>
  static void has(Step<D>& k, Vm<D>& vm, const auto& call) {
    has_or_nxio<D>(k, vm, call.attr == 2 || call.attr == 3 || call.attr == 5);
  }
};
struct VgicHasNrIrqs : VgicGroup<"KVM_DEV_ARM_VGIC_GRP_NR_IRQS"> {
  static constexpr AttributeCall has_call{"vgic_has_nr_irqs",
                                          "api.rst 4.81; vgic-kvm-device.c:vgic_v3_has_attr"};
  template <class D>
  static void has(Step<D>& k, Vm<D>& vm, const auto&) {
    gate<D>(k, vm);
  }
};
struct VgicHasControl : VgicGroup<"KVM_DEV_ARM_VGIC_GRP_CTRL"> {
  static constexpr AttributeCall has_call{"vgic_has_control",
                                          "api.rst 4.81; vgic-kvm-device.c:vgic_v3_has_attr"};
  template <class D>
  static void has(Step<D>& k, Vm<D>& vm, const auto& call) {
    has_or_nxio<D>(k, vm, call.attr == 0 || call.attr == 3);
  }
};
struct VgicHasLevels : VgicGroup<"KVM_DEV_ARM_VGIC_GRP_LEVEL_INFO"> {
  static constexpr AttributeCall has_call{"vgic_has_levels",
                                          "api.rst 4.81; vgic-kvm-device.c:vgic_v3_has_attr"};
  template <class D>
  static void has(Step<D>& k, Vm<D>& vm, const auto& call) {
    has_or_nxio<D>(k, vm, field_bits<22>(call.attr, 10) == 0);
  }
};
struct VgicHasMaintenance : VgicGroup<"KVM_DEV_ARM_VGIC_GRP_MAINT_IRQ"> {
  static constexpr AttributeCall has_call{"vgic_has_maintenance",
                                          "api.rst 4.81; vgic-kvm-device.c:vgic_v3_has_attr"};
  template <class D>
  static void has(Step<D>& k, Vm<D>& vm, const auto&) {
    gate<D>(k, vm);
    if (!k.is(Behaviour::vgic_registers_before_init))
      k.reject(Errno::nxio, true, {"unknown_group", "api.rst 4.81: ENXIO"});
  }
};

// Registers: which there are the text does not say.
template <class D>
void has_register(Step<D>& k, const Flag<D>& has) {
  if (k.is(Behaviour::documented_alternatives))
    k.may_fail(Errno::nxio, {"may_not_be_there", "api.rst 4.81: ENXIO"});
  else k.reject(Errno::nxio, !has, {"unknown_register", "vgic-mmio-v3.c:vgic_v3_has_attr_regs"});
}
struct VgicHasDistReg : VgicDistRegs {
  static constexpr AttributeCall has_call{"vgic_has_dist_reg",
                                          "api.rst 4.81; vgic-mmio-v3.c:vgic_v3_has_attr_regs"};
  template <class D>
  static void has(Step<D>& k, Vm<D>& vm, const auto& call) {
    begin<D>(k, vm);
    has_register<D>(k, is_register_in<D>(vm, dist_ranges, call.attr));
  }
};
struct VgicHasRedistReg : VgicRedistRegs {
  static constexpr AttributeCall has_call{"vgic_has_redist_reg",
                                          "api.rst 4.81; vgic-mmio-v3.c:vgic_v3_has_attr_regs"};
  template <class D>
  static void has(Step<D>& k, Vm<D>& vm, const auto& call) {
    gate<D>(k, vm);
    vgic_vcpu_exists<D>(k, vm, call.attr);
    has_register<D>(k, is_register_in<D>(vm, redist_ranges, call.attr));
  }
};
struct VgicHasCpuSysreg : VgicCpuSysregs {
  static constexpr AttributeCall has_call{"vgic_has_cpu_sysreg",
                                          "api.rst 4.81; vgic-mmio-v3.c:vgic_v3_has_attr_regs"};
  template <class D>
  static void has(Step<D>& k, Vm<D>& vm, const auto& call) {
    const Word<D, 16> encoding = field_bits<16>(call.attr, 0);
    const Flag<D> may_be = may_be_el2_sysreg<D>(k, vm, encoding);
    gate<D>(k, vm);
    vgic_vcpu_exists<D>(k, vm, call.attr);
    has_register<D>(k, is_cpu_sysreg<D>(encoding) || may_be);
    k.when(may_be, [&] {
      k.may_fail(Errno::nxio, {"el2_sysreg_hidden", "vgic-sys-reg-v3.c; sys_regs.c"});
    });
  }
};

}  // namespace assay
