#include "model/coverage.hpp"

namespace assay {

std::size_t Coverage::jump_to(u32 rule, const Why& why) {
  if (next_ == 0) return index_of(rule, why);
  const std::size_t last = next_ - 1, expected = counters_[last].follower;
  if (is_at(expected, rule, why.hash)) return expected;
  const std::size_t found = index_of(rule, why);  // counters_ may have moved
  counters_[last].follower = found;
  return found;
}

std::size_t Coverage::index_of(u32 rule, const Why& why) {
  const auto [at, is_new] = index_.try_emplace(key(rule, why.hash), counters_.size() - 1);
  if (is_new) counters_.insert(counters_.end() - 1, {.rule = rule, .hash = why.hash, .id = why.id});
  return at->second;
}

const Coverage::Counter* Coverage::find(u32 rule, u32 hash) const {
  const auto at = index_.find(key(rule, hash));
  return at == index_.end() ? nullptr : &counters_[at->second];
}

void Coverage::merge(const Coverage& other) {
  other.each([&](const Counter& c) {
    Counter& mine = counters_[index_of(c.rule, Why::named(c.id))];
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
