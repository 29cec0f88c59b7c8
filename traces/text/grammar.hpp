// Reading one line of a trace: text in, Call out.
//
// One grammar covers our own text, strace's output with its options (-f, -t/-tt/-ttt, -r, -T, -y,
// -yy, -Y, -n, -i, -k) and ftrace's (trace, trace-cmd report, perf script). They do not collide:
//
//   96 1795211288.962908 ioctl(4<anon_inode:kvm-vm>, KVM_CREATE_VCPU, 0) = 5<anon_inode:kvm-vcpu:0>
//   [pid 96] 12:01:02.000003 ioctl(5, KVM_RUN, 0 <unfinished ...>
//   96 --- SIGALRM {si_signo=SIGALRM, si_code=SI_TIMER} ---
//   96 +++ exited with 0 +++
//     vcpu-0-1234  [002] d..1.  1234.567890: kvm_entry: PC: 0xffff800008082000
//   96 [002] 1234.567890 kvm_entry: vcpu=0                        our own form of an event
//   # a comment, to the end of the line
//
// The columns of our own text, all optional: thread, [cpu], seconds, as ftrace orders them. After a
// call may follow its result, `<duration>` and a comment in /* */.
//
// Bounds: nesting_max levels, time linear in the line, no memory but the Call's nodes. Any bytes
// are fine. The Call refers to the line's text, so it lives no longer than that.
#pragma once
#include <cstdint>
#include <string_view>

#include "traces/call/call.hpp"
#include "traces/call/diagnostic.hpp"

namespace assay::traces {

enum class LineKind : std::uint8_t {
  call,  // `call` is filled in (also for a part of one: Call::part)
  blank,
  comment,    // # ...
  note,       // the tracer speaks of itself: "strace: Process 97 attached", stack frames
  malformed,  // `why` is filled in
};

LineKind read_line(std::string_view line, std::uint64_t line_number, Call& call, Diagnostic& why);

// "expected line of at most N bytes", for a line that a LineSource had to cut.
Diagnostic too_long(std::uint64_t line_number, std::size_t line_bytes_max);

}  // namespace assay::traces
