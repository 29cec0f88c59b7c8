#include "traces/abi/arm64/abi.hpp"

#include "spec/system.hpp"

namespace assay::traces {
namespace {

using enum MemberKind;
using enum HandleKind;

constexpr Member user_memory_region[] = {
    {"slot", 0, 4},
    {"flags", 4, 4, 1, flags, Family::memory_flag},
    {"guest_phys_addr", 8, 8, 1, hexadecimal},
    {"memory_size", 16, 8},
    {"userspace_addr", 24, 8, 1, hexadecimal},
};
constexpr Member user_memory_region2[] = {
    {"slot", 0, 4},
    {"flags", 4, 4, 1, flags, Family::memory_flag},
    {"guest_phys_addr", 8, 8, 1, hexadecimal},
    {"memory_size", 16, 8},
    {"userspace_addr", 24, 8, 1, hexadecimal},
    {"guest_memfd_offset", 32, 8, 1, hexadecimal},
    {"guest_memfd", 40, 4},
};
constexpr Member memory_attributes[] = {
    {"address", 0, 8, 1, hexadecimal},
    {"size", 8, 8},
    {"attributes", 16, 8, 1, hexadecimal},
    {"flags", 24, 8, 1, hexadecimal},
};
constexpr Member guest_memfd[] = {{"size", 0, 8}, {"flags", 8, 8, 1, hexadecimal}};
constexpr Member vcpu_init[] = {
    {"target", 0, 4, 1, name, Family::target},
    {"features", 4, 4, 7, hexadecimal},
};
constexpr Member finalize[] = {{"", 0, 4, 1, name, Family::feature}};
constexpr Member create_device[] = {
    {"type", 0, 4, 1, name, Family::device_type},
    {"fd", 4, 4, 1, handle},
    {"flags", 8, 4, 1, flags, Family::device_flag},
};
constexpr Member device_attr[] = {
    {"flags", 0, 4, 1, hexadecimal},
    {"group", 4, 4, 1, group},
    {"attr", 8, 8, 1, attribute},
    {"addr", 16, 8, 1, pointer},
};
constexpr Member enable_cap[] = {
    {"cap", 0, 4, 1, name, Family::capability},
    {"flags", 4, 4, 1, hexadecimal},
    {"args", 8, 8, 4, hexadecimal},
    {"pad", 40, 8, 8, hexadecimal, Family::none, true},
};
constexpr Member one_reg[] = {{"id", 0, 8, 1, name, Family::one_reg}, {"addr", 8, 8, 1, pointer}};
constexpr Member device_addr[] = {{"id", 0, 8, 1, hexadecimal}, {"addr", 8, 8, 1, hexadecimal}};
constexpr Member irq_level[] = {{"irq", 0, 4, 1, hexadecimal}, {"level", 4, 4}};
constexpr Member mp_state[] = {{"mp_state", 0, 4, 1, name, Family::mp_state}};
constexpr Member dirty_log[] = {
    {"slot", 0, 4},
    {"padding1", 4, 4, 1, hexadecimal, Family::none, true},
    {"dirty_bitmap", 8, 8, 1, hexadecimal},
};
constexpr Member clear_dirty_log[] = {
    {"slot", 0, 4},
    {"num_pages", 4, 4},
    {"first_page", 8, 8},
    {"dirty_bitmap", 16, 8, 1, hexadecimal},
};
constexpr Member irqfd[] = {
    {"fd", 0, 4},
    {"gsi", 4, 4},
    {"flags", 8, 4, 1, flags, Family::irqfd_flag},
    {"resamplefd", 12, 4},
    {"pad", 16, 1, 16, number, Family::none, true},
};
constexpr Member msi[] = {
    {"address_lo", 0, 4, 1, hexadecimal}, {"address_hi", 4, 4, 1, hexadecimal},
    {"data", 8, 4, 1, hexadecimal},       {"flags", 12, 4, 1, flags, Family::msi_flag},
    {"devid", 16, 4, 1, hexadecimal},     {"pad", 20, 1, 12, number, Family::none, true},
};
constexpr Member counter_offset[] = {
    {"counter_offset", 0, 8, 1, hexadecimal},
    {"reserved", 8, 8, 1, hexadecimal},
};
constexpr Member reg_list[] = {{"n", 0, 8}};
constexpr Member vcpu_events[] = {
    {"serror_pending", 0, 1},
    {"serror_has_esr", 1, 1},
    {"ext_dabt_pending", 2, 1},
    {"pad", 3, 1, 5, number, Family::none, true},
    {"serror_esr", 8, 8, 1, hexadecimal},
    {"reserved", 16, 4, 12, hexadecimal, Family::none, true},
};
constexpr Member ioeventfd[] = {
    {"datamatch", 0, 8, 1, hexadecimal},
    {"addr", 8, 8, 1, hexadecimal},
    {"len", 16, 4},
    {"fd", 20, 4},
    {"flags", 24, 4, 1, flags, Family::ioeventfd_flag},
    {"pad", 28, 1, 36, number, Family::none, true},
};
// The entries lie behind the structure whose size the request states; nobody copies them.
constexpr Member gsi_routing[] = {{"nr", 0, 4}, {"flags", 4, 4, 1, hexadecimal}};
constexpr Member guest_debug[] = {
    {"control", 0, 4, 1, flags, Family::guest_debug},
    {"pad", 4, 4, 1, hexadecimal, Family::none, true},
    {"dbg_bcr", 8, 8, 16, hexadecimal, Family::none, true},
    {"dbg_bvr", 136, 8, 16, hexadecimal, Family::none, true},
    {"dbg_wcr", 264, 8, 16, hexadecimal, Family::none, true},
    {"dbg_wvr", 392, 8, 16, hexadecimal, Family::none, true},
};
constexpr Member clock_data[] = {
    {"clock", 0, 8},
    {"flags", 8, 4, 1, flags, Family::clock_flag},
    {"pad0", 12, 4, 1, hexadecimal, Family::none, true},
    {"realtime", 16, 8},
    {"host_tsc", 24, 8},
    {"pad", 32, 4, 4, hexadecimal, Family::none, true},
};
constexpr Member coalesced_mmio[] = {
    {"addr", 0, 8, 1, hexadecimal},
    {"size", 8, 4},
    {"pad", 12, 4, 1, hexadecimal, Family::none, true},
};
constexpr Member signal_mask[] = {{"len", 0, 4}};
constexpr Member copy_tags[] = {
    {"guest_ipa", 0, 8, 1, hexadecimal},
    {"length", 8, 8},
    {"addr", 16, 8, 1, hexadecimal},
    {"flags", 24, 8, 1, hexadecimal},
    {"reserved", 32, 8, 2, hexadecimal, Family::none, true},
};
constexpr Member reg_masks[] = {
    {"addr", 0, 8, 1, hexadecimal},
    {"range", 8, 4, 1, hexadecimal},
    {"reserved", 12, 4, 13, hexadecimal, Family::none, true},
};
constexpr Member pre_fault[] = {
    {"gpa", 0, 8, 1, hexadecimal},
    {"size", 8, 8},
    {"flags", 16, 8, 1, hexadecimal},
    {"padding", 24, 8, 5, hexadecimal, Family::none, true},
};

constexpr Member pmu_filter[] = {
    {"base_event", 0, 2, 1, hexadecimal},
    {"nevents", 2, 2},
    {"action", 4, 1, 1, name, Family::filter_action},
    {"pad", 5, 1, 3, number, Family::none, true},
};
constexpr Member smccc_filter[] = {
    {"base", 0, 4, 1, hexadecimal},
    {"nr_functions", 4, 4},
    {"action", 8, 1, 1, name, Family::smccc_action},
    {"pad", 9, 1, 15, number, Family::none, true},
};

using Arg = ArgumentKind;

constexpr RequestLayout requests[] = {
    {"KVM_GET_API_VERSION", 0xae00, system, Arg::hexadecimal},
    {"KVM_CREATE_VM", 0xae01, system, Arg::hexadecimal, {}, vm},
    {"KVM_CHECK_EXTENSION", 0xae03, HandleKind::none, Arg::name},
    {"KVM_GET_VCPU_MMAP_SIZE", 0xae04, system, Arg::hexadecimal},
    {"KVM_CREATE_VCPU", 0xae41, vm, Arg::number, {}, vcpu},
    {"KVM_GET_DIRTY_LOG", 0x4010ae42, vm, Arg::structure, dirty_log},
    {"KVM_SET_USER_MEMORY_REGION", 0x4020ae46, vm, Arg::structure, user_memory_region},
    {"KVM_SET_USER_MEMORY_REGION2", 0x40a0ae49, vm, Arg::structure, user_memory_region2},
    {"KVM_CREATE_IRQCHIP", 0xae60, vm, Arg::ignored},
    {"KVM_IRQ_LINE", 0x4008ae61, vm, Arg::structure, irq_level},
    {"KVM_REGISTER_COALESCED_MMIO", 0x4010ae67, vm, Arg::structure, coalesced_mmio},
    {"KVM_IRQ_LINE_STATUS", 0xc008ae67, vm, Arg::structure, irq_level},
    {"KVM_UNREGISTER_COALESCED_MMIO", 0x4010ae68, vm, Arg::structure, coalesced_mmio},
    {"KVM_SET_GSI_ROUTING", 0x4008ae6a, vm, Arg::structure, gsi_routing},
    {"KVM_IRQFD", 0x4020ae76, vm, Arg::structure, irqfd},
    {"KVM_IOEVENTFD", 0x4040ae79, vm, Arg::structure, ioeventfd},
    {"KVM_SET_CLOCK", 0x4030ae7b, vm, Arg::structure, clock_data},
    {"KVM_GET_CLOCK", 0x8030ae7c, vm, Arg::structure, clock_data},
    {"KVM_RUN", 0xae80, vcpu, Arg::ignored},
    {"KVM_SET_SIGNAL_MASK", 0x4004ae8b, vcpu, Arg::structure, signal_mask},
    {"KVM_GET_MP_STATE", 0x8004ae98, vcpu, Arg::structure, mp_state},
    {"KVM_SET_MP_STATE", 0x4004ae99, vcpu, Arg::structure, mp_state},
    {"KVM_SET_GUEST_DEBUG", 0x4208ae9b, vcpu, Arg::structure, guest_debug},
    {"KVM_GET_VCPU_EVENTS", 0x8040ae9f, vcpu, Arg::structure, vcpu_events},
    {"KVM_SET_VCPU_EVENTS", 0x4040aea0, vcpu, Arg::structure, vcpu_events},
    {"KVM_SET_TSC_KHZ", 0xaea2, HandleKind::none, Arg::number},
    {"KVM_GET_TSC_KHZ", 0xaea3, HandleKind::none, Arg::ignored},
    {"KVM_ENABLE_CAP", 0x4068aea3, HandleKind::none, Arg::structure, enable_cap},
    {"KVM_SIGNAL_MSI", 0x4020aea5, vm, Arg::structure, msi},
    {"KVM_GET_ONE_REG", 0x4010aeab, vcpu, Arg::structure, one_reg},
    {"KVM_ARM_SET_DEVICE_ADDR", 0x4010aeab, vm, Arg::structure, device_addr},
    {"KVM_SET_ONE_REG", 0x4010aeac, vcpu, Arg::structure, one_reg},
    {"KVM_ARM_VCPU_INIT", 0x4020aeae, vcpu, Arg::structure, vcpu_init},
    {"KVM_ARM_PREFERRED_TARGET", 0x8020aeaf, vm, Arg::structure, vcpu_init},
    {"KVM_GET_REG_LIST", 0xc008aeb0, vcpu, Arg::structure, reg_list},
    {"KVM_ARM_MTE_COPY_TAGS", 0x8030aeb4, vm, Arg::structure, copy_tags},
    {"KVM_ARM_SET_COUNTER_OFFSET", 0x4010aeb5, vm, Arg::structure, counter_offset},
    {"KVM_ARM_GET_REG_WRITABLE_MASKS", 0x8040aeb6, vm, Arg::structure, reg_masks},
    {"KVM_CLEAR_DIRTY_LOG", 0xc018aec0, vm, Arg::structure, clear_dirty_log},
    {"KVM_ARM_VCPU_FINALIZE", 0x4004aec2, vcpu, Arg::scalar, finalize},
    {"KVM_RESET_DIRTY_RINGS", 0xaec7, vm, Arg::ignored},
    {"KVM_GET_STATS_FD", 0xaece, HandleKind::none, Arg::ignored},
    {"KVM_SET_MEMORY_ATTRIBUTES", 0x4020aed2, vm, Arg::structure, memory_attributes},
    {"KVM_CREATE_GUEST_MEMFD", 0xc040aed4, vm, Arg::structure, guest_memfd},
    {"KVM_PRE_FAULT_MEMORY", 0xc040aed5, vcpu, Arg::structure, pre_fault},
    {"KVM_CREATE_DEVICE", 0xc00caee0, vm, Arg::structure, create_device},
    {"KVM_SET_DEVICE_ATTR", 0x4018aee1, HandleKind::none, Arg::structure, device_attr},
    {"KVM_GET_DEVICE_ATTR", 0x4018aee2, HandleKind::none, Arg::structure, device_attr},
    {"KVM_HAS_DEVICE_ATTR", 0x4018aee3, HandleKind::none, Arg::structure, device_attr},
};

// Every layout has the number its name has, and fits the size that the number states.
constexpr bool layouts_are_sound() {
  for (const RequestLayout& request : requests) {
    bool named = false;
    for (const Constant& constant : request_constants)
      named = named || (constant.name == request.name && constant.value == request.number);
    if (!named) return false;
    for (const Member& member : request.members)
      if (member.offset + member.bytes * member.count > static_cast<int>(request.bytes())) {
        return false;
      }
  }
  return true;
}
static_assert(layouts_are_sound());

constexpr std::uint64_t any = ~std::uint64_t{0};
constexpr std::uint32_t vgic_v2 = 5, vgic_v3 = 7, vgic_its = 8;

struct AttributeRow {
  HandleKind on;
  std::uint32_t device;  // KVM_DEV_TYPE, 0 for a vCPU or a VM
  std::uint32_t group;
  std::uint64_t attribute;
  ValueLayout value;
};

constexpr ValueLayout int_value{4, {}, MemberKind::number};
constexpr ValueLayout u32_value{4, {}, MemberKind::hexadecimal};
constexpr ValueLayout u64_value{8, {}, MemberKind::hexadecimal};
constexpr ValueLayout no_value{};

constexpr AttributeRow attributes[] = {
    {vcpu, 0, 0, 0, int_value},             // PMU_V3_IRQ
    {vcpu, 0, 0, 1, no_value},              // PMU_V3_INIT
    {vcpu, 0, 0, 2, {8, pmu_filter, {}}},   // PMU_V3_FILTER
    {vcpu, 0, 0, 3, int_value},             // PMU_V3_SET_PMU
    {vcpu, 0, 0, 4, int_value},             // PMU_V3_SET_NR_COUNTERS
    {vcpu, 0, 1, any, int_value},           // TIMER: the PPI of each timer
    {vcpu, 0, 2, 0, u64_value},             // PVTIME_IPA
    {vcpu, 0, 3, 0, int_value},             // SPE_IRQ
    {vcpu, 0, 3, 1, no_value},              // SPE_INIT
    {vcpu, 0, 3, 2, int_value},             // SPE_STOP
    {vm, 0, 0, 0, {24, smccc_filter, {}}},  // SMCCC_FILTER
    {device, vgic_v2, 0, any, u64_value},   // ADDR
    {device, vgic_v2, 1, any, u32_value},   // DIST_REGS
    {device, vgic_v2, 2, any, u32_value},   // CPU_REGS
    {device, vgic_v2, 3, any, int_value},   // NR_IRQS
    {device, vgic_v2, 4, any, no_value},    // CTRL
    {device, vgic_v3, 0, any, u64_value},   // ADDR
    {device, vgic_v3, 1, any, u32_value},   // DIST_REGS
    {device, vgic_v3, 3, any, int_value},   // NR_IRQS
    {device, vgic_v3, 4, any, no_value},    // CTRL
    {device, vgic_v3, 5, any, u32_value},   // REDIST_REGS
    {device, vgic_v3, 6, any, u64_value},   // CPU_SYSREGS
    {device, vgic_v3, 7, any, u32_value},   // LEVEL_INFO
    {device, vgic_v3, 9, any, int_value},   // MAINT_IRQ
    {device, vgic_its, 0, any, u64_value},  // ADDR
    {device, vgic_its, 4, any, no_value},   // CTRL
    {device, vgic_its, 8, any, u64_value},  // ITS_REGS
};

bool is_gic(Descriptor on) {
  const std::uint32_t type = device_type(on.kind);
  return type == vgic_v2 || type == vgic_v3 || type == vgic_its;
}

}  // namespace

Abi abi_of_machine(std::string_view machine) {
  const System* const system = system_of_machine(machine);
  return system != nullptr && system->info().architecture == "x86" ? Abi::x86 : Abi::arm64;
}

std::span<const RequestLayout> request_layouts() { return requests; }

const RequestLayout* request_layout(std::uint64_t number, HandleKind on) {
  for (const RequestLayout& request : requests) {
    const bool fits = request.on == HandleKind::none || on == HandleKind::none || request.on == on;
    if (request.number == number && fits) return &request;
  }
  return nullptr;
}

const RequestLayout* request_layout(std::string_view name) {
  for (const RequestLayout& request : requests)
    if (request.name == name) return &request;
  return nullptr;
}

const ValueLayout* attribute_layout(Descriptor on, std::uint32_t group, std::uint64_t attribute,
                                    Abi abi) {
  if (abi == Abi::x86) return on.kind == vcpu ? &u64_value : nullptr;
  const HandleKind kind = is_device(on.kind) ? device : on.kind;
  const std::uint32_t type = device_type(on.kind);
  for (const AttributeRow& row : attributes) {
    const bool same_attribute = row.attribute == any || row.attribute == attribute;
    if (row.on == kind && row.device == type && row.group == group && same_attribute) {
      return &row.value;
    }
  }
  return nullptr;
}

Family group_family(Descriptor on, Abi abi) {
  if (abi == Abi::x86) return on.kind == vcpu ? Family::vcpu_group_of_x86 : Family::none;
  if (on.kind == vcpu) return Family::vcpu_group;
  if (on.kind == vm) return Family::vm_group;
  return is_gic(on) ? Family::gic_group : Family::none;
}

Family attribute_family(Descriptor on, std::uint32_t group, Abi abi) {
  if (abi == Abi::x86) return on.kind == vcpu && group == 0 ? Family::tsc_attr : Family::none;
  constexpr Family of_vcpu[] = {Family::pmu_attr, Family::timer_attr, Family::pvtime_attr,
                                Family::spe_attr};
  constexpr std::uint32_t group_addr = 0, group_ctrl = 4;
  if (on.kind == vcpu) return group < std::size(of_vcpu) ? of_vcpu[group] : Family::none;
  if (on.kind == vm) return group == 0 ? Family::smccc_attr : Family::none;
  if (!is_gic(on)) return Family::none;
  const bool is_v2 = device_type(on.kind) == vgic_v2;
  switch (group) {
    case group_addr: return is_v2 ? Family::gic_v2_addr : Family::gic_addr;
    case 1: return is_v2 ? Family::gic_v2_dist_reg : Family::gic_dist_reg;
    case 2: return is_v2 ? Family::gic_v2_cpu_reg : Family::none;
    case group_ctrl: return Family::gic_ctrl;
    case 5: return Family::gic_redist_reg;
    case 6: return Family::gic_sysreg;
    case 8: return Family::its_reg;
    default: return Family::none;
  }
}

std::uint32_t register_bytes(std::uint64_t id) {
  const auto log2 = static_cast<unsigned>(id >> 52 & 0xf);
  return log2 <= 8 ? 1u << log2 : 0;
}

}  // namespace assay::traces
