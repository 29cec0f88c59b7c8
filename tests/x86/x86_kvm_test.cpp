// x86 KVM as a system: how it is found, what is proved of it, and that it fuzzes.
#include "spec/x86_kvm.hpp"

#include "checker/prove/prove.hpp"
#include "spec/x86/profiles.hpp"
#include "tests/gen/judged.hpp"
#include "traces/abi/arm64/host_info.hpp"
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

TEST(X86Kvm, ALaboratoryMachineDescribesAHost) {
  traces::TraceHeader h;
  EXPECT_EQ(traces::read_host_info(
                "release=6.12.117+deb13-amd64\nmachine=x86_64\ncap.MAX_VCPUS=4096\n"
                "cap.MAX_VCPU_ID=16384\ncap.NR_MEMSLOTS=32764\ncap.VM_TYPES=1\ncap.TSC_CONTROL=0\n"
                "vendor=AuthenticAMD\ntsc_khz=2600000\nclocksource=tsc\n",
                h),
            "");
  EXPECT_EQ(h.profile, "linux-6.12-x86");
  const std::string text = traces::host_text(h.host);
  for (const char* fact : {"vendor=1", "vcpu_ids_max=16384", "tsc.khz_least=2599350",
                           "tsc.khz_most=2600650", "tsc.clock_is_tsc=1"})
    EXPECT_NE(text.find(fact), std::string::npos) << fact << " in " << text;
}

TEST(X86Kvm, EveryClaimOfAMigrationIsProvedAndRestsOnTheFormula) {
  prove::Options o = small();
  o.profile = find_profile("tsc-documented");
  o.names = {"kvmclock_never_goes_backwards", "guest_time_never_goes_backwards",
             "guest_time_differs_from_true_elapsed_time_by_at_most_the_bound"};
  for (const prove::Result& r : prove::prove(o).results)
    EXPECT_EQ(r.verdict, prove::Verdict::proved) << r.name << ": " << r.reason;
  Mutation m;
  m.kind = Mutation::Kind::drop;
  m.rule = x86_kvm().rule_named("migration_write_offset");
  m.first = Why::hash_of("offset_by_formula");
  o.mutation = &m;
  o.depth = 5;
  o.names = {"guest_time_never_goes_backwards"};
  const prove::Report report = prove::prove(o);
  ASSERT_EQ(report.results.size(), 1u);
  EXPECT_EQ(report.results[0].verdict, prove::Verdict::violated) << report.results[0].reason;
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
