// The table of MIGRATION.md is what `assay prove --protocol` prints: each departure has its row,
// the trace that a row names breaks the claim that it says, in as many events, and what holds is
// proved.
#include "checker/prove/protocol.hpp"

#include <fstream>
#include <map>
#include <set>

#include "tests/checker/checked.hpp"

namespace assay {
namespace {

using prove::Departure;

using Row = std::vector<std::string>;  // its cells

Row cells_of(const std::string& line) {
  Row out;
  for (std::size_t at = 1; at < line.size();) {
    const std::size_t end = line.find('|', at);
    std::string cell = line.substr(at, end - at);
    cell.erase(0, cell.find_first_not_of(' '));
    cell.erase(cell.find_last_not_of(' ') + 1);
    out.push_back(cell);
    at = end + 1;
  }
  return out;
}

// The table behind `<!-- protocol -->`: its head and its rows by departure.
struct Table {
  Row head;
  std::map<std::string, Row> rows;
};
const Table& table() {
  static const Table all = [] {
    Table out;
    std::ifstream in(MIGRATION);
    std::string line;
    while (std::getline(in, line) && line != "<!-- protocol -->") {}
    std::getline(in, line);
    out.head = cells_of(line);
    std::getline(in, line);
    while (std::getline(in, line) && line.starts_with("|")) {
      Row row = cells_of(line);
      out.rows.emplace(row[0], std::move(row));
    }
    return out;
  }();
  return all;
}

const Profile& merged() { return *find_profile("gicv4.1"); }

TEST(Protocol, ItsStepsAreThoseOfTheWorkflow) {
  const std::vector<std::string> steps{"pause_vcpus",      "pause_devices", "its_save_tables",
                                       "save_pending_end", "copy_memory",   "its_restore_tables",
                                       "vlpi_transfer",    "resume"};
  EXPECT_EQ(prove::protocol_of(merged()), steps);
  EXPECT_TRUE(prove::protocol_of(*find_profile("linux-6.1")).empty());
  // Software alone has no forwarding to set up.
  EXPECT_EQ(prove::protocol_of(*find_profile("gic-software")).size(), steps.size() - 1);
}

TEST(Protocol, EachDepartureLeavesOutTheChecksThatForbidIt) {
  const auto all = prove::departures_of(merged());
  EXPECT_EQ(all.size(), 7u + 7u + 8u);
  for (const Departure& d : all) {
    EXPECT_TRUE(d.kind == Departure::Kind::again || !d.dropped.empty()) << d.text();
    EXPECT_EQ(d.dropped.size(), d.mutations.size());
  }
  EXPECT_EQ(all[3].dropped, std::vector<std::string>{"copy_memory.after_save_pending_end"});
  EXPECT_TRUE(all[3].mutations.back().leaves_out(Mutation::Kind::drop,
                                                 system_of(merged()).rule_named("copy_memory"),
                                                 Why::hash_of("after_save_pending_end")));
}

// The file of the trace that a row names; empty when it names none.
std::string trace_of(const Row& row) {
  const std::string& cell = row.back();
  const std::size_t end = cell.find(']');
  return end == std::string::npos ? ""
                                  : std::string(GIC_TRACES "/protocol/") + cell.substr(1, end - 1);
}

TEST(Protocol, EveryRowIsThereAndItsTraceBreaksWhatItSays) {
  const auto all = prove::departures_of(merged());
  ASSERT_EQ(table().rows.size(), all.size());
  unsigned traces = 0;
  for (const Departure& d : all) {
    ASSERT_TRUE(table().rows.contains(d.text())) << d.text();
    const Row& row = table().rows.at(d.text());
    const std::string trace = trace_of(row);
    std::set<std::string> fails;
    for (std::size_t i = 1; i + 1 < row.size(); ++i)
      if (row[i].starts_with("fails in ")) fails.insert(row[i] + " " + table().head[i]);
    EXPECT_EQ(trace.empty(), fails.empty()) << d.text();
    if (trace.empty()) continue;
    ++traces;
    // As the specification is, the trace violates the order; without the checks, a claim.
    const checker::Report whole = checker::check_file(trace, {});
    ASSERT_FALSE(whole.findings.empty()) << trace;
    EXPECT_FALSE(whole.findings[0].of_claim()) << trace << ": " << whole.findings[0].check;
    checker::CheckOptions options;
    options.mutation = &d.mutations.back();
    const checker::Report departed = checker::check_file(trace, options);
    // Claims that proofs of others rest on may break with it, or before.
    const bool as_said = std::any_of(
        departed.findings.begin(), departed.findings.end(), [&](const checker::Finding& f) {
          return fails.contains("fails in " + std::to_string(departed.checked) + " " + f.check);
        });
    EXPECT_TRUE(as_said) << trace << ": " << departed.checked;
  }
  EXPECT_GE(traces, 8u);
}

TEST(Protocol, WhatHoldsIsProved) {
  prove::Options o;
  o.profile = &merged();
  o.shape.size = {1, 1, 1};
  o.depth = 0;
  o.names = {table().head.begin() + 1, table().head.end() - 1};
  const std::set<std::string> asked{"`pause_devices` before `pause_vcpus`",
                                    "`save_pending_end` twice"};
  unsigned rows = 0;
  for (const Departure& d : prove::departures_of(merged())) {
    if (!asked.contains(d.text())) continue;
    ++rows;
    const Row& row = table().rows.at(d.text());
    for (const prove::Result& r : prove::prove_under(o, d).results) {
      const auto at = std::find(table().head.begin(), table().head.end(), r.name);
      EXPECT_EQ(row[static_cast<std::size_t>(at - table().head.begin())], "holds");
      EXPECT_EQ(r.verdict, prove::Verdict::proved) << d.text() << ": " << r.name;
    }
  }
  EXPECT_EQ(rows, asked.size());
}

}  // namespace
}  // namespace assay
