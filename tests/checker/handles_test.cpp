// Descriptors of processes: what they are after binds, closes, forks and ends.
#include "checker/handles.hpp"

#include <gtest/gtest.h>

#include <string>

namespace assay::checker {
namespace {

using traces::HandleKind;

constexpr Handle vm_number(std::uint32_t vm) { return {{HandleKind::vm, vm}, false}; }

std::uint32_t vm_at(Handles& handles, std::uint32_t tid, std::int32_t fd) {
  const Handle& h = handles.find(tid, fd);
  return h.kind == HandleKind::none ? 0 : h.vm;
}

// "1 2 ", the VMs whose descriptors die when a task of that number was known.
std::string dying_for(Handles& handles, std::uint32_t parent, std::uint32_t child, bool shares) {
  std::string out;
  handles.add_task(parent, child, shares,
                   [&](const Handle& h) { out += std::to_string(h.vm) + " "; });
  return out;
}

// The same, of those whose descriptors die with the task.
std::string dying_with(Handles& handles, std::uint32_t tid) {
  std::string out;
  handles.end_task(tid, [&](const Handle& h) { out += std::to_string(h.vm) + " "; });
  return out;
}

TEST(Handles, KnowNothingOfDescriptorsThatNobodyBound) {
  Handles handles;
  EXPECT_EQ(handles.find(7, 3).kind, HandleKind::none);
  EXPECT_EQ(handles.find(7, -1).kind, HandleKind::none);
  EXPECT_EQ(handles.close(7, 3).kind, HandleKind::none);
  EXPECT_EQ(handles.close(7, -1).kind, HandleKind::none);
  EXPECT_EQ(dying_with(handles, 99), "");
}

TEST(Handles, BindAndCloseActOnOneDescriptor) {
  Handles handles;
  handles.bind(7, 3, vm_number(1));
  handles.bind(7, 4, vm_number(2));
  EXPECT_EQ(vm_at(handles, 7, 3), 1u);
  EXPECT_EQ(vm_at(handles, 7, 4), 2u);
  EXPECT_EQ(vm_at(handles, 7, 5), 0u);
  EXPECT_EQ(handles.close(7, 3).vm, 1u);
  EXPECT_EQ(vm_at(handles, 7, 3), 0u);
  EXPECT_EQ(vm_at(handles, 7, 4), 2u);
  EXPECT_EQ(handles.close(7, 3).kind, HandleKind::none);
}

// A trace decides how large the table becomes.
TEST(Handles, DescriptorsThatNoProcessHasAreNotKept) {
  Handles handles;
  handles.bind(7, -1, vm_number(1));
  handles.bind(7, 1 << 20, vm_number(1));
  handles.bind(7, 0x7fffffff, vm_number(1));
  EXPECT_EQ(vm_at(handles, 7, 1 << 20), 0u);
  EXPECT_EQ(vm_at(handles, 7, 0x7fffffff), 0u);
  handles.bind(7, (1 << 20) - 1, vm_number(1));
  EXPECT_EQ(vm_at(handles, 7, (1 << 20) - 1), 1u);
}

// A trace of one VMM that does not show clone().
TEST(Handles, TasksThatWereNotSeenMadeShareOneProcess) {
  Handles handles;
  handles.bind(7, 3, vm_number(1));
  EXPECT_EQ(vm_at(handles, 8, 3), 1u);
  EXPECT_EQ(handles.close(9, 3).vm, 1u);
  EXPECT_EQ(vm_at(handles, 7, 3), 0u);
}

TEST(Handles, DescriptorsDieWithTheLastTaskAlsoOfThoseNotSeenMade) {
  Handles handles;
  handles.bind(7, 3, vm_number(1));
  handles.find(8, 3);
  EXPECT_EQ(dying_with(handles, 7), "");
  EXPECT_EQ(vm_at(handles, 8, 3), 1u);
  EXPECT_EQ(dying_with(handles, 8), "1 ");
  EXPECT_EQ(dying_with(handles, 8), "");
  EXPECT_EQ(vm_at(handles, 9, 3), 0u);
}

TEST(Handles, AThreadSharesAndKeepsItsProcessAlive) {
  Handles handles;
  handles.bind(7, 3, vm_number(1));
  EXPECT_EQ(dying_for(handles, 7, 8, true), "");
  handles.bind(8, 4, vm_number(2));
  EXPECT_EQ(vm_at(handles, 7, 4), 2u);
  EXPECT_EQ(handles.close(8, 3).vm, 1u);
  EXPECT_EQ(vm_at(handles, 7, 3), 0u);
  EXPECT_EQ(dying_with(handles, 8), "");
  EXPECT_EQ(dying_with(handles, 7), "2 ");
}

TEST(Handles, AForkedProcessHasACopy) {
  Handles handles;
  handles.bind(7, 3, vm_number(1));
  unsigned copied = 0;
  handles.each(7, [&](const Handle& h) { copied += h.vm; });
  EXPECT_EQ(copied, 1u);
  EXPECT_EQ(dying_for(handles, 7, 8, false), "");
  handles.bind(7, 4, vm_number(2));
  EXPECT_EQ(vm_at(handles, 8, 3), 1u);
  EXPECT_EQ(vm_at(handles, 8, 4), 0u);
  EXPECT_EQ(handles.close(8, 3).vm, 1u);
  EXPECT_EQ(vm_at(handles, 7, 3), 1u);
  EXPECT_EQ(dying_with(handles, 8), "");
  EXPECT_EQ(dying_with(handles, 7), "1 2 ");
}

// The process of the task seen last is remembered. It must not outlive the task, whose number may
// come back for another one.
TEST(Handles, ATaskThatEndedIsNotRemembered) {
  Handles handles;
  handles.bind(7, 3, vm_number(1));
  EXPECT_EQ(dying_for(handles, 7, 8, false), "");
  handles.bind(8, 4, vm_number(2));
  EXPECT_EQ(dying_with(handles, 8), "1 2 ");
  EXPECT_EQ(vm_at(handles, 8, 3), 1u) << "an unseen task belongs to the first process";
  EXPECT_EQ(vm_at(handles, 8, 4), 0u);
  EXPECT_EQ(dying_with(handles, 7), "") << "and keeps it alive";
  EXPECT_EQ(dying_with(handles, 8), "1 ");
}

// A trace without a thread column: task 0.
TEST(Handles, ATaskWithoutANumberIsATaskLikeOthers) {
  Handles handles;
  handles.bind(0, 3, vm_number(1));
  EXPECT_EQ(dying_for(handles, 7, 8, false), "");
  handles.bind(8, 4, vm_number(2));
  EXPECT_EQ(vm_at(handles, 0, 4), 0u);
  EXPECT_EQ(vm_at(handles, 0, 3), 1u);
}

// A new thread's calls may stand before the clone() that made it, and a child's before its fork().
TEST(Handles, ATaskThatWasSeenBeforeItWasMadeMovesToItsProcess) {
  Handles handles;
  handles.bind(7, 3, vm_number(1));
  handles.find(8, 3);
  EXPECT_EQ(dying_for(handles, 7, 8, false), "");
  handles.close(8, 3);
  EXPECT_EQ(vm_at(handles, 7, 3), 1u);
  EXPECT_EQ(dying_with(handles, 7), "1 ") << "the child no longer counts in the first process";
}

TEST(Handles, ANumberTakenAgainEndsTheTaskThatHadIt) {
  Handles handles;
  handles.bind(7, 3, vm_number(1));
  EXPECT_EQ(dying_for(handles, 7, 8, false), "");
  handles.bind(8, 4, vm_number(2));
  EXPECT_EQ(dying_for(handles, 7, 8, true), "1 2 ");
  EXPECT_EQ(vm_at(handles, 8, 4), 0u);
  EXPECT_EQ(vm_at(handles, 8, 3), 1u);
}

}  // namespace
}  // namespace assay::checker
