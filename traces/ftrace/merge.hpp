// One trace out of a capture and what ftrace wrote beside it, by time.
//
//   Merger merger(kernel_trace);
//   for each record of the capture, in its order: merger.call(call);
//   Merged merged = merger.finish();
//
// ftrace's kvm_entry and kvm_exit name a thread, not a vCPU. An event is bound to the vCPU on which
// that thread was inside KVM_RUN at that moment, and written as native text with the descriptor of
// that call. A call stands where it returned, so the entries it caused stand before it. What cannot
// be bound is left out and said: nothing is ever guessed.
//
// Memory grows with the capture: a call's interval is known only once it has returned.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "traces/call/call.hpp"
#include "traces/ftrace/kernel_trace.hpp"

namespace assay::traces {

struct LeftOut {
  std::uint64_t line = 0;  // of the kernel's trace
  std::string_view why;
  // The thread's calls are captured, so the event is missing; another thread's may be of another
  // VMM's and is nobody's loss.
  bool missing = false;
};

struct Merged {
  std::vector<std::string> lines;
  std::uint64_t entries = 0, exits = 0, switches = 0;  // bound
  std::vector<LeftOut> left_out;
};

class Merger {
 public:
  explicit Merger(KernelTrace kernel) : kernel_(std::move(kernel)) {}
  void call(const Call& call);
  Merged finish();

 private:
  static constexpr std::size_t none = ~std::size_t{0};
  struct Captured {
    std::string text;
    std::string descriptor;  // of KVM_RUN: "5<anon_inode:kvm-vcpu:0>"
    std::uint32_t tid = 0;
    std::uint64_t begin_ns = 0, end_ns = 0;
    std::size_t after = 0;  // the first place behind the thread's previous call
    std::uint64_t key_ns = 0;
  };
  struct Thread {
    std::size_t last = none;        // call
    std::vector<std::size_t> runs;  // calls of KVM_RUN, in order of time
    std::size_t open = none;        // event: the entry that no exit has followed yet
  };
  // What becomes of one event of the kernel.
  struct Fate {
    std::size_t run = none;
    std::string_view left_out;
    bool missing = false;
  };

  void bind(std::size_t event);
  void bind_switch(std::size_t event);
  std::size_t choose(const KernelEvent& e, const Thread& thread, std::string_view& why) const;
  void pair(std::size_t event, Thread& thread);
  void leave_unpaired(std::size_t event, std::string_view why);
  bool vouched(const Captured& run) const;
  void fix_keys();
  void place(Merged& out) const;
  std::string text_of(std::size_t event) const;

  KernelTrace kernel_;
  std::vector<Captured> calls_;
  std::map<std::uint32_t, Thread> threads_;
  std::vector<Fate> fates_;  // of the kernel's events
};

}  // namespace assay::traces
