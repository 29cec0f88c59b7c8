// Looking up the names of the KVM/arm64 interface: text <-> number, in either direction.
//
// A name is looked up without knowing what it is (names are unique); a number only together with
// its family. Both are O(1) or a scan of one small table, and neither allocates.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "traces/abi/arm64/constants_fields.hpp"
#include "traces/abi/arm64/constants_gic.hpp"
#include "traces/abi/arm64/constants_registers.hpp"
#include "traces/abi/x86/constants_msr.hpp"

namespace assay::traces {

// What a number is the number of.
enum class Family : std::uint8_t {
  none,
  request,
  capability,
  exit_reason,
  feature,
  target,
  mp_state,
  memory_flag,
  device_type,
  device_flag,
  vcpu_group,
  vcpu_group_of_x86,
  tsc_attr,
  pmu_attr,
  timer_attr,
  pvtime_attr,
  spe_attr,
  vm_group,
  smccc_attr,
  smccc_action,
  gic_group,
  gic_v2_addr,
  gic_addr,
  gic_ctrl,
  filter_action,
  system_event,
  irqfd_flag,
  ioeventfd_flag,
  guest_debug,
  msi_flag,
  clock_flag,
  open_flag,
  protection,
  map_flag,
  one_reg,
  gic_dist_reg,
  gic_redist_reg,
  its_reg,
  gic_v2_dist_reg,
  gic_v2_cpu_reg,
  gic_sysreg,
  msr,
  other,
};

// "KVM_CREATE_VM" -> 0xae01. Nothing for a name that is in no table.
std::optional<std::uint64_t> constant_value(std::string_view name);

// The first name of a number in a family; empty when it has none.
std::string_view constant_name(Family family, std::uint64_t value);

// Whether numbers of a family are registers of a vGIC, named by register_at().
constexpr bool is_gic_register(Family family) {
  return family >= Family::gic_dist_reg && family <= Family::gic_sysreg;
}
// The register of a family in which an offset lies; nullptr when none has a name.
const Constant* register_at(Family family, std::uint32_t offset);

// All of one family, in the order of their table.
std::span<const Constant> constants(Family family);

}  // namespace assay::traces
