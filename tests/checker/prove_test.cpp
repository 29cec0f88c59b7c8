// Proofs, counterexamples, certificates and mutants, on the small shape.
#include "checker/prove/prove.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "checker/properties.hpp"
#include "checker/prove/certificates.hpp"
#include "checker/prove/obligations.hpp"
#include "checker/prove/replay.hpp"
#include "checker/prove/search.hpp"
#include "gen/mutants.hpp"
#include "tests/arm64.hpp"

namespace assay::prove {
namespace {

Options small(const char* profile) {
  Options o;
  o.shape = assay::shape_of(2, 2, 3, 2, 2);
  o.profile = find_profile(profile);
  return o;
}

Mutation mutation_named(const Options& o, const std::string& name) {
  for (const gen::Mutant& m : gen::enumerate_mutants(*o.profile))
    if (m.name == name) return m.mutation;
  ADD_FAILURE() << "no mutant is called " << name;
  return {};
}

const Result& result_of(const Report& report, const std::string& name) {
  auto found = std::find_if(report.results.begin(), report.results.end(),
                            [&](const Result& r) { return r.name == name; });
  EXPECT_NE(found, report.results.end()) << name;
  return *found;
}

std::size_t number_of(const std::string& invariant) {
  const auto& names = invariant_names(arm64_kvm());
  return static_cast<std::size_t>(std::find(names.begin(), names.end(), invariant) - names.begin());
}

std::vector<std::string> rules_of(const History& h) {
  std::vector<std::string> names;
  for (const Event& e : h.events) names.emplace_back(system_rules()[e.rule].name);
  return names;
}

// A directory of this test's own, removed at its end.
struct TemporaryDirectory {
  std::string path;
  TemporaryDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "prove_XXXXXX").string();
    path = mkdtemp(pattern.data()) != nullptr ? pattern : "";
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path); }
};

// No rule of the profile writes what the invariant reads.
bool is_idle(const Result& r) {
  return std::none_of(r.rules.begin(), r.rules.end(),
                      [](const RuleTime& t) { return t.conjuncts > 0; });
}

class EveryProfile : public testing::TestWithParam<const char*> {};

TEST_P(EveryProfile, ProvesEveryInvariant) {
  const Report report = prove(small(GetParam()));
  EXPECT_EQ(report.refusal, "");
  const std::vector<bool> concerned = invariants_of(*small(GetParam()).profile);
  const auto invariants = std::count(concerned.begin(), concerned.end(), true);
  EXPECT_EQ(report.results.size(),
            static_cast<std::size_t>(invariants) +
                checker::properties_of(*small(GetParam()).profile).list().size());
  EXPECT_EQ(report.rounds, 1u);
  for (const Result& r : report.results) {
    EXPECT_EQ(r.verdict, Verdict::proved) << r.name << ": " << r.reason;
    EXPECT_TRUE(r.consistent && r.base && r.step) << r.name;
    // Proved of something: some rule writes what the invariant reads. A property of steps may be
    // that a rule writes nothing.
    const auto& names = invariant_names(arm64_kvm());
    const bool is_invariant = std::find(names.begin(), names.end(), r.name) != names.end();
    EXPECT_FALSE(is_invariant && is_idle(r)) << r.name;
  }
}

INSTANTIATE_TEST_SUITE_P(Prove, EveryProfile,
                         testing::Values("linux-6.1", "linux-6.12", "linux-7.2", "documented",
                                         "arm-dl-kept"));

TEST(Prove, GivesTheSameVerdictsWhateverTheNumberOfThreads) {
  Options one = small("linux-6.12"), two = one;
  Mutation m = mutation_named(one, "pmu_set_irq: drop not_ppi_or_spi");
  one.mutation = two.mutation = &m;
  one.names = two.names = {"pmu_interrupts_are_consistent", "interrupts_have_one_owner",
                           "memslots_never_overlap", "vcpu_ids_are_unique"};
  one.jobs = 1;
  const Report a = prove(one), b = prove(two);
  ASSERT_EQ(a.results.size(), b.results.size());
  for (std::size_t i = 0; i < a.results.size(); ++i) {
    EXPECT_EQ(a.results[i].verdict, b.results[i].verdict) << a.results[i].name;
    EXPECT_EQ(a.results[i].reason, b.results[i].reason);
    EXPECT_EQ(rules_of(a.results[i].counterexample), rules_of(b.results[i].counterexample));
  }
}

TEST(Prove, DroppedPmuCheckGivesShortestHistory) {
  Options o = small("linux-6.12");
  Mutation m = mutation_named(o, "pmu_set_pmu: drop vm_has_run");
  o.mutation = &m;
  o.names = {"vcpu_never_runs_on_unsupported_cpu", "memslots_never_overlap"};
  const Report report = prove(o);
  const Result& r = result_of(report, "vcpu_never_runs_on_unsupported_cpu");
  EXPECT_EQ(r.verdict, Verdict::violated) << r.reason;
  EXPECT_TRUE(r.base);
  EXPECT_FALSE(r.step);
  EXPECT_FALSE(r.obstacles.empty());
  // Two vCPUs share the PMU; one has run when the other narrows the VM.
  const std::vector<std::string> calls = rules_of(r.counterexample);
  ASSERT_EQ(calls.size(), 7u);
  EXPECT_EQ(std::count(calls.begin(), calls.end(), "create_vcpu"), 2);
  EXPECT_EQ(std::count(calls.begin(), calls.end(), "guest_entry"), 1);
  EXPECT_EQ(calls.back(), "pmu_set_pmu");
  // It replays under the mutant, and the original refuses its last call.
  auto end = replay(r.counterexample, *o.profile, &m);
  ASSERT_TRUE(end.has_value());
  EXPECT_EQ(broken_invariants(*end, *o.profile),
            std::vector<std::string>{"vcpu_never_runs_on_unsupported_cpu"});
  EXPECT_FALSE(replay(r.counterexample, *o.profile, nullptr).has_value());
  EXPECT_EQ(result_of(report, "memslots_never_overlap").verdict, Verdict::proved);
}

TEST(Prove, DroppedOverlapCheckGivesShortestHistory) {
  Options o = small("linux-6.1");
  Mutation m = mutation_named(o, "set_user_memory_region: drop overlap");
  o.mutation = &m;
  o.names = {"memslots_never_overlap"};
  const Report report = prove(o);
  const Result& r = result_of(report, "memslots_never_overlap");
  EXPECT_EQ(r.verdict, Verdict::violated) << r.reason;
  EXPECT_EQ(r.counterexample.events.size(), 3u);
  for (const Event& e : r.counterexample.events) EXPECT_EQ(e.answer, Errno::ok);
  // Ordinary values: one page each.
  const int size = system_rules()[r.counterexample.events[1].rule].position("memory_size");
  EXPECT_EQ(r.counterexample.events[1].value[static_cast<unsigned>(size)], 4096u);
  auto end = replay(r.counterexample, *o.profile, &m);
  ASSERT_TRUE(end.has_value());
  EXPECT_EQ(broken_invariants(*end, *o.profile),
            std::vector<std::string>{"memslots_never_overlap"});
}

TEST(Prove, ContradictoryHypothesisIsNeverAProof) {
  Hypothesis contradiction = all_invariants(*find_profile("linux-6.12"));
  contradiction.extra = [](const Terms&) { return z3_context().bool_val(false); };
  const Report report = prove_under(small("linux-6.12"), contradiction);
  EXPECT_GT(report.results.size(), 10u) << report.refusal;
  for (const Result& r : report.results) {
    EXPECT_EQ(r.verdict, Verdict::unknown) << r.name;
    EXPECT_FALSE(r.consistent);
    EXPECT_NE(r.reason.find("contradictory"), std::string::npos) << r.reason;
  }
}

TEST(Prove, ContradictoryPremiseOfOneRuleIsNeverAProof) {
  // No vCPU exists: consistent by itself, but rules about a vCPU can then prove anything.
  Hypothesis no_vcpu = all_invariants(*find_profile("linux-6.12"));
  const Encoding& enc = *encoding_of(small("linux-6.12"));
  no_vcpu.extra = [&enc](const Terms& s) {
    const u32 rule = rule_named("pmu_init");
    EXPECT_TRUE(system_rules()[rule].handle != nullptr);
    return !enc.step({rule, 0}, s, "x", *find_profile("linux-6.12"), nullptr).possible;
  };
  const Report report = prove_under(small("linux-6.12"), no_vcpu);
  EXPECT_GT(report.results.size(), 10u) << report.refusal;
  for (const Result& r : report.results) {
    EXPECT_EQ(r.verdict, Verdict::unknown) << r.name;
    EXPECT_NE(r.reason.find("the premise of"), std::string::npos) << r.reason;
  }
}

TEST(Prove, WithoutItsStrengtheningAnInvariantIsUnknownAndNotProved) {
  Hypothesis weaker = all_invariants(*find_profile("linux-6.12"));
  weaker.assumed[number_of("ready_vgic_gave_frames")] = false;
  Options o = small("linux-6.12");
  o.depth = 4;
  o.names = {"runner_has_frame"};
  const Report report = prove_under(o, weaker);
  const Result& r = result_of(report, "runner_has_frame");
  EXPECT_EQ(r.verdict, Verdict::unknown);
  EXPECT_FALSE(r.step);
  EXPECT_FALSE(r.obstacles.empty());
  EXPECT_NE(r.reason.find("no history of up to 4 events breaks it"), std::string::npos) << r.reason;
}

TEST(Prove, ResourceBoundGivesUnknownAndNotProved) {
  Options o = small("linux-6.12");
  o.rlimit = 1;
  o.depth = 0;
  const Report report = prove(o);
  EXPECT_GT(report.results.size(), 10u) << report.refusal;
  for (const Result& r : report.results) EXPECT_EQ(r.verdict, Verdict::unknown) << r.name;
}

TEST(Prove, RefusesWhatItDoesNotHave) {
  Options o = small("linux-6.12");
  o.shape = assay::shape_of(2, 2, 0, 2, 2);
  EXPECT_NE(prove(o).refusal.find("at least one of each"), std::string::npos);
  o = small("linux-6.12");
  o.names = {"no_such_invariant"};
  EXPECT_NE(prove(o).refusal.find("no_such_invariant"), std::string::npos);
}

// Keeps every fourth claim of a directory's manifest: all of them take two solvers a while.
std::size_t keep_every_fourth(const std::string& dir) {
  std::ifstream in(dir + "/MANIFEST.json");
  nlohmann::json manifest = nlohmann::json::parse(in), kept = nlohmann::json::array();
  for (std::size_t i = 0; i < manifest["files"].size(); i += 4)
    kept.push_back(manifest["files"][i]);
  manifest["files"] = kept;
  std::ofstream(dir + "/MANIFEST.json") << manifest;
  return kept.size();
}

TEST(Certificates, AreDecidedByEveryInstalledSolver) {
  TemporaryDirectory dir;
  Options o = small("linux-6.12");
  o.certificate_dir = dir.path;
  const Report report = prove(o);
  EXPECT_GT(report.certificates, 100u);
  EXPECT_EQ(report.certificates, report.asked + 1);  // and the hypothesis
  const std::size_t kept = keep_every_fourth(dir.path);
  unsigned solvers = 0;
  for (const SolverCount& s : verify_certificates(dir.path)) {
    if (!s.installed) continue;
    ++solvers;
    EXPECT_EQ(s.agreed, kept) << s.solver;
    for (const std::string& objection : s.objections) ADD_FAILURE() << s.solver << objection;
  }
  EXPECT_GT(solvers, 0u) << "z3 or cvc5 must be installed: ./assay --test does it";
}

TEST(Certificates, WrongClaimsAreCounted) {
  TemporaryDirectory dir;
  CertificateWriter writer(dir.path, "linux-6.12", "small");
  writer.add({"step", "wrong", "claim", "unsat"}, "(assert true)\n(check-sat)\n");
  writer.add({"step", "no", "formula", "unsat"}, "(assert nonsense)\n(check-sat)\n");
  EXPECT_EQ(writer.finish(), 2u);
  for (const SolverCount& s : verify_certificates(dir.path)) {
    if (!s.installed) continue;
    EXPECT_EQ(s.agreed, 0u) << s.solver;
    EXPECT_EQ(s.disagreed, 1u) << s.solver;
    EXPECT_EQ(s.unknown, 1u) << s.solver;
  }
}

TEST(Certificates, AreNotLeftForWhatFailed) {
  TemporaryDirectory dir;
  Options o = small("linux-6.12");
  Mutation m = mutation_named(o, "pmu_set_pmu: drop vm_has_run");
  o.mutation = &m;
  o.depth = 0;
  o.names = {"vcpu_never_runs_on_unsupported_cpu", "memslots_never_overlap"};
  o.certificate_dir = dir.path;
  const Report report = prove(o);
  EXPECT_EQ(result_of(report, "vcpu_never_runs_on_unsupported_cpu").verdict, Verdict::unknown);
  unsigned of_others = 0;
  for (const auto& file : std::filesystem::directory_iterator(dir.path)) {
    const std::string name = file.path().filename().string();
    EXPECT_EQ(name.find("vcpu_never_runs"), std::string::npos) << name;
    of_others += name.find("memslots_never_overlap") != std::string::npos ? 1 : 0;
  }
  EXPECT_GT(of_others, 0u) << "what was proved is certified all the same";
  EXPECT_GT(report.certificates, 0u);
}

TEST(Severity, TellsLoadBearingChecksFromInterface) {
  auto text = [](const std::string& rule, const std::string& check) -> std::string {
    for (const Severity& s : severities(small("linux-6.12"), rule))
      if (s.part == check) return s.text();
    return "absent";
  };
  EXPECT_EQ(text("pmu_set_pmu", "vm_has_run"),
            "load-bearing for vcpu_never_runs_on_unsupported_cpu, loaded_vcpus_note_is_true");
  EXPECT_EQ(text("set_user_memory_region", "overlap"), "load-bearing for memslots_never_overlap");
  EXPECT_EQ(text("set_user_memory_region", "copy_in"), "interface only");
}

TEST(Mutants, OfOneRuleAreClassified) {
  const Options o = small("linux-6.12");
  unsigned equivalent = 0, differ = 0;
  for (const gen::Mutant& m : gen::enumerate_mutants(*o.profile)) {
    if (m.rule != "vgic_set_redist") continue;
    const MutantAnswer a = equivalence(o, m.mutation);
    EXPECT_NE(a.answer, Equivalence::unknown) << m.name << ": " << a.reason;
    ++(a.answer == Equivalence::equivalent ? equivalent : differ);
    if (m.name == "vgic_set_redist: drop end_wraps") {
      EXPECT_EQ(a.answer, Equivalence::equivalent);
    }
    if (m.name == "vgic_set_redist: drop wraps") { EXPECT_EQ(a.answer, Equivalence::differs); }
  }
  EXPECT_GT(equivalent, 0u);
  EXPECT_GT(differ, 5u);
}

TEST(Mutants, WitnessTellsTheMutantApart) {
  const Options o = small("linux-6.12");
  const Mutation m = mutation_named(o, "pmu_set_irq: drop not_ppi_or_spi");
  const MutantAnswer a = equivalence(o, m);
  ASSERT_EQ(a.answer, Equivalence::differs) << a.reason;
  EXPECT_TRUE(broken_invariants(a.before, *o.profile).empty());
  SystemState<Concrete> original = a.before, mutant = a.before;
  EXPECT_TRUE(replay_event(a.event, *o.profile, nullptr, original, nullptr));
  EXPECT_FALSE(replay_event(a.event, *o.profile, &m, mutant, nullptr));
}

TEST(Mutants, DifferenceBeyondTheShapeIsNotCalledEquivalent) {
  // A GICv2 VM with more than 8 vCPUs does not fit two.
  const Options o = small("linux-6.12");
  const MutantAnswer a = equivalence(o, mutation_named(o, "create_device: drop too_many_vcpus"));
  EXPECT_EQ(a.answer, Equivalence::unknown);
  EXPECT_NE(a.reason.find("beyond"), std::string::npos) << a.reason;
}

TEST(Vacuity, FindsOutcomesThatCannotHappen) {
  std::vector<Outcome> all = vacuity(small("linux-6.12"), 3);
  unsigned reached = 0;
  for (const Outcome& o : all) {
    const std::string id = o.rule + "." + o.check;
    if (id == "vcpu_run.pmu_interrupt_without_irqchip" || id == "vgic_set_redist.end_wraps") {
      EXPECT_EQ(o.possible, Possible::unsatisfiable) << id;
    }
    if (id == "create_device.too_many_vcpus") {
      EXPECT_EQ(o.possible, Possible::unknown);
      EXPECT_EQ(o.reason, "perhaps beyond the shape");
    }
    if (id == "set_user_memory_region.overlap") {
      EXPECT_TRUE(o.reached);
      EXPECT_EQ(o.history.events.size(), 3u);
      EXPECT_EQ(o.history.events.back().answer, Errno::exist);
    }
    reached += o.reached ? 1 : 0;
  }
  EXPECT_GT(all.size(), 150u);
  EXPECT_GT(reached, 80u);
}

}  // namespace
}  // namespace assay::prove
