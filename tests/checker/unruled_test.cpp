// Calls that no rule describes, or that bind to one only partly, never make a lawful trace violate.
#include "tests/checker/checked.hpp"
#include "traces/abi/arm64/constants.hpp"

namespace assay::checker {
namespace {

constexpr const char* host =
    "# assay-trace 1\n# host *=0 ipa_bits_max=48 user_address_bits=48 vcpus_max=512 "
    "slots_max=32767 "
    "target=5 pmu_event_space=65536 pmu_counters_max=6 pmu_v3=1 gic_v3=1 pe[0].pmu=8 pe[1].pmu=8 "
    "pmu[0].type=8\n";
constexpr const char* vm =
    "9 openat(AT_FDCWD, \"/dev/kvm\", O_RDWR) = 3</dev/kvm>\n"
    "9 ioctl(3</dev/kvm>, KVM_CREATE_VM, 0) = 4<anon_inode:kvm-vm>\n";
constexpr const char* vcpu =
    "9 ioctl(4<anon_inode:kvm-vm>, KVM_CREATE_VCPU, 0) = 5<anon_inode:kvm-vcpu:0>\n"
    "9 ioctl(5<anon_inode:kvm-vcpu:0>, KVM_ARM_VCPU_INIT, {target=5, features=[0x8]}) = 0\n";

Report check(const std::string& text) {
  CheckOptions options;
  options.profile = find_profile("linux-6.12");
  return check_text(text, options);
}

// A thread may change CPUs within one KVM_RUN. The call ran all the same, and a vGIC comes too
// late.
TEST(Unruled, RunThatChangedCpusIsARun) {
  const Report r = check(
      std::string(host) + vm + vcpu +
      "9 ioctl(5<anon_inode:kvm-vcpu:0>, KVM_SET_DEVICE_ATTR, {group=KVM_ARM_VCPU_PMU_V3_CTRL, "
      "attr=KVM_ARM_VCPU_PMU_V3_INIT}) = 0\n"
      "9 ioctl(5<anon_inode:kvm-vcpu:0>, KVM_RUN, {immediate_exit=0, cpu=0 => 1, "
      "exit_reason=KVM_EXIT_MMIO}) = 0\n"
      "9 ioctl(4<anon_inode:kvm-vm>, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_ARM_VGIC_V3, fd=-1, "
      "flags=0}) = -1 EBUSY (Device or resource busy)\n");
  EXPECT_EQ(r.verdict, Verdict::conforms) << (r.findings.empty() ? "" : r.findings[0].check);
  EXPECT_TRUE(r.skipped.empty());
}

constexpr const char* sets_interrupt =
    "9 ioctl(5<anon_inode:kvm-vcpu:0>, KVM_SET_DEVICE_ATTR, {group=KVM_ARM_VCPU_PMU_V3_CTRL, "
    "attr=KVM_ARM_VCPU_PMU_V3_IRQ, addr=[23]}) = 0\n";

// The same host with a GICv2 to offer.
const std::string host_with_gicv2 = [] {
  std::string text = host;
  return text.replace(text.find("gic_v3=1"), 8, "gic_v2=1 gic_v3=1");
}();

TEST(Unruled, IrqchipIsAGicv2) {
  const std::string irqchip = "9 ioctl(4<anon_inode:kvm-vm>, KVM_CREATE_IRQCHIP) = 0\n";
  const Report r = check(host_with_gicv2 + vm + irqchip + vcpu + sets_interrupt);
  EXPECT_EQ(r.verdict, Verdict::conforms) << r.reason;
  EXPECT_TRUE(r.skipped.empty());
  const Report twice =
      check(host_with_gicv2 + vm + irqchip + vcpu + sets_interrupt + sets_interrupt);
  ASSERT_EQ(twice.verdict, Verdict::violates);
  EXPECT_EQ(twice.findings[0].check, "pmu_set_irq.irq_already_set");
  EXPECT_EQ(twice.findings[0].allowed, std::vector<std::string>{"EBUSY"});
  // One that failed made none.
  const Report failed = check(std::string(host) + vm +
                              "9 ioctl(4<anon_inode:kvm-vm>, KVM_CREATE_IRQCHIP) = -1 ENODEV (No "
                              "such device)\n" +
                              vcpu + sets_interrupt);
  EXPECT_EQ(failed.verdict, Verdict::violates);
}

// An errno that no rule gives is a failure that no rule gives; one that is not told is any failure.
TEST(Unruled, UnknownErrnosAreNoSuccess) {
  auto second_vcpu = [](const char* first, const char* answer) {
    const std::string text =
        std::string(host) + vm + "9 ioctl(4<anon_inode:kvm-vm>, KVM_CREATE_VCPU, 0) = " + first +
        "\n9 ioctl(4<anon_inode:kvm-vm>, KVM_CREATE_VCPU, 0) = " + answer + "\n";
    return check(text);
  };
  constexpr const char* made = "5<anon_inode:kvm-vcpu:0>";
  for (const char* odd :
       {"-1 ENOTSUPP (Unknown error 524)", "-1 EBANANA (x)", "-1 (errno 524)", "-1 (errno 256)"}) {
    const Report r = second_vcpu(odd, made);
    ASSERT_EQ(r.findings_total, 2u) << odd;
    EXPECT_TRUE(r.findings[1].follow_on) << odd;  // the vCPU should have been there by then
    EXPECT_EQ(r.findings[0].line, 5u) << odd;
    EXPECT_EQ(r.findings[0].observed, "EUNLISTED") << odd;
  }
  // A first vCPU may fail, and then a second is made; after a success it must fail.
  EXPECT_EQ(second_vcpu("-1", made).verdict, Verdict::conforms);
  EXPECT_EQ(second_vcpu(made, "-1").verdict, Verdict::conforms);
  EXPECT_EQ(second_vcpu(made, "6<anon_inode:kvm-vcpu:0>").verdict, Verdict::violates);
  const Report get = check(std::string(host) +
                           "9 openat(AT_FDCWD, \"/dev/kvm\", O_RDWR) = 3</dev/kvm>\n"
                           "9 ioctl(3</dev/kvm>, KVM_GET_VCPU_MMAP_SIZE, 0) = -1\n");
  EXPECT_EQ(get.verdict, Verdict::violates);
}

// A host line of which half is told: what the rest decides may be so.
TEST(Unruled, HostIsUnknownFieldByField) {
  auto judged = [](const char* told, const char* call) {
    return check(std::string("# assay-trace 1\n# host ") + told + "\n" + vm + call).verdict;
  };
  constexpr const char* second =
      "9 ioctl(4<anon_inode:kvm-vm>, KVM_CREATE_VCPU, 4) = 5<anon_inode:kvm-vcpu:4>\n";
  EXPECT_EQ(judged("vcpus_max=4", second), Verdict::violates);
  EXPECT_EQ(judged("slots_max=4", second), Verdict::conforms);
  EXPECT_EQ(judged("*=0 vcpus_max=? slots_max=4 ipa_bits_max=40", second), Verdict::conforms);
  constexpr const char* no_vgic =
      "9 ioctl(4<anon_inode:kvm-vm>, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_ARM_VGIC_V3, fd=-1, "
      "flags=0}) = -1 ENODEV (No such device)\n";
  EXPECT_EQ(judged("gic_v3=1", no_vgic), Verdict::violates);
  EXPECT_EQ(judged("gic_v3=?", no_vgic), Verdict::conforms);
  EXPECT_EQ(judged("vcpus_max=4", no_vgic), Verdict::conforms);
}

TEST(Unruled, HarmlessCallsChangeNothing) {
  const Report r = check(std::string(host) + vm +
                         "9 ioctl(3</dev/kvm>, KVM_GET_API_VERSION, 0) = 12\n"
                         "9 ioctl(4<anon_inode:kvm-vm>, KVM_IRQ_LINE, 0xffff) = 0\n" +
                         vcpu + sets_interrupt);
  EXPECT_EQ(r.verdict, Verdict::violates);
}

// A call that did not return may have had its effect, or part of it, or none.
TEST(Unruled, CallThatDidNotReturnMayHaveHadItsEffect) {
  const std::string start = std::string(host) + vm + vcpu;
  constexpr const char* run =
      "9 ioctl(5<anon_inode:kvm-vcpu:0>, KVM_RUN, {immediate_exit=0}) = ?\n";
  constexpr const char* init =
      "9 ioctl(5<anon_inode:kvm-vcpu:0>, KVM_SET_DEVICE_ATTR, {group=KVM_ARM_VCPU_PMU_V3_CTRL, "
      "attr=KVM_ARM_VCPU_PMU_V3_INIT}) = 0\n";
  auto vgic = [](const char* answer) {
    return std::string(
               "9 ioctl(4<anon_inode:kvm-vm>, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_ARM_VGIC_V3, "
               "fd=-1, flags=0}) = ") +
           answer + "\n";
  };
  // A vGIC comes too late once a vCPU has run.
  const std::string busy = vgic("-1 EBUSY (Device or resource busy)");
  EXPECT_EQ(check(start + init + busy).verdict, Verdict::violates);
  EXPECT_EQ(check(start + init + run + busy).verdict, Verdict::conforms);
  EXPECT_EQ(check(start + init + run + vgic("0")).verdict, Verdict::conforms);
  // What it cannot have changed is known: the interrupt was set, and is not set again.
  const std::string with_vgic =
      host_with_gicv2 + vm + "9 ioctl(4<anon_inode:kvm-vm>, KVM_CREATE_IRQCHIP) = 0\n" + vcpu;
  const Report twice = check(with_vgic + sets_interrupt + run + sets_interrupt);
  ASSERT_EQ(twice.verdict, Verdict::violates);
  EXPECT_EQ(twice.findings[0].check, "pmu_set_irq.irq_already_set");
  // The same of a call whose arguments are hidden: it may have set the interrupt, or not.
  constexpr const char* set =
      "9 ioctl(5<anon_inode:kvm-vcpu:0>, KVM_SET_DEVICE_ATTR, 0xfff0) = ?\n";
  const std::string refused = std::string(sets_interrupt)
                                  .replace(std::string(sets_interrupt).rfind("0\n"), 2,
                                           "-1 EBUSY (Device or resource busy)\n");
  EXPECT_EQ(check(with_vgic + refused).verdict, Verdict::violates);
  EXPECT_EQ(check(with_vgic + set + refused).verdict, Verdict::conforms);
  EXPECT_EQ(check(with_vgic + set + sets_interrupt).verdict, Verdict::conforms);
}

// Nobody knows whether there is one more vCPU: what follows on that VM is not judged, and the trace
// does not conform. As the last call it says nothing against the rest.
TEST(Unruled, VcpuThatMayHaveBeenMadeEndsTheJudging) {
  const std::string start =
      std::string(host) + vm + vcpu + "9 ioctl(4<anon_inode:kvm-vm>, KVM_CREATE_VCPU, 1) = ?\n";
  EXPECT_EQ(check(start).verdict, Verdict::conforms);
  const Report more = check(
      start + "9 ioctl(4<anon_inode:kvm-vm>, KVM_CREATE_VCPU, 0) = 6<anon_inode:kvm-vcpu:0>\n");
  EXPECT_EQ(more.verdict, Verdict::inconclusive);
  EXPECT_EQ(more.reason, "create_vcpu at line 7 did not return, and may have made one more");
}

TEST(Unruled, TimerInterruptsMayMove) {
  EXPECT_EQ(may_change("KVM_SET_DEVICE_ATTR", true, 1).what, MayChange::What::anything);
  EXPECT_EQ(may_change("KVM_SET_DEVICE_ATTR", false, 1).what, MayChange::What::nothing);
  EXPECT_EQ(may_change("KVM_NOBODY_KNOWS_THIS", false, ~0ull).what, MayChange::What::anything);
  EXPECT_EQ(may_change("KVM_ARM_SET_DEVICE_ADDR or KVM_GET_ONE_REG", true, ~0ull).what,
            MayChange::What::nothing);
}

TEST(Unruled, SlotsAreUnknownAfterARegionOfTheSecondKind) {
  constexpr const char* region2 =
      "9 ioctl(4<anon_inode:kvm-vm>, KVM_SET_USER_MEMORY_REGION2, 0xff00) = 0\n";
  auto region = [](const char* slot, const char* at, const char* size, const char* answer) {
    return std::string("9 ioctl(4<anon_inode:kvm-vm>, KVM_SET_USER_MEMORY_REGION, {slot=") + slot +
           ", flags=0, guest_phys_addr=" + at + ", memory_size=" + size +
           ", userspace_addr=0x7f0000000000}) = " + answer + "\n";
  };
  const std::string start = std::string(host) + vm + region("0", "0", "0x1000", "0") + region2;
  // It may have made slot 1, and so this may delete it; before, there was none.
  EXPECT_EQ(check(start + region("1", "0", "0", "0")).verdict, Verdict::conforms);
  EXPECT_EQ(check(std::string(host) + vm + region("1", "0", "0", "0")).verdict, Verdict::violates);
  // What came after it is known again.
  const std::string two =
      start + region("2", "0x4000", "0x1000", "0") + region("3", "0x8000", "0x1000", "0");
  EXPECT_EQ(check(two + region("3", "0xc000", "0x1000", "0")).verdict, Verdict::conforms);
  EXPECT_EQ(check(two + region("3", "0x4000", "0x1000", "0")).verdict, Verdict::violates);
}

TEST(Unruled, EveryHarmlessRequestExistsAndSaysWhy) {
  EXPECT_GT(harmless_requests().size(), 10u);
  for (const HarmlessRequest& h : harmless_requests()) {
    EXPECT_TRUE(traces::constant_value(h.name).has_value()) << h.name;
    EXPECT_NE(std::string_view(h.source), "") << h.name;
  }
}

// strace knows two names for no number: KVM_SET_SIGNAL_MASK and KVM_CREATE_VM by number.
TEST(Unruled, RequestsAreReadAsNumbersToo) {
  const Report r = check(std::string(host) +
                         "9 openat(AT_FDCWD, \"/dev/kvm\", O_RDWR) = 3</dev/kvm>\n"
                         "9 ioctl(3</dev/kvm>, 0xae01, 0) = 4<anon_inode:kvm-vm>\n" +
                         vcpu +
                         "9 ioctl(5<anon_inode:kvm-vcpu:0>, _IOC(_IOC_WRITE, 0xae, 0x8b, 0x4), "
                         "0xffffe0) = 0\n" +
                         sets_interrupt);
  EXPECT_EQ(r.verdict, Verdict::violates) << r.reason;
  EXPECT_TRUE(r.skipped.contains("KVM_SET_SIGNAL_MASK: no rule"));
}

// What strace prints of a multithreaded VMM at its exit has no end, and none of it is KVM's.
constexpr const char* last_words =
    "9 read(0,  <unfinished ...>\n9 <... read resumed> <unfinished ...>) = ?\n";

TEST(Unruled, LinesThatAreNotKvmsEndNoStrace) {
  const Report r = check(std::string(vm) + last_words +
                         "9 ioctl(4<anon_inode:kvm-vm>, KVM_CREATE_VCPU, 0) = "
                         "5<anon_inode:kvm-vcpu:0>\n");
  EXPECT_EQ(r.verdict, Verdict::conforms);
  EXPECT_EQ(r.checked, 2u);
  EXPECT_EQ(r.ignored, 1u);
}

// What a line that is KVM's does not tell is unknown, or missing where not even its answer is told.
TEST(Unruled, LinesOfKvmThatCannotBeReadAreUnknownCalls) {
  const Report hidden =
      check(std::string(vm) + "9 ioctl(4<anon_inode:kvm-vm>, KVM_CREATE_VCPU, {{) = 5\n");
  EXPECT_EQ(hidden.verdict, Verdict::conforms);
  EXPECT_EQ(hidden.unknown_arguments, 1u);
  const Report missing =
      check(std::string(vm) + "9 ioctl(4<anon_inode:kvm-vm>, KVM_CREATE_VCPU, 0, {\n");
  EXPECT_EQ(missing.verdict, Verdict::inconclusive);
  EXPECT_NE(missing.reason.find("1 records are missing at line 3"), std::string::npos)
      << missing.reason;
}

// Our own traces have no such lines, and a text without any call is no trace.
TEST(Unruled, OtherLinesThatCannotBeReadAreErrors) {
  const std::string kvm = "9 ioctl(3</dev/kvm>, KVM_CREATE_VM, 0, {\n";
  for (const std::string& text :
       {std::string(host) + vm + last_words, kvm, std::string("hello world\n")}) {
    const TemporaryFile file(text);
    traces::TraceSink sink;
    sink.event = [](const traces::TraceEvent&, std::string_view) { return true; };
    traces::ReadFailure failure;
    EXPECT_EQ(read_trace(file.path(), traces::Format::automatic, binder(), sink, failure),
              traces::ReadResult::malformed)
        << text;
    EXPECT_NE(failure.why.line, 0u);
  }
}

}  // namespace
}  // namespace assay::checker
