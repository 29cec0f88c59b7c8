// Traces as people bring them: rules that the tool lacks, payloads that the trace does not show, a
// host of which little is known. What was lawful with everything known never violates, and altered
// answers are still noticed as long as what is known contradicts them.
#include <gtest/gtest.h>

#include <cstdio>
#include <random>
#include <set>

#include "tests/arm64.hpp"
#include "tests/checker/corpus_traces.hpp"
#include "traces/header.hpp"

namespace assay::checker {
namespace {

using traces::TraceEvent;
using traces::TraceKind;

// How much of a trace is hidden: chances in percent of each call.
struct Hiding {
  unsigned payloads = 0;  // the arguments of a call are unknown
  unsigned opaque = 0;    // and so is which of the rules of its request it is
  unsigned rules = 0;     // the tool has no rule for the call
  unsigned host = 0;      // of the host's fields
  unsigned answers = 0;   // the call did not return
};

class Hider {
 public:
  Hider(const Hiding& hiding, u64 seed) : hiding_(hiding), random_(seed) {}

  void host(CheckOptions& options) {
    if (hiding_.host == 0 || !options.host) return;
    named_leaves(
        "",
        [&](const std::string& path, const auto& leaf) {
          if (!chance(hiding_.host)) options.host_part.emplace_back(path, raw(leaf));
        },
        host_of(*options.host));
    options.host.reset();
  }
  TraceEvent event(TraceEvent e) {
    if (e.kind != TraceKind::rule) return e;
    const traces::Pattern& pattern = binder().pattern(e.event.rule);
    // A call whose object the tool does not know to exist hides what is done with the object, not
    // an argument of it.
    const bool makes_object = pattern.makes != traces::HandleKind::none;
    const auto family = binder().family_of(e.event.rule);
    if (hiding_.answers != 0 && family && !makes_object && chance(hiding_.answers))
      e.event.answered = e.event.has_returned = false;
    if (chance(hiding_.rules) && family && !makes_object) {
      e.kind = TraceKind::unmodelled;
      e.name = "a call without a rule";
      e.changes_on_vcpu = e.changes_elsewhere = {MayChange::What::anything, {}, true};
    } else if (chance(hiding_.opaque) && family && !makes_object &&
               binder().rules_of_family(*family).size() > 1) {
      e.kind = TraceKind::opaque;
      e.family = *family;
    } else if (chance(hiding_.payloads) && family) {
      e.event.unknown = (1u << Event::values_max) - 1;
    }
    return e;
  }

 private:
  bool chance(unsigned percent) { return random_() % 100 < percent; }
  Hiding hiding_;
  std::minstd_rand random_;
};

Report judged(const Trace& t, const Hiding& hiding, u64 seed) {
  Hider hider(hiding, seed);
  CheckOptions options = t.options;
  hider.host(options);
  Checker checker(binder(), options);
  for (const TraceEvent& e : t.events) checker.feed(hider.event(e));
  return checker.finish();
}

std::string text(const Hiding& h) {
  return "payloads " + std::to_string(h.payloads) + " %, opaque " + std::to_string(h.opaque) +
         " %, rules " + std::to_string(h.rules) + " %, host " + std::to_string(h.host) + " %";
}

// What of a trace is hidden, for its n-th turn.
Hiding hiding_of(u64 seed) {
  std::minstd_rand random(seed);
  const unsigned steps[] = {0, 1, 10, 50, 100};
  auto any = [&] { return steps[random() % 5]; };
  return {any(), any(), random() % 2 == 0 ? 0 : any(), any()};
}

void no_lawful_trace_violates(unsigned turns) {
  u64 judged_traces = 0, calls = 0, checked = 0;
  for (const Origin origin : {Origin::recorded, Origin::written}) {
    for (const Trace& t : traces_of(origin)) {
      if (t.expect != "conforms") continue;
      for (unsigned turn = 0; turn < turns; ++turn) {
        const u64 seed = hash_of(t.name, turn);
        const Hiding hiding = hiding_of(seed);
        const Report r = judged(t, hiding, seed);
        ++judged_traces;
        calls += r.events;
        checked += r.checked;
        EXPECT_EQ(r.findings_total, 0u)
            << t.name << ", turn " << turn << ": " << text(hiding) << "\n"
            << (r.findings.empty() ? "" : r.findings[0].call + ": " + r.findings[0].check);
      }
    }
  }
  std::printf("%llu traces, %llu of %llu calls judged\n",
              static_cast<unsigned long long>(judged_traces),
              static_cast<unsigned long long>(checked), static_cast<unsigned long long>(calls));
  EXPECT_GT(judged_traces, 500u * turns);
  EXPECT_GT(checked * 2, calls);
}

TEST(Hidden, NoLawfulTraceViolates) { no_lawful_trace_violates(1); }
TEST(Hidden, NoLawfulTraceViolatesLong) { no_lawful_trace_violates(40); }

// A call that did not return had its effect here, and nobody saw its answer.
TEST(Hidden, LawfulCallsThatDidNotReturnMakeNothingViolate) {
  u64 conforming = 0, checked = 0;
  for (const Origin origin : {Origin::recorded, Origin::written}) {
    for (const Trace& t : traces_of(origin)) {
      if (t.expect != "conforms") continue;
      for (const unsigned percent : {2u, 10u, 50u}) {
        const Report r = judged(t, {0, 0, 0, 0, percent}, hash_of(t.name, percent));
        EXPECT_EQ(r.findings_total, 0u)
            << t.name << ", " << percent << " %\n"
            << (r.findings.empty() ? "" : r.findings[0].call + ": " + r.findings[0].check);
        conforming += r.verdict == Verdict::conforms ? 1 : 0;
        checked += r.checked;
      }
    }
  }
  // It is not that nothing is judged any more.
  EXPECT_GT(conforming, 500u);
  EXPECT_GT(checked, 5000u);
}

// A state that breaks an invariant does so although some field of the host is unknown.
TEST(Hidden, InvariantsAreAskedOfVmsWithUnknownValues) {
  std::set<std::string> asked;
  for (Trace& t : traces_of(Origin::written)) {
    const std::string name = t.expect.substr(t.expect.find(' ') + 1);
    const auto& all = system_claims<Concrete>().invariants;
    if (!t.options.host ||
        std::none_of(all.begin(), all.end(), [&](const auto& i) { return name == i.name; }))
      continue;
    named_leaves(
        "",
        [&](const std::string& path, const auto& leaf) {
          if (path != "target") t.options.host_part.emplace_back(path, raw(leaf));
        },
        host_of(*t.options.host));
    t.options.host.reset();
    Checker checker(binder(), t.options);
    for (const TraceEvent& e : t.events) checker.feed(e);
    const Report r = checker.finish();
    EXPECT_TRUE(std::any_of(r.findings.begin(), r.findings.end(), [&](const Finding& f) {
      return f.check == name;
    })) << t.name;
    asked.insert(name);
  }
  EXPECT_GE(asked.size(), 3u);
}

// --- what is still noticed -----------------------------------------------------------------------

// One answer of a trace altered, the rest of it hidden.
bool is_noticed(const Trace& t, std::size_t at, Errno answer, const Hiding& hiding, u64 seed) {
  Hider hider(hiding, seed);
  CheckOptions options = t.options;
  hider.host(options);
  Checker checker(binder(), options);
  for (std::size_t i = 0; i < at; ++i) checker.feed(hider.event(t.events[i]));
  TraceEvent altered = t.events[at];
  altered.event.answer = answer;
  altered.event.has_returned = answer == Errno::ok;
  altered.event.returned = 0;
  checker.feed(altered);
  return checker.finish().verdict == Verdict::violates;
}

struct Alteration {
  const Trace* trace;
  std::size_t at;
  Errno answer;
  u64 hash;
};

// Altered answers that are noticed with everything known.
std::vector<Alteration> alterations(const std::vector<Trace>& traces, u64 one_in) {
  std::vector<Alteration> out;
  for (const Trace& t : traces)
    for (std::size_t i = 0; i < t.events.size(); ++i) {
      const u64 hash = hash_of(t.name, i);
      if (t.events[i].kind != TraceKind::rule || hash % one_in != 0) continue;
      const Errno answer = other_answer(t.events[i], hash >> 8);
      if (is_noticed(t, i, answer, {}, 0)) out.push_back({&t, i, answer, hash});
    }
  return out;
}

unsigned percent_noticed(const std::vector<Alteration>& all, const Hiding& hiding) {
  std::size_t noticed = 0;
  for (const Alteration& a : all)
    noticed += is_noticed(*a.trace, a.at, a.answer, hiding, a.hash) ? 1 : 0;
  return static_cast<unsigned>(100 * noticed / all.size());
}

// With one call before it opaque, an altered answer is noticed as before, unless that call decides
// it.
unsigned percent_noticed_beside_one_opaque(const std::vector<Alteration>& all) {
  std::size_t noticed = 0, asked = 0;
  for (const Alteration& a : all) {
    std::vector<std::size_t> others;
    for (std::size_t i = 0; i < a.at; ++i)
      if (a.trace->events[i].kind == TraceKind::rule &&
          binder().family_of(a.trace->events[i].event.rule))
        others.push_back(i);
    if (others.empty()) continue;
    Trace t = *a.trace;
    t.events[others[a.hash / 7 % others.size()]].event.unknown = (1u << Event::values_max) - 1;
    ++asked;
    noticed += is_noticed(t, a.at, a.answer, {}, 0) ? 1 : 0;
  }
  EXPECT_GT(asked, 80u);
  return static_cast<unsigned>(100 * noticed / asked);
}

TEST(Hidden, AlteredAnswersAreNoticedBesideOneOpaqueCall) {
  const std::vector<Trace> traces = traces_of(Origin::recorded);
  const std::vector<Alteration> all = alterations(traces, 144);
  EXPECT_GE(percent_noticed_beside_one_opaque(all), 95u);
  // Nothing known of the host, and nothing of the payloads: what is left are answers that no state
  // explains.
  EXPECT_GT(percent_noticed(all, {100, 100, 0, 100}), 10u);
}

// tests/checker/NOTICED.md has what this prints.
TEST(Hidden, TableOfWhatIsNoticedLong) {
  const std::vector<Trace> traces = traces_of(Origin::recorded);
  const std::vector<Alteration> all = alterations(traces, 24);
  std::setvbuf(stdout, nullptr, _IOLBF, 0);  // a row takes a minute
  std::printf("%zu altered answers\n", all.size());
  std::printf("| hidden | noticed, host known | host unknown |\n|---|---|---|\n");
  for (const unsigned p : {0u, 1u, 10u, 25u, 50u, 75u, 100u})
    std::printf("| payloads %u %% | %u %% | %u %% |\n", p, percent_noticed(all, {p, 0, 0, 0}),
                percent_noticed(all, {p, 0, 0, 100}));
  for (const unsigned p : {1u, 10u, 50u, 100u})
    std::printf("| calls opaque %u %% | %u %% | %u %% |\n", p, percent_noticed(all, {p, p, 0, 0}),
                percent_noticed(all, {p, p, 0, 100}));
  for (const unsigned p : {1u, 10u, 50u, 100u})
    std::printf("| rules %u %% | %u %% | %u %% |\n", p, percent_noticed(all, {0, 0, p, 0}),
                percent_noticed(all, {0, 0, p, 100}));
  std::printf("| one call's payload | %u %% | |\n", percent_noticed_beside_one_opaque(all));
  EXPECT_EQ(percent_noticed(all, {}), 100u);
}

}  // namespace
}  // namespace assay::checker
