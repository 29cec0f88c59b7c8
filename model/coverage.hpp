// How often each check of each rule was seen true and false.
//
// Keyed by the rule's number and the hash of the check's id, in a small open-addressing table: a
// lookup costs a few nanoseconds, so coverage stays on while checking traces.
#pragma once
#include <cstddef>
#include <vector>

#include "model/why.hpp"

namespace assay {

class Coverage {
 public:
  struct Counter {
    u32 rule = 0;
    u32 hash = 0;
    const char* id = nullptr;
    u64 held = 0;      // evaluated to true
    u64 not_held = 0;  // evaluated to false
    u64 decided = 0;   // was the first that held: it gave the answer
  };

  void seen(u32 rule, const Why& why, bool held, bool decided) {
    Counter& c = slot(rule, why);
    c.held += held ? 1 : 0;
    c.not_held += held ? 0 : 1;
    c.decided += decided ? 1 : 0;
  }
  const Counter* find(u32 rule, u32 hash) const;
  void merge(const Coverage& other);
  u64 evaluations() const;
  template <class F>
  void each(F&& f) const {
    for (const Counter& c : table_)
      if (c.id != nullptr) f(c);
  }

 private:
  // Multiplicative hashing: a specification's few hundred checks hardly ever collide.
  std::size_t home(u32 rule, u32 hash) const {
    return ((hash ^ rule * 0x9e3779b1u) * u64{0x9e3779b97f4a7c15u}) >> shift_;
  }
  Counter& slot(u32 rule, const Why& why) {
    for (std::size_t at = home(rule, why.hash);; at = (at + 1) & (table_.size() - 1)) {
      Counter& c = table_[at];
      if (c.hash == why.hash && c.rule == rule && c.id != nullptr) return c;
      if (c.id == nullptr) return claim(c, rule, why);
    }
  }
  Counter& claim(Counter& empty, u32 rule, const Why& why);

  static constexpr unsigned bits_at_first = 11;
  std::vector<Counter> table_ = std::vector<Counter>(std::size_t{1} << bits_at_first);
  unsigned shift_ = 64 - bits_at_first;
  std::size_t used_ = 0;
};

}  // namespace assay
