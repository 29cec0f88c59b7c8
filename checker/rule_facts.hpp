// What feeding an event asks of its rule, looked up once for each rule.
#pragma once
#include <algorithm>
#include <vector>

#include "traces/bind/binder.hpp"

namespace assay::checker {

struct RuleFacts {
  int task = -1, cpu = -1;  // positions of these arguments; -1: it has none
  u64 cpu_not_told = 0;     // the value of `cpu` that says so
  bool is_of_profile = false;
  bool is_event = false;                                // in ftrace form
  traces::HandleKind makes = traces::HandleKind::none;  // what a success creates
  std::vector<traces::HandleKind> on;                   // what it can be called on

  bool is_of_machine() const { return on.front() == traces::HandleKind::machine; }
  bool fits(traces::HandleKind kind) const {
    return std::find(on.begin(), on.end(), kind) != on.end();
  }
};

// Of every rule, by number.
std::vector<RuleFacts> rule_facts(const traces::Binder& binder, const Profile& profile);

}  // namespace assay::checker
