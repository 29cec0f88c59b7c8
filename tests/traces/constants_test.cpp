#include "traces/abi/arm64/constants.hpp"

#include <gtest/gtest.h>
#include <linux/kvm.h>

#include <map>
#include <string>

#include "traces/abi/arm64/errno_names.hpp"

namespace assay::traces {
namespace {

// The host's header has the same numbers, for what is not an architecture's own.
TEST(Constants, agree_with_the_kernel_header) {
  const std::map<std::string_view, std::uint64_t> expected{
      {"KVM_GET_API_VERSION", KVM_GET_API_VERSION},
      {"KVM_CREATE_VM", KVM_CREATE_VM},
      {"KVM_CHECK_EXTENSION", KVM_CHECK_EXTENSION},
      {"KVM_GET_VCPU_MMAP_SIZE", KVM_GET_VCPU_MMAP_SIZE},
      {"KVM_CREATE_VCPU", KVM_CREATE_VCPU},
      {"KVM_GET_DIRTY_LOG", KVM_GET_DIRTY_LOG},
      {"KVM_CLEAR_DIRTY_LOG", KVM_CLEAR_DIRTY_LOG},
      {"KVM_SET_USER_MEMORY_REGION", KVM_SET_USER_MEMORY_REGION},
      {"KVM_IRQ_LINE", KVM_IRQ_LINE},
      {"KVM_IRQFD", KVM_IRQFD},
      {"KVM_RUN", KVM_RUN},
      {"KVM_ENABLE_CAP", KVM_ENABLE_CAP},
      {"KVM_SIGNAL_MSI", KVM_SIGNAL_MSI},
      {"KVM_GET_ONE_REG", KVM_GET_ONE_REG},
      {"KVM_SET_ONE_REG", KVM_SET_ONE_REG},
      {"KVM_GET_MP_STATE", KVM_GET_MP_STATE},
      {"KVM_SET_MP_STATE", KVM_SET_MP_STATE},
      {"KVM_ARM_VCPU_FINALIZE", KVM_ARM_VCPU_FINALIZE},
      {"KVM_CREATE_DEVICE", KVM_CREATE_DEVICE},
      {"KVM_SET_DEVICE_ATTR", KVM_SET_DEVICE_ATTR},
      {"KVM_GET_DEVICE_ATTR", KVM_GET_DEVICE_ATTR},
      {"KVM_HAS_DEVICE_ATTR", KVM_HAS_DEVICE_ATTR},
      {"KVM_CAP_ARM_PMU_V3", KVM_CAP_ARM_PMU_V3},
      {"KVM_CAP_ARM_VM_IPA_SIZE", KVM_CAP_ARM_VM_IPA_SIZE},
      {"KVM_CAP_MAX_VCPUS", KVM_CAP_MAX_VCPUS},
      {"KVM_EXIT_FAIL_ENTRY", KVM_EXIT_FAIL_ENTRY},
      {"KVM_EXIT_ARM_NISV", KVM_EXIT_ARM_NISV},
      {"KVM_DEV_TYPE_ARM_VGIC_V3", KVM_DEV_TYPE_ARM_VGIC_V3},
      {"KVM_DEV_TYPE_ARM_VGIC_ITS", KVM_DEV_TYPE_ARM_VGIC_ITS},
      {"KVM_MP_STATE_SUSPENDED", KVM_MP_STATE_SUSPENDED},
      {"KVM_MEM_READONLY", KVM_MEM_READONLY},
  };
  for (const auto& [name, value] : expected) EXPECT_EQ(constant_value(name), value) << name;
}

TEST(Constants, are_found_by_name_and_by_number) {
  EXPECT_EQ(constant_name(Family::request, 0xae01), "KVM_CREATE_VM");
  EXPECT_EQ(constant_name(Family::vcpu_group, 0), "KVM_ARM_VCPU_PMU_V3_CTRL");
  EXPECT_EQ(constant_name(Family::capability, 126), "KVM_CAP_ARM_PMU_V3");
  EXPECT_EQ(constant_name(Family::capability, 99999), "");
  EXPECT_EQ(constant_value("KVM_NO_SUCH_THING"), std::nullopt);
  EXPECT_EQ(constant_value(""), std::nullopt);
  EXPECT_EQ(constant_value(std::string(10000, 'A')), std::nullopt);
}

TEST(Constants, have_unique_names_that_all_resolve) {
  std::map<std::string_view, int> seen;
  for (int family = 0; family <= static_cast<int>(Family::other); ++family) {
    for (const Constant& constant : constants(static_cast<Family>(family))) {
      EXPECT_EQ(++seen[constant.name], 1) << constant.name;
      EXPECT_EQ(constant_value(constant.name), constant.value) << constant.name;
    }
  }
  EXPECT_GT(seen.size(), 200u);
}

TEST(Constants, RegistersAreFoundByAnyOfTheirOffsets) {
  ASSERT_NE(register_at(Family::gic_dist_reg, 0x17f), nullptr);
  EXPECT_EQ(register_at(Family::gic_dist_reg, 0x17f)->name, "GICD_ISENABLER");
  EXPECT_EQ(register_at(Family::gic_dist_reg, 0x20), nullptr);
  EXPECT_EQ(register_at(Family::gic_redist_reg, 0x10c04)->name, "GICR_ICFGR0");
  for (const Constant& reg : constants(Family::one_reg))
    EXPECT_EQ(constant_name(Family::one_reg, reg.value), reg.name);
  EXPECT_EQ(constant_name(Family::one_reg, 0x6030000000100041), "");
}

TEST(ErrnoNames, go_both_ways) {
  for (const ErrnoName& row : errno_names) {
    EXPECT_EQ(errno_number(row.name), row.number);
    EXPECT_EQ(errno_named(row.number)->name, row.name);
  }
  EXPECT_EQ(errno_number("ENOSUCHERROR"), 0);
  EXPECT_EQ(errno_named(-5), nullptr);
}

}  // namespace
}  // namespace assay::traces
