// What descriptors are: by the declarations of the specification, by strace's links, and in a
// capture from call to call.
#include <gtest/gtest.h>

#include <set>

#include "spec/system.hpp"
#include "traces/abi/arm64/handles.hpp"

namespace assay::traces {
namespace {

const Descriptor vm{HandleKind::vm};
const Descriptor vcpu_3{HandleKind::vcpu, 3};

std::string link_of(Descriptor descriptor) {
  std::string link;
  append_link(descriptor, link);
  return link;
}

TEST(HandleDeclarations, AreToldApartByNumberNameLinkAndDeviceType) {
  std::set<HandleKind> numbers{HandleKind::none, HandleKind::machine};
  std::set<std::string_view> names, links;
  std::set<std::uint32_t> types;
  ASSERT_FALSE(system_handles().empty());
  for (const HandleDeclaration& known : system_handles()) {
    EXPECT_TRUE(numbers.insert(known.kind).second) << known.name;
    EXPECT_TRUE(names.insert(known.name).second) << known.name;
    EXPECT_TRUE(links.insert(known.link).second) << known.name;
    if (known.device_type != 0) {
      EXPECT_TRUE(types.insert(known.device_type).second) << known.name;
    }
    EXPECT_EQ(handle_kind_named(known.name), known.kind);
    EXPECT_EQ(declaration_of(known.kind), &known);
    // Whatever is owned has an owner that is declared.
    if (known.owner != HandleKind::none) {
      EXPECT_NE(declaration_of(known.owner), nullptr) << known.name;
    }
  }
  EXPECT_EQ(handle_kind_named("machine"), HandleKind::none);
  EXPECT_EQ(declaration_of(HandleKind::none), nullptr);
}

TEST(HandleDeclarations, NameDevicesByTheirType) {
  EXPECT_EQ(device_of_type(7), handle_kind_named("vgic"));
  EXPECT_EQ(device_of_type(8), handle_kind_named("its"));
  EXPECT_EQ(device_of_type(99), HandleKind::device);
  EXPECT_EQ(device_of_type(0), HandleKind::device);
  EXPECT_EQ(device_type(handle_kind_named("vgic")), 7u);
  EXPECT_TRUE(is_device(HandleKind::device));
  EXPECT_TRUE(is_device(handle_kind_named("vgic")));
  EXPECT_FALSE(is_device(HandleKind::vcpu));
}

TEST(Descriptors, ReadBackFromTheirLinks) {
  for (const HandleDeclaration& known : system_handles()) {
    const Descriptor descriptor{known.kind, known.shows_id ? 511 : -1};
    EXPECT_EQ(descriptor_of_link(link_of(descriptor)), descriptor) << known.name;
  }
  EXPECT_EQ(link_of({HandleKind::none}), "");
  EXPECT_EQ(link_of({HandleKind::vcpu}), "anon_inode:kvm-vcpu:0");
}

TEST(Descriptors, AreWhatStracesLinksMean) {
  EXPECT_EQ(descriptor_of_link("/dev/kvm").kind, HandleKind::system);
  EXPECT_EQ(descriptor_of_link("/dev/kvm<char 10:232>").kind, HandleKind::system);
  EXPECT_EQ(descriptor_of_link("/dev/kvmx").kind, HandleKind::none);
  EXPECT_EQ(descriptor_of_link("/dev/null").kind, HandleKind::none);
  EXPECT_EQ(descriptor_of_link("anon_inode:kvm-vm"), vm);
  EXPECT_EQ(descriptor_of_link("anon_inode:[kvm-vm]"), vm);
  EXPECT_EQ(descriptor_of_link("anon_inode:kvm-vcpu:3"), vcpu_3);
  EXPECT_EQ(descriptor_of_link("anon_inode:kvm-vcpu:x").kind, HandleKind::none);
  EXPECT_EQ(descriptor_of_link("anon_inode:kvm-vcpu:3x").kind, HandleKind::none);
  EXPECT_EQ(descriptor_of_link("anon_inode:kvm-vcpu-stats:0").kind, HandleKind::none);
  EXPECT_EQ(descriptor_of_link("anon_inode:kvm-arm-vgic-v3").kind, handle_kind_named("vgic"));
  EXPECT_EQ(descriptor_of_link("anon_inode:kvm-arm-vgic-its").kind, handle_kind_named("its"));
  EXPECT_EQ(descriptor_of_link("anon_inode:kvm-of-tomorrow").kind, HandleKind::device);
  EXPECT_EQ(descriptor_of_link("anon_inode:[eventfd]").kind, HandleKind::none);
  EXPECT_EQ(descriptor_of_link("anon_inode:[").kind, HandleKind::none);
}

TEST(HandleMap, FollowsDescriptors) {
  HandleMap map;
  map.set(4, vm);
  map.set(5, vcpu_3);
  EXPECT_EQ(map.find(4), vm);
  EXPECT_EQ(map.find(5), vcpu_3);
  EXPECT_EQ(map.find(6).kind, HandleKind::none);
  map.close(5);
  EXPECT_EQ(map.find(5).kind, HandleKind::none);
  map.set(-1, vm);
  EXPECT_EQ(map.find(-1).kind, HandleKind::none);
}

TEST(HandleMap, IsBoundedAndStillFollowsWhatItHolds) {
  HandleMap map;
  const Descriptor vgic{handle_kind_named("vgic")};
  const auto most = static_cast<std::int32_t>(HandleMap::entries_max);
  for (std::int32_t fd = 0; fd <= most; ++fd) map.set(fd, vm);
  EXPECT_EQ(map.find(most - 1), vm);
  EXPECT_EQ(map.find(most).kind, HandleKind::none);
  map.set(most - 1, vgic);
  EXPECT_EQ(map.find(most - 1), vgic);
  // One that means nothing takes no room: its place is free for another.
  map.set(0, {});
  map.set(most, vcpu_3);
  EXPECT_EQ(map.find(most), vcpu_3);
}

}  // namespace
}  // namespace assay::traces
