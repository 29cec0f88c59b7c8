// Every seeded bug is caught, by the check that ought to catch it, and shrinks to a few stimuli.
//
// The minimised traces stand in traces/corpus/spe/bugs. `spu_test --write-bugs` (after a change of
// the simulated SPUs or of the generator) writes them anew.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>

#include "spec/system.hpp"
#include "tests/spu/bench.hpp"
#include "traces/trace_file.hpp"

namespace assay::spu {

void PrintTo(const SeededBug& bug, std::ostream* out) { *out << bug.name; }

namespace {

constexpr u64 seed = 3, cases_min = 60, cases_max = 3000;
constexpr std::size_t stimuli_max = 12;

struct Caught {
  Program program;
  u64 cases = 0;
};

// The first program whose first complaint is the expected one. Complaints of other checks, in a few
// more cases too, are only those that the table allows.
std::optional<Caught> caught(const SeededBug& bug) {
  GeneratorOptions options;
  options.writes_while_running = false;
  std::optional<Caught> first;
  for (u64 number = 0; number < (first ? cases_min : cases_max); ++number) {
    Program program = generate(seed, number, options);
    const std::string said = complaint_of(program, bug.in, bug.bug);
    if (said == bug.check) {
      if (!first) first = Caught{std::move(program), number + 1};
      continue;
    }
    const bool allowed =
        said.empty() || std::find(bug.also.begin(), bug.also.end(), said) != bug.also.end();
    EXPECT_TRUE(allowed) << bug.name << ", case " << number << ": " << said << " is an accident";
  }
  return first;
}

// Shows the bug, and nothing but the bug: the sound SPU conforms on the same stimuli.
bool shows(const SeededBug& bug, const Program& p) {
  return complaint_of(p, bug.in, bug.bug) == bug.check && complaint_of(p, bug.in, Bug::none) == "";
}

Program smallest(const SeededBug& bug, const Program& p) {
  return minimised(p, [&](const Program& smaller) { return shows(bug, smaller); });
}

class EachBug : public testing::TestWithParam<SeededBug> {};

TEST_P(EachBug, IsCaughtByItsCheckAndShrinks) {
  const SeededBug& bug = GetParam();
  const std::optional<Caught> found = caught(bug);
  ASSERT_TRUE(found) << bug.name << " is not caught in " << cases_max << " cases";
  const Program small = smallest(bug, found->program);
  std::printf("%-30s %-8s %-40s case %4llu, %2zu of %2zu stimuli\n", bug.name,
              std::string(name_of(bug.in)).c_str(), std::string(bug.check).c_str(),
              static_cast<unsigned long long>(found->cases), small.stimuli.size(),
              found->program.stimuli.size());
  EXPECT_LE(small.stimuli.size(), stimuli_max) << text_of(small);
  EXPECT_TRUE(shows(bug, small));
  for (std::size_t i = 0; i < small.stimuli.size(); ++i)
    EXPECT_FALSE(shows(bug, without(small, i, 1))) << text_of(small.stimuli[i]);
}

INSTANTIATE_TEST_SUITE_P(Bugs, EachBug,
                         testing::ValuesIn(seeded_bugs().begin(), seeded_bugs().end()),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(Bugs, TheTableHasEveryBugOnce) {
  EXPECT_EQ(seeded_bugs().size() + 1, static_cast<std::size_t>(Bug::count_));
  std::vector<Bug> seen;
  for (const SeededBug& bug : seeded_bugs()) {
    EXPECT_EQ(std::count(seen.begin(), seen.end(), bug.bug), 0) << bug.name;
    seen.push_back(bug.bug);
    const std::string rule(bug.check.substr(0, bug.check.find('.')));
    EXPECT_TRUE(rule == "buffer" || binder().rule_named(rule) != Event::no_rule) << bug.check;
  }
}

// --- the corpus ----------------------------------------------------------------------------

// What only the buffer's bytes show has no trace.
bool has_trace(const SeededBug& bug) { return !bug.check.starts_with("buffer."); }

std::string path_of(const SeededBug& bug) {
  return std::string(BUG_TRACES) + "/" + bug.name + ".trace";
}

// The first finding of a stored trace, and what the trace expects.
struct Stored {
  std::string expect, first;
};
Stored judge_stored(const std::string& path) {
  Stored out;
  std::optional<checker::Checker> checker;
  traces::TraceSink sink;
  sink.header = [&](const traces::TraceHeader& h) {
    out.expect = h.expect;
    checker::CheckOptions options;
    options.profile = find_profile(h.profile);
    options.host = h.host;
    checker.emplace(binder(), options);
  };
  sink.event = [&](const traces::TraceEvent& e, std::string_view) {
    checker->feed(e);
    return true;
  };
  traces::ReadFailure failure;
  EXPECT_EQ(read_trace(path, traces::Format::automatic, binder(), sink, failure),
            traces::ReadResult::complete)
      << render(failure.why, path, failure.source_line);
  if (!checker) return out;
  const checker::Report report = checker->finish();
  EXPECT_TRUE(report.skipped.empty()) << path;
  if (!report.findings.empty()) out.first = report.findings[0].check;
  return out;
}

TEST(BugTraces, JudgeAsTheyExpect) {
  for (const SeededBug& bug : seeded_bugs()) {
    if (!has_trace(bug)) continue;
    const Stored stored = judge_stored(path_of(bug));
    EXPECT_EQ(stored.expect, "violates " + std::string(bug.check)) << bug.name;
    EXPECT_EQ(stored.first, bug.check) << bug.name;
  }
}

TEST(BugTraces, AreAllOfBugsThatExist) {
  for (const auto& entry : std::filesystem::directory_iterator(BUG_TRACES)) {
    const std::string name = entry.path().stem().string();
    const auto bugs = seeded_bugs();
    EXPECT_TRUE(std::any_of(bugs.begin(), bugs.end(), [&](const SeededBug& b) {
      return b.name == name && has_trace(b);
    })) << name;
  }
}

int write_traces() {
  std::filesystem::create_directories(BUG_TRACES);
  for (const SeededBug& bug : seeded_bugs()) {
    const std::optional<Caught> found = caught(bug);
    if (!found || !has_trace(bug)) continue;
    std::ofstream(path_of(bug)) << trace_text(smallest(bug, found->program), bug);
  }
  return 0;
}

}  // namespace
int write_bug_traces() { return write_traces(); }
}  // namespace assay::spu

int main(int count, char** arguments) {
  testing::InitGoogleTest(&count, arguments);
  for (int i = 1; i < count; ++i)
    if (std::string_view(arguments[i]) == "--write-bugs") return assay::spu::write_bug_traces();
  return RUN_ALL_TESTS();
}
