// What the descriptors of a binary capture stand for, from call to call: nothing decorates them.
#pragma once
#include <unordered_map>

#include "traces/call/descriptor.hpp"

namespace assay::traces {

class HandleMap {
 public:
  // Descriptors are few; a stream that pretends otherwise must not cost memory.
  static constexpr std::size_t entries_max = 1 << 20;

  void clear() { map_.clear(); }
  void set(std::int32_t number, Descriptor descriptor);  // also for a number that is used again
  void close(std::int32_t number) { map_.erase(number); }
  Descriptor find(std::int32_t number) const;  // kind none if unknown

 private:
  std::unordered_map<std::int32_t, Descriptor> map_;
};

}  // namespace assay::traces
