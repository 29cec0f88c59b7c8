// Sets of states: what widens and narrows them, and what all their members must agree on.
#include <gtest/gtest.h>

#include <algorithm>

#include "checker/judge.hpp"
#include "checker/state_before.hpp"
#include "gen/program.hpp"
#include "tests/arm64.hpp"

namespace assay::checker {
namespace {

// A VM of one slot of two pages under the posted v4, whose LOCK may leave things behind when it
// fails. Which is not shown: ENOMEM is of the pinning, of the page tables or of the accounting.
Report judged(const std::string& calls) {
  const gen::ProgramText read = gen::read_program(
      "# assay-trace 1\n# profile spe-v4\n"
      "# host *=0 ipa_bits_max=48 user_address_bits=48 vcpus_max=512 slots_max=32767 target=5 "
      "gic_v3=1 memlock_pages=64 pe[0].spe=2 pe[0].spe_record_max=64\n"
      "7 openat(AT_FDCWD, \"/dev/kvm\", O_RDWR) = 3</dev/kvm>\n"
      "7 ioctl(3</dev/kvm>, KVM_CREATE_VM, 0) = 4<anon_inode:kvm-vm>\n"
      "7 ioctl(4<anon_inode:kvm-vm>, KVM_SET_USER_MEMORY_REGION, {slot=0, flags=0, "
      "guest_phys_addr=0x80000000, memory_size=0x2000, userspace_addr=0x7f0000000000}) = 0\n" +
      calls);
  EXPECT_EQ(read.error, "");
  EXPECT_EQ(read.left_out, 0u);
  return judge_report(read.program, read.answers);
}

std::string lock(const std::string& answer) {
  return "7 ioctl(4<anon_inode:kvm-vm>, KVM_ENABLE_CAP, {cap=206, flags=1, args=[0, 3, 0, 0]}) = " +
         answer + "\n";
}

bool breaks(const Report& r, std::string_view claim) {
  return std::any_of(r.findings.begin(), r.findings.end(),
                     [&](const Finding& f) { return f.of_claim() && f.check == claim; });
}

// EAGAIN leaves a page pinned. That is a change for the explanation that comes first, in which the
// ENOMEM before it left nothing, and none for the one in which a page was pinned by then.
TEST(VmStates, APropertyThatALaterExplanationKeepsIsNotBroken) {
  EXPECT_TRUE(breaks(judged(lock("-1 EAGAIN")), "failed_lock_changes_nothing"));
  const Report r = judged(lock("-1 ENOMEM") + lock("-1 EAGAIN"));
  EXPECT_EQ(r.states_max, 2u);
  EXPECT_FALSE(breaks(r, "failed_lock_changes_nothing"));
}

// After EAGAIN both explanations of the ENOMEM are one state again, in which a page is pinned.
TEST(VmStates, EqualExplanationsAreOne) {
  const Report r = judged(lock("-1 ENOMEM") + lock("-1 EAGAIN"));
  EXPECT_EQ(r.states_max, 2u);
  EXPECT_TRUE(breaks(r, "unlocked_memslot_holds_no_pins"));
}

// The specification's own answer is taken then: the slot is locked.
TEST(VmStates, AnAnswerThatNoExplanationAllowsViolatesAndTheSpecificationsIsTaken) {
  const Report r = judged(lock("-1 ENOMEM") + lock("-1 EEXIST") + lock("-1 EBUSY"));
  ASSERT_EQ(r.findings.size(), 1u);
  EXPECT_EQ(r.findings[0].rule, "enable_cap");
  EXPECT_EQ(r.findings[0].observed, "EEXIST");
  EXPECT_EQ(r.findings[0].event, 5u);
  // Of the other explanation, in which the slot is not locked, nothing is left.
  EXPECT_EQ(judged(lock("-1 ENOMEM") + lock("-1 EEXIST") + lock("0")).findings.size(), 2u);
}

// The state before a step shows entries of a table that were first used after it was made, and
// loops see them.
TEST(StateBefore, FollowsEntriesThatAreUsedLater) {
  RecordedVm vm = arm64_state<Recorded>();
  StateBefore before(vm);
  Journal journal;
  std::size_t written = 0;
  for (const std::size_t slot : {0, 5, 3, 40}) {
    journal.clear();
    auto& place = vm_of(vm).slot[slot].pages;
    journal.save(place);
    place = Number(slot + 1);
    EXPECT_TRUE(vm_of(before.get()).slot[slot].pages == Number(0)) << slot;
    before.follow(journal);
    ++written;
    std::size_t seen = 0;
    vm_of(before.get()).slot.for_each([&](const auto& s, std::size_t i) {
      if (s.pages == 0) return;
      ++seen;
      EXPECT_TRUE(s.pages == Number(i + 1)) << i;
    });
    EXPECT_EQ(seen, written) << slot;
  }
}

// What the default answers explain is no use of a freedom.
TEST(VmStates, OnlyAnswersThatNeedAFreedomAreCounted) {
  EXPECT_EQ(judged(lock("0")).choices_taken, 0u);
  EXPECT_EQ(judged(lock("-1 ENOMEM")).choices_taken, 0u);
  EXPECT_EQ(judged(lock("-1 EAGAIN")).choices_taken, 1u);
}

}  // namespace
}  // namespace assay::checker
