// A capture and ftrace's text as one trace: what is bound, where it stands, what is left out.
#include "traces/ftrace/merge.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include "traces/text/grammar.hpp"

namespace assay::traces {
namespace {

using Lines = std::vector<std::string>;

// ftrace's header, which vouches for `events` lines of text.
std::string vouching(unsigned events) {
  const std::string n = std::to_string(events);
  return "# trace_clock: mono\n# tracer: nop\n#\n# entries-in-buffer/entries-written: " + n + "/" +
         n + "   #P:2\n#\n";
}

bool read(const std::string& text, KernelTrace& out, Diagnostic& why) {
  const int file = memfd_create("ftrace", MFD_CLOEXEC);
  EXPECT_EQ(write(file, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  lseek(file, 0, SEEK_SET);
  std::string line;
  const bool good = read_kernel_trace("/proc/self/fd/" + std::to_string(file), out, why, line);
  close(file);
  return good;
}

KernelTrace kernel(const std::string& text) {
  KernelTrace out;
  Diagnostic why;
  EXPECT_TRUE(read(text, out, why)) << render(why, "ftrace", {});
  return out;
}

Merged merged(const Lines& calls, const std::string& ftrace) {
  Merger merger(kernel(ftrace));
  Call call;
  for (const std::string& line : calls) {
    Diagnostic why;
    EXPECT_EQ(read_line(line, 1, call, why), LineKind::call) << line;
    merger.call(call);
  }
  return merger.finish();
}

Lines reasons(const Merged& m) {
  Lines out;
  for (const LeftOut& l : m.left_out)
    out.push_back(std::to_string(l.line) + (l.missing ? "! " : " ") + std::string(l.why));
  return out;
}

std::string run(unsigned tid, unsigned vcpu, const char* begin, const char* duration) {
  const std::string fd = std::to_string(5 + vcpu) + "<anon_inode:kvm-vcpu:" + std::to_string(vcpu);
  return std::to_string(tid) + " " + begin + " ioctl(" + fd +
         ">, KVM_RUN, {immediate_exit=0, exit_reason=KVM_EXIT_MMIO}) = 0 <" + duration + ">";
}

const std::string run_at_1 = run(96, 0, "1.000000", "0.500000");

TEST(Merge, EventsStandBeforeTheCallThatCausedThem) {
  const Lines calls{
      "96 0.500000 ioctl(4<anon_inode:kvm-vm>, KVM_CHECK_EXTENSION, 10) = 1 "
      "<0.000010>",
      run_at_1};
  const Merged m = merged(calls, vouching(3) +
                                     "  perform-96  [001] d..1.  1.100000: kvm_entry: PC: 0x10\n"
                                     "  perform-96  [001] d..1.  1.200000: kvm_exit: TRAP: "
                                     "HSR_EC: 0x0024 (DABT_LOW), PC: 0x10\n"
                                     "   <idle>-0   [000] d....  2.000000: sched_switch: prev_comm="
                                     "swapper/0 prev_pid=0 ==> next_comm=sh next_pid=7\n");
  EXPECT_EQ(m.lines,
            (Lines{calls[0], "96 [001] 1.100000 kvm_entry: fd=5<anon_inode:kvm-vcpu:0> PC: 0x10",
                   "96 [001] 1.200000 kvm_exit: fd=5<anon_inode:kvm-vcpu:0> TRAP: HSR_EC: 0x0024 "
                   "(DABT_LOW), PC: 0x10",
                   calls[1]}));
  EXPECT_EQ(m.entries, 1u);
  EXPECT_EQ(m.exits, 1u);
  EXPECT_EQ(m.switches, 0u);
  EXPECT_TRUE(m.left_out.empty());
}

TEST(Merge, WhatItWritesIsReadAgain) {
  const Merged m = merged({run_at_1}, vouching(3) +
                                          "perform-96 [001] 1.100000: kvm_entry: PC: 0x10\n"
                                          "perform-96 [001] 1.200000: kvm_exit: IRQ: HSR_EC: "
                                          "0x0000 (UNKNOWN), PC: 0xffff800008082000\n"
                                          "a b-7 [000] 1.300000: sched_switch: prev_comm=a b "
                                          "prev_pid=7 ==> next_comm=perform next_pid=96\n");
  ASSERT_EQ(m.lines.size(), 4u);
  EXPECT_EQ(m.switches, 1u);
  for (const std::string& line : m.lines) {
    Call call;
    Diagnostic why;
    EXPECT_EQ(read_line(line, 1, call, why), LineKind::call) << line;
  }
}

TEST(Merge, StampsOutOfOrderAreSorted) {
  const Merged m = merged({run_at_1}, vouching(4) +
                                          "perform-96 [001] 1.300000: kvm_entry: PC: 0x2\n"
                                          "perform-96 [001] 1.400000: kvm_exit: IRQ: PC: 0x3\n"
                                          "perform-96 [000] 1.100000: kvm_entry: PC: 0x0\n"
                                          "perform-96 [000] 1.200000: kvm_exit: IRQ: PC: 0x1\n");
  ASSERT_EQ(m.lines.size(), 5u);
  for (unsigned i = 0; i < 4; ++i)
    EXPECT_TRUE(m.lines[i].ends_with("PC: 0x" + std::to_string(i))) << m.lines[i];
  EXPECT_TRUE(m.left_out.empty());
}

TEST(Merge, RoundedStampsStayWithinTheirCall) {
  // Half a microsecond was added to the entry's stamp, or cut off the exit's.
  const std::string exact = run(96, 0, "1.000000600", "0.000010");
  const Merged m = merged({"96 0.900000 ioctl(5<anon_inode:kvm-vcpu:0>, KVM_ARM_VCPU_INIT, ?) = 0 "
                           "<0.000001>",
                           exact},
                          vouching(2) +
                              "perform-96 [001] 1.000000: kvm_entry: PC: 0x0\n"
                              "perform-96 [001] 1.000011: kvm_exit: IRQ: PC: 0x0\n");
  ASSERT_EQ(m.lines.size(), 4u);
  EXPECT_EQ(m.entries + m.exits, 2u);
  EXPECT_EQ(m.lines[3], exact);
}

TEST(Merge, NoKvmRunInProgressIsSaid) {
  const Merged m = merged({run_at_1}, vouching(2) +
                                          "perform-96 [001] 0.700000: kvm_entry: PC: 0x0\n"
                                          "perform-96 [001] 0.800000: kvm_exit: IRQ: PC: 0x0\n");
  EXPECT_EQ(reasons(m), (Lines{"6! the thread was not inside KVM_RUN",
                               "7! the thread was not inside KVM_RUN"}));
  EXPECT_EQ(m.lines[0],
            "# left out: 96 [001] 0.700000 kvm_entry: PC: 0x0 (the thread was not inside KVM_RUN)");
  EXPECT_EQ(m.lines[1], "lost: records=1");
  EXPECT_EQ(m.lines.back(), run_at_1);
}

TEST(Merge, ThreadsOfOtherProgramsAreNobodysLoss) {
  const Merged m = merged({run_at_1}, vouching(2) +
                                          "qemu-700 [001] 1.100000: kvm_entry: PC: 0x0\n"
                                          "qemu-700 [001] 1.200000: kvm_exit: IRQ: PC: 0x0\n");
  EXPECT_EQ(reasons(m), (Lines{"6 the capture has no call of its thread",
                               "7 the capture has no call of its thread"}));
  EXPECT_EQ(std::count(m.lines.begin(), m.lines.end(), "lost: records=1"), 0);
}

TEST(Merge, TwoThreadsKeepTheirOwnVcpus) {
  // A capture holds calls in the order in which they ended: thread 97's is the shorter.
  const std::string inner = run(97, 1, "1.100000", "0.200000");
  const Merged m = merged({inner, run_at_1}, vouching(6) +
                                                 "vm-96 [000] 1.050000: kvm_entry: PC: 0x0\n"
                                                 "vm-97 [001] 1.150000: kvm_entry: PC: 0x0\n"
                                                 "vm-96 [000] 1.160000: kvm_exit: IRQ: PC: 0x0\n"
                                                 "vm-97 [001] 1.250000: kvm_exit: IRQ: PC: 0x0\n"
                                                 "vm-96 [000] 1.350000: kvm_entry: PC: 0x0\n"
                                                 "vm-96 [000] 1.450000: kvm_exit: IRQ: PC: 0x0\n");
  ASSERT_EQ(m.lines.size(), 8u);
  const Lines begins{"96 [000] 1.050000 kvm_entry: fd=5<anon_inode:kvm-vcpu:0>",
                     "97 [001] 1.150000 kvm_entry: fd=6<anon_inode:kvm-vcpu:1>",
                     "96 [000] 1.160000 kvm_exit: fd=5<",
                     "97 [001] 1.250000 kvm_exit: fd=6<",
                     inner,
                     "96 [000] 1.350000 kvm_entry: fd=5<",
                     "96 [000] 1.450000 kvm_exit: fd=5<",
                     run_at_1};
  for (std::size_t i = 0; i < begins.size(); ++i)
    EXPECT_TRUE(m.lines[i].starts_with(begins[i])) << m.lines[i];
}

TEST(Merge, TwoVcpusOfOneThreadThatAreAsNearAreNotGuessedBetween) {
  const Lines calls{run(96, 0, "1.000000000", "0.000100000"),
                    run(96, 1, "1.000100200", "0.000100000")};
  Merged m = merged(calls, vouching(1) + "perform-96 [001] 1.000100: kvm_entry: PC: 0x0\n");
  EXPECT_EQ(reasons(m), (Lines{"6! two KVM_RUNs of the thread, on two vCPUs, are as near"}));
  // But a thread leaves the vCPU that it entered.
  m = merged(calls, vouching(2) +
                        "perform-96 [001] 1.000050: kvm_entry: PC: 0x0\n"
                        "perform-96 [001] 1.000100: kvm_exit: IRQ: PC: 0x0\n");
  EXPECT_EQ(m.entries + m.exits, 2u);
  EXPECT_TRUE(m.left_out.empty());
}

// Stamps are rounded to microseconds: an event between two calls entered with the second and left
// with the first, one that lies within a call is that call's.
TEST(Merge, EventsNearTwoCallsOfOneVcpuGoToTheLikelierOne) {
  const std::string first = run(96, 0, "1.000000000", "0.000099900"),
                    second = run(96, 0, "1.000100100", "0.000100000");
  Merged m = merged({first, second}, vouching(2) +
                                         "perform-96 [001] 1.000100: kvm_entry: PC: 0x0\n"
                                         "perform-96 [001] 1.000150: kvm_exit: IRQ: PC: 0x0\n");
  ASSERT_EQ(m.lines.size(), 4u);
  EXPECT_TRUE(m.lines[0].starts_with("96 1.000000 ioctl")) << m.lines[0];
  EXPECT_TRUE(m.left_out.empty());
  const std::string touching = run(96, 0, "1.000000000", "0.000100000");
  m = merged({touching, second}, vouching(2) +
                                     "perform-96 [001] 1.000100: kvm_entry: PC: 0x0\n"
                                     "perform-96 [001] 1.000100: kvm_exit: IRQ: PC: 0x0\n");
  ASSERT_EQ(m.lines.size(), 4u);
  EXPECT_TRUE(m.lines[2].starts_with("96 1.000000 ioctl")) << m.lines[2];
  EXPECT_TRUE(m.left_out.empty());
}

TEST(Merge, HalfAPairIsTheTracersLossUnlessItVouches) {
  const std::string half = "perform-96 [001] 1.200000: kvm_exit: IRQ: PC: 0x0\n";
  const std::string before = "x-1 [000] 0.100000: sched_wakeup: comm=x pid=1\n";
  const std::string after = "x-1 [000] 3.000000: sched_wakeup: comm=x pid=1\n";
  const Merged unsure = merged({run_at_1}, half);
  EXPECT_EQ(reasons(unsure), (Lines{"1! its entry is missing"}));
  EXPECT_EQ(unsure.lines[1], "lost: records=1");
  // Nothing was lost while the call was made: then it is for the checker to judge.
  const Merged sure = merged({run_at_1}, vouching(3) + before + half + after);
  EXPECT_TRUE(sure.left_out.empty());
  EXPECT_EQ(sure.exits, 1u);
  // Tracing may have begun within the call.
  EXPECT_EQ(merged({run_at_1}, vouching(2) + half + after).left_out.size(), 1u);
}

TEST(Merge, TruncatedTraceLosesWhatIsNotThere) {
  // The header speaks of four events, the text ends after three.
  const std::string cut = vouching(4) +
                          "perform-96 [001] 1.100000: kvm_entry: PC: 0x0\n"
                          "perform-96 [001] 1.200000: kvm_exit: IRQ: PC: 0x0\n"
                          "perform-96 [001] 1.300000: kvm_entry: PC: 0x0\n";
  const Merged m = merged({run_at_1}, cut);
  EXPECT_EQ(m.lines[0], "lost: records=1");
  EXPECT_EQ(reasons(m), (Lines{"8! its exit is missing"}));
  EXPECT_EQ(m.entries, 1u);
  // Within a line it is malformed, as any other text.
  KernelTrace out;
  Diagnostic why;
  EXPECT_FALSE(read(cut.substr(0, cut.size() - 30), out, why));
  EXPECT_EQ(why.line, 8u);
}

TEST(Merge, OverwrittenEventsAreCounted) {
  const KernelTrace t = kernel(
      "# entries-in-buffer/entries-written: 1/31   #P:2\n"
      "CPU:1 [LOST 12 EVENTS]\n"
      "perform-96 [001] 1.100000: kvm_entry: PC: 0x0\n");
  EXPECT_EQ(t.lost, 30u);  // the twelve may be among the thirty
  EXPECT_FALSE(t.vouched);
  EXPECT_FALSE(kernel("# entries-in-buffer/entries-written: 1/many\n"
                      "perform-96 [001] 1.100000: kvm_entry: PC: 0x0\n")
                   .vouched);
}

TEST(Merge, AnotherClockIsRefused) {
  KernelTrace out;
  Diagnostic why;
  EXPECT_FALSE(read("# trace_clock: local\n", out, why));
  EXPECT_EQ(why.line, 1u);
  EXPECT_EQ(why.column, 16u);
  EXPECT_FALSE(read("96 ioctl(5, KVM_RUN, 0) = 0\n", out, why));
  EXPECT_EQ(why.expected, "event of ftrace");
}

TEST(Merge, LongCallsWhoseDurationDidNotFitEndWithTheNext) {
  // 4.294967295 s is all that a record can say.
  const Lines calls{run(96, 0, "1.000000", "4.294967295"), run(96, 1, "9.000000", "0.500000")};
  const Merged m = merged(calls, vouching(2) +
                                     "perform-96 [001] 8.000000: kvm_entry: PC: 0x0\n"
                                     "perform-96 [001] 8.100000: kvm_exit: PC: 0x0\n");
  ASSERT_EQ(m.lines.size(), 4u);
  EXPECT_EQ(m.lines[2], calls[0]);
  EXPECT_EQ(m.exits, 1u);
}

// One that nothing follows has no end: it says nothing of the calls of other threads behind it.
TEST(Merge, ACallWithoutAnEndDoesNotMoveWhatComesAfterIt) {
  const Lines calls{run(96, 0, "1.000000", "4.294967295"), run(97, 1, "6.000000", "0.500000")};
  const Merged m = merged(calls, vouching(2) +
                                     "vm-97 [001] 6.100000: kvm_entry: PC: 0x0\n"
                                     "vm-97 [001] 6.200000: kvm_exit: PC: 0x0\n");
  ASSERT_EQ(m.lines.size(), 4u);
  EXPECT_EQ(m.lines[0], calls[0]);
  EXPECT_EQ(m.lines[3], calls[1]);
}

// Records need not stand in the order in which calls ended, but a thread's do.
TEST(Merge, EventsStandBehindTheirThreadsCallBefore) {
  const Lines calls{run(97, 1, "1.000000", "4.000000"),
                    "96 1.000000 ioctl(4<anon_inode:kvm-vm>, KVM_CHECK_EXTENSION, 10) = 1 <0.01>",
                    run(96, 0, "1.100000", "0.500000")};
  const Merged m = merged(calls, vouching(2) +
                                     "vm-96 [001] 1.200000: kvm_entry: PC: 0x0\n"
                                     "vm-96 [001] 1.300000: kvm_exit: PC: 0x0\n");
  ASSERT_EQ(m.lines.size(), 5u);
  EXPECT_EQ(m.lines[0], calls[0]);
  EXPECT_NE(m.lines[1].find("KVM_CHECK_EXTENSION"), std::string::npos) << m.lines[1];
  EXPECT_EQ(m.lines[4], calls[2]);
}

}  // namespace
}  // namespace assay::traces
