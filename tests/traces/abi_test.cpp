#include "traces/abi/arm64/abi.hpp"

#include <gtest/gtest.h>
#include <linux/kvm.h>

#include <cstddef>
#include <set>
#include <string>

namespace assay::traces {
namespace {

// The offset and size that the tables give a member: "16+8"; "none" if there is no such member.
std::string place(std::span<const Member> members, std::string_view name) {
  for (const Member& member : members)
    if (member.name == name) {
      return std::to_string(member.offset) + "+" + std::to_string(member.bytes * member.count);
    }
  return "none";
}

std::string place(std::string_view request, std::string_view name) {
  const RequestLayout* layout = request_layout(request);
  return layout ? place(layout->members, name) : "no layout";
}

template <typename Structure, typename T>
std::string real(T Structure::*member) {
  static const Structure structure{};
  const auto* base = reinterpret_cast<const char*>(&structure);
  const auto* at = reinterpret_cast<const char*>(&(structure.*member));
  return std::to_string(at - base) + "+" + std::to_string(sizeof(T));
}

// Where the host's header has the same structure as arm64's.
TEST(Abi, has_the_offsets_of_the_kernel_header) {
  using Region = kvm_userspace_memory_region;
  EXPECT_EQ(place("KVM_SET_USER_MEMORY_REGION", "slot"), real(&Region::slot));
  EXPECT_EQ(place("KVM_SET_USER_MEMORY_REGION", "flags"), real(&Region::flags));
  EXPECT_EQ(place("KVM_SET_USER_MEMORY_REGION", "guest_phys_addr"), real(&Region::guest_phys_addr));
  EXPECT_EQ(place("KVM_SET_USER_MEMORY_REGION", "memory_size"), real(&Region::memory_size));
  EXPECT_EQ(place("KVM_SET_USER_MEMORY_REGION", "userspace_addr"), real(&Region::userspace_addr));
  EXPECT_EQ(place("KVM_CREATE_DEVICE", "fd"), real(&kvm_create_device::fd));
  EXPECT_EQ(place("KVM_CREATE_DEVICE", "flags"), real(&kvm_create_device::flags));
  EXPECT_EQ(place("KVM_SET_DEVICE_ATTR", "group"), real(&kvm_device_attr::group));
  EXPECT_EQ(place("KVM_SET_DEVICE_ATTR", "attr"), real(&kvm_device_attr::attr));
  EXPECT_EQ(place("KVM_SET_DEVICE_ATTR", "addr"), real(&kvm_device_attr::addr));
  EXPECT_EQ(place("KVM_ENABLE_CAP", "args"), real(&kvm_enable_cap::args));
  EXPECT_EQ(place("KVM_ENABLE_CAP", "pad"), real(&kvm_enable_cap::pad));
  EXPECT_EQ(place("KVM_SET_ONE_REG", "addr"), real(&kvm_one_reg::addr));
  EXPECT_EQ(place("KVM_IRQ_LINE", "level"), real(&kvm_irq_level::level));
  EXPECT_EQ(place("KVM_SET_MP_STATE", "mp_state"), real(&kvm_mp_state::mp_state));
  EXPECT_EQ(place("KVM_CLEAR_DIRTY_LOG", "num_pages"), real(&kvm_clear_dirty_log::num_pages));
  EXPECT_EQ(place("KVM_CLEAR_DIRTY_LOG", "first_page"), real(&kvm_clear_dirty_log::first_page));
  EXPECT_EQ(place("KVM_IRQFD", "resamplefd"), real(&kvm_irqfd::resamplefd));
  EXPECT_EQ(place("KVM_IRQFD", "pad"), real(&kvm_irqfd::pad));
  EXPECT_EQ(place("KVM_SIGNAL_MSI", "devid"), real(&kvm_msi::devid));
  EXPECT_EQ(place("KVM_SIGNAL_MSI", "pad"), real(&kvm_msi::pad));
}

TEST(Abi, has_the_offsets_of_the_exit_union) {
  constexpr std::size_t begin = offsetof(kvm_run, hw);
  const auto offset = [](std::size_t at, std::size_t bytes) {
    return std::to_string(at - begin) + "+" + std::to_string(bytes);
  };
  EXPECT_EQ(place(exit_members(KVM_EXIT_FAIL_ENTRY), "fail_cpu"),
            offset(offsetof(kvm_run, fail_entry.cpu), 4));
  EXPECT_EQ(place(exit_members(KVM_EXIT_MMIO), "len"), offset(offsetof(kvm_run, mmio.len), 4));
  EXPECT_EQ(place(exit_members(KVM_EXIT_MMIO), "is_write"),
            offset(offsetof(kvm_run, mmio.is_write), 1));
  EXPECT_EQ(place(exit_members(KVM_EXIT_SYSTEM_EVENT), "data"),
            offset(offsetof(kvm_run, system_event.data), 24));
  EXPECT_EQ(place(exit_members(KVM_EXIT_ARM_NISV), "fault_ipa"),
            offset(offsetof(kvm_run, arm_nisv.fault_ipa), 8));
  EXPECT_TRUE(exit_members(KVM_EXIT_INTR).empty());
}

TEST(Abi, tells_requests_with_one_number_by_the_descriptor) {
  EXPECT_EQ(request_layout(0x4010aeab, HandleKind::vcpu)->name, "KVM_GET_ONE_REG");
  EXPECT_EQ(request_layout(0x4010aeab, HandleKind::vm)->name, "KVM_ARM_SET_DEVICE_ADDR");
  EXPECT_EQ(request_layout(0xae80, HandleKind::vm), nullptr);
  EXPECT_EQ(request_layout(0xae80, HandleKind::none)->name, "KVM_RUN");
  EXPECT_EQ(request_layout("KVM_NO_SUCH_REQUEST"), nullptr);
}

TEST(Abi, never_has_two_layouts_of_one_name) {
  std::set<std::string_view> seen;
  for (const RequestLayout& layout : request_layouts())
    EXPECT_TRUE(seen.insert(layout.name).second) << layout.name;
}

TEST(Abi, knows_the_values_of_attributes) {
  const Descriptor vcpu{HandleKind::vcpu, 3}, gic{device_of_type(7)};
  EXPECT_EQ(attribute_layout(vcpu, 0, 0)->bytes, 4u);
  EXPECT_EQ(attribute_layout(vcpu, 0, 1)->bytes, 0u);
  EXPECT_EQ(attribute_layout(vcpu, 0, 2)->bytes, 8u);
  EXPECT_EQ(attribute_layout(vcpu, 0, 77), nullptr);
  EXPECT_EQ(attribute_layout(gic, 0, 2)->bytes, 8u);
  EXPECT_EQ(attribute_layout({}, 0, 0), nullptr);
  EXPECT_EQ(attribute_family(vcpu, 1), Family::timer_attr);
  EXPECT_EQ(attribute_family(vcpu, 1000), Family::none);
  EXPECT_EQ(register_bytes(0x6030000000100040), 8u);
  EXPECT_EQ(register_bytes(0x60f0000000100040), 0u);
}

}  // namespace
}  // namespace assay::traces
