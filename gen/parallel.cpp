#include "gen/parallel.hpp"

#include <tbb/blocked_range.h>
#include <tbb/global_control.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <mutex>

namespace assay {
namespace {

// The library orders what happens before, in and after a task, but ThreadSanitizer does not see
// into it: passing through this mutex says the same in terms that it does see. One for all, made
// before any thread is.
std::mutex handover;
void pass() { const std::lock_guard lock(handover); }

}  // namespace

void in_parallel(unsigned jobs, std::size_t count, const std::function<void(std::size_t)>& body) {
  const unsigned threads = std::max(1u, jobs);
  pass();
  tbb::global_control allow(tbb::global_control::max_allowed_parallelism, threads);
  tbb::task_arena arena(static_cast<int>(threads));
  arena.execute([&] {
    tbb::parallel_for(
        tbb::blocked_range<std::size_t>(0, count, 1),
        [&](const auto& range) {
          pass();
          for (std::size_t i = range.begin(); i != range.end(); ++i) body(i);
          pass();
        },
        tbb::simple_partitioner{});
  });
  pass();
}

}  // namespace assay
