// What the tests of gen/ share: a host, an oracle by the real checker, ready-made options.
#pragma once
#include <gtest/gtest.h>

#include "checker/judge.hpp"
#include "gen/campaign.hpp"
#include "gen/minimise.hpp"
#include "spec/system.hpp"
#include "tests/arm64.hpp"
#include "traces/header.hpp"

namespace assay::gen {

inline const Profile& profile_named(std::string_view name) { return *find_profile(name); }

// The knowledge of a profile is the same for all tests; making it takes a tenth of a second.
inline std::shared_ptr<const Knowledge> knowledge_of(const Profile& profile) {
  static std::map<std::string_view, std::shared_ptr<const Knowledge>> known;
  auto& k = known[profile.name];
  if (!k) k = learn(profile, traces::default_host(system_of(profile)));
  return k;
}

inline Generator generator_of(std::string_view profile, u64 seed = 1, GeneratorOptions o = {}) {
  const Profile& p = profile_named(profile);
  return Generator(p, traces::default_host(system_of(p)), seed, knowledge_of(p), o);
}

// Whether there is anything to perform: some systems have events only.
inline bool has_calls(const Profile& profile) {
  const Rules& rules = Rules::of(profile);
  for (u32 r = 0; r < rules.count(); ++r)
    if (rules.facts(r).is_call && rules.info(r).is_of(profile)) return true;
  return false;
}

inline std::optional<Violation> judge(const Program& p, const Answers& answers) {
  return checker::judge(p, answers);
}

inline CampaignOptions model_campaign(std::string_view profile, u64 cases,
                                      const Mutation* mutation = nullptr) {
  CampaignOptions o;
  o.profile = &profile_named(profile);
  o.host = traces::default_host();
  o.cases = cases;
  TargetOptions target;
  target.mutation = mutation;
  std::string error;
  o.target = target_factory("model", target, error);
  o.oracle = judge;
  return o;
}

// A defect of the model target, by the names of rule and checks.
inline Mutation mutation(std::string_view rule, const char* drop) {
  Mutation m;
  m.kind = Mutation::Kind::drop;
  m.rule = Rules::of(default_system()).binder().rule_named(rule);
  m.first = Why::hash_of(drop);
  return m;
}

// Whether the model with this defect still violates the check.
inline StillFails model_oracle(const Mutation& m, std::string key) {
  return [target = std::shared_ptr<Target>(make_model_target(&m)), key](const Program& p) {
    const std::vector<Answers> a = target->run({&p, 1});
    const std::optional<Violation> v = judge(p, a[0]);
    return v && v->key == key;
  };
}

}  // namespace assay::gen
