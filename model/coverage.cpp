#include "model/coverage.hpp"

namespace assay {

// Doubles the table before it is three quarters full, so that probing stays short and always ends.
Coverage::Counter& Coverage::claim(Counter& empty, u32 rule, const Why& why) {
  if (4 * (used_ + 1) > 3 * table_.size()) {
    std::vector<Counter> old(2 * table_.size());
    old.swap(table_);
    --shift_;
    used_ = 0;
    for (const Counter& c : old)
      if (c.id != nullptr) {
        Why key(c.id, "");
        Counter& moved = slot(c.rule, key);
        moved = c;
      }
    return slot(rule, why);
  }
  ++used_;
  empty.rule = rule;
  empty.hash = why.hash;
  empty.id = why.id;
  return empty;
}

const Coverage::Counter* Coverage::find(u32 rule, u32 hash) const {
  for (std::size_t at = home(rule, hash);; at = (at + 1) & (table_.size() - 1)) {
    const Counter& c = table_[at];
    if (c.id == nullptr) return nullptr;
    if (c.hash == hash && c.rule == rule) return &c;
  }
}

void Coverage::merge(const Coverage& other) {
  other.each([&](const Counter& c) {
    Counter& mine = slot(c.rule, Why(c.id, ""));
    mine.held += c.held;
    mine.not_held += c.not_held;
    mine.decided += c.decided;
  });
}

u64 Coverage::evaluations() const {
  u64 n = 0;
  each([&](const Counter& c) { n += c.held + c.not_held; });
  return n;
}

}  // namespace assay
