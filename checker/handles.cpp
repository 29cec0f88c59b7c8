#include "checker/handles.hpp"

namespace assay::checker {
namespace {
const Handle nothing{};
}

// Tasks seen without their creation belong to the first process: a trace of one VMM that does not
// show clone() is the common case.
Handles::Process& Handles::of(std::uint32_t tid) {
  if (last_process_ != ~0u && tid == last_tid_) return processes_[last_process_];
  auto [task, is_new] = process_of_.try_emplace(tid, 0);
  if (processes_.empty()) processes_.emplace_back();
  if (is_new) ++processes_[0].tasks;
  last_tid_ = tid;
  last_process_ = task->second;
  return processes_[last_process_];
}

const Handle& Handles::find(std::uint32_t tid, std::int32_t fd) {
  const Process& p = of(tid);
  if (fd < 0 || static_cast<std::size_t>(fd) >= p.table.size()) return nothing;
  return p.table[static_cast<std::size_t>(fd)];
}

void Handles::bind(std::uint32_t tid, std::int32_t fd, const Handle& handle) {
  if (fd < 0 || fd >= descriptors_max) return;
  Process& p = of(tid);
  if (static_cast<std::size_t>(fd) >= p.table.size())
    p.table.resize(static_cast<std::size_t>(fd) + 1);
  p.table[static_cast<std::size_t>(fd)] = handle;
}

Handle Handles::close(std::uint32_t tid, std::int32_t fd) {
  Process& p = of(tid);
  if (fd < 0 || static_cast<std::size_t>(fd) >= p.table.size()) return {};
  Handle was = p.table[static_cast<std::size_t>(fd)];
  p.table[static_cast<std::size_t>(fd)] = {};
  return was;
}

void Handles::add_new_task(std::uint32_t parent, std::uint32_t child, bool shares) {
  Process& p = of(parent);
  std::uint32_t process = last_process_;
  if (!shares) {
    Process copy{p.table, 0};
    process = static_cast<std::uint32_t>(processes_.size());
    processes_.push_back(std::move(copy));
  }
  process_of_[child] = process;
  ++processes_[process].tasks;
}

}  // namespace assay::checker
