// From calls to rules: which values fit an argument, and what is unknown where nothing is shown.
#include "traces/bind/binder.hpp"

#include <fmt/format.h>

#include "tests/arm64.hpp"
#include "tests/traces/trace_text.hpp"

namespace assay::traces {
namespace {

const Binder& binder() {
  static const Binder bound(default_system());
  return bound;
}

// What names a call lives as long as its line: tests ask for what is bound only.
TraceEvent bound(const std::string& line) {
  TraceEvent out;
  binder().bind(test::read(line), out);
  out.name = {};
  return out;
}

std::string rule_of(const std::string& line) {
  const TraceEvent e = bound(line);
  return e.kind == TraceKind::rule ? binder().rule(e.event.rule).name : "";
}

std::uint64_t value(const TraceEvent& e, std::string_view argument) {
  return e.event.value[static_cast<std::size_t>(binder().rule(e.event.rule).position(argument))];
}

bool is_unknown(const TraceEvent& e, std::string_view argument) {
  const int at = binder().rule(e.event.rule).position(argument);
  return at >= 0 && (e.event.unknown >> at & 1) != 0;
}

std::string create_vcpu(const std::string& id) {
  return "7 ioctl(4<anon_inode:kvm-vm>, KVM_CREATE_VCPU, " + id + ") = 5<anon_inode:kvm-vcpu:0>";
}

TEST(Binder, TakesWhatFitsAnArgumentAndNegativeInts) {
  for (const auto& [text, expected] : {std::pair<const char*, std::uint64_t>{"0", 0},
                                       {"4294967295", 0xffffffff},
                                       {"-1", 0xffffffff},
                                       {"-2147483648", 0x80000000},
                                       {"0xffffffffffffffff", 0xffffffff}}) {
    ASSERT_EQ(rule_of(create_vcpu(text)), "create_vcpu") << text;
    EXPECT_EQ(value(bound(create_vcpu(text)), "id"), expected) << text;
  }
}

// Members mean what their names say. Of two with one name the first counts, wherever they stand.
TEST(Binder, TakesMembersInAnyOrder) {
  const auto slot = [](const std::string& members) {
    const TraceEvent e =
        bound("7 ioctl(4<anon_inode:kvm-vm>, KVM_SET_USER_MEMORY_REGION, {" + members + "}) = 0");
    EXPECT_EQ(e.kind, TraceKind::rule) << members;
    return e;
  };
  const TraceEvent in_order =
      slot("slot=1, flags=2, guest_phys_addr=0x3000, memory_size=0x4000, userspace_addr=0x5000");
  for (const char* members :
       {"userspace_addr=0x5000, memory_size=0x4000, guest_phys_addr=0x3000, flags=2, slot=1",
        "slot=1, padding=9, flags=2, guest_phys_addr=0x3000, memory_size=0x4000, "
        "userspace_addr=0x5000",
        "flags=2, slot=1, slot=7, flags=8, guest_phys_addr=0x3000, memory_size=0x4000, "
        "userspace_addr=0x5000"}) {
    const TraceEvent e = slot(members);
    for (std::size_t i = 0; i < std::size(e.event.value); ++i)
      EXPECT_EQ(e.event.value[i], in_order.event.value[i]) << members << ", value " << i;
  }
}

// Anything else in the high half is no 32-bit argument: judging its low half would judge another
// call.
TEST(Binder, DoesNotCutWhatIsWiderThanItsArgument) {
  for (const char* text : {"4294967296", "0x100000001", "0xfffffffe00000000", "0x7fffffffffffffff"})
    EXPECT_EQ(bound(create_vcpu(text)).kind, TraceKind::unmodelled) << text;
}

// One number, two names: strace prints both. The descriptor tells which is meant; where nothing
// does, the call may be of the rules of one or do what the other does.
TEST(Binder, RequestWithTwoNamesIsTheOneOfItsDescriptor) {
  const auto name_of = [](const std::string& descriptor, const std::string& request) {
    const std::string line = "7 ioctl(" + descriptor + ", " + request + ", 0xfff0) = 0";
    const Call call = test::read(line);
    TraceEvent out;
    binder().bind(call, out);
    return std::pair{std::string(out.name), out.kind};
  };
  const std::string both = "KVM_ARM_SET_DEVICE_ADDR or KVM_GET_ONE_REG";
  for (const std::string& request :
       {both, std::string("0x4010aeab"), std::string("_IOC(_IOC_WRITE, 0xae, 0xab, 0x10)")}) {
    EXPECT_EQ(name_of("4<anon_inode:kvm-vm>", request),
              std::pair(std::string("KVM_ARM_SET_DEVICE_ADDR"), TraceKind::unmodelled));
    // Of some profiles a rule describes reads of registers.
    EXPECT_EQ(name_of("5<anon_inode:kvm-vcpu:0>", request),
              std::pair(std::string("KVM_GET_ONE_REG"), TraceKind::rule));
    EXPECT_EQ(name_of("5", request), std::pair(both, TraceKind::rule));
  }
}

std::string set_region(const std::string& argument, const std::string& answer = "0") {
  return "7 ioctl(4<anon_inode:kvm-vm>, KVM_SET_USER_MEMORY_REGION, " + argument + ") = " + answer;
}

// Everything, also whether the pointer leads to memory.
TEST(Binder, OfAHiddenStructureEverythingIsUnknown) {
  const TraceEvent e = bound(set_region("0xffffe3d74bb0"));
  ASSERT_EQ(e.kind, TraceKind::rule);
  const auto& arguments = binder().rule(e.event.rule).arguments;
  EXPECT_EQ(e.event.unknown, (1u << arguments.size()) - 1);
  EXPECT_TRUE(is_unknown(e, "unreadable"));
}

TEST(Binder, OfAShownStructureOnlyWhatItHidesIsUnknown) {
  const TraceEvent e =
      bound(set_region("{slot=?, flags=0, guest_phys_addr=0x1000, "
                       "memory_size=0x2000, userspace_addr=0x7f0000000000}"));
  ASSERT_EQ(e.kind, TraceKind::rule);
  EXPECT_TRUE(is_unknown(e, "slot"));
  EXPECT_FALSE(is_unknown(e, "flags"));
  EXPECT_FALSE(is_unknown(e, "unreadable"));
  EXPECT_EQ(value(e, "memory_size"), 0x2000u);
}

TEST(Binder, APointerMarkedUnreadableIsKnownToBe) {
  const TraceEvent e = bound(set_region("0xdead /* unreadable */", "-1 EFAULT (Bad address)"));
  ASSERT_EQ(e.kind, TraceKind::rule);
  EXPECT_EQ(e.event.unknown, 0u);
  EXPECT_EQ(value(e, "unreadable"), 1u);
}

TEST(Binder, OfAHiddenArrayEveryElementIsUnknown) {
  const TraceEvent e =
      bound("7 ioctl(5<anon_inode:kvm-vcpu:0>, KVM_ARM_VCPU_INIT, {target=5, features=?}) = 0");
  ASSERT_EQ(e.kind, TraceKind::rule);
  unsigned elements = 0, unknown = 0;
  const auto& arguments = binder().rule(e.event.rule).arguments;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (std::string_view(arguments[i].name) != "features") continue;
    ++elements;
    unknown += e.event.unknown >> i & 1;
  }
  EXPECT_GT(elements, 1u);
  EXPECT_EQ(unknown, elements);
  EXPECT_FALSE(is_unknown(e, "target"));
}

TEST(Binder, ElementsThatAnArrayLeavesOutAreZeroAndMoreThanItHasDoNotFit) {
  const std::string init = "7 ioctl(5<anon_inode:kvm-vcpu:0>, KVM_ARM_VCPU_INIT, {target=5, ";
  const TraceEvent e = bound(init + "features=[8]}) = 0");
  ASSERT_EQ(e.kind, TraceKind::rule);
  const auto at = static_cast<std::size_t>(binder().rule(e.event.rule).position("features"));
  EXPECT_EQ(e.event.value[at], 8u);
  EXPECT_EQ(e.event.value[at + 1], 0u);
  const TraceEvent full = bound(init + "features=[1, 2, 3, 4, 5, 6, 7]}) = 0");
  ASSERT_EQ(full.kind, TraceKind::rule);
  for (unsigned i = 0; i < 7; ++i) EXPECT_EQ(full.event.value[at + i], i + 1);
  EXPECT_EQ(rule_of(init + "features=[1, 2, 3, 4, 5, 6, 7, 8]}) = 0"), "");
}

// Nothing tells which attribute is meant: the call is one of its ioctl's rules.
TEST(Binder, ACallWhoseRuleIsHiddenIsOpaque) {
  const TraceEvent e =
      bound("7 ioctl(5<anon_inode:kvm-vcpu:0>, KVM_SET_DEVICE_ATTR, 0xffffe3d74bb0) = 0");
  ASSERT_EQ(e.kind, TraceKind::opaque);
  EXPECT_EQ(binder().name_of_family(e.family), "KVM_SET_DEVICE_ATTR");
  EXPECT_GT(binder().rules_of_family(e.family).size(), 5u);
}

TEST(Binder, TheRuleThatNamesMoreConstantsWins) {
  const auto attribute = [](const std::string& attr) {
    return rule_of(
        "7 ioctl(5<anon_inode:kvm-vcpu:0>, KVM_SET_DEVICE_ATTR, {flags=0, "
        "group=KVM_ARM_VCPU_PMU_V3_CTRL, attr=" +
        attr + ", addr=[1]}) = 0");
  };
  EXPECT_EQ(attribute("KVM_ARM_VCPU_PMU_V3_IRQ"), "pmu_set_irq");
  EXPECT_EQ(attribute("KVM_ARM_VCPU_PMU_V3_SET_PMU"), "pmu_set_pmu");
  EXPECT_EQ(attribute("77"), "pmu_set_other");
}

// Constants that are shown tell the rule, though its argument is hidden; one that is not there
// tells that it is another call.
TEST(Binder, TheConstantsOfARuleHaveToBeThere) {
  const std::string set = "7 ioctl(5<anon_inode:kvm-vcpu:0>, KVM_SET_DEVICE_ATTR, {flags=0, ";
  const TraceEvent e = bound(set +
                             "group=KVM_ARM_VCPU_PMU_V3_CTRL, attr=KVM_ARM_VCPU_PMU_V3_IRQ, "
                             "addr=0xffffe3d74bb0}) = 0");
  ASSERT_EQ(e.kind, TraceKind::rule);
  EXPECT_EQ(binder().rule(e.event.rule).name, std::string_view("pmu_set_irq"));
  EXPECT_TRUE(is_unknown(e, "irq"));
  EXPECT_EQ(bound(set + "attr=KVM_ARM_VCPU_PMU_V3_IRQ, addr=[23]}) = 0").kind,
            TraceKind::unmodelled);
}

TEST(Binder, TellsTasksThatShareDescriptorsFromThoseWithACopy) {
  EXPECT_EQ(bound("7 fork() = 8").kind, TraceKind::process);
  EXPECT_EQ(bound("7 clone(child_stack=NULL, flags=SIGCHLD) = 8").kind, TraceKind::process);
  const TraceEvent e = bound("7 clone(child_stack=0x7f, flags=CLONE_VM|CLONE_FILES) = 8");
  EXPECT_EQ(e.kind, TraceKind::thread);
  EXPECT_EQ(e.tid, 7u);
  EXPECT_EQ(e.new_fd, 8);
  EXPECT_EQ(bound("7 fork() = -1 EAGAIN (Resource temporarily unavailable)").kind,
            TraceKind::ignored);
}

TEST(Binder, FailedOpensAndClosesChangeNothing) {
  EXPECT_EQ(bound("7 openat(AT_FDCWD, \"/dev/kvm\", O_RDWR) = -1 ENOENT (No such file)").kind,
            TraceKind::ignored);
  EXPECT_EQ(bound("7 openat(AT_FDCWD, \"/dev/kvm\", O_RDWR) = 3").kind, TraceKind::open_kvm);
  EXPECT_EQ(bound("7 open(\"/dev/kvm\", O_RDWR) = 3").kind, TraceKind::open_kvm);
  EXPECT_EQ(bound("7 openat(AT_FDCWD, \"/dev/null\", O_RDWR) = 3").kind, TraceKind::ignored);
  EXPECT_EQ(bound("7 close(3) = -1 EBADF (Bad file descriptor)").kind, TraceKind::ignored);
  EXPECT_EQ(bound("7 close(3) = 0").kind, TraceKind::close);
}

// What only traces for this tool have is read whole; of the kernel's trace events nobody is to know
// all.
TEST(Binder, EventsOfOursThatAreSpeltWrongAreNoted) {
  const auto complaint = [](std::string_view line) {
    Call call;
    Diagnostic why;
    EXPECT_EQ(read_line(line, 7, call, why), LineKind::call) << line;
    if (!Binder::of(default_system()).is_misspelt(call, why)) return std::string();
    EXPECT_EQ(why.line, 7u);
    return fmt::format("{} {}: {}", why.column, why.expected, why.message);
  };
  EXPECT_EQ(complaint("spe_full: cpu=0"),
            "1 an event of the specification: 'spe_full' is none (assay spec list prints "
            "them)");
  EXPECT_EQ(complaint("spe_write_pmbptr: cpu=0 pointer=1"),
            "25 a key of this event: it has no 'pointer' (assay spec show spe_write_pmbptr)");
  EXPECT_EQ(complaint("spe_write_pmbptr: cpu=0 ptr=top"),
            "29 a number, or ? for what is not known: found 'top'");
  EXPECT_EQ(complaint("7 kvm_spe_entry: fd=6 cpu=0"),
            "1 an event of the specification: 'kvm_spe_entry' is none (assay spec list "
            "prints them)");
  EXPECT_EQ(complaint("spe_write_pmbptr: cpu=0 ptr=?"), "");
  EXPECT_EQ(complaint("7 kvm_spe_enter: fd=6 cpu=0"), "");
  EXPECT_EQ(complaint("kvm_mmio: gpa=0x9000000"), "");
  EXPECT_EQ(complaint("sched_switch: prev_comm=sh"), "");
}

}  // namespace
}  // namespace assay::traces
