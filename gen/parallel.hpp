// Independent pieces of work on oneTBB.
#pragma once
#include <cstddef>
#include <functional>

namespace assay {

// Calls body(0) to body(count - 1), up to `jobs` at a time, and returns when all have returned.
// What the caller wrote before is visible to each body, and what they wrote is visible afterwards.
// More jobs than cores make sense where most of a job's time is waiting. An exception that a body
// throws reaches the caller.
void in_parallel(unsigned jobs, std::size_t count, const std::function<void(std::size_t)>& body);

}  // namespace assay
