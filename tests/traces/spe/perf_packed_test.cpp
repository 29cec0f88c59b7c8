// What perf -z packs, cut in every way, and AUX records that come behind the data they are about.
#include "traces/spe/perf_packed.hpp"

#include <gtest/gtest.h>
#include <zstd.h>

#include <algorithm>
#include <memory>
#include <span>

#include "perf_file_bytes.hpp"
#include "traces/spe/perf_data.hpp"

namespace assay::traces::spe {
namespace {

using namespace test;

// One frame over many records, flushed at the end of each, as perf makes it.
class Packer {
 public:
  Bytes operator()(std::span<const std::uint8_t> plain) {
    Bytes out(ZSTD_compressBound(plain.size()) + 64);
    ZSTD_inBuffer from{plain.data(), plain.size(), 0};
    ZSTD_outBuffer to{out.data(), out.size(), 0};
    EXPECT_EQ(ZSTD_compressStream2(stream_.get(), &to, &from, ZSTD_e_flush), 0u);
    EXPECT_EQ(from.pos, from.size);
    out.resize(to.pos);
    return out;
  }

 private:
  struct Free {
    void operator()(ZSTD_CCtx* stream) const { ZSTD_freeCCtx(stream); }
  };
  std::unique_ptr<ZSTD_CCtx, Free> stream_{ZSTD_createCCtx()};
};

Bytes several_events() {
  Bytes out;
  for (unsigned i = 0; i < 20; ++i) append(out, aux(16 * i, 16, i % 3));
  append(out, event(99, Bytes(50000, 7)));
  append(out, aux(320, 16, 0));
  return out;
}

TEST(SpePacked, EventsComeOutWhereverTheyWereCut) {
  const Bytes plain = several_events();
  for (const std::size_t piece : {std::size_t{1} << 20, std::size_t{4000}, std::size_t{61}}) {
    Packer pack;
    PackedEvents packed;
    Bytes out;
    for (std::size_t at = 0; at < plain.size(); at += piece) {
      const auto part = std::span(plain).subspan(at, std::min(piece, plain.size() - at));
      const auto answer = packed.take(pack(part), [&out](std::span<const std::uint8_t> e) {
        out.insert(out.end(), e.begin(), e.end());
        return true;
      });
      ASSERT_EQ(answer, PackedEvents::Answer::fine) << packed.damage();
    }
    EXPECT_EQ(out, plain) << piece;
    EXPECT_FALSE(packed.within_event());
  }
}

TEST(SpePacked, DamageIsSaid) {
  const auto nothing = [](std::span<const std::uint8_t>) { return true; };
  Bytes frame = Packer()(several_events());
  frame[frame.size() / 2] ^= 0xff;
  frame[0] ^= 1;
  PackedEvents no_frame;
  EXPECT_EQ(no_frame.take(frame, nothing), PackedEvents::Answer::damaged);
  EXPECT_FALSE(no_frame.damage().empty());
  PackedEvents tiny_event;
  EXPECT_EQ(tiny_event.take(Packer()(Bytes(8, 0)), nothing), PackedEvents::Answer::damaged);
  EXPECT_EQ(tiny_event.damage(), "an event of 0 bytes");
  PackedEvents stopped;
  const auto stop = [](std::span<const std::uint8_t>) { return false; };
  EXPECT_EQ(stopped.take(Packer()(several_events()), stop), PackedEvents::Answer::stopped);
}

TEST(SpePacked, ABombEndsEarly) {
  Packer pack;
  PackedEvents packed;
  const Bytes bomb = pack(Bytes((std::size_t{1} << 26) + 8, 8));  // events of 0x0808 bytes
  EXPECT_LT(bomb.size(), std::size_t{1} << 16);
  const auto answer = packed.take(bomb, [](std::span<const std::uint8_t>) { return true; });
  EXPECT_EQ(answer, PackedEvents::Answer::damaged);
}

PerfData read(const Bytes& file, bool as_pipe) {
  MemoryInput input(file, as_pipe);
  PerfDataOptions options;
  options.record_bytes_max = 64;
  PerfData data;
  Diagnostic why;
  EXPECT_EQ(read_perf_data(input, options, data, why), PerfRead::fine) << why.message;
  return data;
}

TEST(SpePacked, AuxRecordsInThemCount) {
  const Bytes trace = short_record();
  Packer pack;
  const Bytes packed = pack(aux(0, trace.size(), aux_collision));
  for (const bool as_pipe : {false, true}) {
    const PerfData data =
        read(pipe_of({auxtrace_info(), event(81, packed), auxtrace(0, trace)}), as_pipe);
    EXPECT_EQ(data.compressed, 1u);
    EXPECT_EQ(data.aux_records, 1u);
    EXPECT_EQ(data.chunks.at(0).flags, std::uint64_t{aux_collision});
  }
}

// In a pipe a stretch may be announced too late to begin the walk anew. The record that was cut
// swallows the beginning of the next, which then looks as no PE writes it; but nobody wrote that.
TEST(SpePacked, WhatALateAnnouncementSwallowedIsNoViolation) {
  Bytes first = short_record(), second;
  append(first, hex("42 02 48 00 b0"));
  for (unsigned i = 0; i < 3; ++i) append(second, short_record());
  Bytes both = first;
  append(both, second);
  const Bytes one = aux(0, first.size(), aux_truncated | aux_partial);
  const Bytes two = aux(first.size(), second.size(), 0);
  const Bytes chunk = auxtrace(0, both);
  const PerfData late = read(pipe_of({auxtrace_info(), chunk, one, two}), true);
  EXPECT_FALSE(violates(late.chunks.at(0).verdict)) << late.chunks[0].why;
  EXPECT_GT(late.chunks[0].faults.content, 0u);
  const PerfData in_time = read(pipe_of({auxtrace_info(), one, two, chunk}), true);
  EXPECT_EQ(name_of(in_time.chunks.at(0).verdict), "marked_tail");
  EXPECT_EQ(in_time.chunks[0].records, 4u);
}

TEST(SpePacked, InAPipeAChunkThatNobodyAnnouncedIsUnheard) {
  Bytes trace = short_record();
  append(trace, short_record());
  const PerfData data =
      read(pipe_of({auxtrace_info(), aux(0, 16, 0, 7), auxtrace(0, trace)}), true);
  EXPECT_EQ(data.chunks.at(0).records_unheard, 2u);
  EXPECT_EQ(data.absent.cpu, 7);
}

}  // namespace
}  // namespace assay::traces::spe
