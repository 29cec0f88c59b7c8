// The bundled traces of x86: each is judged as its header says, whole, and those that were recorded
// stop conforming when any one of their answers is altered.
#include <filesystem>
#include <map>

#include "spec/x86_kvm.hpp"
#include "tests/checker/checked.hpp"

namespace assay {
namespace {

const traces::Binder& rules() { return traces::Binder::of(x86_kvm()); }

struct Trace {
  std::string name;
  checker::CheckOptions options;
  std::string expect;
  std::vector<traces::TraceEvent> events;
  bool is_recorded = false;
};

Trace trace_of(const std::filesystem::path& path) {
  Trace t;
  t.name = path.string().substr(std::string_view(X86_CORPUS).size());
  t.is_recorded = t.name.find("/linux-") != std::string::npos;
  traces::TraceSink sink;
  sink.header = [&](const traces::TraceHeader& h) {
    t.options.profile = find_profile(h.profile);
    t.expect = h.expect;
    take_host(h, t.options);
  };
  sink.event = [&](const traces::TraceEvent& e, std::string_view) {
    if (e.kind == traces::TraceKind::ignored) return true;
    t.events.push_back(e);
    t.events.back().name = {};
    return true;
  };
  traces::ReadFailure failure;
  EXPECT_EQ(read_trace(path.string(), traces::Format::automatic, rules(), sink, failure),
            traces::ReadResult::complete)
      << t.name;
  return t;
}

const std::vector<Trace>& corpus() {
  static const std::vector<Trace> all = [] {
    std::vector<Trace> out;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(X86_CORPUS))
      if (entry.path().extension() == ".trace") out.push_back(trace_of(entry.path()));
    return out;
  }();
  return all;
}

checker::Report judged(const Trace& t) {
  checker::Checker checker(rules(), t.options);
  for (const traces::TraceEvent& e : t.events) checker.feed(e);
  return checker.finish();
}

TEST(X86Corpus, EveryTraceIsJudgedAsItsHeaderSays) {
  std::map<std::string, unsigned> recorded;
  for (const Trace& t : corpus()) {
    ASSERT_NE(t.options.profile, nullptr) << t.name;
    const checker::Report r = judged(t);
    if (t.is_recorded) ++recorded[std::string(t.options.profile->name)];
    if (t.expect == "conforms") {
      EXPECT_EQ(r.verdict, checker::Verdict::conforms) << t.name;
      continue;
    }
    EXPECT_FALSE(t.is_recorded) << t.name;
    const bool as_said =
        std::any_of(r.findings.begin(), r.findings.end(),
                    [&](const checker::Finding& f) { return "violates " + f.check == t.expect; });
    EXPECT_TRUE(as_said) << t.name << ": expected " << t.expect;
  }
  for (const char* profile : {"linux-6.1-x86", "linux-6.12-x86", "linux-7.2-x86"})
    EXPECT_GE(recorded[profile], 10u) << profile;
}

// A refusal that becomes a success, and a success that becomes a refusal. What is not noticed are
// failures for reasons outside the model: no memory, a signal, a vCPU that waits.
TEST(X86Corpus, AlteredAnswersAreNoticed) {
  unsigned altered = 0, missed = 0;
  for (const Trace& original : corpus()) {
    if (!original.is_recorded) continue;
    for (std::size_t i = 0; i < original.events.size(); ++i) {
      const traces::TraceEvent& e = original.events[i];
      const bool is_answer = e.kind == traces::TraceKind::rule && e.event.answered &&
                             rules().rule(e.event.rule).name != std::string_view("x86_vcpu_run");
      // What a success would have made or returned is not told.
      if (!is_answer || (e.event.answer != Errno::ok && e.event.answer != Errno::inval)) continue;
      Trace t = original;
      t.events.resize(i + 1);
      Event& last = t.events.back().event;
      last.answer = last.answer == Errno::ok ? Errno::badf : Errno::ok;
      ++altered;
      if (judged(t).verdict != checker::Verdict::violates) ++missed;
    }
  }
  EXPECT_GT(altered, 400u);
  EXPECT_EQ(missed, 0u);
}

}  // namespace
}  // namespace assay
