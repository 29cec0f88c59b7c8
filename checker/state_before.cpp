#include "checker/state_before.hpp"

#include <algorithm>
#include <cstring>

namespace assay::checker {
namespace {

const std::byte* bytes(const void* p) { return static_cast<const std::byte*>(p); }

}  // namespace

void StateBefore::list_stretches() {
  stretches_.clear();
  state_->ops().each_stretch(
      state_->address(), before_.address(), [&](const void* from, std::size_t size, void* to) {
        stretches_.push_back({bytes(from), bytes(from) + size, static_cast<std::byte*>(to)});
      });
  std::sort(stretches_.begin(), stretches_.end(),
            [](const Stretch& a, const Stretch& b) { return a.begin < b.begin; });
}

const StateBefore::Stretch* StateBefore::find(const void* place) {
  // A step mostly writes to one vCPU, or to what the VM holds by itself.
  if (last_ < stretches_.size() && bytes(place) >= stretches_[last_].begin &&
      bytes(place) < stretches_[last_].end)
    return &stretches_[last_];
  auto after = std::upper_bound(stretches_.begin(), stretches_.end(), bytes(place),
                                [](const std::byte* p, const Stretch& s) { return p < s.begin; });
  if (after == stretches_.begin()) return nullptr;
  const Stretch& s = *--after;
  if (bytes(place) >= s.end) return nullptr;
  last_ = static_cast<std::size_t>(after - stretches_.begin());
  return &s;
}

void StateBefore::follow(const Journal& journal) {
  for (const Journal::Entry& e : journal.entries()) {
    const Stretch* s = find(e.place);
    if (s == nullptr) [[unlikely]] {
      list_stretches();
      s = find(e.place);
    }
    std::memcpy(s->copy + (bytes(e.place) - s->begin), e.place, e.bytes);
  }
}

}  // namespace assay::checker
