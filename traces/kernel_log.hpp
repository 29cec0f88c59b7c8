// What a kernel's log says of a defect: warnings and worse, as reports.
//
// Which lines are reports is how kernels have written them for decades (Linux:
// kernel/panic.c, lib/bug.c, mm/kasan/report.c, lib/ubsan.c, kernel/locking/lockdep.c,
// kernel/rcu/tree_stall.h, kernel/hung_task.c, kernel/watchdog.c). Any other line is none: drivers
// warn of many things.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace assay::traces {

struct KernelReport {
  std::string kind;                 // "WARNING", "KASAN: slab-out-of-bounds", "Oops"
  std::vector<std::string> frames;  // functions, innermost first, at most two
  std::string text;                 // all of it, one message a line

  // "WARNING in kvm_timer_update_irq < kvm_timer_vcpu_reset": reports with one name are one defect.
  std::string name() const;
};

// `log`: as `dmesg` prints it, with "<4>" or "[   1.234567]" before a message, or without.
std::vector<KernelReport> reports_of(std::string_view log);

// The text as a string of the trace language has it: printable bytes as they are, others, quotes
// and backslashes as \x0a. And back.
std::string log_escaped(std::string_view text);
std::string log_unescaped(std::string_view text);

}  // namespace assay::traces
