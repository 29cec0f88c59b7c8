// The registers of a GICv3 as userspace reads and writes them: KVM_DEV_ARM_VGIC_GRP_DIST_REGS,
// REDIST_REGS, CPU_SYSREGS and LEVEL_INFO (arm-vgic-v3.rst). What they hold is not followed.
#pragma once
#include "spec/kvm/vcpu/affinity.hpp"
#include "spec/kvm/vgic/numbers.hpp"
#include "spec/kvm/vgic/rules.hpp"

namespace assay {

// Whether the upper half of an attribute, an affinity, is the one that a reset gives the vCPU.
template <class D>
Flag<D> is_affinity_of(const Word<D, 64>& attr, const Vcpu<D>& cpu) {
  return is_affinity_of_id<D>(field_bits<16>(attr, 32), cpu) && field_bits<16>(attr, 48) == 0;
}

// The vCPU that an attribute names by its affinity exists. A vCPU has affinity 0 until its first
// KVM_ARM_VCPU_INIT; userspace may have written another one.
template <class D>
void vgic_vcpu_exists(Step<D>& k, const Vm<D>& vm, const Word<D, 64>& attr) {
  const Flag<D> is_zero = field_bits<32>(attr, 32) == 0;
  const bool inits_once = k.is(Behaviour::features_belong_to_vm);
  const Flag<D> is_sure = any<D>(vm.vcpu, [&](const auto& c) {
    const Flag<D> is_new = !c.initialized && is_zero && Flag<D>(inits_once);
    return c.created && ((c.initialized && is_affinity_of<D>(attr, c)) || is_new);
  });
  const Flag<D> was_written = vm.registers.affinity_written || vm.registers.untold;
  const Flag<D> is_possible =
      was_written || any<D>(vm.vcpu, [&](const auto& c) {
        return c.created && !c.initialized && (is_zero || is_affinity_of<D>(attr, c));
      });
  if (!k.is(Behaviour::documented_alternatives))
    k.reject(Errno::inval, !is_sure && !is_possible,
             {"no_vcpu_of_affinity", "vgic-kvm-device.c:vgic_v3_parse_attr"});
  k.when(!is_sure || was_written, [&] {
    k.may_fail(Errno::inval, {"affinity_unknown", "vgic-kvm-device.c:vgic_v3_parse_attr"});
  });
}

// No vCPU is in an ioctl of its own: a trace does not tell which calls of other threads were under
// way.
template <class D>
void vcpus_are_free(Step<D>& k, const Vm<D>& vm, const Flag<D>& needs_vgic) {
  k.when(vm.online != 0 && (vm.gic.initialized || !needs_vgic), [&] {
    k.may_fail(Errno::busy, {"vcpu_is_running", "arm-vgic-v3.rst: EBUSY; lock_all_vcpus"});
  });
}

template <class D>
void vgic_is_initialized(Step<D>& k, const Vm<D>& vm, const Flag<D>& needs_it) {
  if (k.is(Behaviour::documented_alternatives)) {
    k.may_fail(Errno::busy, {"vgic_not_ready", "arm-vgic-v3.rst: EBUSY"});
    k.may_fail(Errno::nxio, {"register_not_supported", "arm-vgic-v3.rst: ENXIO"});
    return;
  }
  k.reject(Errno::busy, needs_it && !vm.gic.initialized,
           {"vgic_not_initialized", "vgic-kvm-device.c:vgic_v3_attr_regs_access"});
}

template <class D>
void value_is_readable(Step<D>& k, const auto& call) {
  k.reject(Errno::fault, call.unreadable, {"copy_in", "vgic-kvm-device.c: get_user"});
}
template <class D>
void value_is_writable(Step<D>& k, const auto& call) {
  k.reject(Errno::fault, call.unreadable, {"copy_out", "vgic-kvm-device.c: put_user"});
}

// --- the distributor
// --------------------------------------------------------------------------------

inline constexpr u64 gicd_iidr = 0x8, gicd_typer2 = 0xc;
inline constexpr u64 kvm_iidr = 0x4b00043b;     // without the revision
inline constexpr u64 iidr_revision = 0xf000;    // where that is
inline constexpr u64 typer2_nassgicap = 0x100;  // SGIs may have no active state

struct VgicDistRegs : VgicGroup<"KVM_DEV_ARM_VGIC_GRP_DIST_REGS"> {
  // Since the access to registers of features that are there before initialisation.
  template <class D>
  static Flag<D> needs_vgic(const Step<D>& k, const Word<D, 64>& attr) {
    if (!k.is(Behaviour::vgic_registers_before_init)) return Flag<D>(true);
    const Word<D, 32> offset = field_bits<32>(attr, 0);
    return offset != gicd_iidr && offset != gicd_typer2;
  }
  template <class D>
  static void begin(Step<D>& k, Vm<D>& vm) {
    gate<D>(k, vm);
    if (k.is(Behaviour::documented_alternatives))
      k.may_fail(Errno::inval, {"may_need_a_vcpu", "arm-vgic-v3.rst DIST_REGS"});
    else
      k.reject(Errno::inval, vm.online == 0,
               {"no_vcpu", "vgic-kvm-device.c:vgic_v3_parse_attr: that of vCPU 0"});
  }
  template <class D>
  static void begin_set(Step<D>& k, Vm<D>& vm, const auto& call) {
    begin<D>(k, vm);
    value_is_readable<D>(k, call);
    vcpus_are_free<D>(k, vm, needs_vgic<D>(k, call.attr));
    vgic_is_initialized<D>(k, vm, needs_vgic<D>(k, call.attr));
  }
  template <class D>
  static void begin_get(Step<D>& k, Vm<D>& vm, const auto& call) {
    begin<D>(k, vm);
    vcpus_are_free<D>(k, vm, needs_vgic<D>(k, call.attr));
    vgic_is_initialized<D>(k, vm, needs_vgic<D>(k, call.attr));
  }
};

struct VgicDistReg : OtherOf<VgicDistRegs, 0> {
  static constexpr AttributeCall sets{"vgic_set_dist_reg",
                                      "arm-vgic-v3.rst DIST_REGS; vgic_v3_attr_regs_access"};
  static constexpr AttributeCall gets{"vgic_get_dist_reg",
                                      "arm-vgic-v3.rst DIST_REGS; vgic_v3_attr_regs_access"};
  template <class D>
  using Value = FieldList<Field<"value", 0, 32u>>;
  template <class D>
  static void set(Step<D>& k, Vm<D>& vm, const auto& call) {
    const Word<D, 32> value = field<"value">(call);
    const Word<D, 32> offset = field_bits<32>(call.attr, 0);
    const Why why = {"identification_differs", "vgic-mmio-v3.c:vgic_mmio_uaccess_write_v3_misc"};
    const bool is_loose = k.is(Behaviour::documented_alternatives);
    if (is_loose) {
      k.may_fail(Errno::inval, {"may_differ", "arm-vgic-v3.rst DIST_REGS"});
      return;
    }
    const Word<D, 32> revision = value & Word<D, 32>(iidr_revision);
    const Flag<D> is_known = revision == 0x2000 || revision == 0x3000;
    k.reject(
        Errno::inval,
        offset == gicd_iidr && (!is_known || (value & ~Word<D, 32>(iidr_revision)) != kvm_iidr),
        why);
    k.when(offset == gicd_typer2, [&] {
      const Flag<D> is_some = value == 0 || value == typer2_nassgicap;
      const bool is_frozen = k.is(Behaviour::vgic_registers_before_init);
      const Why type = {"type_differs", "vgic-mmio-v3.c:vgic_mmio_uaccess_write_v3_misc"};
      const Why may_be = {"type_may_differ", "vgic-mmio-v3.c:vgic_mmio_uaccess_write_v3_misc"};
      if (is_frozen) {
        k.reject(Errno::busy, vm.gic.initialized && !is_some,
                 {"type_after_init", "vgic-mmio-v3.c:vgic_mmio_uaccess_write_v3_misc"});
        k.when(vm.gic.initialized, [&] {
          k.may_fail(Errno::busy,
                     {"type_may_be_frozen", "vgic-mmio-v3.c:vgic_mmio_uaccess_write_v3_misc"});
        });
        k.reject(Errno::inval, !is_some, type);
        k.when(!vm.gic.initialized, [&] { k.may_fail(Errno::inval, may_be); });
      } else {
        k.reject(Errno::inval, !is_some, type);
        k.may_fail(Errno::inval, may_be);
      }
    });
  }
  template <class D>
  static void get(Step<D>& k, Vm<D>&, const auto& call) {
    const Word<D, 32> value = field<"value">(call);
    value_is_writable<D>(k, call);
    if (k.is(Behaviour::documented_alternatives)) return;
    const Word<D, 32> revision = value & Word<D, 32>(iidr_revision);
    k.require(field_bits<32>(call.attr, 0) != gicd_iidr ||
                  ((revision == 0x2000 || revision == 0x3000) &&
                   (value & ~Word<D, 32>(iidr_revision)) == kvm_iidr),
              {"identifies_kvm", "vgic-mmio-v3.c:vgic_mmio_read_v3_misc"});
  }
};

// --- the registers of a vCPU
// -------------------------------------------------------------------------

// What is said of each access to a register of one vCPU.
template <Name the_group, bool copies_first>
struct VgicVcpuRegs : VgicGroup<the_group> {
  template <class D>
  static void begin_set(Step<D>& k, Vm<D>& vm, const auto& call) {
    gate<D>(k, vm);
    vgic_vcpu_exists<D>(k, vm, call.attr);
    if (copies_first) value_is_readable<D>(k, call);
    vcpus_are_free<D>(k, vm, true);
    vgic_is_initialized<D>(k, vm, true);
  }
  template <class D>
  static void begin_get(Step<D>& k, Vm<D>& vm, const auto& call) {
    gate<D>(k, vm);
    vgic_vcpu_exists<D>(k, vm, call.attr);
    vcpus_are_free<D>(k, vm, true);
    vgic_is_initialized<D>(k, vm, true);
  }
};

using VgicRedistRegs = VgicVcpuRegs<"KVM_DEV_ARM_VGIC_GRP_REDIST_REGS", true>;

// Of a redistributor: an offset that no register has reads as zero.
struct VgicRedistReg : OtherOf<VgicRedistRegs, 0> {
  static constexpr AttributeCall sets{"vgic_set_redist_reg",
                                      "arm-vgic-v3.rst REDIST_REGS; vgic_v3_attr_regs_access"};
  static constexpr AttributeCall gets{"vgic_get_redist_reg",
                                      "arm-vgic-v3.rst REDIST_REGS; vgic_v3_attr_regs_access"};
  template <class D>
  using Value = FieldList<Field<"value", 0, 32u>>;
  template <class D>
  static void set(Step<D>&, Vm<D>&, const auto&) {}
  template <class D>
  static void get(Step<D>& k, Vm<D>&, const auto& call) {
    value_is_writable<D>(k, call);
  }
};

// Of the CPU interface.
inline constexpr u64 icc_pmr = 0xc230, icc_bpr0 = 0xc643, icc_ap0r0 = 0xc644, icc_ap1r0 = 0xc648,
                     icc_ap1r3 = 0xc64b, icc_bpr1 = 0xc663, icc_ctlr = 0xc664, icc_sre = 0xc665,
                     icc_igrpen1 = 0xc667;
template <class D>
Flag<D> is_cpu_sysreg(const Word<D, 16>& encoding) {
  return encoding == icc_pmr || (encoding >= icc_bpr0 && encoding <= icc_ap1r3) ||
         (encoding >= icc_bpr1 && encoding <= icc_igrpen1);
}
// Those of an EL2, which a vCPU that has one gets.
template <class D>
Flag<D> may_be_el2_sysreg(const Step<D>& k, const Vm<D>& vm, const Word<D, 16>& encoding) {
  if (!k.is(Behaviour::later_registers)) return Flag<D>(false);
  return encoding >= 0xe640 && encoding <= 0xe66f &&
         bit(plain(vm.features), static_cast<unsigned>(Feature::has_el2));
}

using VgicCpuSysregs = VgicVcpuRegs<"KVM_DEV_ARM_VGIC_GRP_CPU_SYSREGS", false>;

struct VgicCpuSysreg : OtherOf<VgicCpuSysregs, 0> {
  static constexpr AttributeCall sets{"vgic_set_cpu_sysreg",
                                      "arm-vgic-v3.rst CPU_SYSREGS; vgic_v3_cpu_sysregs_uaccess"};
  static constexpr AttributeCall gets{"vgic_get_cpu_sysreg",
                                      "arm-vgic-v3.rst CPU_SYSREGS; vgic_v3_cpu_sysregs_uaccess"};
  template <class D>
  using Value = FieldList<Field<"value", 0, 64u>>;
  // An active priority register beyond the priority bits that there are.
  template <class D>
  static void is_there(Step<D>& k, const Vm<D>& vm, const Word<D, 64>& attr) {
    const Word<D, 16> encoding = field_bits<16>(attr, 0);
    const Flag<D> may_be = may_be_el2_sysreg<D>(k, vm, encoding);
    if (k.is(Behaviour::documented_alternatives)) {
      k.may_fail(Errno::noent, {"may_not_be_there", "vgic-sys-reg-v3.c; sys_regs.c"});
      k.may_fail(Errno::inval, {"may_not_take_it", "arm-vgic-v3.rst CPU_SYSREGS: EINVAL"});
      return;
    }
    k.reject(Errno::noent, !is_cpu_sysreg<D>(encoding) && !may_be,
             {"no_such_sysreg", "vgic-sys-reg-v3.c:vgic_v3_cpu_sysregs_uaccess"});
    k.when(may_be, [&] {
      k.may_fail(Errno::noent, {"el2_sysreg_hidden", "vgic-sys-reg-v3.c; sys_regs.c"});
    });
  }
  template <class D>
  static void has_priorities(Step<D>& k, const Word<D, 64>& attr) {
    const Word<D, 16> encoding = field_bits<16>(attr, 0);
    const Flag<D> is_apr = encoding >= icc_ap0r0 && encoding <= icc_ap1r3;
    k.when(is_apr && (encoding & Word<D, 16>(3)) != 0, [&] {
      k.may_fail(Errno::inval, {"beyond_priority_bits", "vgic-sys-reg-v3.c:set_gic_ap0r"});
    });
  }
  template <class D>
  static void set(Step<D>& k, Vm<D>& vm, const auto& call) {
    const Word<D, 64> value = field<"value">(call);
    const Word<D, 16> encoding = field_bits<16>(call.attr, 0);
    k.reject(Errno::fault, call.unreadable, {"copy_in", "sys_regs.c:kvm_sys_reg_set_user"});
    is_there<D>(k, vm, call.attr);
    has_priorities<D>(k, call.attr);
    if (k.is(Behaviour::documented_alternatives)) return;
    k.reject(Errno::inval, encoding == icc_sre && !bit(value, 0),
             {"sre_clear", "vgic-sys-reg-v3.c:set_gic_sre"});
    k.when(encoding == icc_ctlr || may_be_el2_sysreg<D>(k, vm, encoding), [&] {
      k.may_fail(Errno::inval, {"control_above_host", "vgic-sys-reg-v3.c:set_gic_ctlr"});
    });
  }
  template <class D>
  static void get(Step<D>& k, Vm<D>& vm, const auto& call) {
    is_there<D>(k, vm, call.attr);
    has_priorities<D>(k, call.attr);
    k.reject(Errno::fault, call.unreadable, {"copy_out", "sys_regs.c:kvm_sys_reg_get_user"});
  }
};

// The levels of 32 interrupt lines. Bits 9:0 of the attribute are the first of them, the 22 above
// say what is asked of them; only the level is defined.
using VgicLevelInfo = VgicVcpuRegs<"KVM_DEV_ARM_VGIC_GRP_LEVEL_INFO", true>;

struct VgicLevels : OtherOf<VgicLevelInfo, 0> {
  static constexpr AttributeCall sets{"vgic_set_levels",
                                      "arm-vgic-v3.rst LEVEL_INFO; vgic_v3_attr_regs_access"};
  static constexpr AttributeCall gets{"vgic_get_levels",
                                      "arm-vgic-v3.rst LEVEL_INFO; vgic_v3_attr_regs_access"};
  template <class D>
  using Value = FieldList<Field<"value", 0, 32u>>;
  template <class D>
  static void is_aligned(Step<D>& k, const Word<D, 64>& attr) {
    k.reject(Errno::inval, field_bits<22>(attr, 10) != 0,
             {"unknown_info", "arm-vgic-v3.rst LEVEL_INFO; vgic_v3_attr_regs_access"});
    k.reject(Errno::inval, field_bits<5>(attr, 0) != 0,
             {"interrupts_unaligned", "arm-vgic-v3.rst LEVEL_INFO: EINVAL"});
  }
  template <class D>
  static void set(Step<D>& k, Vm<D>&, const auto& call) {
    is_aligned<D>(k, call.attr);
  }
  template <class D>
  static void get(Step<D>& k, Vm<D>&, const auto& call) {
    is_aligned<D>(k, call.attr);
    value_is_writable<D>(k, call);
  }
};

// KVM_DEV_ARM_VGIC_SAVE_PENDING_TABLES: pending LPIs go to guest memory.
struct VgicSavePending
    : AttributeOf<VgicGroup<"KVM_DEV_ARM_VGIC_GRP_CTRL">, "KVM_DEV_ARM_VGIC_SAVE_PENDING_TABLES"> {
  static constexpr AttributeCall sets{"vgic_save_pending",
                                      "arm-vgic-v3.rst CTRL; vgic_v3_save_pending_tables"};
  template <class D>
  using Value = FieldList<>;
  template <class D>
  static void set(Step<D>& k, Vm<D>& vm, const auto&) {
    vcpus_are_free<D>(k, vm, false);
    k.reject(Errno::nxio, !vm.gic.initialized,
             {"vgic_not_initialized", "arm-vgic-v3.rst: ENXIO; vgic_v3_save_pending_tables"});
    k.may_fail(Errno::fault, {"table_unwritable", "arm-vgic-v3.rst: EFAULT"});
  }
};
// KVM_DEV_ARM_VGIC_GRP_MAINT_IRQ: the maintenance interrupt of vCPUs with an EL2.
struct VgicMaintenance : AttributeOf<VgicGroup<"KVM_DEV_ARM_VGIC_GRP_MAINT_IRQ">, ""> {
  static constexpr AttributeCall sets{"vgic_set_maintenance",
                                      "arm-vgic-v3.rst; vgic-kvm-device.c:vgic_v3_set_attr"};
  static constexpr AttributeCall gets{"vgic_get_maintenance",
                                      "arm-vgic-v3.rst; vgic-kvm-device.c:vgic_v3_get_attr"};
  template <class D>
  using Value = FieldList<Field<"irq", 0, 32u>>;
  template <class D>
  static void is_unknown(Step<D>& k) {
    k.reject(Errno::nxio, true, {"unknown_group", "api.rst 4.80: ENXIO"});
  }
  template <class D>
  static void set(Step<D>& k, Vm<D>& vm, const auto& call) {
    const auto& irq = field<"irq">(call);
    if (!k.is(Behaviour::vgic_registers_before_init)) return is_unknown<D>(k);
    value_is_readable<D>(k, call);
    k.reject(Errno::busy, vm.gic.initialized,
             {"vgic_initialized", "vgic-kvm-device.c:vgic_v3_set_attr"});
    k.reject(Errno::inval, !is_ppi<D>(irq), {"not_a_ppi", "vgic-kvm-device.c:vgic_v3_set_attr"});
  }
  template <class D>
  static void get(Step<D>& k, Vm<D>&, const auto& call) {
    if (!k.is(Behaviour::vgic_registers_before_init)) return is_unknown<D>(k);
    value_is_writable<D>(k, call);
  }
};
// Any other attribute of the group.
struct VgicOtherControl : OtherOf<VgicGroup<"KVM_DEV_ARM_VGIC_GRP_CTRL">, 5> {
  static constexpr AttributeCall sets{"vgic_set_other_control",
                                      "vgic-kvm-device.c:vgic_set_common_attr"};
  template <class D>
  using Value = FieldList<>;
  template <class D>
  static void set(Step<D>& k, Vm<D>&, const auto&) {
    k.reject(Errno::nxio, true, {"unknown_attribute", "api.rst 4.80: ENXIO"});
  }
};
// And of addresses, among which are those of a GICv2.
struct VgicOtherAddress : OtherOf<VgicAddresses, 0> {
  static constexpr AttributeCall sets{"vgic_set_other_address", "vgic-kvm-device.c:kvm_vgic_addr"};
  static constexpr AttributeCall gets{"vgic_get_other_address", "vgic-kvm-device.c:kvm_vgic_addr"};
  template <class D>
  using Value = FieldList<Field<"value", 0, 64u>>;
  template <class D>
  static void set(Step<D>& k, Vm<D>&, const auto&) {
    k.reject(Errno::nxio, true, {"unknown_address", "arm-vgic-v3.rst ADDR: ENXIO"});
  }
  template <class D>
  static void get(Step<D>& k, Vm<D>&, const auto&) {
    k.reject(Errno::nxio, true, {"unknown_attribute", "arm-vgic-v3.rst ADDR: ENXIO"});
  }
};

}  // namespace assay
