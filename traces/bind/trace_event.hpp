// What a checker consumes: one call, bound to the rule it belongs to.
//
// Readers (text, strace, ftrace, capture, binary) produce these; the checker, the minimiser and
// the targets consume them. Descriptors are still plain numbers here: which VM or vCPU a number
// means at this point of the trace is the checker's knowledge.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

#include "model/event.hpp"
#include "spec/unruled.hpp"
#include "traces/call/descriptor.hpp"

namespace assay::traces {

enum class TraceKind : std::uint8_t {
  rule,        // `event` holds the rule and its arguments
  opaque,      // one of the rules of `family`, the arguments hidden behind a pointer
  open_kvm,    // /dev/kvm was opened as new_fd
  close,       // of fd
  dup,         // of fd as new_fd
  thread,      // tid created new_fd (a task id) that shares its descriptors
  process,     // the same, with a copy of them
  task_exit,   // tid ended
  unmodelled,  // a KVM call that no rule describes; `name` says which
  lost,        // records are missing here (event.value[0] of them)
  ignored,     // nothing to do with KVM; the last that binary traces store bound
  kernel_log,  // what the kernel logged; `name` is the text as the trace writes it
};

struct TraceEvent {
  TraceKind kind = TraceKind::ignored;
  HandleKind on = HandleKind::none;  // what fd is, if the trace decorates it (strace -y)
  bool untold = false;               // all arguments are hidden, and the rule speaks of that
  std::int32_t on_id = -1;           // the id in <anon_inode:kvm-vcpu:ID>; -1: not told
  std::int32_t fd = -1;
  std::int32_t new_fd = -1;  // the descriptor (or task) that the call made
  std::uint32_t family = 0;  // Binder's number of the ioctl, for opaque calls
  std::uint32_t tid = 0;
  std::int32_t cpu = -1;
  std::uint64_t line = 0;  // in the source; 0 for binary sources
  std::uint64_t time_ns = 0;
  std::int64_t result = 0;  // as shown, -1 for errors
  std::string_view name;    // "KVM_GET_ONE_REG"; lives as long as the source line
  // A call that no rule describes, or that may be one: what its success may change, by what it was
  // made on.
  MayChange changes_on_vcpu, changes_elsewhere;
  Event event;
};

// Copies an event with as many values as its rule has arguments; what `to` holds of others is left.
// An assignment copies all sixteen, which was a twentieth of judging a call.
inline void copy_values(const TraceEvent& from, std::size_t arguments, TraceEvent& to) {
  static_assert(std::is_trivially_copyable_v<TraceEvent> && std::is_standard_layout_v<TraceEvent>);
  constexpr std::size_t before_values = offsetof(TraceEvent, event) + offsetof(Event, value);
  std::memcpy(&to, &from, before_values + arguments * sizeof(u64));
}

}  // namespace assay::traces
