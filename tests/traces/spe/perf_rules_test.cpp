// perf's reading of the same bytes: what it does alone, and each way in which it differs.
#include "traces/spe/perf_rules.hpp"

#include <gtest/gtest.h>

#include <set>

#include "spe_bytes.hpp"

namespace assay::traces::spe {
namespace {

using namespace test;
using D = Difference;

std::vector<Difference> differences(const Bytes& bytes, std::uint64_t host_address = 0) {
  std::vector<Difference> all;
  for (const DifferenceAt& d : compare_with_perf(bytes, host_address)) {
    EXPECT_LE(d.offset + d.bytes, bytes.size());
    EXPECT_FALSE(d.text.empty());
    all.push_back(d.difference);
  }
  return all;
}

// `inner` within an otherwise sound record.
Bytes around(std::string_view inner) {
  Bytes bytes = hex("42 02");
  append(bytes, hex(inner));
  append(bytes, hex("48 00 98 01 00 01"));
  return bytes;
}

using List = std::vector<Difference>;

TEST(SpePerf, SoundRecordsAreReadAlike) {
  EXPECT_TRUE(rc::check([] {
    Bytes bytes;
    const unsigned align = below(12);
    for (unsigned i = 1u + below(5); i > 0; --i)
      RC_ASSERT(encode_record(some_record(false), align, record_bytes_limit, bytes) ==
                Encoded::fine);
    RC_ASSERT(compare_with_perf(bytes, bits(40)).empty());
    RC_ASSERT(perf_view(bytes).bad_bytes == 0u);
  }));
}

TEST(SpePerf, RealmIsTheOnlyDifferenceOfASoundRecord) {
  EXPECT_TRUE(rc::check([] {
    Bytes bytes;
    RC_ASSERT(encode_record(some_record(true), 0, record_bytes_limit, bytes) == Encoded::fine);
    for (const DifferenceAt& d : compare_with_perf(bytes))
      RC_ASSERT(d.difference == Difference::realm_ignored);
  }));
}

TEST(SpePerf, PaddingItemsHoldUpToSixteenBytes) {
  const PerfView view = perf_view(Bytes(40, 0));
  ASSERT_EQ(view.packets.size(), 3u);
  EXPECT_EQ(view.packets[0].bytes, 16u);
  EXPECT_EQ(view.packets[2].bytes, 8u);
  EXPECT_TRUE(differences(Bytes(40, 0)).empty());
}

TEST(SpePerf, ABadByteDropsTheRecordSoFar) {
  // The payload of the reserved packet is an End: perf's records are none of the two that are one.
  const Bytes bytes = around("44 01");
  EXPECT_EQ(differences(bytes),
            (List{D::reserved_header_rescanned, D::record_invented, D::record_shortened}));
  EXPECT_EQ(differences(around("02")), (List{D::reserved_header_rescanned, D::record_shortened}));
  EXPECT_EQ(differences(around("44 02")),
            (List{D::reserved_header_rescanned, D::record_shortened}));
}

TEST(SpePerf, ExtendedHeadersOutsideTheTableAreRescanned) {
  EXPECT_EQ(differences(around("24 44 02")),
            (List{D::extended_header_rescanned, D::record_shortened}));
  EXPECT_EQ(differences(around("20 44 02")),
            (List{D::extended_header_rescanned, D::record_shortened}));
}

TEST(SpePerf, TheAlignmentCommandSkipsToAnAlignmentOfTheHost) {
  // 42 02 | 22 00 | 48 00 98 01 00 01: to 8, into the counter, whose zero byte counts as padding.
  const Bytes bytes = around("22 00");
  const List found = differences(bytes);
  ASSERT_FALSE(found.empty());
  EXPECT_EQ(found[0], D::alignment_command);
  // At another host address the command ends with its own two bytes and nothing is lost.
  EXPECT_EQ(differences(bytes, 4), (List{D::alignment_command}));
  EXPECT_EQ(perf_packet(bytes, 2, 4).bytes, 2u);
  EXPECT_EQ(perf_packet(bytes, 2, 0).bytes, 7u);
  // Too few bytes for its alignment: bad.
  EXPECT_EQ(perf_packet(hex("22 00 01"), 0, 0).type, PerfType::bad);
}

TEST(SpePerf, WhatCannotBeFramedIsReadOnByChance) {
  Bytes bytes = around("20 20");
  EXPECT_EQ(differences(bytes), (List{D::undecodable_rescanned, D::record_invented}));
  bytes = short_record();
  append(bytes, hex("b0 01 42"));  // an address that is cut off; perf sees an End in it
  EXPECT_EQ(differences(bytes), (List{D::truncated_rescanned, D::record_invented}));
}

TEST(SpePerf, ReservedValuesAreAcceptedByPerf) {
  EXPECT_EQ(differences(around("63 01 02 03 04")), (List{D::reserved_size_accepted}));
  EXPECT_EQ(differences(around("67 01 02 03 04")), (List{D::reserved_index_accepted}));
  EXPECT_EQ(differences(around("9d 01 02")), (List{D::reserved_index_accepted}));
  EXPECT_EQ(differences(around("21 b2 01 02 03 04 05 06 07 08")),
            (List{D::reserved_index_accepted}));
  EXPECT_EQ(differences(around("49 24")), (List{D::reserved_subclass_accepted}));
  EXPECT_EQ(differences(around("b0 01 02 03 04 05 06 07 8f")), (List{D::reserved_field_accepted}));
  EXPECT_EQ(differences(around("b0 01 02 03 04 05 06 07 90")), (List{D::realm_ignored}));
  EXPECT_EQ(differences(around("b3 01 02 03 04 05 06 07 90")), (List{D::realm_ignored}));
}

TEST(SpePerf, OperationClassThreeCostsARecord) {
  EXPECT_EQ(differences(around("4b 00")), (List{D::reserved_class_accepted, D::record_shortened}));
}

TEST(SpePerf, ARecordEndsNowhereIfPerfSkipsItsEnd) {
  // The alignment command swallows the End and the next record runs into this one.
  Bytes bytes = hex("42 02 48 00 98 01 00 23 00 01");
  bytes.resize(16, 0);
  append(bytes, short_record());
  append(bytes, Bytes(16, 0));
  const List found = differences(bytes);
  EXPECT_EQ(found, (List{D::alignment_command, D::record_lost}));
}

TEST(SpePerf, EveryDifferenceHasANameAnExplanationAndATest) {
  std::set<Difference> seen;
  for (const char* inner :
       {"44 01", "24 44 02", "22 00", "20 20", "b0 01", "63 01 02 03 04", "67 01 02 03 04", "4b 00",
        "49 24", "b0 01 02 03 04 05 06 07 8f", "b0 01 02 03 04 05 06 07 90"})
    for (const Difference d : differences(around(inner))) seen.insert(d);
  Bytes swallowed = hex("42 02 48 00 98 01 00 23 00 01");
  swallowed.resize(32, 0);
  for (const Difference d : differences(swallowed)) seen.insert(d);
  EXPECT_EQ(seen.size(), difference_count);
  std::set<std::string_view> names;
  for (unsigned i = 0; i < difference_count; ++i) {
    names.insert(name_of(static_cast<Difference>(i)));
    EXPECT_FALSE(explain(static_cast<Difference>(i)).empty());
  }
  EXPECT_EQ(names.size(), difference_count);
}

// Whatever the bytes: perf's packets cover them without a gap, and comparing ends.
TEST(SpePerf, AnyBytesCanBeCompared) {
  EXPECT_TRUE(rc::check([](const Bytes& bytes) {
    const std::uint64_t host = bits(12);
    std::uint64_t at = 0;
    for (const PerfPacket& packet : perf_view(bytes, host).packets) {
      RC_ASSERT(packet.offset == at);
      RC_ASSERT(packet.bytes > 0u);
      at += packet.bytes;
    }
    RC_ASSERT(at == bytes.size());
    for (const DifferenceAt& d : compare_with_perf(bytes, host))
      RC_ASSERT(d.offset + d.bytes <= bytes.size());
  }));
}

}  // namespace
}  // namespace assay::traces::spe
