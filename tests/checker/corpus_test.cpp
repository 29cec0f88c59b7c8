// The recorded traces of real kernels: each conforms under its kernel's profile, and each stops
// conforming when any one of its answers is altered.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "checker/check.hpp"
#include "traces/trace_file.hpp"

namespace assay::checker {
namespace {

const traces::Binder& binder() {
  static const traces::Binder bound(system_rules());
  return bound;
}

struct Trace {
  std::string name;
  CheckOptions options;
  std::string expect;
  std::vector<traces::TraceEvent> events;
};

// Those of real kernels, or those that were written for what no machine here has.
enum class Origin { recorded, written };

std::vector<Trace> traces_of(Origin origin) {
  std::vector<Trace> out;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(CORPUS)) {
    if (entry.path().extension() != ".trace") continue;
    const bool written = entry.path().string().find("/spe/") != std::string::npos;
    if (written != (origin == Origin::written)) continue;
    Trace t;
    t.name = entry.path().filename().string();
    traces::TraceSink sink;
    sink.header = [&](const traces::TraceHeader& h) {
      t.options.profile = find_profile(h.profile);
      t.expect = h.expect;
      if (h.host_known) t.options.host = h.host;
    };
    sink.event = [&](const traces::TraceEvent& e, std::string_view) {
      if (e.kind != traces::TraceKind::ignored) {
        t.events.push_back(e);
        t.events.back().name = {};
      }
      return true;
    };
    traces::ReadFailure failure;
    EXPECT_EQ(read_trace(entry.path().string(), traces::Format::automatic, binder(), sink, failure),
              traces::ReadResult::complete)
        << t.name;
    out.push_back(std::move(t));
  }
  std::sort(out.begin(), out.end(), [](const Trace& a, const Trace& b) { return a.name < b.name; });
  return out;
}

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
    // One event breaks one check; the last state may break several invariants.
    const bool as_said = std::any_of(r.findings.begin(), r.findings.end(), [&](const Finding& f) {
      return f.event == r.findings[0].event && "violates " + f.check == t.expect;
    });
    EXPECT_TRUE(as_said) << t.name << ": " << r.findings[0].check;
    const std::string check = t.expect.substr(t.expect.find(' ') + 1);
    const std::size_t dot = check.find('.');
    if (dot == std::string::npos) continue;  // an invariant
    if (is_answer(check, *t.options.profile)) continue;
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

// An altered answer that a named choice permits is counted, not missed: signals and failing
// allocations lie outside the model.
TEST(Corpus, EveryAlteredAnswerViolatesAtItsEvent) {
  unsigned count = 0;
  const Errno* codes = all_errnos(count);
  u64 altered = 0, permitted = 0, missed = 0;
  std::map<std::string, u64> by_choice;
  for (Trace t : traces_of(Origin::recorded)) {
    for (std::size_t i = 0; i < t.events.size(); ++i) {
      if (t.events[i].kind != traces::TraceKind::rule) continue;
      const traces::TraceEvent original = t.events[i];
      // The success as a failure and the failure as another one, or as success.
      Errno other = codes[1 + (altered * 7 + i) % (count - 1)];
      if (other == original.event.answer) other = Errno::ok;
      t.events[i].event.answer = other;
      t.events[i].event.has_returned = other == Errno::ok;
      t.events[i].event.returned = 0;
      Report r = judged(t);
      ++altered;
      bool caught = r.verdict == Verdict::violates;
      if (!caught) {
        std::string rule = binder().rule(original.event.rule).name;
        bool by_choice_of_state = r.states_max > 1;  // which PMU is the default, for one
        if (other == Errno::nomem || other == Errno::mfile || other == Errno::nfile ||
            rule == "vcpu_run" || by_choice_of_state) {
          ++permitted;
          ++by_choice[rule + " " + std::string(name_of(other))];
        } else {
          ++missed;
          ADD_FAILURE() << t.name << ": event " << i << " (" << rule << ") as " << name_of(other);
        }
      }
      t.events[i] = original;
    }
  }
  RecordProperty("altered", static_cast<int>(altered));
  std::printf("altered %llu answers: %llu permitted by a named choice, %llu missed\n",
              static_cast<unsigned long long>(altered), static_cast<unsigned long long>(permitted),
              static_cast<unsigned long long>(missed));
  for (const auto& [choice, n] : by_choice)
    std::printf("    %6llu %s\n", static_cast<unsigned long long>(n), choice.c_str());
  EXPECT_GT(altered, 1000u);
  EXPECT_EQ(missed, 0u);
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
