// System calls as perf trace and ftrace print them, and lines that cannot be read.
#include "traces/text/foreign.hpp"

#include <gtest/gtest.h>

#include <random>

#include "traces/text/grammar.hpp"
#include "traces/text/salvage.hpp"

namespace assay::traces {
namespace {

std::string strace_of(std::string_view line) {
  std::string out;
  return spelt_as_strace(line, out) ? out : "no such form";
}

TEST(Foreign, PerfTrace) {
  EXPECT_EQ(
      strace_of("     0.000 ( 0.003 ms): qemu-system-aa/1234 ioctl(fd: 13<anon_inode:kvm-vm>, "
                "cmd: KVM_CREATE_VCPU, arg: 0x1) = 14<anon_inode:kvm-vcpu:1>"),
      "1234 0.000000000 ioctl(13<anon_inode:kvm-vm>, KVM_CREATE_VCPU, 0x1) = "
      "14<anon_inode:kvm-vcpu:1>");
  EXPECT_EQ(strace_of("  1500.250 (         ): CPU 0/KVM/97 ioctl(fd: 13, cmd: KVM_RUN) ..."),
            "97 1.500250000 ioctl(13, KVM_RUN <unfinished ...>");
  EXPECT_EQ(strace_of("  1501.250 ( 1.000 ms): CPU 0/KVM/97  ... [continued]: ioctl()) = 0"),
            "97 1.501250000 <... ioctl resumed>) = 0");
  EXPECT_EQ(strace_of("     0.010 ( 0.001 ms): ioctl(fd: 3, cmd: KVM_GET_API_VERSION) = -1 EBADF "
                      "(Bad file descriptor)"),
            "0.000010000 ioctl(3, KVM_GET_API_VERSION) = -1 EBADF (Bad file descriptor)");
}

// As perf 6.1 wrote them.
TEST(Foreign, RealLinesOfPerf) {
  EXPECT_EQ(
      strace_of("   373.561 ( 0.014 ms): python3/12914 ioctl(fd: 4, cmd: KVM_CREATE_VM)       "
                "       = -1 ENOTTY (Inappropriate ioctl for device)"),
      "12914 0.373561000 ioctl(4, KVM_CREATE_VM) = -1 ENOTTY (Inappropriate ioctl for device)");
  EXPECT_EQ(strace_of("   373.651 ( 0.015 ms): python3/12914 ioctl(fd: 5, cmd: "
                      "KVM_SET_USER_MEMORY_REGION, arg: 0x7ffea1aecd10)    = -1 ENOTTY (Inapp)"),
            "12914 0.373651000 ioctl(5, KVM_SET_USER_MEMORY_REGION, 0x7ffea1aecd10) = -1 ENOTTY "
            "(Inapp)");
  EXPECT_EQ(strace_of("         python3 13841 [001] 16132.908973: syscalls:sys_enter_ioctl: fd: "
                      "0x00000005, cmd: 0x4020ae46, arg: 0x7fff34cded20"),
            "13841 [001] 16132.908973000 ioctl(5, 0x4020ae46, 0x7fff34cded20 <unfinished ...>");
  EXPECT_EQ(strace_of("         python3 13841 [001] 16132.908973:  syscalls:sys_exit_ioctl: "
                      "0xffffffffffffffe7"),
            "13841 [001] 16132.908973000 <... ioctl resumed>) = -1 ENOTTY");
  EXPECT_EQ(strace_of("         python3-13779   [001] ..... 16131.621543: sys_ioctl(fd: 4, cmd: "
                      "0x4020ae46, arg: 0x7fffe213a3b0)"),
            "13779 [001] 16131.621543000 ioctl(4, 0x4020ae46, 0x7fffe213a3b0 <unfinished ...>");
}

TEST(Foreign, EventsOfTheKernel) {
  EXPECT_EQ(strace_of(" qemu-96   [001] 100.000001: sys_enter_ioctl:      fd: 0x0000000d, cmd: "
                      "0x0000ae80, arg: 0x00000000"),
            "96 [001] 100.000001000 ioctl(13, 0xae80, 0x0 <unfinished ...>");
  EXPECT_EQ(strace_of(" qemu-96   [001] ..... 100.000001: sys_ioctl(fd: d, cmd: ae01, arg: 0)"),
            "96 [001] 100.000001000 ioctl(13, 0xae01, 0x0 <unfinished ...>");
  EXPECT_EQ(strace_of(" qemu-96   [001] ..... 100.000009: sys_ioctl -> 0xe"),
            "96 [001] 100.000009000 <... ioctl resumed>) = 14");
  EXPECT_EQ(strace_of(" qemu-96   [001] 100.000009: sys_exit_ioctl:       0xfffffffffffffff0"),
            "96 [001] 100.000009000 <... ioctl resumed>) = -1 EBUSY");
}

TEST(Foreign, OtherLinesStayWhatTheyAre) {
  for (const char* line :
       {"96 ioctl(4<anon_inode:kvm-vm>, KVM_CREATE_VCPU, 0) = 5<anon_inode:kvm-vcpu:0>",
        " qemu-96 [001] d..1. 100.000009: kvm_entry: PC: 0xffff800008082000",
        "96 write(1, \"a (b): sys_ioctl(\", 3) = 3", "", "(: ): ("})
    EXPECT_EQ(strace_of(line), "no such form") << line;
}

// What it makes is what the grammar reads.
TEST(Foreign, TheGrammarReadsIt) {
  for (const char* line :
       {"  0.000 ( 0.003 ms): q/1 ioctl(fd: 13<anon_inode:kvm-vm>, cmd: KVM_RUN) = 0",
        "  1.250 (         ): CPU 0/KVM/97 ioctl(fd: 13, cmd: KVM_RUN) ...",
        "q-96 [001] ..... 100.000001: sys_ioctl(fd: d, cmd: ae01, arg: 0)",
        "q-96 [001] ..... 100.000009: sys_ioctl -> 0xe"}) {
    Call call;
    Diagnostic why;
    const std::string text = strace_of(line);
    EXPECT_EQ(read_line(text, 1, call, why), LineKind::call) << text << ": " << why.expected;
    EXPECT_EQ(call.name, "ioctl") << text;
  }
}

std::string salvaged(std::string_view line) {
  std::string out;
  switch (salvage(line, out)) {
    case Salvage::not_ours: return "not ours";
    case Salvage::lost: return "lost";
    case Salvage::repaired: return out;
  }
  return "?";
}

TEST(Salvage, WhatCannotBeReadOfACallOfKvmIsNotTold) {
  EXPECT_EQ(salvaged("96 ioctl(5<anon_inode:kvm-vcpu:0>, KVM_RUN, {{{) = 0"),
            "96 ioctl(5<anon_inode:kvm-vcpu:0>, KVM_RUN, ?) = 0");
  EXPECT_EQ(salvaged("[pid 96] ioctl(5, KVM_SET_ONE_REG, {a=, b}) = -1 EINVAL (Invalid argument)"),
            "[pid 96] ioctl(5, KVM_SET_ONE_REG, ?) = -1 EINVAL (Invalid argument)");
  EXPECT_EQ(salvaged("96 ioctl(5, _IOC(_IOC_WRITE, 0xae, 0xa0, 0x40), {x=}) = 0"),
            "96 ioctl(5, _IOC(_IOC_WRITE, 0xae, 0xa0, 0x40), ?) = 0");
}

TEST(Salvage, ACallWithoutItsAnswerIsLost) {
  EXPECT_EQ(salvaged("96 ioctl(5<anon_inode:kvm-vcpu:0>, KVM_RUN, "), "lost");
  EXPECT_EQ(salvaged("96 ioctl(5<anon_inode:kvm-vcpu:0>"), "lost");
  EXPECT_EQ(salvaged("96 clone({flags=, ) = 97"), "lost");
  EXPECT_EQ(salvaged("96 close(5<anon_inode:kvm-vm>"), "lost");
}

TEST(Salvage, OtherCallsAreNotOurs) {
  EXPECT_EQ(salvaged("96 ioctl(0</dev/pts/0>, TCSETS, {c_iflag=, c_line=0}) = 0"), "not ours");
  EXPECT_EQ(salvaged("96 write(1</tmp/x>, \"KVM_RUN"), "not ours");
  EXPECT_EQ(salvaged("96 close(5"), "not ours");
  EXPECT_EQ(salvaged("\x01\xff garbage"), "not ours");
  EXPECT_EQ(salvaged(""), "not ours");
  EXPECT_EQ(salvaged("("), "not ours");
}

// Any bytes are fine.
TEST(Salvage, DamagedLinesDoNoHarm) {
  const std::vector<std::string> lines{
      "     0.000 ( 0.003 ms): q/1234 ioctl(fd: 13<anon_inode:kvm-vm>, cmd: KVM_RUN) = 14",
      "  1501.250 ( 1.000 ms): CPU 0/KVM/97  ... [continued]: ioctl()) = 0",
      " qemu-96   [001] ..... 100.000001: sys_ioctl(fd: d, cmd: ae01, arg: 0)",
      " qemu-96   [001] 100.000009: sys_exit_ioctl:       0xfffffffffffffff0",
      "96 ioctl(5<anon_inode:kvm-vcpu:0>, KVM_RUN, {{{) = 0"};
  constexpr std::string_view pieces = " ():=/<>{},.0123abcKVM\"\x01\xff";
  std::mt19937 random(1);
  unsigned read = 0;
  for (unsigned i = 0; i < 200'000; ++i) {
    std::string line = lines[random() % lines.size()];
    for (unsigned changes = 1 + random() % 6; changes != 0 && !line.empty(); --changes) {
      const std::size_t at = random() % line.size();
      if (random() % 3 == 0) line.erase(at, random() % 8);
      else line[at] = pieces[random() % pieces.size()];
    }
    std::string out;
    Call call;
    Diagnostic why;
    if (spelt_as_strace(line, out)) read += read_line(out, 1, call, why) == LineKind::call;
    if (salvage(line, out) == Salvage::repaired) read_line(out, 1, call, why);
  }
  EXPECT_GT(read, 10'000u);
}

}  // namespace
}  // namespace assay::traces
