#include <filesystem>
#include <fstream>
#include <sstream>

#include "gen/defects.hpp"
#include "tests/gen/judged.hpp"

namespace assay::gen {
namespace {

std::string report(const CampaignSummary& s) {
  std::string out;
  for (const Finding& f : s.findings) {
    out += f.violation.key + " @" + std::to_string(f.number) + "\n" + text_of(f.program, f.answers);
  }
  return out;
}

TEST(Campaign, a_correct_target_has_no_findings) {
  for (const Profile& profile : all_profiles()) {
    CampaignOptions o = model_campaign(profile.name, 2000);
    o.generator.vary_host = true;
    const CampaignSummary s = run_campaign(o);
    if (s.error.find("describes no calls") != std::string::npos) continue;  // events only
    EXPECT_EQ(report(s).substr(0, 3000), "") << profile.name;
    EXPECT_EQ(s.cases, 2000u);
    EXPECT_EQ(s.not_run, 0u);
    EXPECT_GT(s.executed, 20000u);
    EXPECT_GT(s.coverage.evaluations(), s.executed);
  }
}

TEST(Campaign, findings_do_not_depend_on_the_number_of_jobs) {
  const Mutation wrong = mutation("create_vcpu", "id_beyond_max");
  CampaignOptions o = model_campaign("linux-6.12", 3000, &wrong);
  const CampaignSummary one = run_campaign(o);
  ASSERT_FALSE(one.findings.empty());
  for (unsigned jobs : {2u, 4u}) {
    o.jobs = jobs;
    const CampaignSummary many = run_campaign(o);
    EXPECT_EQ(report(many), report(one)) << jobs;
    EXPECT_EQ(many.by_key, one.by_key);
    EXPECT_EQ(many.operations, one.operations);
  }
}

TEST(Campaign, the_quick_look_hides_nothing) {
  const Mutation wrong = mutation("pmu_set_irq", "no_irqchip");
  CampaignOptions o = model_campaign("linux-7.2", 2000, &wrong);
  const CampaignSummary quick = run_campaign(o);
  o.quick_look = false;
  EXPECT_EQ(report(run_campaign(o)), report(quick));
}

TEST(Campaign, a_stop_flag_ends_it_with_what_was_done) {
  std::atomic<bool> stop = false;
  CampaignOptions o = model_campaign("linux-6.12", 1u << 30);
  o.stop = &stop;
  o.on_progress = [&](const Progress& p) {
    if (p.cases >= 1000) stop = true;
  };
  const CampaignSummary s = run_campaign(o);
  EXPECT_TRUE(s.interrupted);
  EXPECT_GE(s.cases, 1000u);
  EXPECT_LT(s.cases, 5000u);
}

TEST(Campaign, enough_findings_end_it) {
  const Mutation wrong = mutation("create_vcpu", "id_beyond_max");
  CampaignOptions o = model_campaign("linux-6.12", 20000, &wrong);
  o.findings_max = 1;
  const CampaignSummary s = run_campaign(o);
  EXPECT_EQ(s.findings.size(), 1u);
  EXPECT_LT(s.cases, o.cases);
}

TEST(Campaign, a_time_budget_is_kept) {
  CampaignOptions o = model_campaign("linux-6.12", 0);
  o.time = std::chrono::milliseconds(300);
  const CampaignSummary s = run_campaign(o);
  EXPECT_GT(s.cases, 0u);
  EXPECT_LT(s.seconds, 5.0);
}

TEST(Campaign, writes_findings_that_read_back_as_violations) {
  const std::string corpus = testing::TempDir() + "assay-corpus-" + std::to_string(getpid());
  const Mutation wrong = mutation("vgic_set_dist", "unaligned");
  CampaignOptions o = model_campaign("linux-6.12", 2000, &wrong);
  o.corpus = corpus;
  const CampaignSummary s = run_campaign(o);
  EXPECT_EQ(s.error, "");
  ASSERT_FALSE(s.findings.empty());
  for (const Finding& f : s.findings) {
    std::ifstream in(f.file);
    std::stringstream text;
    text << in.rdbuf();
    const ProgramText read = read_program(text.str());
    ASSERT_EQ(read.error, "") << f.file;
    const auto v = judge(read.program, read.answers);
    ASSERT_TRUE(v) << text.str();
    EXPECT_EQ(v->key, f.violation.key);
  }
  std::filesystem::remove_all(corpus);
}

struct Seeded {
  const char* profile;
  const char* rule;
  const char* check;
};

struct SeededDefect : testing::TestWithParam<Seeded> {};

TEST_P(SeededDefect, is_found_and_minimised_to_a_dozen_calls) {
  const Mutation wrong = mutation(GetParam().rule, GetParam().check);
  CampaignOptions o = model_campaign(GetParam().profile, 20000, &wrong);
  o.findings_max = 1;
  const CampaignSummary s = run_campaign(o);
  ASSERT_FALSE(s.findings.empty());
  const Finding& f = s.findings.front();
  MinimiseOptions m;
  m.oracle = model_oracle(wrong, f.violation.key);
  m.operation = f.violation.operation;
  const MinimiseResult r = minimise(f.program, m);
  EXPECT_TRUE(r.reproduced);
  EXPECT_TRUE(r.minimal);
  EXPECT_LE(r.program.operations.size(), 12u) << text_of(r.program);
}

INSTANTIATE_TEST_SUITE_P(
    Defects, SeededDefect,
    testing::Values(Seeded{"linux-6.1", "pmu_set_irq", "no_irqchip"},
                    Seeded{"linux-6.12", "vcpu_init", "features_differ"},
                    Seeded{"linux-6.12", "set_user_memory_region", "overlap"},
                    Seeded{"linux-6.12", "vcpu_run", "dist_not_set"},
                    Seeded{"linux-7.2", "pmu_set_other", "too_many_counters"},
                    Seeded{"linux-7.2", "vgic_set_redist_region", "overlaps_region"},
                    Seeded{"linux-6.12", "pmu_set_pmu", "filter_set"}),
    [](const auto& info) { return std::string(info.param.rule) + "_" + info.param.check; });

// --- other programs as targets -------------------------------------------------------------------

CampaignOptions command_campaign(const std::string& command, u64 cases) {
  CampaignOptions o = model_campaign("linux-6.12", cases);
  std::string error;
  TargetOptions target;
  target.timeout_seconds = 10;
  o.target = target_factory("cmd:" + command, target, error);
  EXPECT_EQ(error, "");
  return o;
}

TEST(CommandTarget, a_program_that_makes_everything_is_found_out) {
  // Echoing a program answers its makers, and nothing else, with success.
  const CampaignSummary s = run_campaign(command_campaign("cat", 200));
  EXPECT_EQ(s.not_run, 0u);
  EXPECT_TRUE(s.by_key.contains("create_vm.unknown_type_bits")) << report(s).substr(0, 2000);
  EXPECT_EQ(s.crashes, 0u);
}

TEST(CommandTarget, answers_of_all_calls_are_judged) {
  const CampaignSummary s =
      run_campaign(command_campaign("sed -E 's/^([0-9]+ ioctl.*[)])$/\\1 = 0/'", 60));
  EXPECT_EQ(s.not_run, 0u);
  EXPECT_GT(s.by_key.size(), 20u);
}

TEST(CommandTarget, what_its_kernel_logs_is_a_finding_by_the_top_frames) {
  const std::string warning =
      "WARNING: CPU: 0 PID: 1 at a.c:1 init_badly+0x1/0x2\\\\x0a";  // through sh and sed
  const CampaignSummary s = run_campaign(command_campaign(
      "sed -E 's/^([0-9]+ ioctl.*[)])$/\\1 = 0/; /KVM_ARM_VCPU_INIT/a kernel_log: text=\"" +
          warning + "\"'",
      20));
  const char* name = "WARNING in init_badly";
  ASSERT_TRUE(s.by_key.contains(name)) << report(s).substr(0, 2000);
  EXPECT_GT(s.logs_read, 0u);
  EXPECT_GE(s.reports, s.logs_read);
  const auto finding = std::find_if(s.findings.begin(), s.findings.end(),
                                    [&](const Finding& f) { return f.violation.key == name; });
  ASSERT_NE(finding, s.findings.end());
  const std::size_t at = finding->violation.operation;
  EXPECT_EQ(std::string(system_rules()[finding->program.operations[at].event.rule].name),
            "vcpu_init");
  // What is kept of it holds the report, and reads back as the same finding.
  const ProgramText kept = read_program(text_of(finding->program, finding->answers));
  ASSERT_FALSE(kept.answers.log.empty());
  const std::vector<Violation> again = defects_of(kept.program, kept.answers);
  ASSERT_FALSE(again.empty());
  EXPECT_EQ(again.front().key, name);
}

TEST(CommandTarget, one_that_dies_in_a_program_crashed_there) {
  CampaignOptions o = command_campaign("head -n 9", 3);
  const CampaignSummary s = run_campaign(o);
  EXPECT_EQ(s.crashes, 3u);
  EXPECT_EQ(s.not_run, 0u);
}

// More than a pipe holds is written to it: the end of its reader is no end of the campaign.
TEST(CommandTarget, one_that_reads_nothing_ends_itself_only) {
  CampaignOptions o = command_campaign("exec true", 64);
  o.generator.length_min = o.generator.length_max = 40;
  const CampaignSummary s = run_campaign(o);
  EXPECT_EQ(s.cases, 64u);
  EXPECT_EQ(s.not_run + s.crashes, 64u);
}

TEST(CommandTarget, one_that_cannot_be_started_runs_nothing) {
  const CampaignSummary s = run_campaign(command_campaign("/nonexistent/program", 3));
  EXPECT_EQ(s.not_run, 3u);
  EXPECT_TRUE(s.findings.empty());
}

TEST(TargetFactory, says_what_is_wrong) {
  for (const char* description : {"lab:6.1", "device:/dev/null", "device:/dev/kvm", "moon:1", ""}) {
    std::string error;
    EXPECT_FALSE(target_factory(description, {}, error)) << description;
    EXPECT_NE(error, "") << description;
  }
}

// A kernel may be a path, also one with a colon; what has a slash behind the colon is no machine.
TEST(Campaign, LaboratoryNamesAKernelAndAMachine) {
  auto names = [](const char* description) {
    const LabNames n = lab_names(description);
    return n.kernel + " " + n.machine;
  };
  EXPECT_EQ(names("lab:6.12"), "6.12 standard");
  EXPECT_EQ(names("lab:6.12:bare"), "6.12 bare");
  EXPECT_EQ(names("lab:./Image"), "./Image standard");
  EXPECT_EQ(names("lab:/a:b/Image:halfpmu"), "/a:b/Image halfpmu");
  EXPECT_EQ(names("lab:/a:b/Image"), "/a:b/Image standard");
  TargetOptions options;
  options.lab_script = "lab.sh";
  std::string error;
  EXPECT_TRUE(target_factory("lab:/a/Image:bare", options, error)) << error;
  EXPECT_FALSE(target_factory("lab:/a/Image:moon", options, error));
  EXPECT_NE(error.find("standard, biglittle, halfpmu, bare or amd"), std::string::npos) << error;
}

}  // namespace
}  // namespace assay::gen
