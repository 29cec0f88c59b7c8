// The checker on small traces written as text: verdicts, allowed answers, causes, continuation.
#include <algorithm>
#include <fstream>
#include <sstream>

#include "tests/checker/checked.hpp"

namespace assay::checker {
namespace {

constexpr std::string_view header =
    "# assay-trace 1\n"
    "# host *=0 ipa_bits_max=48 user_address_bits=48 vcpus_max=512 slots_max=32767 target=5 "
    "pmu_event_space=65536 pmu_counters_max=6 pmu_v3=1 sve=1 ptrauth=1 el1_32bit=1 gic_v3=1 its=1 "
    "pe[0].pmu=8 pe[1].pmu=9 pmu[0].type=8 pmu[1].type=9\n";

Report check(std::string_view calls, const char* profile = "linux-6.1", bool with_header = true) {
  CheckOptions options;
  options.profile = find_profile(profile);
  return check_text((with_header ? std::string(header) : std::string()) + std::string(calls),
                    options);
}

constexpr std::string_view vm_with_vcpu =
    "7 openat(AT_FDCWD, \"/dev/kvm\", O_RDWR) = 3</dev/kvm>\n"
    "7 ioctl(3</dev/kvm>, KVM_CREATE_VM, 0) = 4<anon_inode:kvm-vm>\n"
    "7 ioctl(4<anon_inode:kvm-vm>, KVM_CREATE_VCPU, 0) = 5<anon_inode:kvm-vcpu:0>\n"
    "7 ioctl(5<anon_inode:kvm-vcpu:0>, KVM_ARM_VCPU_INIT, {target=5, features=[8]}) = 0\n";

constexpr std::string_view pmu_setup =
    "7 ioctl(4<anon_inode:kvm-vm>, KVM_CREATE_DEVICE, {type=7, fd=6<anon_inode:kvm-arm-vgic-v3>, "
    "flags=0}) = 0\n"
    "7 ioctl(5<anon_inode:kvm-vcpu:0>, KVM_SET_DEVICE_ATTR, {flags=0, "
    "group=KVM_ARM_VCPU_PMU_V3_CTRL, attr=KVM_ARM_VCPU_PMU_V3_IRQ, addr=[23]}) = 0\n";

std::string irq(unsigned number, std::string_view answer) {
  std::ostringstream out;
  out << "7 ioctl(5<anon_inode:kvm-vcpu:0>, KVM_SET_DEVICE_ATTR, {flags=0, "
         "group=KVM_ARM_VCPU_PMU_V3_CTRL, attr=KVM_ARM_VCPU_PMU_V3_IRQ, addr=["
      << number << "]}) = " << answer << "\n";
  return out.str();
}

TEST(Check, ATraceWithoutKvmCallsIsInconclusive) {
  Report r = check("");
  EXPECT_EQ(r.verdict, Verdict::inconclusive);
  r = check("7 close(3) = 0\n");
  EXPECT_EQ(r.verdict, Verdict::inconclusive);
  EXPECT_NE(r.reason.find("nothing was checked"), std::string::npos);
}

TEST(Check, ConformingTraceSaysHowMuchItExercised) {
  Report r = check(std::string(vm_with_vcpu) + std::string(pmu_setup));
  EXPECT_EQ(r.verdict, Verdict::conforms);
  EXPECT_EQ(r.events, 5u);
  EXPECT_EQ(r.checked, 5u);
  EXPECT_GT(r.evaluations, 30u);
  EXPECT_GT(r.checks_seen, 20u);
}

TEST(Check, WrongErrnoNamesTheDecidingCheckItsSourceAndTheLineThatCausedIt) {
  Report r = check(std::string(vm_with_vcpu) + std::string(pmu_setup) +
                   irq(24, "-1 EBUSY (Device or resource busy)"));
  ASSERT_EQ(r.verdict, Verdict::violates);
  ASSERT_EQ(r.findings.size(), 1u);
  const Finding& f = r.findings[0];
  EXPECT_EQ(f.line, 9u);
  EXPECT_EQ(f.check, "pmu_set_irq.ppi_differs");
  EXPECT_EQ(f.allowed, std::vector<std::string>{"EINVAL"});
  ASSERT_GE(f.reasons.size(), 2u);
  EXPECT_NE(f.reasons[0].source.find("vcpu.rst"), std::string::npos);
  ASSERT_FALSE(f.reasons[0].because.empty());
  EXPECT_EQ(f.reasons[0].because[0].place, "vcpu[0].pmu.irq");
  EXPECT_EQ(f.reasons[0].because[0].value, 23u);
  EXPECT_EQ(f.reasons[0].because[0].line, 8u);
  // EBUSY would come from a check that stands later in the text.
  bool names_later = false;
  for (const Reason& reason : f.reasons)
    names_later = names_later || reason.check == "pmu_set_irq.irq_already_set";
  EXPECT_TRUE(names_later);
}

TEST(Check, DocumentedPrecedenceAllowsEitherErrno) {
  std::string calls = std::string(vm_with_vcpu) + std::string(pmu_setup);
  EXPECT_EQ(check(calls + irq(24, "-1 EBUSY (Device or resource busy)"), "documented").verdict,
            Verdict::conforms);
  EXPECT_EQ(check(calls + irq(24, "-1 EINVAL (Invalid argument)"), "documented").verdict,
            Verdict::conforms);
  const Report r = check(calls + irq(24, "-1 ENODEV (No such device)"), "documented");
  ASSERT_EQ(r.verdict, Verdict::violates);
  EXPECT_EQ(r.findings[0].allowed, (std::vector<std::string>{"EINVAL", "EBUSY"}));
  EXPECT_EQ(check(calls + irq(24, "0"), "documented").verdict, Verdict::violates);
}

TEST(Check, GoesOnAfterAViolationAndMarksFollowOns) {
  Report r = check(std::string(vm_with_vcpu) + std::string(pmu_setup) + irq(23, "0") +
                   irq(23, "0") + irq(23, "-1 EBUSY (Device or resource busy)"));
  ASSERT_EQ(r.findings.size(), 2u);
  EXPECT_FALSE(r.findings[0].follow_on);
  EXPECT_TRUE(r.findings[1].follow_on);
}

TEST(Check, KeepsOnlySoManyFindingsAndCountsAll) {
  CheckOptions options;
  options.profile = find_profile("linux-6.1");
  options.findings_max = 2;
  std::string calls = std::string(header) + std::string(vm_with_vcpu) + std::string(pmu_setup);
  for (int i = 0; i < 5; ++i) calls += irq(23, "0");
  const Report r = check_text(calls, options);
  EXPECT_EQ(r.verdict, Verdict::violates);
  EXPECT_EQ(r.findings.size(), 2u);
  EXPECT_EQ(r.findings_total, 5u);
}

// A vCPU that was created against the specification has no place in the model: judging calls on it
// as calls on the next vCPU shifted every later vCPU by one.
TEST(Check, AVcpuCreatedAgainstTheSpecificationIsSkippedAndShiftsNoOther) {
  const std::string second = "7 ioctl(4<anon_inode:kvm-vm>, KVM_CREATE_VCPU, ";
  const std::string init = ", KVM_ARM_VCPU_INIT, {target=5, features=[8]}) = 0\n";
  const std::string irq =
      ", KVM_SET_DEVICE_ATTR, {flags=0, group=KVM_ARM_VCPU_PMU_V3_CTRL, "
      "attr=KVM_ARM_VCPU_PMU_V3_IRQ, addr=[23]}) = ";
  Report r = check(std::string(vm_with_vcpu) + std::string(pmu_setup) +  //
                   second +
                   "0) = 7<anon_inode:kvm-vcpu:0>\n"  //
                   "7 ioctl(7<anon_inode:kvm-vcpu:0>" +
                   init +  //
                   second +
                   "1) = 8<anon_inode:kvm-vcpu:1>\n"  //
                   "7 ioctl(8<anon_inode:kvm-vcpu:1>" +
                   init +                                              //
                   "7 ioctl(8<anon_inode:kvm-vcpu:1>" + irq + "0\n" +  //
                   "7 ioctl(8<anon_inode:kvm-vcpu:1>" + irq + "-1 EBUSY (Busy)\n");
  ASSERT_EQ(r.findings.size(), 1u);  // the second vCPU with id 0, and nothing that follows
  EXPECT_EQ(r.findings[0].rule, "create_vcpu");
  EXPECT_EQ(r.skipped.size(), 1u);
  EXPECT_EQ(r.skipped.begin()->second, 1u);
  EXPECT_NE(r.skipped.begin()->first.find("did not allow"), std::string::npos);
}

TEST(Check, AVcpuRefusedAgainstTheSpecificationShiftsNoOther) {
  Report r = check(std::string(vm_with_vcpu) +
                   "7 ioctl(4<anon_inode:kvm-vm>, KVM_CREATE_VCPU, 1) = -1 EEXIST (File exists)\n"
                   "7 ioctl(4<anon_inode:kvm-vm>, KVM_CREATE_VCPU, 2) = 8<anon_inode:kvm-vcpu:2>\n"
                   "7 ioctl(8<anon_inode:kvm-vcpu:2>, KVM_ARM_VCPU_INIT, {target=5, "
                   "features=[8]}) = 0\n"
                   "7 ioctl(8<anon_inode:kvm-vcpu:2>, KVM_SET_DEVICE_ATTR, {flags=0, "
                   "group=KVM_ARM_VCPU_PMU_V3_CTRL, attr=KVM_ARM_VCPU_PMU_V3_INIT}) = -1 ENODEV "
                   "(No such device)\n");
  ASSERT_EQ(r.findings.size(), 2u);
  EXPECT_EQ(r.findings[0].rule, "create_vcpu");
  EXPECT_TRUE(r.findings[1].follow_on);
}

TEST(Check, TheSizeToMapOfAVcpuIsTwoPagesAndTheArgumentZero) {
  const auto verdict = [](const std::string& call, const char* profile) {
    return check(
               "7 openat(AT_FDCWD, \"/dev/kvm\", O_RDWR) = 3</dev/kvm>\n"
               "7 ioctl(3</dev/kvm>, KVM_GET_VCPU_MMAP_SIZE" +
                   call + "\n",
               profile)
        .verdict;
  };
  EXPECT_EQ(verdict(", 0) = 8192", "linux-6.1"), Verdict::conforms);
  EXPECT_EQ(verdict(") = 8192", "linux-7.2"), Verdict::conforms);
  EXPECT_EQ(verdict(", 0) = 4096", "linux-6.1"), Verdict::violates);
  EXPECT_EQ(verdict(", 0x1) = -1 EINVAL (Invalid argument)", "linux-6.1"), Verdict::conforms);
  EXPECT_EQ(verdict(", 0x1) = 8192", "linux-6.1"), Verdict::violates);
  EXPECT_EQ(verdict(", 0) = -1 EINVAL (Invalid argument)", "linux-6.1"), Verdict::violates);
  // The documentation does not say which size.
  EXPECT_EQ(verdict(", 0) = 4096", "documented"), Verdict::conforms);
}

TEST(Check, ADeadVmAnswersEioEverAfter) {
  std::string calls = std::string(vm_with_vcpu) + std::string(pmu_setup);
  std::string run = "7 ioctl(5<anon_inode:kvm-vcpu:0>, KVM_RUN, {immediate_exit=1, cpu=0}) = -1 ";
  EXPECT_EQ(check(calls + run + "ENXIO (No such device or address)\n" + run +
                  "EIO (Input/output error)\n")
                .verdict,
            Verdict::conforms);
  Report r = check(calls + run + "ENXIO (No such device or address)\n" + run +
                   "EINTR (Interrupted system call)\n");
  ASSERT_EQ(r.verdict, Verdict::violates);
  EXPECT_EQ(r.findings[0].check, "vcpu_run.vm_dead");
}

TEST(Check, ExplainingShowsWhatAStepChangedAndNothingElse) {
  std::vector<std::vector<std::string>> changes;
  CheckOptions options;
  options.profile = find_profile("linux-6.1");
  options.explain = true;
  options.on_event = [&](const traces::TraceEvent&, const EventNotes& notes) {
    changes.push_back(notes.changes);
  };
  const std::string again =
      "7 ioctl(5<anon_inode:kvm-vcpu:0>, KVM_ARM_VCPU_INIT, {target=5, features=[8]}) = 0\n";
  check_text(std::string(header) + std::string(vm_with_vcpu) + again, options);
  ASSERT_EQ(changes.size(), 4u);
  const auto& init = changes[2];
  EXPECT_NE(std::find(init.begin(), init.end(), "vcpu[0].initialized: 0 -> 1"), init.end());
  EXPECT_TRUE(changes[3].empty()) << changes[3][0];
}

TEST(Check, RunOnAnUnsupportedCpuMustFailEntry) {
  std::string calls = std::string(vm_with_vcpu) +
                      "7 ioctl(5<anon_inode:kvm-vcpu:0>, KVM_SET_DEVICE_ATTR, {flags=0, "
                      "group=KVM_ARM_VCPU_PMU_V3_CTRL, attr=KVM_ARM_VCPU_PMU_V3_SET_PMU, "
                      "addr=[9]}) = 0\n"
                      "7 ioctl(5<anon_inode:kvm-vcpu:0>, KVM_SET_DEVICE_ATTR, {flags=0, "
                      "group=KVM_ARM_VCPU_PMU_V3_CTRL, attr=KVM_ARM_VCPU_PMU_V3_INIT}) = 0\n";
  std::string head = "7 ioctl(5<anon_inode:kvm-vcpu:0>, KVM_RUN, {immediate_exit=0, ";
  EXPECT_EQ(
      check(calls + head + "cpu=0, exit_reason=KVM_EXIT_FAIL_ENTRY, fail_cpu=0}) = 0\n").verdict,
      Verdict::conforms);
  Report entered = check(calls + head + "cpu=0, exit_reason=KVM_EXIT_MMIO}) = 0\n");
  ASSERT_EQ(entered.verdict, Verdict::violates);
  EXPECT_EQ(entered.findings[0].check, "vcpu_run.refuses_unsupported_cpu");
  EXPECT_EQ(entered.findings[0].reasons.size(), 1u);
  Report refused =
      check(calls + head + "cpu=1, exit_reason=KVM_EXIT_FAIL_ENTRY, fail_cpu=1}) = 0\n");
  ASSERT_EQ(refused.verdict, Verdict::violates);
  EXPECT_EQ(refused.findings[0].check, "vcpu_run.enters_on_supported_cpu");
}

TEST(Check, HiddenArgumentsAreUnknownNotGuessed) {
  // Features behind a pointer: PMU attributes may or may not be there.
  std::string calls =
      "7 openat(AT_FDCWD, \"/dev/kvm\", O_RDWR) = 3</dev/kvm>\n"
      "7 ioctl(3</dev/kvm>, KVM_CREATE_VM, 0) = 4<anon_inode:kvm-vm>\n"
      "7 ioctl(4<anon_inode:kvm-vm>, KVM_CREATE_VCPU, 0) = 5<anon_inode:kvm-vcpu:0>\n"
      "7 ioctl(5<anon_inode:kvm-vcpu:0>, KVM_ARM_VCPU_INIT, 0xffffe3d74bb0) = 0\n";
  std::string init =
      "7 ioctl(5<anon_inode:kvm-vcpu:0>, KVM_SET_DEVICE_ATTR, {flags=0, "
      "group=KVM_ARM_VCPU_PMU_V3_CTRL, attr=KVM_ARM_VCPU_PMU_V3_INIT}) = ";
  Report r = check(calls + init + "0\n");
  EXPECT_EQ(r.verdict, Verdict::conforms);
  EXPECT_EQ(r.unknown_arguments, 1u);
  EXPECT_EQ(check(calls + init + "-1 ENODEV (No such device)\n").verdict, Verdict::conforms);
  // But not both: once it succeeded the feature was there, so a second call is EBUSY.
  EXPECT_EQ(check(calls + init + "0\n" + init + "-1 EBUSY (Device or resource busy)\n").verdict,
            Verdict::conforms);
  Report both = check(calls + init + "0\n" + init + "-1 ENODEV (No such device)\n");
  ASSERT_EQ(both.verdict, Verdict::violates);
  EXPECT_EQ(both.findings[0].allowed, std::vector<std::string>{"EBUSY"});
}

TEST(Check, AnUnknownHostExcludesNothingThatSomeHostAllows) {
  std::string create =
      "7 openat(AT_FDCWD, \"/dev/kvm\", O_RDWR) = 3</dev/kvm>\n"
      "7 ioctl(3</dev/kvm>, KVM_CREATE_VM, 0x34) = ";
  EXPECT_EQ(check(create + "4<anon_inode:kvm-vm>\n", "linux-6.1", false).verdict,
            Verdict::conforms);
  EXPECT_EQ(check(create + "-1 EINVAL (Invalid argument)\n", "linux-6.1", false).verdict,
            Verdict::conforms);
  EXPECT_EQ(check(create + "-1 EBUSY (Device or resource busy)\n", "linux-6.1", false).verdict,
            Verdict::violates);
}

// A pointer that nobody followed may also lead to no memory.
TEST(Check, AHiddenStructureMayBeUnreadable) {
  const std::string calls =
      "7 openat(AT_FDCWD, \"/dev/kvm\", O_RDWR) = 3</dev/kvm>\n"
      "7 ioctl(3</dev/kvm>, KVM_CREATE_VM, 0) = 4<anon_inode:kvm-vm>\n"
      "7 ioctl(4<anon_inode:kvm-vm>, KVM_SET_USER_MEMORY_REGION, ";
  EXPECT_EQ(check(calls + "0xffffe3d74bb0) = -1 EFAULT (Bad address)\n").verdict,
            Verdict::conforms);
  EXPECT_EQ(check(calls + "{slot=0, flags=0, guest_phys_addr=0, memory_size=0x1000, "
                          "userspace_addr=0x7f0000000000}) = -1 EFAULT (Bad address)\n")
                .verdict,
            Verdict::violates);
}

// What no host does is wrong on a host of which nothing is known, too.
TEST(Check, AnUnknownHostKeepsRequirements) {
  const auto failed_entry = [](const char* fail_cpu) {
    std::string calls(vm_with_vcpu);
    calls.replace(calls.find("features=[8]"), 12, "features=[0]");
    return check(calls +
                     "7 ioctl(5<anon_inode:kvm-vcpu:0>, KVM_RUN, {immediate_exit=0, cpu=0, "
                     "exit_reason=KVM_EXIT_FAIL_ENTRY, fail_cpu=" +
                     fail_cpu + "}) = 0\n",
                 "linux-6.1", false)
        .verdict;
  };
  EXPECT_EQ(failed_entry("0"), Verdict::conforms);
  EXPECT_EQ(failed_entry("1"), Verdict::violates);
}

// An attribute that is hidden may be one that no rule describes, and then any answer is right.
TEST(Check, ACallWhoseRuleIsHiddenIsJudgedAsAnyOfThem) {
  const std::string opaque =
      "7 ioctl(5<anon_inode:kvm-vcpu:0>, KVM_SET_DEVICE_ATTR, 0xffffe3d74bb0) = ";
  for (const char* answer : {"0", "-1 EBUSY (Busy)", "-1 E2BIG (Argument list too long)"}) {
    const Report r = check(std::string(vm_with_vcpu) + opaque + answer + "\n");
    EXPECT_EQ(r.verdict, Verdict::conforms) << answer;
    EXPECT_EQ(r.checked, 4u);
    EXPECT_EQ(r.unknown_arguments, 1u);
  }
}

// Which rule, and with which arguments: it may have set any interrupt. What is read back tells
// which.
TEST(Check, ACallWhoseRuleIsHiddenMayHaveHadAnyArguments) {
  const std::string calls =
      std::string(vm_with_vcpu) +
      "7 ioctl(4<anon_inode:kvm-vm>, KVM_CREATE_DEVICE, {type=7, "
      "fd=6<anon_inode:kvm-arm-vgic-v3>, flags=0}) = 0\n"
      "7 ioctl(5<anon_inode:kvm-vcpu:0>, KVM_SET_DEVICE_ATTR, 0xffffe3d74bb0) = 0\n"
      "7 ioctl(5<anon_inode:kvm-vcpu:0>, KVM_GET_DEVICE_ATTR, {flags=0, "
      "group=KVM_ARM_VCPU_PMU_V3_CTRL, attr=KVM_ARM_VCPU_PMU_V3_IRQ, addr=[";
  EXPECT_EQ(check(calls + "23]}) = 0\n" + irq(23, "-1 EBUSY (Busy)")).verdict, Verdict::conforms);
  EXPECT_EQ(check(calls + "23]}) = 0\n" + irq(23, "0")).verdict, Verdict::violates);
  EXPECT_EQ(check(calls + "5]}) = 0\n").verdict, Verdict::violates);
}

TEST(Check, ACallThatDidNotReturnIsSkippedAndCounted) {
  const Report r =
      check(std::string(vm_with_vcpu) + "7 ioctl(4<anon_inode:kvm-vm>, KVM_CREATE_VCPU, 0) = ?\n");
  EXPECT_EQ(r.verdict, Verdict::conforms);
  EXPECT_EQ(r.checked, 3u);
  ASSERT_EQ(r.skipped.size(), 1u);
  EXPECT_EQ(r.skipped.begin()->first, "create_vcpu: call did not return");
}

// A trace without a thread column has one task, which is not the one that never ran.
TEST(Check, ATaskWithoutANumberIsATask) {
  const std::string calls =
      "openat(AT_FDCWD, \"/dev/kvm\", O_RDWR) = 3</dev/kvm>\n"
      "ioctl(3</dev/kvm>, KVM_CREATE_VM, 0) = 4<anon_inode:kvm-vm>\n"
      "ioctl(4<anon_inode:kvm-vm>, KVM_CREATE_VCPU, 0) = 5<anon_inode:kvm-vcpu:0>\n"
      "ioctl(5<anon_inode:kvm-vcpu:0>, KVM_RUN, {immediate_exit=1}) = -1 ";
  EXPECT_EQ(check(calls + "ENOEXEC (Exec format error)\n").verdict, Verdict::conforms);
  EXPECT_EQ(check(calls + "EINTR (Interrupted system call)\n").verdict, Verdict::violates);
}

TEST(Check, ACallOnADescriptorOfUnknownOriginIsSkippedAndCounted) {
  Report r = check("7 ioctl(9<anon_inode:kvm-vm>, KVM_CREATE_VCPU, 0) = 5\n");
  EXPECT_EQ(r.verdict, Verdict::inconclusive);
  EXPECT_EQ(r.skipped.size(), 1u);
}

TEST(Check, DescriptorsAreReusedAndVmsEndWithTheirLastDescriptor) {
  std::string once = std::string(vm_with_vcpu) +
                     "7 close(4<anon_inode:kvm-vm>) = 0\n"
                     "7 close(5<anon_inode:kvm-vcpu:0>) = 0\n7 close(3</dev/kvm>) = 0\n";
  std::string many;
  for (int i = 0; i < 100; ++i) many += once;
  Report r = check(many);
  EXPECT_EQ(r.verdict, Verdict::conforms);
  EXPECT_EQ(r.vms, 100u);
}

TEST(Check, AProcessesDescriptorsAreItsOwnAfterFork) {
  std::string calls = std::string(vm_with_vcpu) +
                      "7 fork() = 8\n"
                      "8 close(5<anon_inode:kvm-vcpu:0>) = 0\n"
                      "7 ioctl(5<anon_inode:kvm-vcpu:0>, KVM_ARM_VCPU_INIT, {target=5, "
                      "features=[8]}) = 0\n";
  Report r = check(calls);
  EXPECT_EQ(r.verdict, Verdict::conforms);
  EXPECT_EQ(r.checked, 4u);
}

// ftrace's kvm_entry names a task and a CPU; the vCPU is the one that task ran last.
TEST(Check, FtraceEntriesAreJudgedOnTheCpuTheyShow) {
  std::string calls = std::string(vm_with_vcpu) +
                      "7 ioctl(5<anon_inode:kvm-vcpu:0>, KVM_SET_DEVICE_ATTR, {flags=0, "
                      "group=KVM_ARM_VCPU_PMU_V3_CTRL, attr=KVM_ARM_VCPU_PMU_V3_SET_PMU, "
                      "addr=[9]}) = 0\n"
                      "7 ioctl(5<anon_inode:kvm-vcpu:0>, KVM_SET_DEVICE_ATTR, {flags=0, "
                      "group=KVM_ARM_VCPU_PMU_V3_CTRL, attr=KVM_ARM_VCPU_PMU_V3_INIT}) = 0\n"
                      "7 ioctl(5<anon_inode:kvm-vcpu:0>, KVM_RUN, {immediate_exit=1, cpu=1}) = -1 "
                      "EINTR (Interrupted system call)\n";
  auto entry = [](const char* cpu) {
    return std::string("     vcpu-0-7     [") + cpu +
           "] d..1.  1234.567890: kvm_entry: PC: 0xffff800008082000\n";
  };
  Report good = check(calls + entry("001"));
  EXPECT_EQ(good.verdict, Verdict::conforms);
  EXPECT_EQ(good.checked, 7u);
  Report bad = check(calls + entry("000"));
  ASSERT_EQ(bad.verdict, Verdict::violates);
  EXPECT_EQ(bad.findings[0].check, "guest_entry.on_supported_cpu");
}

TEST(Check, EntriesOfTwoTasksAreOfTheVcpuThatEachRanLast) {
  std::string calls =
      "7 openat(AT_FDCWD, \"/dev/kvm\", O_RDWR) = 3</dev/kvm>\n"
      "7 ioctl(3</dev/kvm>, KVM_CREATE_VM, 0) = 4<anon_inode:kvm-vm>\n"
      "7 ioctl(4<anon_inode:kvm-vm>, KVM_CREATE_VCPU, 0) = 5<anon_inode:kvm-vcpu:0>\n"
      "7 ioctl(4<anon_inode:kvm-vm>, KVM_CREATE_VCPU, 1) = 6<anon_inode:kvm-vcpu:1>\n";
  for (const char* vcpu : {"5<anon_inode:kvm-vcpu:0>", "6<anon_inode:kvm-vcpu:1>"}) {
    const std::string task = vcpu[0] == '5' ? "7" : "8";
    calls += task + " ioctl(" + vcpu + ", KVM_ARM_VCPU_INIT, {target=5, features=[0]}) = 0\n" +
             task + " ioctl(" + vcpu +
             ", KVM_RUN, {immediate_exit=1, cpu=0}) = -1 EINTR (Interrupted system call)\n";
  }
  for (const char* task : {"7", "8"})
    calls += std::string("     vcpu-") + task +
             "     [000] d..1.  1234.567890: kvm_entry: PC: 0xffff800008082000\n";
  const Report r = check(calls);
  EXPECT_EQ(r.verdict, Verdict::conforms);
  EXPECT_EQ(r.checked, 9u);
  EXPECT_TRUE(r.skipped.empty());
}

// Each answer has a number of slots that explains it, and only the solver sees that both have none.
TEST(Check, AnswersThatNoValueOfAnUnknownExplainsTogetherViolate) {
  const auto slot = [](const char* number, const char* address, const char* answer) {
    return std::string("7 ioctl(4<anon_inode:kvm-vm>, KVM_SET_USER_MEMORY_REGION, {slot=") +
           number + ", flags=0, guest_phys_addr=" + address +
           ", memory_size=0x10000, userspace_addr=0x7f0000000000}) = " + answer + "\n";
  };
  std::string begin(header);
  begin.replace(begin.find("slots_max=32767"), 15, "slots_max=?");
  begin +=
      "7 openat(AT_FDCWD, \"/dev/kvm\", O_RDWR) = 3</dev/kvm>\n"
      "7 ioctl(3</dev/kvm>, KVM_CREATE_VM, 0) = 4<anon_inode:kvm-vm>\n" +
      slot("5", "0x500000", "-1 EINVAL");
  CheckOptions options;
  options.profile = find_profile("linux-6.1");
  const Report good =
      check_text(begin + slot("7", "0x700000", "-1 EINVAL") + slot("3", "0x700000", "0"), options);
  EXPECT_EQ(good.verdict, Verdict::conforms);
  EXPECT_EQ(good.checked, 4u);
  // What was refused is not in the state: its memory is free.
  const Report bad =
      check_text(begin + slot("7", "0x700000", "0") + slot("3", "0x700000", "0"), options);
  ASSERT_EQ(bad.findings.size(), 1u);
  EXPECT_EQ(bad.findings[0].event, 4u);
}

TEST(Check, RealStraceFilesDoNotViolate) {
  for (const char* name : {"linux-6.1-psci_test.strace", "linux-6.1-vcpu_width_config.strace"}) {
    CheckOptions options;
    options.profile = find_profile("linux-6.1");
    Report r = check_file(std::string(CORPUS) + "/strace/" + name, options);
    EXPECT_EQ(r.verdict, Verdict::conforms) << name;
    EXPECT_GT(r.unknown_arguments, 0u) << name;
    EXPECT_GT(r.checked, 20u) << name;
  }
}

}  // namespace
}  // namespace assay::checker
