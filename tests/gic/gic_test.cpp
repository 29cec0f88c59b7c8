// The system gic-migration: its traces are judged as they say, each check of an unlawful one is
// needed, and the claims come out as MIGRATION.md says.
#include <filesystem>
#include <random>
#include <set>

#include "checker/prove/prove.hpp"
#include "checker/prove/replay.hpp"
#include "gen/campaign.hpp"
#include "tests/checker/checked.hpp"
#include "tests/gen/judged.hpp"

namespace assay {
namespace {

namespace fs = std::filesystem;
using checker::Report;
using checker::Verdict;

struct GicTrace {
  std::string path, name, expect;
  const Profile* profile = nullptr;
};

std::vector<GicTrace> traces_in(const std::string& folder) {
  std::vector<GicTrace> out;
  for (const auto& entry : fs::directory_iterator(std::string(GIC_TRACES "/") + folder)) {
    GicTrace t{entry.path().string(), entry.path().filename().string(), "", nullptr};
    traces::TraceSink sink;
    sink.header = [&](const traces::TraceHeader& h) {
      t.expect = h.expect;
      t.profile = find_profile(h.profile);
    };
    sink.event = [](const traces::TraceEvent&, std::string_view) { return true; };
    traces::ReadFailure failure;
    EXPECT_EQ(read_trace(t.path, traces::Format::automatic, checker::binder(), sink, failure),
              traces::ReadResult::complete)
        << t.name;
    out.push_back(std::move(t));
  }
  return out;
}

TEST(GicTraces, LawfulOnesConform) {
  const auto all = traces_in("lawful");
  EXPECT_GE(all.size(), 20u);
  for (const GicTrace& t : all) {
    ASSERT_EQ(t.expect, "conforms") << t.name;
    const Report r = checker::check_file(t.path, {});
    EXPECT_EQ(r.verdict, Verdict::conforms)
        << t.name << ": " << (r.findings.empty() ? r.reason : r.findings[0].check);
    EXPECT_TRUE(r.skipped.empty()) << t.name;
  }
}

// Without the check that a trace breaks, nothing else finds the same fault first.
TEST(GicTraces, UnlawfulOnesViolateTheCheckTheyName) {
  const auto all = traces_in("unlawful");
  EXPECT_GE(all.size(), 20u);
  std::set<std::string> checks;
  for (const GicTrace& t : all) {
    Report r = checker::check_file(t.path, {});
    ASSERT_FALSE(r.findings.empty()) << t.name;
    EXPECT_EQ("violates " + r.findings[0].check, t.expect) << t.name;
    const std::string check = r.findings[0].check;
    const std::size_t dot = check.find('.');
    ASSERT_NE(dot, std::string::npos) << t.name;
    checks.insert(check);
    Mutation drop;
    drop.kind = Mutation::Kind::drop;
    drop.rule = system_of(*t.profile).rule_named(check.substr(0, dot));
    drop.first = Why::hash_of(check.c_str() + dot + 1);
    checker::CheckOptions options;
    options.mutation = &drop;
    r = checker::check_file(t.path, options);
    EXPECT_TRUE(r.findings.empty() || r.findings[0].check != check) << t.name;
  }
  EXPECT_GE(checks.size(), 20u);
}

// Answers that the rules of a profile allow, and that break a claim.
TEST(GicTraces, TracesOfDefectsBreakTheirClaims) {
  for (const GicTrace& t : traces_in("claims")) {
    const Report r = checker::check_file(t.path, {});
    ASSERT_FALSE(r.findings.empty()) << t.name;
    const bool as_said =
        std::any_of(r.findings.begin(), r.findings.end(), [&](const checker::Finding& f) {
          return f.of_claim() && "violates " + f.check == t.expect;
        });
    EXPECT_TRUE(as_said) << t.name << ": " << r.findings[0].check;
    for (const checker::Finding& f : r.findings)
      EXPECT_TRUE(f.of_claim()) << t.name << ": " << f.check;
  }
}

// The same of single interrupts: spec/kvm/lines.
TEST(LineTraces, AreJudgedAsTheySay) {
  unsigned conform = 0, violate = 0, of_claims = 0;
  for (const GicTrace& t : traces_in("lines")) {
    const Report r = checker::check_file(t.path, {});
    EXPECT_TRUE(r.skipped.empty()) << t.name;
    if (t.expect == "conforms") {
      ++conform;
      EXPECT_EQ(r.verdict, Verdict::conforms)
          << t.name << ": " << (r.findings.empty() ? r.reason : r.findings[0].check);
      continue;
    }
    ++violate;
    ASSERT_FALSE(r.findings.empty()) << t.name;
    EXPECT_EQ("violates " + r.findings[0].check, t.expect) << t.name;
    of_claims += r.findings[0].of_claim() ? 1 : 0;
  }
  EXPECT_GE(conform, 10u);
  EXPECT_GE(violate, 10u);
  EXPECT_EQ(of_claims, 2u);
}

// ftrace's own line is the event.
TEST(LineTraces, ReadTheKernelsEvent) {
  const Report r = checker::check_text(
      "# assay-trace 1\n# profile vgic-6.1\n# host irqs=64 vcpus=1\n"
      "vgic_made:\nirq_config: irq=40 level=1\n"
      " qemu-96 [001] ..... 1.000001: vgic_update_irq_pending: VCPU: 0, IRQ 40, level: 1\n"
      " qemu-96 [001] ..... 1.000002: vgic_update_irq_pending: VCPU: 0, IRQ 64, level: 1\n");
  ASSERT_EQ(r.findings.size(), 1u);
  EXPECT_EQ(r.findings[0].check, "vgic_update_irq_pending.irq_exists");
  EXPECT_EQ(r.checked, 4u);
}

prove::Options of(std::string_view profile) {
  prove::Options o;
  o.profile = find_profile(profile);
  o.shape.size = {1, 1, 1};
  o.depth = 0;
  return o;
}

std::set<std::string> not_proved(std::string_view profile) {
  std::set<std::string> out;
  const prove::Report report = prove::prove(of(profile));
  EXPECT_TRUE(report.refusal.empty()) << report.refusal;
  EXPECT_GT(report.results.size(), 15u);
  for (const prove::Result& r : report.results) {
    EXPECT_TRUE(r.consistent) << r.name;
    if (r.verdict != prove::Verdict::proved) out.insert(r.name);
  }
  return out;
}

TEST(GicProver, ProvesAllButTheNamedLimits) {
  const std::set<std::string> limits{"no_interrupt_invented_after_a_cancelled_migration",
                                     "unset_forwarding_keeps_what_is_pending"};
  EXPECT_EQ(not_proved("gicv4.1"), limits);
  EXPECT_EQ(not_proved("gicv4.0"), limits);
  EXPECT_EQ(not_proved("gic-software"), std::set<std::string>{*limits.begin()});
}

TEST(LineProver, ProvesAllButTheNamedLimits) {
  EXPECT_EQ(not_proved("vgic-architecture"), std::set<std::string>{});
  EXPECT_EQ(not_proved("vgic-6.1"),
            (std::set<std::string>{"level_follows_the_wire_after_reconfiguration",
                                   "pending_interrupt_is_queued"}));
}

TEST(GicProver, RefutesWhatTheDefectsOfTheSecondVersionBreak) {
  prove::Options o = of("gicv4.1-v2");
  o.depth = 5;
  o.names = {"no_interrupt_lost", "transfer_keeps_what_is_pending"};
  const prove::Report report = prove::prove(o);
  ASSERT_EQ(report.results.size(), o.names.size());
  for (const prove::Result& r : report.results) {
    EXPECT_EQ(r.verdict, prove::Verdict::violated) << r.name << ": " << r.reason;
    EXPECT_EQ(r.counterexample.events.size(), 5u) << r.name;
  }
}

// The generator makes calls, and this system has events only.
TEST(GicFuzzing, IsRefusedWhereThereAreNoCalls) {
  gen::CampaignOptions o = gen::model_campaign("gicv4.1", 10);
  o.host = traces::default_host(system_of(*o.profile));
  const gen::CampaignSummary s = gen::run_campaign(o);
  EXPECT_NE(s.error.find("no calls"), std::string::npos) << s.error;
  EXPECT_EQ(s.executed, 0u);
}

// Random histories of what the rules allow, in the domain that executes.
class Walk {
 public:
  Walk(const Profile& profile, std::mt19937_64& random)
      : profile_(profile),
        system_(system_of(profile)),
        random_(random),
        state_(system_.in<Concrete>().on_host(system_.info().typical_host(shape))) {}
  static constexpr Shape shape{{2, 2, 2}};

  // Whether an event was allowed, and took place.
  bool step() {
    Event e{};
    e.rule = static_cast<u32>(random_() % system_.rules().size());
    const RuleInfo& rule = system_.rules()[e.rule];
    if (!rule.is_of(profile_)) return false;
    for (std::size_t i = 0; i < rule.arguments.size(); ++i)
      e.value[i] = rule.arguments[i].width == 8 ? (random_() % 8 == 0 ? 14 : 0) : random_() % 2;
    return prove::replay_event(e, profile_, nullptr, state_, nullptr);
  }
  std::vector<std::string> broken() const { return prove::broken_invariants(state_, profile_); }
  bool has_moved() const {
    bool moved = false;
    state_.each_named_leaf([&](const std::string& path, const PlainLeaf& leaf) {
      moved = moved || (path == "step.resume" && leaf.value() != 0);
    });
    return moved;
  }

 private:
  const Profile& profile_;
  const System& system_;
  std::mt19937_64& random_;
  SystemState<Concrete> state_;
};

TEST(GicWalks, KeepEveryInvariant) {
  const UseShape shape(Walk::shape);
  std::mt19937_64 random(5);
  for (const char* name : {"gicv4.1", "gicv4.0", "gic-software"}) {
    unsigned taken = 0, moved = 0;
    for (unsigned walk = 0; walk < 100; ++walk) {
      Walk w(*find_profile(name), random);
      for (unsigned i = 0; i < 6000; ++i) {
        if (!w.step()) continue;
        ++taken;
        for (const std::string& claim : w.broken())
          EXPECT_EQ(claim, "no_interrupt_invented_after_a_cancelled_migration") << name;
      }
      moved += w.has_moved() ? 1 : 0;
    }
    EXPECT_GT(taken, 5000u) << name;
    EXPECT_GT(moved, 0u) << name << ": no walk came to the destination";
  }
}

}  // namespace
}  // namespace assay
