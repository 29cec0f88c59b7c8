// The picture of the designs: its numbers against the traces' own text, and its form.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <pugixml.hpp>

#include "checker/prove/design_trace.hpp"
#include "checker/report/designs.hpp"
#include "tests/arm64.hpp"

namespace assay::prove {
namespace {

using checker::Design;
using checker::DesignTrace;

std::string path_of(const std::string& name) {
  return std::string(SPE_TRACES) + "/designs/" + name + ".trace";
}
const Picture& picture() { return *picture_of(arm64_kvm()); }

DesignTrace trace_of(const std::string& name) {
  auto trace = design_trace(path_of(name), picture());
  EXPECT_TRUE(trace.has_value()) << name;
  return trace.value_or(DesignTrace{});
}

// The events of a trace as lines, without comments and the opening of /dev/kvm.
std::vector<std::string> events_of(const std::string& name) {
  std::ifstream in(path_of(name));
  std::vector<std::string> out;
  for (std::string line; std::getline(in, line);)
    if (!line.starts_with('#') && line.find("openat(") == std::string::npos) out.push_back(line);
  return out;
}

class Window : public testing::TestWithParam<const char*> {};

// The traces end with the guest's first instruction after it profiles again.
TEST_P(Window, IsFromTheFaultToTheGuestProfilingAgain) {
  const std::vector<std::string> events = events_of(GetParam());
  const DesignTrace trace = trace_of(GetParam());
  ASSERT_EQ(trace.moments.size(), events.size());
  const auto fault = std::find_if(events.begin(), events.end(), [](const std::string& e) {
    return e.find("spe_fault:") != std::string::npos;
  });
  ASSERT_NE(fault, events.end());
  EXPECT_EQ(trace.window_begin, static_cast<std::size_t>(fault - events.begin()));
  EXPECT_EQ(trace.window_end, events.size());
  EXPECT_TRUE(trace.goes_on);
  EXPECT_TRUE(trace.moments.back().running);
  EXPECT_EQ(trace.window_lost(), 1u);  // the record of the only sample in flight
}
INSTANTIATE_TEST_SUITE_P(Designs, Window,
                         testing::Values("v4-window", "pin-memory-window", "intent-window",
                                         "fault-resume-window", "fault-discard-window"));

TEST(DesignTrace, WhatIsPinnedIsCountedFromTheEventsThatPin) {
  const DesignTrace locked = trace_of("v4-window");
  EXPECT_EQ(locked.most(), 16u);  // memory_size=0x10000
  EXPECT_EQ(locked.moments.back().all, 16u);
  const auto first = std::find_if(locked.moments.begin(), locked.moments.end(),
                                  [](const auto& m) { return m.amount != 0; });
  EXPECT_NE(first->call.find("KVM_ENABLE_CAP"), std::string::npos);
  EXPECT_EQ(trace_of("fault-resume-window").most(), 0u);
  const DesignTrace buffer = trace_of("pin-buffer-guest-profiles");
  EXPECT_GT(buffer.most(), 0u);
  EXPECT_LT(buffer.most(), 16u);
  EXPECT_FALSE(buffer.has_window());
}

TEST(DesignTrace, OneThatTheSpecificationDoesNotAnswerSoIsNone) {
  EXPECT_FALSE(design_trace(path_of("fault-discard-unserved"), picture()));
  EXPECT_FALSE(design_trace(path_of("no-such"), picture()));
}

// A fault at the end of a record cuts none: the sample in flight is what is lost.
TEST(DesignTrace, AWindowThatTheTraceDoesNotCloseSaysSo) {
  const DesignTrace trace = trace_of("fault-resume-blackout");
  EXPECT_TRUE(trace.has_window());
  EXPECT_FALSE(trace.goes_on);
  EXPECT_EQ(trace.window_end, trace.moments.size());
  std::vector<DesignTrace> traces{trace, trace_of("fault-resume-window"),
                                  trace_of("fault-resume-guest-profiles")};
  sort_to_draw(traces);
  EXPECT_TRUE(traces[0].goes_on);
  EXPECT_FALSE(traces[2].has_window());
}

// --- the page ----------------------------------------------------------------------------------
std::vector<Design> designs() {
  std::vector<Design> out;
  for (const Picture::Design& known : picture().designs) {
    Design& d = out.emplace_back();
    d.profile = known.profile;
    d.what = known.what;
  }
  out[0].claims = {{"loss_shows_as_dl", "fails", "a & b.trace", 9, true},
                   {"restore_order", "holds", "", 0, false},
                   {"no_loss_goes_untold", "fails", "longer.trace", 12, true}};
  out[0].traces = {trace_of("v4-window")};
  out[4].traces = {trace_of("fault-resume-window")};
  return out;
}
const checker::DesignWords words{"Pin <or> fault?", "legend",   "pages pinned", "profiled",
                                 "stage 2 fault",   "blackout", "records"};

std::size_t count(const pugi::xml_document& page, const char* query) {
  return page.select_nodes(query).size();
}

TEST(DesignsPage, IsWellFormedAndShowsTheNumbers) {
  const std::string text = checker::designs_html(words, designs());
  pugi::xml_document page;
  const pugi::xml_parse_result parsed = page.load_string(text.c_str(), pugi::parse_full);
  ASSERT_TRUE(parsed) << parsed.description() << " at "
                      << text.substr(static_cast<std::size_t>(parsed.offset), 80);
  EXPECT_EQ(count(page, "//svg"), 1u);
  EXPECT_EQ(count(page, "//h1[.='Pin <or> fault?']"), 1u);
  // One name and one row for each design; bars for each event in which something is pinned.
  EXPECT_EQ(count(page, "//svg/text[@class='name']"), picture().designs.size());
  EXPECT_EQ(count(page, "//tr[td/b]"), picture().designs.size());
  const auto all = designs();
  const auto pinned =
      std::count_if(all[0].traces[0].moments.begin(), all[0].traces[0].moments.end(),
                    [](const auto& m) { return m.amount != 0; });
  EXPECT_EQ(count(page, "//svg/rect[@class='pin'][title]"), static_cast<std::size_t>(pinned));
  EXPECT_EQ(count(page, "//svg/rect[@class='gap'][title]"), 2u);
  const std::string window = std::to_string(all[0].traces[0].window_events()) + " events";
  EXPECT_NE(text.find("blackout: " + window + ", 1 record lost"), std::string::npos);
  // The shortest trace in which it loses, as a link; what holds is no difference.
  EXPECT_EQ(count(page, "//td[code='loss_shows_as_dl']/a[@href='a & b.trace']"), 1u);
  EXPECT_EQ(text.find("restore_order"), std::string::npos);
  EXPECT_NE(text.find("prefers-color-scheme:dark"), std::string::npos);
}

}  // namespace
}  // namespace assay::prove
