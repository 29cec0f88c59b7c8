// Packets: the grammar against the encoder, every first byte, every prefix.
#include "traces/spe/packet.hpp"

#include <gtest/gtest.h>

#include "spe_bytes.hpp"
#include "traces/spe/records.hpp"
#include "traces/spe/text.hpp"

namespace assay::traces::spe {
namespace {

using namespace test;

Body only_packet(std::string_view text) {
  const Bytes bytes = hex(text);
  Packet packet;
  EXPECT_EQ(decode_packet(bytes, 0, 0, packet), Decoded::packet) << text;
  EXPECT_EQ(packet.bytes, bytes.size()) << text;
  return packet.body;
}

Reserved reserved(std::string_view text) {
  const Body body = only_packet(text);
  const auto* unknown = std::get_if<Unknown>(&body);
  EXPECT_NE(unknown, nullptr) << text;
  return unknown == nullptr ? Reserved::header : unknown->why;
}

TEST(SpePacket, RandomRecordsReadBackAsTheyWereWritten) {
  EXPECT_TRUE(rc::check([] {
    const std::vector<Body> wrote = some_record();
    const unsigned align = below(12);
    Bytes bytes;
    RC_ASSERT(encode_record(wrote, align, record_bytes_limit, bytes) == Encoded::fine);
    RC_ASSERT(bytes.size() % (std::size_t{1} << align) == 0u);
    Decoded last{};
    std::vector<Packet> read = decode_all(bytes, last);
    RC_ASSERT(last == Decoded::end);
    if (is<Padding>(read.back())) read.pop_back();
    RC_ASSERT(read.size() == wrote.size());
    std::uint64_t offset = 0;
    for (std::size_t i = 0; i < wrote.size(); ++i) {
      RC_ASSERT(read[i].body == wrote[i]);
      RC_ASSERT(read[i].offset == offset);
      offset += read[i].bytes;
    }
  }));
}

TEST(SpePacket, PaddingBetweenPacketsChangesNothing) {
  EXPECT_TRUE(rc::check([] {
    Bytes bytes;
    std::vector<Body> wrote;
    for (unsigned i = 1u + below(5); i > 0; --i)
      for (const Body& body : some_record()) {
        if (coin()) bytes.insert(bytes.end(), 1u + below(20), 0);
        wrote.push_back(body);
        RC_ASSERT(encode_packet(body, bytes) == Encoded::fine);
      }
    Decoded last{};
    std::size_t found = 0;
    for (const Packet& packet : decode_all(bytes, last)) {
      if (is<Padding>(packet)) continue;
      RC_ASSERT(packet.body == wrote.at(found++));
    }
    RC_ASSERT(found == wrote.size());
    FaultList faults;
    RecordWalker walker({}, faults);
    RC_ASSERT(walker.feed(bytes, 0) == bytes.size());
    walker.finish({}, bytes.size());
    RC_ASSERT(faults.framing == 0u);
    RC_ASSERT(faults.content == 0u);
  }));
}

// Any bytes: what decodes encodes to the same bytes, apart from how long a run of padding is.
TEST(SpePacket, AnyBytesDecodeToWhatEncodesThem) {
  EXPECT_TRUE(rc::check([](const Bytes& bytes) {
    Decoded last{};
    Bytes again;
    for (const Packet& packet : decode_all(bytes, last)) {
      if (is<Padding>(packet)) again.insert(again.end(), packet.bytes, 0);
      else RC_ASSERT(encode_packet(packet.body, again) == Encoded::fine);
    }
    RC_ASSERT(again == Bytes(bytes.begin(), bytes.begin() + static_cast<long>(again.size())));
    RC_ASSERT((last == Decoded::end) == (again.size() == bytes.size()));
  }));
}

TEST(SpePacket, EveryHeaderHasTheSizeOfTheTable) {
  for (unsigned first = 1; first < 256; ++first)
    for (unsigned second = 0; second < 256; ++second) {
      Bytes bytes(16, 0x55);
      bytes[0] = static_cast<std::uint8_t>(first);
      bytes[1] = static_cast<std::uint8_t>(second);
      Packet packet;
      const Decoded answer = decode_packet(bytes, 0, 0, packet);
      const bool extended = first >= 0x20 && first < 0x40;
      const unsigned sizing = extended ? second : first;
      if (extended && second >= 0x20 && second < 0x40) {
        EXPECT_EQ(answer, Decoded::undecodable);
        continue;
      }
      ASSERT_EQ(answer, Decoded::packet) << first << " " << second;
      const std::size_t payload = sizing < 0x20 ? 0 : std::size_t{1} << (sizing >> 4 & 3);
      EXPECT_EQ(packet.bytes, payload + (extended ? 2 : 1)) << first << " " << second;
      EXPECT_EQ(packet.bytes, declared_bytes(bytes)) << first << " " << second;
      for (std::size_t cut = 1; cut < packet.bytes; ++cut)
        EXPECT_EQ(decode_packet(std::span(bytes).first(cut), 0, 0, packet), Decoded::truncated)
            << first << " " << second << " cut to " << cut;
    }
}

TEST(SpePacket, ReservedEncodingsAreNamedAndKeepTheirBytes) {
  EXPECT_EQ(reserved("02"), Reserved::header);
  EXPECT_EQ(reserved("1f"), Reserved::header);
  EXPECT_EQ(reserved("44 12"), Reserved::header);
  EXPECT_EQ(reserved("f0 01 02 03 04 05 06 07 08"), Reserved::header);
  EXPECT_EQ(reserved("20 00"), Reserved::extended_header);
  EXPECT_EQ(reserved("24 b0 01 02 03 04 05 06 07 08"), Reserved::extended_header);
  EXPECT_EQ(reserved("3f 98 01 02"), Reserved::extended_header);
  EXPECT_EQ(reserved("63 01 02 03 04"), Reserved::size);
  EXPECT_EQ(reserved("66 01 02 03 04"), Reserved::index);
  EXPECT_EQ(reserved("b5 01 02 03 04 05 06 07 08"), Reserved::index);
  EXPECT_EQ(reserved("21 b0 01 02 03 04 05 06 07 08"), Reserved::index);
  EXPECT_EQ(reserved("9b 01 02"), Reserved::index);
  EXPECT_EQ(reserved("4b 00"), Reserved::operation_class);
  EXPECT_EQ(reserved("48 10"), Reserved::subclass);
  EXPECT_EQ(reserved("49 24"), Reserved::subclass);  // a load from a memory set
  EXPECT_EQ(reserved("4a 20"), Reserved::subclass);
  EXPECT_EQ(reserved("48 e8"), Reserved::field);                       // ETS 12
  EXPECT_EQ(reserved("b0 00 00 00 00 00 00 00 10"), Reserved::field);  // NSE without NS
  EXPECT_EQ(reserved("b1 00 00 00 00 00 00 00 81"), Reserved::field);
  EXPECT_EQ(reserved("b3 00 00 00 00 00 00 00 a0"), Reserved::field);
}

// Every payload of an operation type means one thing or is reserved.
TEST(SpePacket, OperationPayloadsAreCoveredOnce) {
  unsigned assigned[3] = {0, 0, 0};
  for (unsigned kind = 0; kind < 3; ++kind)
    for (unsigned payload = 0; payload < 256; ++payload) {
      const Bytes bytes = {static_cast<std::uint8_t>(0x48 + kind),
                           static_cast<std::uint8_t>(payload)};
      Packet packet;
      ASSERT_EQ(decode_packet(bytes, 0, 0, packet), Decoded::packet);
      if (is<Unknown>(packet)) continue;
      ++assigned[kind];
      Bytes again;
      ASSERT_EQ(encode_packet(packet.body, again), Encoded::fine);
      EXPECT_EQ(again, bytes);
      EXPECT_FALSE(describe(packet.body).empty());
    }
  EXPECT_EQ(assigned[0], 8u + 32u + 26u);  // other, SVE, SME without the three reserved sizes
  EXPECT_EQ(assigned[1], 10u + 16u + 64u + 2u + 1u + 4u);
  EXPECT_EQ(assigned[2], 32u);
}

TEST(SpePacket, EncoderRefusesWhatTheArchitectureHasNoEncodingFor) {
  Bytes out;
  EXPECT_EQ(encode_packet(Events{3, 0}, out), Encoded::field_too_wide);
  EXPECT_EQ(encode_packet(Events{1, 256}, out), Encoded::field_too_wide);
  EXPECT_EQ(encode_packet(DataSource{4, 0}, out), Encoded::field_too_wide);
  EXPECT_EQ(encode_packet(Context{3, 0}, out), Encoded::field_too_wide);
  EXPECT_EQ(encode_packet(Counter{16, 0, false}, out), Encoded::field_too_wide);
  EXPECT_EQ(encode_packet(Counter{3, 0, false}, out), Encoded::field_too_wide);
  EXPECT_EQ(encode_packet(DataVirtualAddress{std::uint64_t{1} << 56, 0, false}, out),
            Encoded::field_too_wide);
  EXPECT_EQ(encode_packet(CodeAddress{CodeAddress::Of::pc, 0, 0, false, true, false}, out),
            Encoded::field_too_wide);
  EXPECT_TRUE(out.empty());
}

TEST(SpePacket, EncoderClosesRecordsOnceAndAtTheEnd) {
  Bytes out;
  const Body open[] = {Events{}};
  EXPECT_EQ(encode_record(open, 0, 64, out), Encoded::not_closed);
  const Body early[] = {End{}, Events{}, End{}};
  EXPECT_EQ(encode_record(early, 0, 64, out), Encoded::closed_early);
  const Body fine[] = {Events{1, 2}, Timestamp{7}};
  EXPECT_EQ(encode_record(fine, 6, 32, out), Encoded::too_long);
  EXPECT_TRUE(out.empty());
  EXPECT_EQ(encode_record(fine, 4, 16, out), Encoded::fine);
  EXPECT_EQ(out, hex("42 02 71 07 00 00 00 00 00 00 00 00 00 00 00 00"));
}

TEST(SpeRecords, PiecesOfAnySizeGiveTheSameRecords) {
  EXPECT_TRUE(rc::check([] {
    Bytes bytes;
    for (unsigned i = 1u + below(6); i > 0; --i)
      RC_ASSERT(encode_record(some_record(), 3, record_bytes_limit, bytes) == Encoded::fine);
    std::vector<std::uint64_t> ends[2];
    for (const bool whole : {true, false}) {
      FaultList faults;
      WalkOptions options;
      options.align = 3;
      options.on_record = [&](const RecordSpan& r) { ends[whole].push_back(r.end); };
      RecordWalker walker(std::move(options), faults);
      std::size_t begin = 0, end = whole ? bytes.size() : 0;
      while (begin < bytes.size()) {
        if (!whole) end = std::min(bytes.size(), end + 1 + below(40));
        begin += walker.feed(std::span(bytes).subspan(begin, end - begin), begin);
      }
      walker.finish({}, bytes.size());
      RC_ASSERT(faults.content + faults.framing == 0u);
    }
    RC_ASSERT(ends[0] == ends[1]);
  }));
}

std::vector<Fault> faults_of(const Bytes& bytes, unsigned align = 0, std::size_t longest = 64) {
  FaultList faults;
  WalkOptions options;
  options.align = align;
  options.record_bytes_max = longest;
  RecordWalker walker(std::move(options), faults);
  const std::size_t used = walker.feed(bytes, 0);
  walker.finish(std::span(bytes).subspan(used), used);
  std::vector<Fault> kinds;
  for (const RecordFault& f : faults.kept) kinds.push_back(f.fault);
  return kinds;
}

TEST(SpeRecords, FaultsAreNamed) {
  using Faults = std::vector<Fault>;
  EXPECT_EQ(faults_of(hex("42 02 48 00 98 01 00 01")), Faults{});
  EXPECT_EQ(faults_of(hex("42 02 48 00 98 01 00 02 01")), Faults{Fault::reserved_packet});
  EXPECT_EQ(faults_of(hex("48 00 98 01 00 01")), Faults{Fault::no_events});
  EXPECT_EQ(faults_of(hex("42 02 98 01 00 01")), Faults{Fault::no_operation});
  EXPECT_EQ(faults_of(hex("42 02 48 00 01")), Faults{Fault::no_total_latency});
  EXPECT_EQ(faults_of(hex("42 02 48 00 49 00 98 01 00 01")), Faults{Fault::repeated_packet});
  EXPECT_EQ(faults_of(hex("42 02 48 00 98 01 00 01"), 4, 8), Faults{Fault::record_too_long});
  EXPECT_EQ(faults_of(hex("00 42 02 48 00 98 01 00 01"), 3), Faults{Fault::record_unaligned});
  EXPECT_EQ(faults_of(hex("42 02 20 21")), Faults{Fault::undecodable});
  EXPECT_EQ(faults_of(hex("42 02 b0 21")), Faults{Fault::truncated_packet});
  EXPECT_EQ(faults_of(hex("42 02 48 00")), Faults{Fault::unfinished_record});
  EXPECT_EQ(faults_of(Bytes(5000, 0x02)).back(), Fault::unfinished_record);
}

TEST(SpeText, OneLineForAPacketAndOneForARecord) {
  const Bytes bytes = hex("99 0b 00  52 16 00  00 00  01");
  Decoded last{};
  const std::vector<Packet> packets = decode_all(bytes, last);
  EXPECT_EQ(packet_line(packets[0], bytes),
            "00000000: 99 0b 00                       latency issue 11");
  EXPECT_EQ(record_line(packets),
            "0x0..0x9: latency issue 11; events retired l1d-access tlb-access; end");
  EXPECT_EQ(describe(only_packet("b0 f4 d3 29 10 00 80 ff a0")),
            "pc 0xff80001029d3f4 el1 non-secure");
  EXPECT_EQ(describe(only_packet("b0 f4 d3 29 10 00 80 ff b0")), "pc 0xff80001029d3f4 el1 realm");
  EXPECT_EQ(describe(only_packet("49 16")), "load extended atomic acquire-release");
  EXPECT_EQ(describe(only_packet("48 fe")), "sme size whole-za fp");
  EXPECT_EQ(describe(only_packet("44 12")), "unknown 44 payload 0x12 (reserved header)");
}

}  // namespace
}  // namespace assay::traces::spe
