// The recorded traces of real kernels: each conforms under its kernel's profile, and each stops
// conforming when any one of its answers is altered.
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <set>
#include <tuple>

#include "tests/checker/corpus_traces.hpp"

namespace assay::checker {
namespace {

Report judged(const Trace& t) {
  Checker checker(binder(), t.options);
  for (const traces::TraceEvent& e : t.events) checker.feed(e);
  return checker.finish();
}

TEST(Corpus, EveryTraceConformsUnderItsOwnKernelsProfile) {
  std::map<std::string, unsigned> by_profile;
  std::map<std::string, Coverage> coverage;
  for (const Trace& t : traces_of(Origin::recorded)) {
    ASSERT_NE(t.options.profile, nullptr) << t.name;
    ASSERT_EQ(t.expect, "conforms") << t.name;
    Report r = judged(t);
    EXPECT_EQ(r.verdict, Verdict::conforms)
        << t.name << ": " << (r.findings.empty() ? r.reason : r.findings[0].call);
    EXPECT_EQ(r.unknown_arguments, 0u) << t.name;
    ++by_profile[r.profile];
    coverage[r.profile].merge(r.coverage);
  }
  for (const char* profile : {"linux-6.1", "linux-6.12", "linux-7.2"}) {
    EXPECT_GE(by_profile[profile], 40u) << profile;
    unsigned both = 0;
    coverage[profile].each(
        [&](const Coverage::Counter& c) { both += c.held != 0 && c.not_held != 0; });
    EXPECT_GE(both, 100u) << profile << ": checks taken both ways";
  }
}

// A number that a call has to answer: there is no check to leave out.
bool is_answer(const std::string& check, const Profile& profile) {
  const auto& all = system_catalog(profile);
  return std::any_of(all.begin(), all.end(), [&](const CatalogEntry& e) {
    return e.kind == VerbKind::returns && e.rule + "." + e.id == check;
  });
}

// The SPE traces each say what is wrong with them; and each violating one is needed for its check:
// without it, nothing else finds the same fault first.
TEST(Corpus, EveryWrittenTraceIsJudgedAsItSays) {
  unsigned conform = 0, violate = 0;
  for (Trace& t : traces_of(Origin::written)) {
    ASSERT_NE(t.options.profile, nullptr) << t.name;
    Report r = judged(t);
    EXPECT_TRUE(r.skipped.empty()) << t.name << ": " << r.skipped.begin()->first;
    if (t.expect == "conforms") {
      ++conform;
      EXPECT_EQ(r.verdict, Verdict::conforms) << t.name;
      continue;
    }
    ++violate;
    ASSERT_FALSE(r.findings.empty()) << t.name;
    // The first event that breaks a check breaks that one. Claims may have been broken before: what
    // a trace was written for is one of several.
    const auto first = std::find_if(r.findings.begin(), r.findings.end(),
                                    [](const Finding& f) { return !f.of_claim(); });
    const bool as_said = std::any_of(r.findings.begin(), r.findings.end(), [&](const Finding& f) {
      return (f.of_claim() || f.event == first->event) && "violates " + f.check == t.expect;
    });
    EXPECT_TRUE(as_said) << t.name << ": " << r.findings[0].check;
    const std::string check = t.expect.substr(t.expect.find(' ') + 1);
    const std::size_t dot = check.find('.');
    if (dot == std::string::npos) continue;  // an invariant
    if (t.from_facts || is_answer(check, *t.options.profile)) continue;
    Mutation drop;
    drop.kind = Mutation::Kind::drop;
    drop.rule = binder().rule_named(check.substr(0, dot));
    drop.first = Why::hash_of(check.c_str() + dot + 1);
    t.options.mutation = &drop;
    r = judged(t);
    EXPECT_TRUE(r.findings.empty() || r.findings[0].check != check) << t.name;
  }
  EXPECT_GE(conform, 30u);
  EXPECT_GE(violate, 40u);
}

// --- altered answers -----------------------------------------------------------------------------

// The events of a trace up to `last`, which has another answer.
Report judged_until(const Trace& t, std::size_t last, Errno answer) {
  Checker checker(binder(), t.options);
  for (std::size_t i = 0; i < last; ++i) checker.feed(t.events[i]);
  traces::TraceEvent altered = t.events[last];
  altered.event.answer = answer;
  altered.event.has_returned = answer == Errno::ok;
  altered.event.returned = 0;
  checker.feed(altered);
  return checker.finish();
}

// The freedom by which a rule may give this failure whatever the state; empty when there is none.
std::string freedom_to_fail(const Profile& profile, const std::string& rule, Errno code) {
  for (const CatalogEntry& c : system_catalog(profile))
    if (c.kind == VerbKind::may_fail && c.rule == rule && c.code == code) return rule + "." + c.id;
  return {};
}

// Which named freedom permits the altered answer: to fail as it says, or not to fail as the kernel
// did.
std::string freedom_of(const Profile& profile, const traces::TraceEvent& original, Errno altered) {
  const std::string rule = binder().rule(original.event.rule).name;
  if (std::string name = freedom_to_fail(profile, rule, altered); !name.empty()) return name;
  const std::string name = freedom_to_fail(profile, rule, original.event.answer);
  return name.empty() ? name : "without " + name;
}

// The freedoms that permit an altered answer somewhere in the recorded traces, and why a checker
// of calls cannot know better.
const std::map<std::string, std::string> permitting{
    {"create_vcpu.no_descriptor", "the process's other descriptors are not in the trace"},
    {"create_vcpu.no_memory", "the kernel's memory is not in the trace"},
    {"create_vm.no_descriptor", "the process's other descriptors"},
    {"create_vm.no_file", "the system's open files"},
    {"create_vm.no_memory", "memory"},
    {"pmu_set_filter.no_memory", "memory"},
    {"set_user_memory_region.no_memory", "memory"},
    {"vcpu_finalize.no_memory", "memory"},
    {"vgic_init.no_memory", "memory"},
    {"vcpu_run.illegal_guest_state", "what the guest did is not in the trace"},
    {"vcpu_run.no_instruction_syndrome", "what the guest did"},
    {"vcpu_run.stage2_fault", "what the guest did"},
    {"vcpu_run.no_memory", "memory that the guest's access takes"},
    {"vcpu_run.signal_pending", "signals may come at any time"},
    {"get_register_list.list_is_longer_still",
     "how many registers hardware adds is not in the trace"},
    {"pvtime_get.host_lacks_stolen_time",
     "whether the host counts stolen time is not in the trace"},
    {"pvtime_has.host_lacks_stolen_time", "the same"},
    {"pvtime_set.host_lacks_stolen_time", "the same"},
    {"set_register.id_after_run", "values of id registers are not followed"},
    {"set_register.value_of_another_cpu", "the same"},
    {"without set_register.id_after_run", "the same"},
    {"without set_register.value_of_another_cpu", "the same"},
    {"vgic_get_cpu_sysreg.vcpu_is_running", "which calls were under way is not in the trace"},
    {"vgic_get_dist_reg.vcpu_is_running", "the same"},
    {"vgic_get_levels.vcpu_is_running", "the same"},
    {"vgic_get_redist_reg.vcpu_is_running", "the same"},
    {"vgic_save_pending.vcpu_is_running", "the same"},
    {"vgic_set_cpu_sysreg.vcpu_is_running", "the same"},
    {"vgic_set_dist_reg.vcpu_is_running", "the same"},
    {"vgic_set_levels.vcpu_is_running", "the same"},
    {"vgic_set_redist_reg.vcpu_is_running", "the same"},
    {"vgic_save_pending.table_unwritable", "guest memory is not in the trace"},
    {"without vcpu_run.signal_pending", "a signal that ended a run may have come later"},
};
constexpr u64 permitted_percent = 4;  // of the altered answers, at most

// Of every profile the first of each call and answer, and a part of the others: all of them take
// minutes. ASSAY_LONG=1 takes them.
class Sample {
 public:
  bool takes(const Trace& t, const traces::TraceEvent& e, u64 hash) {
    const bool is_first =
        met_.insert({t.options.profile->name, e.event.rule, e.event.answer}).second;
    return all_ || is_first || hash % one_in == 0;
  }
  bool is_all() const { return all_; }

 private:
  static constexpr u64 one_in = 24;
  const bool all_ = std::getenv("ASSAY_LONG") != nullptr;
  std::set<std::tuple<std::string_view, u32, Errno>> met_;
};

// An altered answer violates where it stands, unless a freedom permits it that the specification
// names and this test knows. A rule that lets a failure pass that it should not has one too many,
// or one that is used too often.
TEST(Corpus, EveryAlteredAnswerViolatesAtItsEvent) {
  Sample sample;
  u64 altered = 0, violating = 0;
  std::map<std::string, u64> by_freedom;
  for (const Trace& t : traces_of(Origin::recorded)) {
    for (std::size_t i = 0; i < t.events.size(); ++i) {
      const traces::TraceEvent& e = t.events[i];
      if (e.kind != traces::TraceKind::rule) continue;
      const u64 hash = hash_of(t.name, i);
      if (!sample.takes(t, e, hash)) continue;
      const Errno other = other_answer(e, hash >> 8);
      const Report r = judged_until(t, i, other);
      const std::string what = t.name + ": event " + std::to_string(i + 1) + " (" +
                               binder().rule(e.event.rule).name + ") as " +
                               std::string(name_of(other));
      ++altered;
      // Claims are broken by what the rules allow, perhaps before.
      const auto wrong = std::find_if(r.findings.begin(), r.findings.end(),
                                      [](const Finding& f) { return !f.of_claim(); });
      if (wrong != r.findings.end()) {
        ++violating;
        EXPECT_EQ(wrong->event, i + 1) << what;
        continue;
      }
      const std::string freedom = freedom_of(*t.options.profile, e, other);
      EXPECT_TRUE(permitting.contains(freedom)) << what << ": permitted by '" << freedom << "'";
      ++by_freedom[freedom];
    }
  }
  std::printf("altered %llu answers, %llu violate\n", static_cast<unsigned long long>(altered),
              static_cast<unsigned long long>(violating));
  for (const auto& [freedom, n] : by_freedom)
    std::printf("    %6llu %s\n", static_cast<unsigned long long>(n), freedom.c_str());
  EXPECT_LE((altered - violating) * 100, altered * permitted_percent);
  EXPECT_GT(altered, sample.is_all() ? 10000u : 500u);
  if (!sample.is_all()) return;
  for (const auto& [freedom, why] : permitting)
    EXPECT_TRUE(by_freedom.contains(freedom)) << freedom << " permits nothing (" << why << ")";
}

// Real kernels' entries and exits say something: without any one of them, or with it on another
// CPU, the trace violates.
TEST(Corpus, EveryEntryAndExitIsNeededWhereItStands) {
  const u32 entry = binder().rule_named("guest_entry"), exit = binder().rule_named("guest_exit");
  auto first_check = [](const Trace& t) {
    const Report r = judged(t);
    return r.findings.empty() ? std::string("conforms") : r.findings[0].check;
  };
  unsigned entries = 0;
  for (Trace t : traces_of(Origin::recorded)) {
    for (std::size_t i = 0; i < t.events.size(); ++i) {
      const traces::TraceEvent original = t.events[i];
      if (original.kind != traces::TraceKind::rule) continue;
      if (original.event.rule == entry) {
        ++entries;
        t.events[i].kind = traces::TraceKind::ignored;
        EXPECT_EQ(first_check(t), "guest_exit.was_in_guest") << t.name << ": event " << i;
      } else if (original.event.rule == exit) {
        ASSERT_GE(original.cpu, 0) << t.name;
        t.events[i].cpu = original.cpu + 1;
        EXPECT_EQ(first_check(t), "guest_exit.same_cpu") << t.name << ": event " << i;
      }
      t.events[i] = original;
    }
  }
  EXPECT_GE(entries, 100u);
}

}  // namespace
}  // namespace assay::checker
