// What a capture's descriptors are: by strace's links, and from call to call.
#include "traces/abi/arm64/handles.hpp"

#include <gtest/gtest.h>

namespace assay::traces {
namespace {

constexpr HandleInfo vm{FdKind::vm, 0};
constexpr HandleInfo vcpu_3{FdKind::vcpu, 3};
constexpr HandleInfo vgic{FdKind::device, 7};

bool same(HandleInfo a, HandleInfo b) { return a.kind == b.kind && a.detail == b.detail; }

TEST(HandleLinks, ReadBackAsTheSameHandle) {
  for (HandleInfo handle : {HandleInfo{FdKind::system, 0}, vm, vcpu_3, vgic}) {
    std::string link;
    append_link(handle, link);
    EXPECT_TRUE(same(handle_of_link(link), handle)) << link;
  }
  EXPECT_TRUE(same(handle_of_link("/dev/kvm<char 10:232>"), {FdKind::system, 0}));
  EXPECT_EQ(handle_of_link("/dev/null").kind, FdKind::none);
  EXPECT_EQ(handle_of_link("anon_inode:kvm-vcpu:x").kind, FdKind::none);
  EXPECT_EQ(handle_of_link("anon_inode:[eventfd]").kind, FdKind::none);
}

TEST(HandleMap, FollowsDescriptors) {
  HandleMap map;
  map.set(4, vm);
  map.set(5, vcpu_3);
  EXPECT_TRUE(same(map.find(4), vm));
  EXPECT_TRUE(same(map.find(5), vcpu_3));
  EXPECT_EQ(map.find(6).kind, FdKind::none);
  map.duplicate(5, 6);
  map.duplicate(4, 4);
  EXPECT_TRUE(same(map.find(6), vcpu_3));
  EXPECT_TRUE(same(map.find(4), vm));
  map.close(5);
  EXPECT_EQ(map.find(5).kind, FdKind::none);
  EXPECT_TRUE(same(map.find(6), vcpu_3));
  // What nobody knows takes a known one's place: dup2() of a file over a vCPU.
  map.duplicate(9, 6);
  EXPECT_EQ(map.find(6).kind, FdKind::none);
  map.set(-1, vm);
  EXPECT_EQ(map.find(-1).kind, FdKind::none);
}

TEST(HandleMap, IsBoundedAndStillFollowsWhatItHolds) {
  HandleMap map;
  const auto most = static_cast<std::int32_t>(HandleMap::entries_max);
  for (std::int32_t fd = 0; fd <= most; ++fd) map.set(fd, vm);
  EXPECT_TRUE(same(map.find(most - 1), vm));
  EXPECT_EQ(map.find(most).kind, FdKind::none);
  map.set(most - 1, vgic);
  EXPECT_TRUE(same(map.find(most - 1), vgic));
  // One that means nothing takes no room: its place is free for another.
  map.set(0, {});
  map.set(most, vcpu_3);
  EXPECT_TRUE(same(map.find(most), vcpu_3));
}

}  // namespace
}  // namespace assay::traces
