// Bytes that real cores wrote, as people published them next to what perf made of them.
#include <gtest/gtest.h>

#include "spe_bytes.hpp"
#include "traces/spe/perf_rules.hpp"
#include "traces/spe/records.hpp"
#include "traces/spe/text.hpp"

namespace assay::traces::spe {
namespace {

using namespace test;

struct Walked {
  std::vector<std::string> records;
  std::uint64_t end = 0;
  FaultList faults;
};

Walked walk(const Bytes& bytes) {
  Walked out;
  std::vector<Packet> packets;
  WalkOptions options;
  options.align = 2;
  options.on_packet = [&](const Packet& p) { packets.push_back(p); };
  options.on_record = [&](const RecordSpan&) {
    std::string line = record_line(packets);
    out.records.push_back(line.substr(line.find(": ") + 2));
    packets.clear();
  };
  RecordWalker walker(std::move(options), out.faults);
  const std::size_t used = walker.feed(bytes, 0);
  walker.finish(std::span(bytes).subspan(used), used);
  out.end = walker.last_end();
  return out;
}

// A KVM guest with an early virtual SPE: qemu-devel, "target/arm: Add vSPE support to KVM guest"
// (7 August 2020), cover letter. Each record is padded before its timestamp, not behind it.
TEST(SpeRealRecords, GuestOfAnEarlyVirtualSpe) {
  const Bytes bytes = hex(
      "b0 f4 d3 29 10 00 80 ff a0 99 0b 00 98 0d 00 52 16 00 49 00 b2 d0 40 d8 70 00 00 ff 00 "
      "9a 01 00 00 00 00 71 a5 1f b3 20 14 00 00 00"
      "b0 7c f9 29 10 00 80 ff a0 99 02 00 98 03 00 52 02 00 48 00 00 00 00 71 ef 1f b3 20 14 00 "
      "00 00");
  const Walked walked = walk(bytes);
  ASSERT_EQ(walked.records.size(), 2u);
  EXPECT_EQ(walked.records[0],
            "pc 0xff80001029d3f4 el1 non-secure; latency issue 11; latency total 13; events "
            "retired l1d-access tlb-access; load general; va 0xff000070d840d0 tag 0x00; latency "
            "translation 1; timestamp 86447955877");
  EXPECT_EQ(walked.records[1],
            "pc 0xff80001029f97c el1 non-secure; latency issue 2; latency total 3; events "
            "retired; other; timestamp 86447955951");
  EXPECT_EQ(walked.end, bytes.size());
  EXPECT_EQ(walked.faults.content + walked.faults.framing, 0u);
  EXPECT_TRUE(compare_with_perf(bytes).empty());
}

// A Kunpeng 920: linux-kernel, "perf arm-spe: Fix incorrect sample timestamp in perf script"
// (26 June 2021). A mispredicted branch at EL2.
TEST(SpeRealRecords, BranchOfAKunpeng920) {
  const Bytes bytes =
      hex("b0 00 82 f3 29 ee b7 ff c0 99 02 00 98 03 00 52 82 00 4a 01 b1 24 82 f3 29 ee b7 ff c0 "
          "00 00 00 00 00 00 71 32 a0 d6 78 3f 07 00 00"
          "b0 2c 8c fd 6c fd ff 00 80 99 02 00 98 03 00 52 c2 00 4a 01 b1 30 8c fd 6c fd ff 00 80 "
          "00 00 00 00 00 00 71 36 03 d8 78 3f 07 00 00");
  const Walked walked = walk(bytes);
  ASSERT_EQ(walked.records.size(), 2u);
  EXPECT_EQ(walked.records[0],
            "pc 0xffb7ee29f38200 el2 non-secure; latency issue 2; latency total 3; events retired "
            "mispredicted; branch conditional; target 0xffb7ee29f38224 el2 non-secure; timestamp "
            "7969191665714");
  EXPECT_EQ(walked.records[1],
            "pc 0xfffd6cfd8c2c el0 non-secure; latency issue 2; latency total 3; events retired "
            "not-taken mispredicted; branch conditional; target 0xfffd6cfd8c30 el0 non-secure; "
            "timestamp 7969191756598");
  EXPECT_EQ(walked.faults.content + walked.faults.framing, 0u);
  EXPECT_TRUE(compare_with_perf(bytes).empty());
}

// A Neoverse N1 (Ampere Altra): AmpereComputing/ampere-lts-kernel, issue 123. The dump begins
// within a record, ends with the next one's program counter, and pads in three places of a record.
TEST(SpeRealRecords, LoadOfANeoverseN1) {
  const Bytes bytes = hex(
      "49 00 52 1e 03 99 51 01 98 f5 01 b2 50 9e d7 f1 3e 40 ff 00 9a 01 00 b3 50 9e d7 71 3f 40 "
      "00 80 43 0c 00 00 71 b3 9a e9 bd 3e 07 00 00"
      "b0 88 b6 cb 8f 22 d4 ff c0 00 00 00 00 00 00 00 00 00 00");
  const Walked walked = walk(bytes);
  ASSERT_EQ(walked.records.size(), 1u);
  EXPECT_EQ(walked.records[0],
            "load general; events retired l1d-access l1d-miss tlb-access llc-access llc-miss; "
            "latency issue 337; latency total 501; va 0xff403ef1d79e50 tag 0x00; latency "
            "translation 1; pa 0x403f71d79e50 non-secure; data-source 0xc; timestamp "
            "7966055570099");
  ASSERT_EQ(walked.faults.framing, 1u);
  EXPECT_EQ(walked.faults.kept.back().fault, Fault::unfinished_record);
}

// The same core with contexts: google/perf_data_converter, src/quipper/arm_spe_decoder_test.cc.
TEST(SpeRealRecords, ContextsOfANeoverseN1) {
  const Bytes bytes = hex(
      "b0 d0 c2 a1 ed 66 ba ff c0 00 00 00 00 00 65 80 5f 00 00 49 00 52 16 00 99 04 00 98 0c 00 "
      "b2 28 6b 09 03 37 0e ff 00 9a 01 00 00 00 00 00 00 00 00 00 00 43 00 00 00 "
      "71 2e 65 2f 6a 0a 00 00 00"
      "b0 e0 b0 ef ed 66 ba ff c0 00 00 00 00 00 65 0e 00 00 00 4a 01 52 42 00 99 10 00 98 11 00 "
      "b1 e4 b0 ef ed 66 ba ff c0 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 "
      "71 8d 65 2f 6a 0a 00 00 00");
  const Walked walked = walk(bytes);
  ASSERT_EQ(walked.records.size(), 2u);
  EXPECT_EQ(walked.records[0],
            "pc 0xffba66eda1c2d0 el2 non-secure; context 0x5f80 el2; load general; events retired "
            "l1d-access tlb-access; latency issue 4; latency total 12; va 0xff0e3703096b28 tag "
            "0x00; latency translation 1; data-source 0x0; timestamp 44731163950");
  EXPECT_EQ(walked.records[1],
            "pc 0xffba66edefb0e0 el2 non-secure; context 0xe el2; branch conditional; events "
            "retired not-taken; latency issue 16; latency total 17; target 0xffba66edefb0e4 el2 "
            "non-secure; timestamp 44731164045");
  EXPECT_EQ(walked.end, 128u);  // both fill 64 bytes, though no padding is behind them
  EXPECT_EQ(walked.faults.content + walked.faults.framing, 0u);
  EXPECT_TRUE(compare_with_perf(bytes).empty());
}

// The first published dump, of a model: Linux commit ffd3d18c20b8 (14 January 2018). Its program
// counter has 0xff in byte 7: reserved bits and a Security state that has no encoding. perf shows
// it as EL3; here it is reported.
TEST(SpeRealRecords, FirstPublishedDumpHasAReservedProgramCounter) {
  const Bytes bytes =
      hex("49 00 b2 c0 3b 29 0f 00 00 ff ff b3 c0 eb 24 fb 00 00 00 80 9a 00 00 42 16 "
          "b0 00 c4 15 08 00 00 ff ff 98 00 00 71 36 6c 21 2c 09 00 00 00");
  const Walked walked = walk(bytes);
  ASSERT_EQ(walked.records.size(), 1u);
  ASSERT_EQ(walked.faults.content, 1u);
  EXPECT_EQ(walked.faults.kept[0].fault, Fault::reserved_packet);
  EXPECT_EQ(walked.faults.kept[0].offset, 0x19u);
  EXPECT_EQ(walked.faults.kept[0].byte, 0xb0u);
  const auto differences = compare_with_perf(bytes);
  ASSERT_EQ(differences.size(), 1u);
  EXPECT_EQ(differences[0].difference, Difference::reserved_field_accepted);
}

}  // namespace
}  // namespace assay::traces::spe
