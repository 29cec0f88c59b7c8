// What a kernel's log says of defects. The texts are those of real kernels (Debian's 6.1 and 6.12
// in the laboratory), or written by the formats of the kernel's reporters.
#include "traces/kernel_log.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace assay::traces {
namespace {

std::vector<std::string> names_in(std::string_view log) {
  std::vector<std::string> names;
  for (const KernelReport& r : reports_of(log)) names.push_back(r.name());
  return names;
}

using Names = std::vector<std::string>;

constexpr std::string_view warning =
    "<4>------------[ cut here ]------------\n"
    "<4>WARNING: CPU: 0 PID: 116 at arch/arm64/kvm/arch_timer.c:410 "
    "kvm_timer_update_irq+0xb0/0xc0\n"
    "<4>Modules linked in:\n"
    "<4>pc : kvm_timer_update_irq+0xb0/0xc0\n"
    "<4>lr : kvm_timer_update_irq+0x48/0xc0\n"
    "<4>Call trace:\n"
    "<4> kvm_timer_update_irq+0xb0/0xc0\n"
    "<4> kvm_timer_vcpu_load_gic+0x34/0xc0\n"
    "<4> kvm_timer_vcpu_load+0x5c/0x210\n"
    "<4>---[ end trace 0000000000000000 ]---\n";

TEST(KernelLog, NamesAWarningByItsTwoInnermostFunctions) {
  EXPECT_EQ(names_in(warning), Names{"WARNING in kvm_timer_update_irq < kvm_timer_vcpu_load_gic"});
}

TEST(KernelLog, TakesAnOopsAndItsPanicForOneReport) {
  constexpr std::string_view oops =
      "[    4.924111] Unable to handle kernel NULL pointer dereference at virtual address 0c10\n"
      "[    4.926860] Internal error: Oops: 0000000097000006 [#1] SMP\n"
      "[    4.928418] pc : kvm_vgic_reset_mapped_irq+0x30/0xe0\n"
      "[    4.930011] Call trace:\n"
      "[    4.930051]  kvm_vgic_reset_mapped_irq+0x30/0xe0\n"
      "[    4.930114]  kvm_timer_vcpu_reset+0x178/0x240\n"
      "[    4.931997] ---[ end trace 0000000000000000 ]---\n"
      "[    4.941023] Kernel panic - not syncing: Oops: Fatal exception\n"
      "[    4.942969] ---[ end Kernel panic - not syncing: Oops: Fatal exception ]---\n";
  const std::vector<KernelReport> reports = reports_of(oops);
  ASSERT_FALSE(reports.empty());
  EXPECT_EQ(reports[0].name(),
            "Oops: NULL pointer dereference in kvm_vgic_reset_mapped_irq < kvm_timer_vcpu_reset");
  EXPECT_NE(reports[0].text.find("Internal error"), std::string::npos);
  EXPECT_EQ(reports.size(), 1u) << "the panic is what becomes of the oops";
}

TEST(KernelLog, KnowsTheReporters) {
  EXPECT_EQ(names_in("BUG: KASAN: slab-use-after-free in vgic_its_free+0x8c/0x140\n"),
            Names{"KASAN: slab-use-after-free in vgic_its_free"});
  EXPECT_EQ(names_in("UBSAN: shift-out-of-bounds in arch/arm64/kvm/pmu-emul.c:71:9\n"
                     "Call trace:\n dump_backtrace+0x0/0x1\n __ubsan_handle_shift+0x1/0x2\n"
                     " kvm_pmu_set+0x4/0x8\n"),
            Names{"UBSAN: shift-out-of-bounds in kvm_pmu_set"});
  EXPECT_EQ(names_in("WARNING: possible circular locking dependency detected\n"),
            Names{"lockdep: possible circular locking dependency"});
  EXPECT_EQ(names_in("INFO: task perform:93 blocked for more than 120 seconds.\n"),
            Names{"hung task"});
  EXPECT_EQ(names_in("rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:\n"),
            Names{"RCU stall"});
  EXPECT_EQ(names_in("kernel BUG at arch/arm64/kvm/mmu.c:33!\n"
                     "Internal error: Oops - BUG: 00000000f2000800 [#1] SMP\n"
                     "pc : stage2_unmap+0x1/0x2\n"),
            Names{"BUG in stage2_unmap"});
  EXPECT_EQ(names_in("watchdog: BUG: soft lockup - CPU#1 stuck for 26s! [perform:77]\n"),
            Names{"soft lockup"});
}

TEST(KernelLog, OtherMessagesAreNoReports) {
  EXPECT_EQ(names_in("<4>kvm [1]: vgic interrupt IRQ9\n"
                     "<6>random: crng init done\n"
                     "<4>perform[93]: unhandled level 2 translation fault\n"
                     "<3>a driver's WARNING: in the middle of a line\n"),
            Names{});
  EXPECT_EQ(names_in(""), Names{});
  EXPECT_EQ(names_in("<4>[ [ ] \n\n\n<"), Names{});
}

TEST(KernelLog, TellsTwoReportsInARowApart) {
  const std::string twice = std::string(warning) + std::string(warning);
  EXPECT_EQ(names_in(twice).size(), 2u);
}

TEST(KernelLog, IsWrittenAsAStringAndReadBack) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  all += "\\x0a \\x";
  const std::string escaped = log_escaped(all);
  EXPECT_TRUE(std::all_of(escaped.begin(), escaped.end(),
                          [](char c) { return c >= ' ' && c <= '~' && c != '"'; }));
  EXPECT_EQ(log_unescaped(escaped), all);
}

}  // namespace
}  // namespace assay::traces
