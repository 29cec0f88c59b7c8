// What is claimed of the specification, judged on traces: answers that every rule allows may still
// break an invariant or a property of steps.
#include <gtest/gtest.h>

#include <algorithm>

#include "checker/judge.hpp"
#include "checker/properties.hpp"
#include "gen/program.hpp"
#include "tests/arm64.hpp"
#include "tests/checker/checked.hpp"

namespace assay::checker {
namespace {

// A VM of one slot of two pages and of one vCPU, under the posted v4.
std::string trace_of(const std::string& calls, const std::string& profile = "spe-v4") {
  return "# assay-trace 1\n# profile " + profile +
         "\n# host *=0 ipa_bits_max=48 user_address_bits=48 vcpus_max=512 slots_max=32767 target=5 "
         "gic_v3=1 memlock_pages=64 pe[0].spe=2 pe[0].spe_record_max=64\n"
         "7 openat(AT_FDCWD, \"/dev/kvm\", O_RDWR) = 3</dev/kvm>\n"
         "7 ioctl(3</dev/kvm>, KVM_CREATE_VM, 0) = 4<anon_inode:kvm-vm>\n"
         "7 ioctl(4<anon_inode:kvm-vm>, KVM_SET_USER_MEMORY_REGION, {slot=0, flags=0, "
         "guest_phys_addr=0x80000000, memory_size=0x2000, userspace_addr=0x7f0000000000}) = 0\n" +
         calls;
}
constexpr const char* page_mapped = "7 kvm_spe_lock_page: fd=4 slot=0\n";
std::string lock(const std::string& answer) {
  return "7 ioctl(4<anon_inode:kvm-vm>, KVM_ENABLE_CAP, {cap=206, flags=1, args=[0, 3, 0, 0]}) = " +
         answer + "\n";
}

Report judged(const std::string& text) {
  const gen::ProgramText read = gen::read_program(text);
  EXPECT_EQ(read.error, "");
  return judge_report(read.program, read.answers);
}
bool breaks(const Report& r, std::string_view claim) {
  return std::any_of(r.findings.begin(), r.findings.end(),
                     [&](const Finding& f) { return f.of_claim() && f.check == claim; });
}

TEST(ClaimsInTraces, AStepThatBreaksAPropertyIsAFindingAtItsLine) {
  const Report r = judged(trace_of(lock("-1 EAGAIN")));
  EXPECT_EQ(r.verdict, Verdict::violates);
  ASSERT_FALSE(r.findings.empty());
  const Finding& f = r.findings[0];
  EXPECT_EQ(f.check, "failed_lock_changes_nothing");
  EXPECT_TRUE(f.of_claim());
  EXPECT_NE(f.call.find("KVM_ENABLE_CAP"), std::string::npos);
  EXPECT_NE(f.allowed[0].find("L09"), std::string::npos);
  EXPECT_FALSE(f.follow_on);
}

// ENOMEM may be of the accounting, which undoes everything: what one explanation keeps is not
// reported, neither of the step nor of the state at the end.
TEST(ClaimsInTraces, WhatOneExplanationKeepsIsNotReported) {
  const Report r = judged(trace_of(std::string(page_mapped) + lock("-1 ENOMEM")));
  EXPECT_EQ(r.verdict, Verdict::conforms) << (r.findings.empty() ? r.reason : r.findings[0].check);
  EXPECT_GT(r.states_max, 1u);
}

TEST(ClaimsInTraces, EveryExplanationOfEagainLeavesThePageMapped) {
  const Report r = judged(trace_of(std::string(page_mapped) + lock("-1 EAGAIN")));
  EXPECT_TRUE(breaks(r, "unlocked_memslot_has_no_stale_mapping"));
  EXPECT_TRUE(breaks(r, "unlocked_memslot_holds_no_pins"));
}

// A run of a vCPU that is not initialised is ENOEXEC, and breaks nothing. The same call with the
// same answer breaks a claim later, when nothing but a spoilt load explains it.
TEST(ClaimsInTraces, AnEventThatKeptAllInAnotherStateIsAskedAgain) {
  const std::string vgic = "7 ioctl(5<anon_inode:kvm-arm-vgic-v3>, KVM_SET_DEVICE_ATTR, {group=";
  const std::string vcpu = "7 ioctl(6<anon_inode:kvm-vcpu:0>, ";
  const std::string spoilt = vcpu + "KVM_RUN, {cpu=0}) = -1 ENOEXEC\n";
  const std::string ready =
      vcpu + "KVM_ARM_VCPU_INIT, {target=5, features=[0x80]}) = 0\n" + vgic +
      "KVM_DEV_ARM_VGIC_GRP_ADDR, attr=KVM_VGIC_V3_ADDR_TYPE_DIST, addr=[0x8000000]}) = 0\n" +
      vgic +
      "KVM_DEV_ARM_VGIC_GRP_ADDR, attr=KVM_VGIC_V3_ADDR_TYPE_REDIST, addr=[0x80a0000]}) = 0\n" +
      vgic + "KVM_DEV_ARM_VGIC_GRP_CTRL, attr=KVM_DEV_ARM_VGIC_CTRL_INIT}) = 0\n" + vcpu +
      "KVM_SET_DEVICE_ATTR, {group=KVM_ARM_VCPU_SPE_CTRL, attr=KVM_ARM_VCPU_SPE_IRQ, "
      "addr=[21]}) = 0\n" +
      vcpu +
      "KVM_SET_DEVICE_ATTR, {group=KVM_ARM_VCPU_SPE_CTRL, attr=KVM_ARM_VCPU_SPE_INIT}) = 0\n" +
      vcpu + "KVM_ARM_VCPU_SUPPORTED_CPUS, [0x1]) = 0\n" + vcpu +
      "KVM_RUN, {immediate_exit=1, cpu=0}) = -1 EINTR\n";
  const Report r = judged(
      trace_of("7 ioctl(4<anon_inode:kvm-vm>, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_ARM_VGIC_V3, "
               "fd=5<anon_inode:kvm-arm-vgic-v3>, flags=0}) = 0\n"
               "7 ioctl(4<anon_inode:kvm-vm>, KVM_CREATE_VCPU, 0) = 6<anon_inode:kvm-vcpu:0>\n" +
               spoilt + spoilt + ready + spoilt + spoilt));
  EXPECT_EQ(r.findings.size(), 2u);  // each of the last two
  EXPECT_TRUE(breaks(r, "refused_vcpu_may_move_and_run"));
  EXPECT_EQ(r.states_max, 1u);
}

// The copy of the state before a step is made with the first slot there is. What the step does to
// one that came later is seen all the same.
TEST(ClaimsInTraces, AStepIsComparedOnEntriesThatCameLaterToo) {
  const std::string later =
      "7 ioctl(4<anon_inode:kvm-vm>, KVM_SET_USER_MEMORY_REGION, {slot=1, flags=0, "
      "guest_phys_addr=0x90000000, memory_size=0x2000, userspace_addr=0x7f0000100000}) = 0\n"
      "7 ioctl(4<anon_inode:kvm-vm>, KVM_ENABLE_CAP, {cap=206, flags=1, args=[1, 3, 0, 0]}) = -1 "
      "EAGAIN\n";
  EXPECT_TRUE(breaks(judged(trace_of(later)), "failed_lock_changes_nothing"));
}

// "Memory is pinned for profiling guests only" is asked of designs; LOCK never promised it.
TEST(ClaimsInTraces, AQuestionIsNoViolation) {
  const std::string text = trace_of(lock("0"));
  EXPECT_EQ(judged(text).verdict, Verdict::conforms);
  const gen::ProgramText read = gen::read_program(text);
  const auto& all = properties_of(*read.program.profile).list();
  const auto asked = std::find_if(all.begin(), all.end(), [](const PropertyInfo& p) {
    return p.name == "memory_is_pinned_for_profiling_guests_only";
  });
  ASSERT_NE(asked, all.end());
  EXPECT_FALSE(asked->promised);
}

TEST(ClaimsInTraces, PropertiesSpeakOfRulesThatTheProfileHas) {
  for (const Profile& profile : all_profiles())
    for (const PropertyInfo& p : properties_of(profile).list()) {
      EXPECT_FALSE(p.rules.empty()) << p.name;
      for (const u32 rule : p.rules)
        EXPECT_TRUE(system_of(profile).rules()[rule].is_of(profile))
            << profile.name << ": " << p.name;
    }
}

TEST(ClaimsInTraces, TheOracleOfFuzzingLooksAtAnswersOnlyAndTheMinimisersAtClaimsToo) {
  const gen::ProgramText read = gen::read_program(trace_of(lock("-1 EAGAIN")));
  EXPECT_FALSE(judge(read.program, read.answers));
  const auto broken = broken_claim(read.program, read.answers);
  ASSERT_TRUE(broken);
  EXPECT_EQ(broken->key, "failed_lock_changes_nothing");
  EXPECT_EQ(broken->operation, read.program.operations.size() - 1);
}

TEST(ClaimsInTraces, AWrongAnswerIsNoBrokenClaim) {
  const gen::ProgramText read =
      gen::read_program(trace_of(lock("-1 EAGAIN") +
                                 "7 ioctl(3</dev/kvm>, KVM_CREATE_VM, 0) = 5<anon_inode:kvm-vm>\n"
                                 "7 ioctl(5<anon_inode:kvm-vm>, KVM_CREATE_VCPU, 0) = -1 EPERM\n"));
  const auto broken = broken_claim(read.program, read.answers);
  ASSERT_TRUE(broken);
  EXPECT_EQ(broken->key, "failed_lock_changes_nothing");
  const gen::ProgramText wrong =
      gen::read_program(trace_of("7 ioctl(4<anon_inode:kvm-vm>, KVM_CREATE_VCPU, 0) = -1 EPERM\n"));
  EXPECT_FALSE(broken_claim(wrong.program, wrong.answers));
}

// The findings of an invariant, by line.
std::vector<std::uint64_t> lines_of(const Report& r, std::string_view claim) {
  std::vector<std::uint64_t> lines;
  for (const Finding& f : r.findings)
    if (f.check == claim) lines.push_back(f.line);
  return lines;
}
constexpr const char* notifier_unmaps = "7 kvm_mmu_unmap: fd=4 slot=0\n";
constexpr const char* next_read_maps = "7 kvm_spe_guest_fault: fd=6 slot=0 warned=1\n";

// A VM of one locked page whose vCPU has run, so that it can fault: 7 calls, the opening of
// /dev/kvm included.
std::string locked_and_run(const std::string& calls) {
  const std::string vcpu = "7 ioctl(6<anon_inode:kvm-vcpu:0>, ";
  std::string text = trace_of(
      lock("0") + "7 ioctl(4<anon_inode:kvm-vm>, KVM_CREATE_VCPU, 0) = 6<anon_inode:kvm-vcpu:0>\n" +
      vcpu + "KVM_ARM_VCPU_INIT, {target=5, features=[0]}) = 0\n" + vcpu +
      "KVM_RUN, {immediate_exit=1, cpu=0}) = -1 EINTR\n" + calls);
  const std::string two_pages = "memory_size=0x2000";
  return text.replace(text.find(two_pages), two_pages.size(), "memory_size=0x1000");
}

TEST(ClaimsInTraces, AnInvariantThatIsBrokenAndMendedIsAFindingAtTheLineThatBreaksIt) {
  const Report r = judged(locked_and_run(std::string(notifier_unmaps) + next_read_maps));
  EXPECT_EQ(r.verdict, Verdict::violates);
  EXPECT_EQ(lines_of(r, "locked_memslot_survives_mmu_notifiers"), std::vector<std::uint64_t>{8});
  ASSERT_FALSE(r.findings.empty());
  EXPECT_TRUE(r.findings[0].of_claim());
  EXPECT_NE(r.findings[0].call.find("kvm_mmu_unmap"), std::string::npos);
}

TEST(ClaimsInTraces, AnInvariantIsAFindingAgainOnlyOnceItHeldInBetween) {
  const std::string claim = "locked_memslot_survives_mmu_notifiers";
  const std::string broken_twice = std::string(notifier_unmaps) + notifier_unmaps;
  EXPECT_EQ(lines_of(judged(locked_and_run(broken_twice)), claim), std::vector<std::uint64_t>{8});
  const std::string again = std::string(notifier_unmaps) + next_read_maps + notifier_unmaps;
  EXPECT_EQ(lines_of(judged(locked_and_run(again)), claim), (std::vector<std::uint64_t>{8, 10}));
}

// ENOMEM may be of the accounting, which undoes everything, and what one explanation keeps is not
// reported. EAGAIN leaves the page pinned in both: that is found at its line, and not at the end.
TEST(ClaimsInTraces, WhatEveryExplanationBreaksIsFoundWhereTheLastOneDoes) {
  const Report r =
      judged(trace_of(std::string(page_mapped) + lock("-1 ENOMEM") + lock("-1 EAGAIN")));
  EXPECT_EQ(lines_of(r, "unlocked_memslot_holds_no_pins"), std::vector<std::uint64_t>{6});
}

// The vCPU's features are hidden: the VM holds unknown values from there on.
TEST(ClaimsInTraces, AnInvariantOfAVmOfWhichNotAllIsKnownIsJudgedAfterEachEventToo) {
  std::string text = locked_and_run(std::string(notifier_unmaps) + next_read_maps);
  const std::string told = "{target=5, features=[0]}";
  text.replace(text.find(told), told.size(), "0xffffe5d0");
  const Report r = check_text(text);
  EXPECT_NE(r.unknown_arguments, 0u);
  const std::vector<std::uint64_t> lines = lines_of(r, "locked_memslot_survives_mmu_notifiers");
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_NE(r.findings[0].call.find("kvm_mmu_unmap"), std::string::npos);
}

// Which slot was locked, if any, a raw pointer hides: unmapping slot 0 breaks nothing for certain.
// That it cannot be deleted later tells that it was locked: then there is an event no more at which
// it broke, and the end of the VM is where it is found.
TEST(ClaimsInTraces, WhatIsCertainOnlyLaterIsFoundWhereTheVmEnds) {
  const std::string calls = "7 ioctl(4<anon_inode:kvm-vm>, KVM_ENABLE_CAP, 0xffffe5d0) = 0\n" +
                            std::string(notifier_unmaps);
  const std::string claim = "locked_memslot_survives_mmu_notifiers";
  EXPECT_EQ(check_text(trace_of(calls)).verdict, Verdict::conforms);
  const Report r = check_text(trace_of(
      calls +
      "7 ioctl(4<anon_inode:kvm-vm>, KVM_SET_USER_MEMORY_REGION, {slot=0, flags=0, "
      "guest_phys_addr=0x80000000, memory_size=0, userspace_addr=0x7f0000000000}) = -1 EBUSY\n"));
  ASSERT_EQ(lines_of(r, claim).size(), 1u);
  EXPECT_EQ(r.findings[0].call, "");
  EXPECT_NE(r.findings[0].observed.find("end of the VM"), std::string::npos);
}

// After a wrong answer the model is no longer where the implementation is: nothing is claimed then.
TEST(ClaimsInTraces, NothingIsClaimedOfAVmThatViolated) {
  const Report r = judged(trace_of(lock("-1 EBUSY") + lock("-1 EPERM") + lock("-1 EAGAIN")));
  EXPECT_EQ(r.verdict, Verdict::violates);
  for (const Finding& f : r.findings) EXPECT_FALSE(f.of_claim()) << f.check;
  // Nor of steps that have nothing to do with what was wrong.
  const Report other = judged(trace_of(
      "7 ioctl(4<anon_inode:kvm-vm>, KVM_CREATE_VCPU, 0) = -1 EPERM\n" + lock("-1 EAGAIN")));
  ASSERT_EQ(other.findings.size(), 1u);
  EXPECT_EQ(other.findings[0].rule, "create_vcpu");
}

}  // namespace
}  // namespace assay::checker
