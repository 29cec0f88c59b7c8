// The ITS as userspace sees it: its address, its control attributes and its registers
// (devices/arm-vgic-its.rst). What makes one is in spec/kvm/vgic/rules.hpp.
#pragma once
#include "spec/kvm/vgic/has.hpp"

namespace assay {

inline constexpr u64 its_bytes = 0x20000, its_address_unset = ~u64{0};

struct ItsId {
  static constexpr Dim dimension = Dim::its;
  unsigned index = 0;
};
template <class D>
Flag<D> exists(const Vm<D>& vm, ItsId i) {
  return vm.itses.its[i.index].created;
}

template <class D>
struct OnIts {
  ItsId its{};
  static constexpr auto fields() { return members<&OnIts::its>; }
  Its<D>& of(Vm<D>& vm) const { return vm.itses.its[its.index]; }
};
template <Name group>
using ItsGroup = AttributeGroup<OnIts, "its", group>;

// --- KVM_DEV_ARM_VGIC_GRP_ADDR
// ---------------------------------------------------------------------

// KVM_VGIC_ITS_ADDR_TYPE: where its 128 KiB are.
struct ItsAddress : AttributeOf<ItsGroup<"KVM_DEV_ARM_VGIC_GRP_ADDR">, "KVM_VGIC_ITS_ADDR_TYPE"> {
  static constexpr AttributeCall sets{"its_set_address",
                                      "arm-vgic-its.rst ADDR; vgic-its.c:vgic_its_set_attr"};
  static constexpr AttributeCall gets{"its_get_address",
                                      "arm-vgic-its.rst ADDR; vgic-its.c:vgic_its_get_attr"};
  template <class D>
  using Value = FieldList<Field<"base", 0, &Its<D>::base>>;
  template <class D>
  static void set(Step<D>& k, Vm<D>& vm, const auto& call) {
    Its<D>& its = call.of(vm);
    const auto& base = field<"base">(call);
    k.reject(Errno::fault, call.unreadable, {"copy_in", "arm-vgic-its.rst ADDR: EFAULT"});
    k.reject(Errno::exist, its.placed, {"already_set", "arm-vgic-its.rst ADDR: EEXIST"});
    check_range(k, vm, base, Num<D>(its_bytes),
                {"unaligned", "arm-vgic-its.rst ADDR: EINVAL, 64K alignment"},
                {"wraps", "vgic-kvm-device.c:vgic_check_iorange"},
                {"beyond_ipa_size", "arm-vgic-its.rst ADDR: E2BIG"});
    k.set(its.placed, true);
    k.set(its.base, base);
  }
  template <class D>
  static void get(Step<D>& k, Vm<D>& vm, const auto& call) {
    const Its<D>& its = call.of(vm);
    k.reject(Errno::fault, call.unreadable, {"copy_out", "arm-vgic-its.rst ADDR: EFAULT"});
    k.require(field<"base">(call) == ite(its.placed, plain(its.base), Num<D>(its_address_unset)),
              {"as_set", "arm-vgic-its.rst ADDR"});
  }
};

// Not ENXIO, as other devices answer.
struct ItsOtherAddress : OtherOf<ItsGroup<"KVM_DEV_ARM_VGIC_GRP_ADDR">, 0> {
  static constexpr AttributeCall sets{"its_set_other_address", "vgic-its.c:vgic_its_set_attr"};
  static constexpr AttributeCall gets{"its_get_other_address", "vgic-its.c:vgic_its_get_attr"};
  template <class D>
  using Value = FieldList<Field<"value", 0, 64u>>;
  template <class D>
  static void set(Step<D>& k, Vm<D>&, const auto&) {
    k.reject(Errno::nodev, true, {"unknown_address", "arm-vgic-its.rst ADDR: ENODEV"});
  }
  template <class D>
  static void get(Step<D>& k, Vm<D>&, const auto&) {
    k.reject(Errno::nodev, true, {"unknown_address", "arm-vgic-its.rst ADDR: ENODEV"});
  }
};

// --- KVM_DEV_ARM_VGIC_GRP_CTRL
// ---------------------------------------------------------------------

template <Name attribute>
using ItsControlOf = AttributeOf<ItsGroup<"KVM_DEV_ARM_VGIC_GRP_CTRL">, attribute>;

struct ItsInit : ItsControlOf<"KVM_DEV_ARM_VGIC_CTRL_INIT"> {
  static constexpr AttributeCall sets{"its_ctrl_init",
                                      "arm-vgic-its.rst CTRL; vgic-its.c:vgic_its_ctrl"};
  template <class D>
  using Value = FieldList<>;
  // Documented to initialise the ITS; does nothing.
  template <class D>
  static void set(Step<D>&, Vm<D>&, const auto&) {}
};
// Whose tables the ITS writes, and from which it restores itself, the guest decides.
struct ItsSaveTables : ItsControlOf<"KVM_DEV_ARM_ITS_SAVE_TABLES"> {
  static constexpr AttributeCall sets{"its_ctrl_save_tables",
                                      "arm-vgic-its.rst CTRL; vgic-its.c:vgic_its_save_tables_v0"};
  template <class D>
  using Value = FieldList<>;
  template <class D>
  static void set(Step<D>& k, Vm<D>& vm, const auto&) {
    vcpus_are_free<D>(k, vm, false);
    k.may_fail(Errno::inval, {"id_beyond_table", "arm-vgic-its.rst SAVE_TABLES: EINVAL"});
    k.may_fail(Errno::fault, {"table_unwritable", "arm-vgic-its.rst SAVE_TABLES: EFAULT"});
    k.may_fail(Errno::acces, {"lpi_is_in_hardware", "arm-vgic-its.rst SAVE_TABLES: EACCES"});
  }
};
struct ItsRestoreTables : ItsControlOf<"KVM_DEV_ARM_ITS_RESTORE_TABLES"> {
  static constexpr AttributeCall sets{
      "its_ctrl_restore_tables", "arm-vgic-its.rst CTRL; vgic-its.c:vgic_its_restore_tables_v0"};
  template <class D>
  using Value = FieldList<>;
  template <class D>
  static void set(Step<D>& k, Vm<D>& vm, const auto&) {
    vcpus_are_free<D>(k, vm, false);
    k.may_fail(Errno::inval, {"inconsistent_table", "arm-vgic-its.rst RESTORE_TABLES: EINVAL"});
    k.may_fail(Errno::fault, {"table_unreadable", "arm-vgic-its.rst RESTORE_TABLES: EFAULT"});
    k.may_fail(Errno::exist, {"collection_twice", "vgic-its.c:vgic_its_restore_cte"});
  }
};
struct ItsReset : ItsControlOf<"KVM_DEV_ARM_ITS_CTRL_RESET"> {
  static constexpr AttributeCall sets{"its_ctrl_reset",
                                      "arm-vgic-its.rst CTRL; vgic-its.c:vgic_its_reset"};
  template <class D>
  using Value = FieldList<>;
  template <class D>
  static void set(Step<D>& k, Vm<D>& vm, const auto&) {
    vcpus_are_free<D>(k, vm, false);
  }
};
struct ItsOtherControl : OtherOf<ItsGroup<"KVM_DEV_ARM_VGIC_GRP_CTRL">, 5> {
  static constexpr AttributeCall sets{"its_set_other_control", "vgic-its.c:vgic_its_ctrl"};
  template <class D>
  using Value = FieldList<>;
  // 6.1 and 6.12 ignore what they do not know.
  template <class D>
  static void set(Step<D>& k, Vm<D>& vm, const auto&) {
    vcpus_are_free<D>(k, vm, false);
    if (k.is(Behaviour::documented_alternatives))
      k.may_fail(Errno::nxio, {"may_refuse_unknown", "api.rst 4.80: ENXIO"});
    else if (k.is(Behaviour::later_registers))
      k.reject(Errno::nxio, true,
               {"unknown_attribute", "api.rst 4.80: ENXIO; vgic-its.c:vgic_its_ctrl"});
  }
};

// --- KVM_DEV_ARM_VGIC_GRP_ITS_REGS
// -----------------------------------------------------------------

inline constexpr u64 gits_iidr = 0x4, gits_typer = 0x8, gits_creadr = 0x90, gits_pidr4 = 0xffd0;
inline constexpr std::array its_ranges{
    VgicRegisterRange{0x0, 8},       // GITS_CTLR, GITS_IIDR
    VgicRegisterRange{0x8, 8},       // GITS_TYPER
    VgicRegisterRange{0x80, 24},     // GITS_CBASER, GITS_CWRITER, GITS_CREADR
    VgicRegisterRange{0x100, 0x40},  // GITS_BASER
    VgicRegisterRange{0xffd0, 48},   // GITS_IDREGS
};
// The kernel looks a register up by the lower half of the attribute
// (vgic-mmio.c:vgic_find_mmio_region). Found by fuzzing.
template <class D>
Word<D, 32> its_offset(const Word<D, 64>& attr) {
  return field_bits<32>(attr, 0);
}
template <class D>
void its_register_exists(Step<D>& k, const Word<D, 64>& attr, const Why& unknown) {
  const Word<D, 32> offset = its_offset<D>(attr);
  Flag<D> some = false;
  for (const VgicRegisterRange& r : its_ranges)
    some = some || (offset >= r.first && offset < r.first + r.bytes);
  k.reject(Errno::nxio, !some, unknown);
  if (k.is(Behaviour::documented_alternatives))
    k.when(field_bits<32>(attr, 32) != 0, [&] {
      k.may_fail(Errno::nxio, {"offset_beyond_the_frame", "arm-vgic-its.rst ITS_REGS: ENXIO"});
    });
}
// Registers of 64 bits are accessed whole.
template <class D>
void its_register_is_aligned(Step<D>& k, const Word<D, 64>& attr) {
  const Flag<D> is_short = attr < gits_typer || attr >= gits_pidr4;
  const Word<D, 64> off = attr & ite(is_short, Word<D, 64>(3), Word<D, 64>(7));
  k.reject(Errno::inval, off != 0, {"unaligned", "arm-vgic-its.rst ITS_REGS: EINVAL"});
}
template <class D>
void its_register_is_there(Step<D>& k, Vm<D>& vm, const auto& call) {
  vcpus_are_free<D>(k, vm, false);
  k.reject(Errno::nxio, !call.of(vm).placed,
           {"no_address", "arm-vgic-its.rst ITS_REGS: ENXIO; vgic_its_attr_regs_access"});
  its_register_exists<D>(k, call.attr, {"unknown_register", "arm-vgic-its.rst ITS_REGS: ENXIO"});
}

struct ItsRegister : OtherOf<ItsGroup<"KVM_DEV_ARM_VGIC_GRP_ITS_REGS">, 0> {
  static constexpr AttributeCall sets{"its_set_register",
                                      "arm-vgic-its.rst ITS_REGS; vgic_its_attr_regs_access"};
  static constexpr AttributeCall gets{"its_get_register",
                                      "arm-vgic-its.rst ITS_REGS; vgic_its_attr_regs_access"};
  template <class D>
  using Value = FieldList<Field<"value", 0, 64u>>;
  template <class D>
  static void set(Step<D>& k, Vm<D>& vm, const auto& call) {
    value_is_readable<D>(k, call);
    its_register_is_aligned<D>(k, call.attr);
    its_register_is_there<D>(k, vm, call);
    const Word<D, 64>& value = field<"value">(call);
    k.reject(Errno::inval,
             its_offset<D>(call.attr) == gits_iidr && (value & Word<D, 64>(iidr_revision)) != 0,
             {"unknown_revision", "arm-vgic-its.rst: ABI revision 0 is the only one"});
    // Whether the ITS is enabled and how long its queue is the guest decides.
    k.when(its_offset<D>(call.attr) == gits_creadr, [&] {
      k.may_fail(Errno::busy, {"its_is_enabled", "arm-vgic-its.rst: CREADR before CTLR"});
      k.may_fail(Errno::inval,
                 {"beyond_the_queue", "vgic-its.c:vgic_mmio_uaccess_write_its_creadr"});
    });
  }
  template <class D>
  static void get(Step<D>& k, Vm<D>& vm, const auto& call) {
    its_register_is_aligned<D>(k, call.attr);
    its_register_is_there<D>(k, vm, call);
    value_is_writable<D>(k, call);
  }
};

// --- KVM_HAS_DEVICE_ATTR
// ---------------------------------------------------------------------------

struct ItsHasAddress : ItsGroup<"KVM_DEV_ARM_VGIC_GRP_ADDR"> {
  static constexpr AttributeCall has_call{"its_has_address", "api.rst 4.81; vgic_its_has_attr"};
  template <class D>
  static void has(Step<D>& k, Vm<D>& vm, const auto& call) {
    has_or_nxio<D>(k, vm, call.attr == 4);
  }
};
struct ItsHasControl : ItsGroup<"KVM_DEV_ARM_VGIC_GRP_CTRL"> {
  static constexpr AttributeCall has_call{"its_has_control", "api.rst 4.81; vgic_its_has_attr"};
  template <class D>
  static void has(Step<D>& k, Vm<D>& vm, const auto& call) {
    has_or_nxio<D>(k, vm, call.attr <= 4 && call.attr != 3);
  }
};
struct ItsHasRegister : ItsGroup<"KVM_DEV_ARM_VGIC_GRP_ITS_REGS"> {
  static constexpr AttributeCall has_call{"its_has_register",
                                          "api.rst 4.81; vgic_its_has_attr_regs"};
  template <class D>
  static void has(Step<D>& k, Vm<D>& vm, const auto& call) {
    gate<D>(k, vm);
    its_register_is_aligned<D>(k, call.attr);
    its_register_exists<D>(k, call.attr, {"unknown_register", "api.rst 4.81: ENXIO"});
  }
};

}  // namespace assay
