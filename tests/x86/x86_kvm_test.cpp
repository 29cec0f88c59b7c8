// x86 KVM as a system: how it is found, what is proved of it, and that it fuzzes.
#include "spec/x86_kvm.hpp"

#include "checker/prove/prove.hpp"
#include "spec/x86/profiles.hpp"
#include "tests/gen/judged.hpp"
#include "traces/header.hpp"

namespace assay {
namespace {

std::string_view name_of(const Profile* p) { return p != nullptr ? p->name : "none"; }

TEST(X86Kvm, IsFoundByMachineProfileAndKernel) {
  EXPECT_EQ(system_of_machine("x86_64"), &x86_kvm());
  EXPECT_EQ(&system_of(*find_profile("linux-6.1-x86")), &x86_kvm());
  EXPECT_EQ(name_of(traces::profile_of_kernel("6.1.0-51-amd64", "x86_64")), "linux-6.1-x86");
  EXPECT_EQ(traces::profile_of_kernel("6.13.0", "x86_64"), nullptr);
  EXPECT_EQ(name_of(x86::profile_for_release("6.13.0")), "linux-6.12-x86");
  EXPECT_EQ(name_of(x86::profile_for_release("5.4.0")), "linux-6.1-x86");
  EXPECT_EQ(x86::profile_for_release("6"), nullptr);
  EXPECT_EQ(x86::profile_for_release("six"), nullptr);
}

prove::Options small() {
  prove::Options o;
  o.profile = find_profile("linux-6.1-x86");
  o.shape = x86_kvm().usual_shape();
  o.depth = 4;
  return o;
}

TEST(X86Kvm, EveryClaimOfItsLifeCycleIsProved) {
  prove::Options o = small();
  o.names = {"x86_online_counts_vcpus", "x86_vcpu_ids_are_unique", "x86_absent_vcpu_is_blank"};
  const prove::Report report = prove::prove(o);
  ASSERT_TRUE(report.refusal.empty()) << report.refusal;
  ASSERT_EQ(report.results.size(), 3u);
  for (const prove::Result& r : report.results)
    EXPECT_EQ(r.verdict, prove::Verdict::proved) << r.name << ": " << r.reason;
}

TEST(X86Kvm, IdsRestOnTheCheckForDuplicates) {
  Mutation m;
  m.kind = Mutation::Kind::drop;
  m.rule = x86_kvm().rule_named("x86_create_vcpu");
  m.first = Why::hash_of("duplicate_id");
  prove::Options o = small();
  o.mutation = &m;
  o.names = {"x86_vcpu_ids_are_unique"};
  const prove::Report report = prove::prove(o);
  ASSERT_EQ(report.results.size(), 1u);
  EXPECT_EQ(report.results[0].verdict, prove::Verdict::violated) << report.results[0].reason;
}

TEST(X86Kvm, ItsOwnModelFuzzesClean) {
  gen::CampaignOptions o = gen::model_campaign("linux-6.1-x86", 200, nullptr);
  o.host = traces::default_host(x86_kvm());
  const gen::CampaignSummary s = gen::run_campaign(o);
  EXPECT_TRUE(s.error.empty()) << s.error;
  EXPECT_TRUE(s.findings.empty());
  EXPECT_GT(s.executed, 1000u);
}

}  // namespace
}  // namespace assay
