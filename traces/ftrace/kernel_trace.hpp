// What ftrace wrote while calls were captured: where the kernel entered a guest, left it, and which
// tasks took turns meanwhile.
//
// Read whole: binding an event needs the call around it, which a capture holds only once the call
// has returned. The text is the tracer's (`trace`, `trace_pipe`, trace-cmd report); lines of other
// events are counted and dropped.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "traces/text/line_source.hpp"

namespace assay::traces {

struct KernelEvent {
  enum class Kind : std::uint8_t { entry, exit, task_switch };
  Kind kind = Kind::entry;
  std::uint32_t tid = 0;   // the thread it happened in; of a switch: which leaves the CPU
  std::uint32_t next = 0;  // of a switch: which takes it
  std::int32_t cpu = -1;
  std::uint64_t time_ns = 0;  // as printed: microseconds, rounded
  std::uint64_t line = 0;
  std::string text;  // of an entry or exit what follows its name; of a switch the whole line
};

struct KernelTrace {
  std::vector<KernelEvent> events;  // by time; equal times as in the text
  std::uint64_t others = 0;         // events of other kinds
  std::uint64_t lost = 0;           // that the tracer says it lost; a minimum
  // The header says how much was written and all of it is here. A text without that header (of
  // trace_pipe, of trace-cmd) cannot vouch for itself.
  bool vouched = false;
  std::uint64_t first_ns = 0, last_ns = 0;  // of all events
};

// How far a printed stamp may be from the moment: microseconds, rounded or cut.
inline constexpr std::uint64_t stamp_error_ns = 1000;

// PATH ("-" is standard input). False: `why` says where it went wrong, `line` is that line.
bool read_kernel_trace(const std::string& path, KernelTrace& out, Diagnostic& why,
                       std::string& line);

}  // namespace assay::traces
