// Guest PEBS: what is proved of the merged code, and what saves the slow path.
#include <gtest/gtest.h>

#include <map>

#include "checker/prove/prove.hpp"
#include "spec/x86_kvm.hpp"

namespace assay {
namespace {

// One vCPU on one CPU: nothing of PEBS is between vCPUs but who uses it on a CPU.
prove::Report proved(std::string_view profile, const Mutation* mutation = nullptr) {
  prove::Options o;
  o.profile = find_profile(profile);
  o.shape.size = {1, 1};
  o.depth = 0;
  o.mutation = mutation;
  return prove::prove(o);
}

std::map<std::string, prove::Verdict> verdicts(const prove::Report& report) {
  std::map<std::string, prove::Verdict> out;
  for (const prove::Result& r : report.results) out[r.name] = r.verdict;
  return out;
}

TEST(GuestPebs, MergedCodeKeepsRecordsRightAndApartFromTheHosts) {
  const prove::Report report = proved("linux-6.1-x86");
  ASSERT_TRUE(report.refusal.empty()) << report.refusal;
  const auto seen = verdicts(report);
  for (const char* name :
       {"no_record_past_absolute_maximum", "guest_pebs_disabled_while_host_uses_pebs",
        "cross_mapped_counters_have_no_pebs", "index_monotone_until_reset",
        "guest_sees_only_virtual_counter_indexes", "pmi_only_after_rewrite"}) {
    ASSERT_TRUE(seen.contains(name)) << name;
    EXPECT_EQ(seen.at(name), prove::Verdict::proved) << name;
  }
  // A cross-mapped counter loses its records.
  EXPECT_NE(seen.at("only_the_hosts_pebs_costs_records"), prove::Verdict::proved);
}

// A guest may drain its buffer where it changes tasks, without an interrupt: a threshold of one
// record is what comes before that.
TEST(LongGuestPebs, OneRecordThresholdCarriesTheSlowPath) {
  Mutation drop;
  drop.kind = Mutation::Kind::drop;
  drop.rule = x86_kvm().rule_named("kvm_pebs_enter");
  drop.first = Why::hash_of("threshold_was_limited");
  ASSERT_NE(drop.rule, Event::no_rule);
  const auto with_it = verdicts(proved("pebs-v3-intent"));
  const auto without = verdicts(proved("pebs-v3-intent", &drop));
  for (const char* name : {"one_record_threshold", "guest_sees_only_virtual_counter_indexes"}) {
    EXPECT_EQ(with_it.at(name), prove::Verdict::proved) << name;
    EXPECT_NE(without.at(name), prove::Verdict::proved) << name;
  }
  EXPECT_EQ(without.at("guest_pebs_disabled_while_host_uses_pebs"), prove::Verdict::proved);
}

}  // namespace
}  // namespace assay
