#include "checker/state_before.hpp"

#include <algorithm>
#include <cstring>

namespace assay::checker {
namespace {

const std::byte* bytes(const void* p) { return static_cast<const std::byte*>(p); }

// f(table, copy) for each table of a state. Entries of tables hold no tables of their own.
template <class T, class F>
void each_table(const T& t, T& copy, F& f) {
  if constexpr (AnyTable<T>) {
    f(t, copy);
  } else if constexpr (Record<T>) {
    [&]<auto... P>(Members<P...>) { (each_table(t.*P, copy.*P, f), ...); }
    (T::fields());
  }
}

}  // namespace

void StateBefore::list_stretches() {
  stretches_.clear();
  const auto add = [&](const void* from, std::size_t size, void* to) {
    stretches_.push_back({bytes(from), bytes(from) + size, static_cast<std::byte*>(to)});
  };
  add(state_, sizeof *state_, &before_);
  auto table = [&](const auto& t, auto& copy) {
    t.each_chunk([&](std::size_t first, const auto& chunk) {
      add(&chunk, sizeof chunk, static_cast<void*>(&copy[first]));
    });
  };
  each_table(*state_, before_, table);
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
