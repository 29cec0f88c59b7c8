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

const StateBefore::Stretch* StateBefore::find(const void* place) const {
  auto after = std::upper_bound(stretches_.begin(), stretches_.end(), bytes(place),
                                [](const std::byte* p, const Stretch& s) { return p < s.begin; });
  if (after == stretches_.begin()) return nullptr;
  const Stretch& s = *--after;
  return bytes(place) < s.end ? &s : nullptr;
}

void StateBefore::follow(const Journal& journal) {
  for (const Journal::Entry& e : journal.entries()) {
    const Stretch* s = find(e.place);
    if (s == nullptr) {
      list_stretches();
      s = find(e.place);
    }
    std::memcpy(s->copy + (bytes(e.place) - s->begin), e.place, e.bytes);
  }
}

}  // namespace assay::checker
