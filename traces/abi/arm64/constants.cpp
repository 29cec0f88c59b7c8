#include "traces/abi/arm64/constants.hpp"

#include <algorithm>
#include <utility>

namespace assay::traces {
namespace {

constexpr std::size_t slot_count = 4096;
constexpr std::size_t family_count = static_cast<std::size_t>(Family::other) + 1;

constexpr std::array<std::span<const Constant>, family_count> tables{{
    {},
    request_constants,
    capability_constants,
    exit_constants,
    feature_constants,
    target_constants,
    mp_state_constants,
    memory_flag_constants,
    device_type_constants,
    device_flag_constants,
    vcpu_group_constants,
    vcpu_group_of_x86_constants,
    tsc_attr_constants,
    pmu_attr_constants,
    timer_attr_constants,
    pvtime_attr_constants,
    spe_attr_constants,
    vm_group_constants,
    smccc_attr_constants,
    smccc_action_constants,
    gic_group_constants,
    gic_v2_addr_constants,
    gic_addr_constants,
    gic_ctrl_constants,
    filter_action_constants,
    system_event_constants,
    irqfd_flag_constants,
    ioeventfd_flag_constants,
    guest_debug_constants,
    msi_flag_constants,
    clock_flag_constants,
    open_constants,
    protection_constants,
    map_constants,
    register_constants,
    gic_dist_constants,
    gic_redist_constants,
    its_constants,
    gic_v2_dist_constants,
    gic_v2_cpu_constants,
    gic_sysreg_constants,
    msr_constants,
    other_constants,
}};

// Without a loop compilers make one load of it.
constexpr std::uint64_t eight_bytes(const char* at) {
  return [at]<std::size_t... i>(std::index_sequence<i...>) {
    return (... | (static_cast<std::uint64_t>(static_cast<unsigned char>(at[i])) << (8 * i)));
  }
  (std::make_index_sequence<8>{});
}

// Names differ at their end and in the middle, not in "KVM_": mixes these and the length.
constexpr std::size_t hash(std::string_view name) {
  std::uint64_t h = name.size() * 0x9e3779b97f4a7c15u;
  if (name.size() >= 8) {
    h ^= eight_bytes(name.data() + name.size() - 8) * 0xff51afd7ed558ccdu;
    h ^= eight_bytes(name.data() + (name.size() - 8) / 2) * 0xc4ceb9fe1a85ec53u;
  } else {
    for (const char c : name) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  }
  return (h ^ (h >> 32)) * 0xd6e8feb86659fd93u >> 40;
}

struct Index {
  std::array<Constant, slot_count> slots{};  // an empty name: free
  std::size_t longest_probe = 0;
};

constexpr Index make_index() {
  Index index;
  for (const std::span<const Constant> table : tables) {
    for (const Constant& constant : table) {
      std::size_t slot = hash(constant.name) % slot_count;
      std::size_t probe = 0;
      while (!index.slots[slot].name.empty()) slot = (slot + 1) % slot_count, ++probe;
      index.slots[slot] = constant;
      if (probe > index.longest_probe) index.longest_probe = probe;
    }
  }
  return index;
}

constexpr Index name_index = make_index();
static_assert(name_index.longest_probe < 12, "the hash has become bad: change it");

constexpr bool is_below(const Constant& a, const Constant& b) { return a.value < b.value; }
static_assert(std::is_sorted(register_constants.begin(), register_constants.end(), is_below));

// A word of a register is written as its name and what is to be added, behind a bar.
constexpr bool registers_are_aligned() {
  for (std::size_t family = static_cast<std::size_t>(Family::gic_dist_reg);
       family <= static_cast<std::size_t>(Family::gic_sysreg); ++family)
    for (const Constant& constant : tables[family])
      if ((constant.value & (constant.bytes - 1)) != 0) return false;
  return true;
}
static_assert(registers_are_aligned());

}  // namespace

std::optional<std::uint64_t> constant_value(std::string_view name) {
  for (std::size_t slot = hash(name) % slot_count;; slot = (slot + 1) % slot_count) {
    const Constant& there = name_index.slots[slot];
    if (there.name.empty()) return std::nullopt;
    if (there.name == name) return there.value;
  }
}

std::string_view constant_name(Family family, std::uint64_t value) {
  if (family == Family::one_reg) {
    const auto at = std::lower_bound(register_constants.begin(), register_constants.end(),
                                     Constant{{}, value}, is_below);
    return at != register_constants.end() && at->value == value ? at->name : std::string_view();
  }
  for (const Constant& constant : constants(family))
    if (constant.value == value) return constant.name;
  return {};
}

const Constant* register_at(Family family, std::uint32_t offset) {
  for (const Constant& constant : constants(family))
    if (offset >= constant.value && offset - constant.value < constant.bytes) return &constant;
  return nullptr;
}

std::span<const Constant> constants(Family family) {
  return tables[static_cast<std::size_t>(family)];
}

}  // namespace assay::traces
