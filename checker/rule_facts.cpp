#include "checker/rule_facts.hpp"

#include <cstdio>
#include <cstdlib>

namespace assay::checker {

std::vector<RuleFacts> rule_facts(const traces::Binder& binder, const Profile& profile) {
  if (&binder.system() != &system_of(profile)) {  // numbers of rules would mean other rules
    std::fprintf(stderr, "assay: internal error: calls bound by another system's rules\n");
    std::abort();
  }
  std::vector<RuleFacts> all;
  for (std::uint32_t r = 0; r < binder.rule_count(); ++r) {
    const RuleInfo& rule = binder.rule(r);
    const traces::Pattern& pattern = binder.pattern(r);
    RuleFacts& f = all.emplace_back();
    f.task = rule.position("task");
    f.cpu = rule.position("cpu");
    if (f.cpu >= 0) f.cpu_not_told = rule.arguments[static_cast<std::size_t>(f.cpu)].initial;
    f.is_of_profile = rule.is_of(profile);
    f.is_event = pattern.is_event;
    f.makes = pattern.makes;
    f.on = pattern.on;
  }
  return all;
}

}  // namespace assay::checker
