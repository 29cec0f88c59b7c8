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
    ++(held ? c.held : c.not_held);
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
  Counter& slot(u32 rule, const Why& why) {
    std::size_t mask = table_.size() - 1;
    for (std::size_t at = (why.hash ^ rule * 0x9e3779b1u) & mask;; at = (at + 1) & mask) {
      Counter& c = table_[at];
      if (c.id != nullptr && c.hash == why.hash && c.rule == rule) return c;
      if (c.id == nullptr) return claim(c, rule, why);
    }
  }
  Counter& claim(Counter& empty, u32 rule, const Why& why);

  std::vector<Counter> table_ = std::vector<Counter>(1024);
  std::size_t used_ = 0;
};

}  // namespace assay
