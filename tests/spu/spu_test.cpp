// Two lawful SPUs, unlike each other, conform to the specification on everything that software and
// memory do to them, and their buffers hold what their pointers say.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <map>

#include "tests/spu/arbitrary.hpp"
#include "tests/spu/bench.hpp"

namespace assay::spu {
namespace {

struct Totals {
  u64 programs = 0, events = 0, images = 0;
  std::map<std::string, u64> by_rule;
};

u64 events_wanted() {
  const char* flag = std::getenv("ASSAY_LONG");
  return flag != nullptr && flag[0] == '1' ? 20'000'000 : 1'000'000;
}

void expect_conforms(Implementation implementation, const Program& program, u64 number,
                     Totals& totals) {
  const Performance done = perform(program, implementation);
  const checker::Report report = judge(program, implementation, done);
  ASSERT_EQ(first_complaint(report, done), "")
      << name_of(implementation) << ", case " << number << ", event "
      << (report.findings.empty() ? 0 : report.findings[0].event) << ": "
      << (report.findings.empty() ? done.image_said : report.findings[0].call) << "\n"
      << text_of(program);
  ASSERT_EQ(report.checked, done.events.size());
  ASSERT_EQ(report.verdict, checker::Verdict::conforms) << report.reason;
  ++totals.programs;
  totals.events += report.checked;
  totals.images += done.images;
  for (const traces::TraceEvent& e : done.events)
    ++totals.by_rule[binder().rule(e.event.rule).name];
}

void print(Implementation implementation, const Totals& t, double seconds) {
  std::printf("%s: %llu events of %llu programs judged in %.1f s, %llu buffer images\n",
              std::string(name_of(implementation)).c_str(),
              static_cast<unsigned long long>(t.events),
              static_cast<unsigned long long>(t.programs), seconds,
              static_cast<unsigned long long>(t.images));
  for (const auto& [rule, n] : t.by_rule)
    std::printf("    %8llu %s\n", static_cast<unsigned long long>(n), rule.c_str());
}

void judge_many(Implementation implementation, Totals& totals) {
  const auto begin = std::chrono::steady_clock::now();
  for (u64 number = 0; totals.events < events_wanted(); ++number) {
    ASSERT_NO_FATAL_FAILURE(expect_conforms(implementation, generate(1, number), number, totals));
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  print(implementation, totals, took.count());
  EXPECT_GT(totals.images, totals.programs);
}

TEST(Spu, TheBytewiseOneConforms) {
  Totals totals;
  ASSERT_NO_FATAL_FAILURE(judge_many(Implementation::bytewise, totals));
  for (const char* rule : {"spe_record", "spe_fault", "spe_abort", "spe_collision", "spe_drop",
                           "spe_drained", "spe_read_pmbptr", "spe_pmu", "spe_irq"})
    EXPECT_GT(totals.by_rule[rule], 50u) << rule;
}

TEST(Spu, TheWideOneConforms) {
  Totals totals;
  ASSERT_NO_FATAL_FAILURE(judge_many(Implementation::wide, totals));
  for (const char* rule :
       {"spe_record", "spe_fault", "spe_abort", "spe_collision", "spe_drop", "spe_store",
        "spe_not_allowed", "spe_drained", "spe_read_pmbptr", "spe_pmu", "spe_irq"})
    EXPECT_GT(totals.by_rule[rule], 50u) << rule;
}

// Whatever software does wrong, an SPU that goes on as it always does is not to blame.
TEST(Spu, UnlawfulProgrammingIsNotBlamedOnTheSpu) {
  GeneratorOptions options;
  options.lawful = false;
  for (const Implementation i : {Implementation::bytewise, Implementation::wide}) {
    Totals totals;
    for (u64 number = 0; number < 300; ++number)
      ASSERT_NO_FATAL_FAILURE(expect_conforms(i, generate(2, number, options), number, totals));
  }
}

TEST(Spu, EveryProgramConformsAndShrinksIfItDoesNot) {
  EXPECT_TRUE(rc::check("conforms", [] {
    const Program program = *arbitrary_program();
    for (const Implementation i : {Implementation::bytewise, Implementation::wide})
      RC_ASSERT(complaint_of(program, i, Bug::none) == "");
  }));
}

TEST(Spu, AProgramIsAFunctionOfItsSeedAndNumber) {
  EXPECT_EQ(text_of(generate(7, 3)), text_of(generate(7, 3)));
  EXPECT_NE(text_of(generate(7, 3)), text_of(generate(7, 4)));
  EXPECT_NE(text_of(generate(7, 3)), text_of(generate(8, 3)));
}

}  // namespace
}  // namespace assay::spu
