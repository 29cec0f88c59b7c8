// What each descriptor of each process is at this point of a trace.
#pragma once
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "traces/bind/trace_event.hpp"

namespace assay::checker {

// A descriptor's object. `vm` is the checker's number of the VM (0 = none), `number` the rules'.
struct Handle : traces::Object {
  bool foreign = false;  // exists in the trace, not in the model: an answer we did not expect
};

class Handles {
 public:
  // The entry of a descriptor as the task sees it; kind none when nothing is known.
  const Handle& find(std::uint32_t tid, std::int32_t fd);
  void bind(std::uint32_t tid, std::int32_t fd, const Handle& handle);
  // Forgets it and returns what it was.
  Handle close(std::uint32_t tid, std::int32_t fd);
  // A new task, not `parent` itself, that shares the descriptors of `parent` or starts with a copy
  // of them. A task of that number may be known: its calls may stand in the trace before the one
  // that made it, or an earlier task's end was not shown. It leaves its process as in end_task.
  template <class F>
  void add_task(std::uint32_t parent, std::uint32_t child, bool shares, F&& f) {
    of(parent);  // counted, before the child leaves the process that both are in
    end_task(child, f);
    add_new_task(parent, child, shares);
  }
  // Forgets a task; calls f(handle) for every descriptor that dies with its process.
  template <class F>
  void end_task(std::uint32_t tid, F&& f) {
    auto task = process_of_.find(tid);
    if (task == process_of_.end()) return;
    std::uint32_t process = task->second;
    process_of_.erase(task);
    last_process_ = ~0u;  // the number may come back for another task
    if (--processes_[process].tasks != 0) return;
    for (const Handle& h : processes_[process].table)
      if (h.kind != traces::HandleKind::none) f(h);
    processes_[process] = Process{};
  }
  // Calls f(handle) for everything a fork duplicates; the caller counts references.
  template <class F>
  void each(std::uint32_t tid, F&& f) {
    for (const Handle& h : of(tid).table)
      if (h.kind != traces::HandleKind::none) f(h);
  }

 private:
  struct Process {
    std::vector<Handle> table;  // by descriptor
    std::uint32_t tasks = 0;
  };
  static constexpr std::int32_t descriptors_max = 1 << 20;
  Process& of(std::uint32_t tid);
  void add_new_task(std::uint32_t parent, std::uint32_t child, bool shares);

  std::vector<Process> processes_;
  std::unordered_map<std::uint32_t, std::uint32_t> process_of_;
  // Where of() found the task that it was asked for last; ~0: ask process_of_.
  std::uint32_t last_tid_ = 0;
  std::uint32_t last_process_ = ~0u;
};

}  // namespace assay::checker
