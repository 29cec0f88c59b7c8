// How often each check of each rule was seen true and false.
//
// Counters lie in the order in which checks were first seen, which is the order of the rules' text:
// the next check of a step is almost always the next counter. Otherwise it mostly is the one that
// came after the last counter before (the first check of the next event), and else a hash of the
// rule's number and the check's id finds it. So coverage stays on while checking traces.
#pragma once
#include <cstddef>
#include <unordered_map>
#include <vector>

#include "model/why.hpp"

namespace assay {

class Coverage {
 public:
  struct Counter {
    u32 rule = 0;
    u32 hash = 0;
    const char* id = nullptr;
    u64 held = 0;              // evaluated to true
    u64 not_held = 0;          // evaluated to false
    u64 decided = 0;           // was the first that held: it gave the answer
    std::size_t follower = 0;  // the counter that was seen after this one where it was not the next
  };

  void seen(u32 rule, const Why& why, bool held, bool decided) {
    if (!is_at(next_, rule, why.hash)) [[unlikely]]
      next_ = jump_to(rule, why);
    Counter& c = counters_[next_++];
    if (held) [[unlikely]] {
      ++c.held;
      c.decided += decided ? 1 : 0;
    } else {
      ++c.not_held;
    }
  }
  const Counter* find(u32 rule, u32 hash) const;
  void merge(const Coverage& other);
  u64 evaluations() const;
  template <class F>
  void each(F&& f) const {
    for (const Counter& c : counters_)
      if (c.id != nullptr) f(c);
  }

 private:
  static u64 key(u32 rule, u32 hash) { return u64{rule} << 32 | hash; }
  bool is_at(std::size_t i, u32 rule, u32 hash) const {
    return counters_[i].hash == hash && counters_[i].rule == rule;
  }
  // Where the counter of a check is that is not the next one.
  std::size_t jump_to(u32 rule, const Why& why);
  std::size_t index_of(u32 rule, const Why& why);

  // The last is no check's: next_ is always that of a counter.
  std::vector<Counter> counters_{{.rule = UINT32_MAX}};
  std::unordered_map<u64, std::size_t> index_;
  std::size_t next_ = 0;  // the counter that is expected to be seen next
};

}  // namespace assay
