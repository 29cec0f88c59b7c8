// What `assay explain` says of an event, and what a finding says of a requirement.
#include <algorithm>

#include "checker/leaf_text.hpp"
#include "tests/checker/checked.hpp"

namespace assay::checker {
namespace {

struct Explained {
  Report report;
  std::vector<EventNotes> notes;
};
Explained explained(std::string_view file, std::string_view profile) {
  Explained out;
  CheckOptions options;
  options.profile = find_profile(profile);
  options.explain = true;
  options.on_event = [&](const traces::TraceEvent&, const EventNotes& n) {
    out.notes.push_back(n);
  };
  out.report = check_file(std::string(CORPUS "/") + std::string(file), options);
  return out;
}

bool has(const std::vector<std::string>& lines, std::string_view wanted) {
  return std::find(lines.begin(), lines.end(), wanted) != lines.end();
}

TEST(LeafText, NamesFieldsAndValuesAsTheFieldDoes) {
  const LeafText& text = LeafText::of(default_system());
  EXPECT_EQ(text.field("spu[3].data_loss"), "PMBSR_EL1.DL");
  EXPECT_EQ(text.field("vcpu[0].spe.regs.ptr"), "PMBPTR_EL1.PTR");
  EXPECT_EQ(text.field("spu[0].events_set"), "PMSEVFR_EL1");
  EXPECT_EQ(text.field("slot[0].pages"), "");
  EXPECT_EQ(text.value("spu[0].event", 2), "fault");
  EXPECT_EQ(text.value("spu[0].event", 7), "7");
  EXPECT_EQ(text.value("slot[0].pages", 4095), "4095");
  EXPECT_EQ(text.value("slot[0].pages", 4096), "0x1000");
  EXPECT_EQ(text.change("spu[0].service", "0", "1"), "spu[0].service: 0 -> 1 (PMBSR_EL1.S)");
  EXPECT_EQ(text.change("slot[0].pages", "0", "1"), "slot[0].pages: 0 -> 1");
}

TEST(Explain, SaysWhichCheckGaveAnErrorAndWhichFreedomItNeeded) {
  const Explained e = explained("spe/kvm/hazard-pin-leaked-by-failed-lock.trace", "spe-v4");
  ASSERT_FALSE(e.notes.empty());
  EXPECT_EQ(e.notes.back().decided_by, "enable_cap.notifier_ran");
  EXPECT_EQ(e.notes.back().freedoms, std::vector<std::string>{"enable_cap.lock_fails_midway"});
  EXPECT_TRUE(has(e.notes.back().changes, "slot[0].lock.pinned: 0 -> 1"));
  EXPECT_EQ(e.notes.front().decided_by, "");
  EXPECT_TRUE(e.notes.front().freedoms.empty());
}

// A write that a PE may ignore leaves two states; the record that follows tells which it was.
TEST(Explain, ShowsWhatChangesWhereSeveralStatesArePossible) {
  const Explained e = explained("spe/arch/write-while-enabled-ignored.trace", "documented");
  const auto two = std::find_if(e.notes.begin(), e.notes.end(),
                                [](const EventNotes& n) { return n.states == 2; });
  ASSERT_NE(two, e.notes.end());
  EXPECT_TRUE(has(two->changes, "spu[0].ptr: 0x10000 -> 0x10000 or 0x10800 (PMBPTR_EL1.PTR)"));
  EXPECT_TRUE(two->learnt.empty());
  const auto one =
      std::find_if(two, e.notes.end(), [](const EventNotes& n) { return n.states == 1; });
  ASSERT_NE(one, e.notes.end());
  EXPECT_TRUE(has(one->changes, "spu[0].ptr: 0x10000 or 0x10800 -> 0x10040 (PMBPTR_EL1.PTR)"));
  EXPECT_TRUE(has(one->learnt, "spu[0].start: 0x10000 or 0x10800 -> 0x10000"));
}

// A vCPU is given frames of a region one by one: the region's free index is written twice.
TEST(Explain, ALeafThatIsWrittenTwiceIsOneChange) {
  std::size_t changes = 0;
  const Explained e =
      explained("linux-6.1/standard/053-pmu_set_irq.irq_already_set.trace", "linux-6.1");
  for (const EventNotes& n : e.notes) {
    std::vector<std::string> places;
    for (const std::string& change : n.changes)
      places.push_back(change.substr(0, change.find(':')));
    changes += places.size();
    std::sort(places.begin(), places.end());
    EXPECT_EQ(std::adjacent_find(places.begin(), places.end()), places.end());
  }
  EXPECT_GT(changes, 10u);
  EXPECT_EQ(e.notes.back().decided_by, "set_user_memory_region.size_unaligned");
}

TEST(Explain, QuotesARequirementThatIsNotKept) {
  const Explained e = explained("spe/arch/fault-clears-dl.trace", "documented");
  ASSERT_EQ(e.report.findings.size(), 1u);
  const std::vector<Reason>& reasons = e.report.findings[0].reasons;
  ASSERT_FALSE(reasons.empty());
  EXPECT_EQ(reasons[0].place.rfind("spec/arch/spu/buffer.hpp:", 0), 0u) << reasons[0].place;
  ASSERT_FALSE(reasons[0].text.empty());
  EXPECT_NE(reasons[0].text[0].find("dl || !spu.data_loss"), std::string::npos);
  EXPECT_NE(reasons[0].text[0][0], ' ');
  const auto dl = std::find_if(reasons[0].because.begin(), reasons[0].because.end(),
                               [](const Because& b) { return b.field == "PMBSR_EL1.DL"; });
  ASSERT_NE(dl, reasons[0].because.end());
  EXPECT_EQ(dl->shown, "1");
  EXPECT_EQ(dl->line, 6u);
}

}  // namespace
}  // namespace assay::checker
