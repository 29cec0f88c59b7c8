// PMBPTR_EL1 against the bytes: one test for each outcome, then random buffers.
#include "traces/spe/buffer.hpp"

#include <gtest/gtest.h>

#include <set>

#include "spe_bytes.hpp"

namespace assay::traces::spe {
namespace {

using namespace test;

constexpr std::uint64_t base = 0x40000000, limit = base + 0x1000;
constexpr std::uint64_t enable = 1, discard_mode = 2u << 1;
constexpr std::uint64_t service = 1u << 17, external = 1u << 18, data_loss = 1u << 19;
constexpr std::uint64_t ec(unsigned value) { return std::uint64_t{value} << 26; }
constexpr std::uint64_t full = service | 1, stage_2_fault = service | ec(0x25) | 0x07,
                        stage_1_fault = service | ec(0x24) | 0x0f;

// A buffer of one page whose records are padded to 16 bytes and at most 64.
struct Buffer {
  Bytes bytes = Bytes(0x1000, 0);
  std::size_t written = 0;
  BufferState state;

  Buffer() {
    state.base = base;
    state.pmblimitr = limit | enable;
    state.align = 4;
    state.max_size = 6;
  }
  void put(const Bytes& more) {
    std::copy(more.begin(), more.end(), bytes.begin() + static_cast<long>(written));
    written += more.size();
  }
  void records(unsigned count) {
    for (; count > 0; --count) {
      put(short_record());
      written = (written + 15) / 16 * 16;
    }
  }
  BufferJudgement judge(std::uint64_t pmbsr, const BufferRules& rules = {}) {
    return judge_at(base + written, pmbsr, rules);
  }
  BufferJudgement judge_at(std::uint64_t pointer, std::uint64_t pmbsr,
                           const BufferRules& rules = {}) {
    state.bytes = bytes;
    state.pmbptr = pointer;
    state.pmbsr = pmbsr;
    return judge_buffer(state, rules);
  }
};

#define EXPECT_OUTCOME(judgement, expected)                                           \
  {                                                                                   \
    const BufferJudgement found = (judgement);                                        \
    EXPECT_EQ(name_of(found.outcome), name_of(BufferOutcome::expected)) << found.why; \
    EXPECT_FALSE(found.why.empty());                                                  \
  }

TEST(SpeBuffer, WholeRecordsAndNoLossConform) {
  Buffer b;
  EXPECT_OUTCOME(b.judge(0), nothing_written);
  b.records(3);
  EXPECT_OUTCOME(b.judge(0), complete);
  EXPECT_OUTCOME(b.judge(stage_1_fault), complete);
  EXPECT_OUTCOME(b.judge(stage_2_fault), complete);
  const BufferJudgement j = b.judge(0);
  EXPECT_EQ(j.records, 3u);
  EXPECT_EQ(j.last_complete, base + 2 * 16 + 8);
  EXPECT_EQ(j.boundary, base + 48);
  EXPECT_EQ(answer_of(j.outcome), BufferAnswer::conforms);
}

TEST(SpeBuffer, AFaultWithinARecordNeedsDataLoss) {
  Buffer b;
  b.records(2);
  b.put(hex("42 02 48"));
  EXPECT_OUTCOME(b.judge(stage_2_fault | data_loss), partial_tail);
  EXPECT_OUTCOME(b.judge(stage_2_fault), pointer_within_record);
  EXPECT_OUTCOME(b.judge(0), pointer_within_record);
  EXPECT_OUTCOME(b.judge(full | data_loss), full_too_early);
  EXPECT_OUTCOME(b.judge(service | ec(0x24) | 0x10 | external | data_loss), partial_tail);
  EXPECT_OUTCOME(b.judge(service), loss_not_set);
  EXPECT_OUTCOME(b.judge(service | data_loss), partial_tail);
  EXPECT_OUTCOME(b.judge(data_loss), partial_tail);
  BufferRules none_before;
  none_before.data_loss_before = false;
  EXPECT_OUTCOME(b.judge(data_loss, none_before), pointer_within_record);
}

TEST(SpeBuffer, ThePseudocodeForgivesALossThatIsNotSet) {
  Buffer b;
  b.records(2);
  b.put(hex("42 02 48"));
  BufferRules rules;
  rules.within_record = DlWithinRecord::unchanged;
  EXPECT_OUTCOME(b.judge(stage_2_fault, rules), partial_tail);
  EXPECT_OUTCOME(b.judge(0, rules), pointer_within_record);
}

TEST(SpeBuffer, ThePassagesDisagreeAboutLossAtABoundary) {
  Buffer b;
  b.records(2);
  BufferRules rules;
  rules.data_loss_before = false;
  EXPECT_OUTCOME(b.judge(stage_2_fault | data_loss, rules), lossy_boundary);
  rules.at_boundary = DlAtBoundary::unchanged;
  EXPECT_OUTCOME(b.judge(stage_2_fault | data_loss, rules), loss_without_reason);
  rules.data_loss_before = std::nullopt;
  EXPECT_OUTCOME(b.judge(stage_2_fault | data_loss, rules), lossy_boundary);
  rules.data_loss_before = true;
  EXPECT_OUTCOME(b.judge(stage_2_fault, rules), loss_not_set);
  rules.data_loss_before = false;
  EXPECT_OUTCOME(b.judge(data_loss, rules), loss_without_reason);
}

TEST(SpeBuffer, FullMeansNoRoomForOneMoreRecord) {
  Buffer b;
  b.records((0x1000 - 64) / 16);  // exactly at LIMIT - 64: not full
  EXPECT_OUTCOME(b.judge(0), complete);
  EXPECT_OUTCOME(b.judge(full), full_too_early);
  b.records(1);
  EXPECT_OUTCOME(b.judge(full), complete);
  EXPECT_OUTCOME(b.judge(0), full_not_signalled);
  b.put(hex("42"));
  EXPECT_OUTCOME(b.judge(full), pointer_within_record);
  EXPECT_OUTCOME(b.judge(full | data_loss), pointer_within_record);
}

TEST(SpeBuffer, ThePointerStaysBelowTheLimit) {
  Buffer b;
  b.records(1);
  EXPECT_OUTCOME(b.judge_at(limit + 1, 0), beyond_limit);
  EXPECT_OUTCOME(b.judge_at(limit, full), pointer_past_padding);
}

TEST(SpeBuffer, ZerosAreOnlyPaddingUpToTheLongestRecord) {
  Buffer b;
  b.records(1);
  EXPECT_OUTCOME(b.judge_at(base + 64, 0), complete);  // padding to 64 is the core's business
  EXPECT_OUTCOME(b.judge_at(base + 65, 0), pointer_past_padding);
  EXPECT_OUTCOME(b.judge_at(base + 65, stage_1_fault | data_loss), partial_tail);
  EXPECT_OUTCOME(b.judge_at(base + 16 + 64, stage_1_fault | data_loss), tail_too_long);
}

TEST(SpeBuffer, GarbageBeforeTheTailIsNotATail) {
  Buffer b;
  b.records(2);
  b.put(hex("20 20"));
  b.records(8);
  EXPECT_OUTCOME(b.judge(0), malformed);
  EXPECT_OUTCOME(b.judge(stage_2_fault | data_loss), tail_too_long);
  const BufferJudgement j = b.judge(0);
  EXPECT_NE(j.why.find("0x40000020"), std::string::npos) << j.why;
  EXPECT_EQ(j.records, 2u);
}

TEST(SpeBuffer, DiscardModeMovesNothing) {
  Buffer b;
  b.state.pmblimitr = limit | enable | discard_mode;
  EXPECT_OUTCOME(b.judge(0), discarded);
  EXPECT_OUTCOME(b.judge_at(base + 16, 0), discard_moved_pointer);
}

TEST(SpeBuffer, SomeEventsAllowNoJudgement) {
  Buffer b;
  b.records(1);
  EXPECT_OUTCOME(b.judge(external), asynchronous);
  EXPECT_OUTCOME(b.judge(service | ec(0x24) | 0x11 | external | data_loss), asynchronous);
  EXPECT_OUTCOME(b.judge(full | external), asynchronous);
  EXPECT_OUTCOME(b.judge(service | ec(0x1f)), unknown_event);
  EXPECT_OUTCOME(b.judge(service | 4), unknown_event);
  EXPECT_OUTCOME(b.judge(service | ec(0x01)), unknown_event);
}

TEST(SpeBuffer, ContradictoryArgumentsAreUnusable) {
  Buffer b;
  EXPECT_OUTCOME(b.judge_at(base - 1, 0), unusable);
  b.state.align = 12;
  EXPECT_OUTCOME(b.judge(0), unusable);
  b.state.align = 4;
  b.state.max_size = 3;
  EXPECT_OUTCOME(b.judge(0), unusable);
  b.state.max_size = 6;
  b.state.pmblimitr = limit | enable | 1u << 1;
  EXPECT_OUTCOME(b.judge(0), unusable);
  b.state.pmblimitr = limit | enable;
  b.bytes.resize(8);
  EXPECT_OUTCOME(b.judge_at(base + 16, 0), unusable);
}

TEST(SpeBuffer, SyndromeFieldsAreWhereTheRegisterHasThem) {
  const Syndrome s = decode_syndrome(0x940f0007);
  EXPECT_EQ(s.ec, 0x25);
  EXPECT_EQ(s.mss, 7);
  EXPECT_TRUE(s.service && s.external && s.data_loss && s.collision);
  EXPECT_EQ(decode_syndrome(0), Syndrome{});
}

// Random records, the pointer anywhere: DL tells the truth exactly if the judgement conforms.
TEST(SpeBuffer, RandomBuffersAreJudgedByWhereThePointerIs) {
  EXPECT_TRUE(rc::check([] {
    const unsigned align = below(7);
    const unsigned max_size = 9;
    Bytes bytes;
    std::set<std::uint64_t> boundaries = {0};
    for (unsigned i = below(8); i > 0; --i) {
      RC_ASSERT(encode_record(some_record(), align, 1u << max_size, bytes) == Encoded::fine);
      boundaries.insert(bytes.size());
    }
    const std::uint64_t pointer = *rc::gen::inRange<std::uint64_t>(0, bytes.size() + 1);
    BufferState s;
    s.bytes = bytes;
    s.base = base;
    s.pmbptr = base + pointer;
    s.pmblimitr = (base + 0x10000) | enable;
    s.align = align;
    s.max_size = max_size;
    s.pmbsr = stage_1_fault | data_loss;
    const BufferJudgement lost = judge_buffer(s);
    RC_ASSERT(answer_of(lost.outcome) == BufferAnswer::conforms);
    s.pmbsr = stage_1_fault;
    const BufferJudgement whole = judge_buffer(s);
    if (boundaries.contains(pointer)) {
      RC_ASSERT(answer_of(whole.outcome) == BufferAnswer::conforms);
    } else if (answer_of(whole.outcome) == BufferAnswer::conforms) {
      // Within the padding: the record is complete, if not as long as it should be.
      const std::uint64_t next = *boundaries.upper_bound(pointer);
      for (std::uint64_t at = whole.last_complete - base; at < next; ++at)
        RC_ASSERT(bytes[at] == 0);
    } else {
      RC_ASSERT(whole.outcome == BufferOutcome::pointer_within_record);
    }
  }));
}

// Names are distinct, so that an outcome in a report means one thing.
TEST(SpeBuffer, OutcomesHaveNames) {
  std::set<std::string_view> names;
  for (unsigned i = 0; i <= static_cast<unsigned>(BufferOutcome::unusable); ++i)
    names.insert(name_of(static_cast<BufferOutcome>(i)));
  EXPECT_EQ(names.size(), static_cast<unsigned>(BufferOutcome::unusable) + 1);
}

}  // namespace
}  // namespace assay::traces::spe
