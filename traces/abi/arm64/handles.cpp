#include "traces/abi/arm64/handles.hpp"

namespace assay::traces {

void HandleMap::set(std::int32_t number, Descriptor descriptor) {
  if (number < 0) return;
  if (descriptor.kind == HandleKind::none) return close(number);
  if (map_.size() >= entries_max && !map_.contains(number)) return;
  map_[number] = descriptor;
}

Descriptor HandleMap::find(std::int32_t number) const {
  const auto found = map_.find(number);
  return found == map_.end() ? Descriptor{} : found->second;
}

}  // namespace assay::traces
