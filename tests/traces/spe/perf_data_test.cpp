// perf.data files made here: what is in them, what the AUX flags say, and every way to be damaged.
#include "traces/spe/perf_data.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>

#include "perf_file_bytes.hpp"

namespace assay::traces::spe {
namespace {

using namespace test;

struct Read {
  PerfRead answer = PerfRead::fine;
  PerfData data;
  Diagnostic why;
  std::uint64_t packets = 0;
};

Read read(const Bytes& file, bool as_pipe = false) {
  Read r;
  MemoryInput input(file, as_pipe);
  PerfDataOptions options;
  options.record_bytes_max = 64;
  options.on_packet = [&r](const AuxChunk&, const Packet&) { ++r.packets; };
  r.answer = read_perf_data(input, options, r.data, r.why);
  return r;
}

// `count` records of 16 bytes.
Bytes records(unsigned count) {
  Bytes out;
  for (; count > 0; --count) {
    append(out, short_record());
    out.resize((out.size() + 15) / 16 * 16, 0);
  }
  return out;
}
Bytes operator+(Bytes a, const Bytes& b) {
  append(a, b);
  return a;
}

TEST(SpePerfData, AFileWithWholeRecords) {
  const Bytes trace = records(5);
  const Read r = read(file_of({auxtrace_info(), aux(0, 80, 0), auxtrace(0, trace)}));
  ASSERT_EQ(r.answer, PerfRead::fine) << r.why.message;
  ASSERT_EQ(r.data.chunks.size(), 1u);
  const AuxChunk& c = r.data.chunks[0];
  EXPECT_EQ(name_of(c.verdict), "complete");
  EXPECT_EQ(c.records, 5u);
  EXPECT_EQ(c.packets, 20u);
  EXPECT_EQ(c.cpu, 3);
  EXPECT_EQ(c.tid, 500);
  EXPECT_EQ(c.reference, 0x1891ad0eu);
  EXPECT_EQ(c.covered, 80u);
  EXPECT_EQ(c.flags, 0u);
  EXPECT_EQ(c.file_offset,
            file_of({auxtrace_info(), aux(0, 80, 0), auxtrace(0, trace)}).size() - 80);
  EXPECT_EQ(r.data.aux_records, 1u);
  EXPECT_FALSE(r.data.pipe_format);
}

TEST(SpePerfData, APipeAndAFileReadAlike) {
  const std::vector<Bytes> events = {auxtrace_info(), aux(0, 80, aux_collision),
                                     auxtrace(0, records(5)), aux(80, 16, 0),
                                     auxtrace(80, records(1))};
  for (const bool as_pipe : {false, true})
    for (const Bytes& file : {file_of(events), pipe_of(events)}) {
      const Read r = read(file, as_pipe);
      ASSERT_EQ(r.answer, PerfRead::fine) << r.why.message;
      ASSERT_EQ(r.data.chunks.size(), 2u);
      EXPECT_EQ(r.data.chunks[0].records, 5u);
      EXPECT_EQ(r.data.chunks[0].flags, std::uint64_t{aux_collision});
      EXPECT_EQ(r.data.chunks[1].records, 1u);
      EXPECT_EQ(r.data.chunks[1].covered, 16u);
      EXPECT_EQ(name_of(r.data.chunks[1].verdict), "complete");
    }
}

TEST(SpePerfData, ABrokenEndNeedsAFlag) {
  const Bytes broken = records(2) + hex("42 02 48");
  const auto verdict = [&](std::uint64_t flags) {
    const Read r =
        read(file_of({auxtrace_info(), aux(0, broken.size(), flags), auxtrace(0, broken)}));
    EXPECT_EQ(r.data.chunks.at(0).records, 2u);
    return name_of(r.data.chunks.at(0).verdict);
  };
  EXPECT_EQ(verdict(aux_truncated | aux_partial), "marked_tail");
  EXPECT_EQ(verdict(aux_partial), "marked_tail");
  EXPECT_EQ(verdict(0), "unmarked_tail");
  EXPECT_EQ(verdict(aux_collision), "unmarked_tail");
}

TEST(SpePerfData, TheWalkBeginsAnewWithEachStretch) {
  // Two stretches in one chunk; the first ends within a record and says so.
  const Bytes first = records(2) + hex("42 02 48 00 b0");
  const Bytes both = first + records(3);
  const Bytes chunk = auxtrace(0, both);
  const Bytes one = aux(0, first.size(), aux_truncated | aux_partial);
  const Bytes two = aux(first.size(), 48, 0);
  for (const std::vector<Bytes>& events : {std::vector<Bytes>{auxtrace_info(), one, two, chunk},
                                           std::vector<Bytes>{auxtrace_info(), chunk, one, two}}) {
    const Read r = read(file_of(events));
    const AuxChunk& c = r.data.chunks.at(0);
    EXPECT_EQ(name_of(c.verdict), "marked_tail") << c.why;
    EXPECT_EQ(c.records, 5u);
    EXPECT_EQ(c.stretches, 2u);
    ASSERT_EQ(c.breaks.size(), 1u);
    EXPECT_EQ(c.breaks[0].offset, 32u);
    EXPECT_EQ(c.covered, both.size());
  }
  // A pipe that announces them too late: the record that was cut swallows the ones behind it.
  const Read late = read(pipe_of({auxtrace_info(), chunk, one, two}), true);
  EXPECT_EQ(late.data.chunks.at(0).stretches, 1u);
  EXPECT_EQ(late.data.chunks.at(0).covered, both.size());
}

TEST(SpePerfData, LossWithoutDamageIsAllowed) {
  const Read r =
      read(file_of({auxtrace_info(), aux(0, 16, aux_truncated), auxtrace(0, records(1))}));
  EXPECT_EQ(name_of(r.data.chunks.at(0).verdict), "marked_whole");
}

TEST(SpePerfData, GarbageWithinAStretchIsMalformedWhateverTheFlag) {
  const Bytes trace = records(1) + hex("20 20") + records(20);
  const Read r =
      read(file_of({auxtrace_info(), aux(0, trace.size(), aux_truncated), auxtrace(0, trace)}));
  EXPECT_EQ(name_of(r.data.chunks.at(0).verdict), "malformed");
  EXPECT_TRUE(violates(r.data.chunks.at(0).verdict));
}

TEST(SpePerfData, NobodySpokeOfThisDamage) {
  const Bytes trace = records(1) + hex("42");
  const Read other_cpu =
      read(file_of({auxtrace_info(), aux(0, trace.size(), 0, 7), auxtrace(0, trace)}));
  EXPECT_EQ(name_of(other_cpu.data.chunks.at(0).verdict), "unannounced");
  EXPECT_EQ(other_cpu.data.chunks.at(0).covered, 0u);
}

TEST(SpePerfData, RecordedByThreadTheThreadDecides) {
  const Bytes trace = records(1) + hex("42");
  const std::uint32_t none = ~0u;
  const Read r = read(file_of({auxtrace_info(), aux(0, trace.size(), aux_partial, none, 42),
                               auxtrace(0, trace, none, 42), auxtrace(0, trace, none, 43)}));
  EXPECT_EQ(name_of(r.data.chunks.at(0).verdict), "marked_tail");
  EXPECT_EQ(name_of(r.data.chunks.at(1).verdict), "unannounced");
}

TEST(SpePerfData, ASnapshotMayBeginWithinARecord) {
  // In overwrite mode aux_offset is where the data ends.
  const Bytes trace = hex("48 00 98 01 00 01") + records(2);
  const Read r = read(file_of(
      {auxtrace_info(), aux(trace.size(), trace.size(), aux_overwrite), auxtrace(0, trace)}));
  EXPECT_EQ(name_of(r.data.chunks.at(0).verdict), "partial_begin");
  EXPECT_EQ(r.data.chunks.at(0).covered, trace.size());
}

TEST(SpePerfData, AttributesMayBeShorterOrLonger) {
  for (const unsigned bytes : {64u, 112u, 128u, 136u, 200u}) {
    const Read r = read(file_of({auxtrace_info(), aux(0, 16, aux_partial), auxtrace(0, records(1))},
                                {attribute(sample_type_all, bytes)}));
    ASSERT_EQ(r.answer, PerfRead::fine) << r.why.message;
    EXPECT_EQ(r.data.chunks.at(0).flags, std::uint64_t{aux_partial});
  }
}

TEST(SpePerfData, EventsOfDifferentShapesAreToldApartById) {
  // The second event has no CPU in its sample id; the record's identifier says whose it is.
  const std::vector<Bytes> attributes = {attribute(), attribute(1u << 16 | 1u << 1)};
  const Read r = read(
      file_of({auxtrace_info(), aux(0, 16, aux_collision), auxtrace(0, records(1))}, attributes));
  ASSERT_EQ(r.answer, PerfRead::fine) << r.why.message;
  EXPECT_EQ(r.data.chunks.at(0).flags, std::uint64_t{aux_collision});
  const std::vector<Bytes> nameless = {attribute(1u << 1), attribute(1u << 7)};
  const Read n = read(
      file_of({auxtrace_info(), aux(0, 16, aux_collision), auxtrace(0, records(1))}, nameless));
  EXPECT_EQ(n.data.aux_unidentified, 1u);
}

TEST(SpePerfData, OtherHardwareIsNotSpe) {
  const Read r = read(file_of({auxtrace_info(1), auxtrace(0, records(1))}));
  EXPECT_EQ(r.answer, PerfRead::no_spe);
  EXPECT_EQ(r.data.other_chunks, 1u);
}

TEST(SpePerfData, TracingDataInAPipeIsSteppedOver) {
  Bytes size;
  put(size, 13, 4);
  put(size, 0, 4);
  const Bytes tracing = event(66, size) + Bytes(16, 0xff);
  const Read r = read(pipe_of({tracing, auxtrace_info(), auxtrace(0, records(1))}), true);
  ASSERT_EQ(r.answer, PerfRead::fine) << r.why.message;
  EXPECT_EQ(r.data.chunks.at(0).records, 1u);
}

TEST(SpePerfData, AKilledRecordingIsReadToItsEnd) {
  Bytes file = file_of({auxtrace_info(), aux(0, 16, 0), auxtrace(0, records(1))});
  std::fill(file.begin() + 48, file.begin() + 56, 0);  // the size of the data section
  const Read r = read(file);
  EXPECT_EQ(r.answer, PerfRead::fine);
  EXPECT_TRUE(r.data.unfinished);
  EXPECT_EQ(r.data.chunks.at(0).records, 1u);
}

TEST(SpePerfData, ForeignFilesAreRefusedWithAReason) {
  Bytes file = file_of({auxtrace_info()});
  std::reverse(file.begin(), file.begin() + 8);
  EXPECT_EQ(read(file).answer, PerfRead::unsupported);
  EXPECT_TRUE(is_perf_data({reinterpret_cast<const char*>(file.data()), file.size()}));
  EXPECT_EQ(read(Bytes(200, 'x')).answer, PerfRead::malformed);
  EXPECT_EQ(read({}).answer, PerfRead::malformed);
  EXPECT_FALSE(is_perf_data("execve("));
}

TEST(SpePerfData, SizesAreNotTrusted) {
  const Bytes good = file_of({auxtrace_info(), auxtrace(0, records(1))});
  for (const std::size_t field : {8, 16, 24, 32, 40, 48})  // each word of the header
    for (const std::uint64_t value :
         {std::uint64_t{1}, ~std::uint64_t{0}, std::uint64_t{1} << 63, std::uint64_t{1} << 40}) {
      Bytes file = good;
      for (unsigned i = 0; i < 8; ++i) file[field + i] = static_cast<std::uint8_t>(value >> 8 * i);
      for (const bool as_pipe : {false, true}) {
        const Read r = read(file, as_pipe);
        EXPECT_NE(r.answer, PerfRead::fine) << field << " " << value;
        EXPECT_FALSE(r.why.message.empty());
      }
    }
  // An AUXTRACE larger than the section, and one whose size wraps.
  for (const std::uint64_t size : {std::uint64_t{17}, ~std::uint64_t{0}}) {
    Bytes chunk = auxtrace(0, records(1));
    for (unsigned i = 0; i < 8; ++i) chunk[8 + i] = static_cast<std::uint8_t>(size >> 8 * i);
    EXPECT_EQ(read(file_of({auxtrace_info(), chunk})).answer, PerfRead::malformed);
    EXPECT_EQ(read(pipe_of({auxtrace_info(), chunk}), true).answer, PerfRead::malformed);
  }
  Bytes wraps = aux(~std::uint64_t{0}, 2, 0);
  const Read r = read(file_of({auxtrace_info(), wraps, auxtrace(0, records(1))}));
  EXPECT_EQ(r.answer, PerfRead::malformed);
  EXPECT_GT(r.why.offset, 104u);
}

TEST(SpePerfData, CutAnywhereItNeitherCrashesNorPretends) {
  const std::vector<Bytes> events = {auxtrace_info(), aux(0, 48, aux_truncated),
                                     auxtrace(0, records(3)), aux(48, 16, 0),
                                     auxtrace(48, records(1))};
  for (const Bytes& whole : {file_of(events), pipe_of(events)})
    for (std::size_t cut = 0; cut < whole.size(); ++cut) {
      const Bytes file(whole.begin(), whole.begin() + static_cast<long>(cut));
      for (const bool as_pipe : {false, true}) {
        const Read r = read(file, as_pipe);
        if (r.answer == PerfRead::malformed) {
          EXPECT_FALSE(r.why.message.empty()) << cut;
          EXPECT_LE(r.why.offset, whole.size()) << cut;
        } else {  // between two events of a pipe nothing is missing
          EXPECT_TRUE(r.data.pipe_format) << cut;
        }
      }
    }
}

TEST(SpePerfData, ChunksLargerThanTheWindowAreReadInPieces) {
  Bytes trace;
  while (trace.size() < 3u << 18) append(trace, records(999) + hex("00"));
  for (const bool as_pipe : {false, true}) {
    const Read r =
        read(pipe_of({auxtrace_info(), aux(0, trace.size(), 0), auxtrace(0, trace)}), as_pipe);
    ASSERT_EQ(r.answer, PerfRead::fine);
    EXPECT_EQ(r.data.chunks[0].records, trace.size() / (999 * 16 + 1) * 999);
    EXPECT_EQ(name_of(r.data.chunks[0].verdict), "complete");
  }
}

TEST(SpePerfData, ADescriptorReadsAsMemoryDoes) {
  const Bytes file = file_of({auxtrace_info(), aux(0, 48, 0), auxtrace(0, records(3))});
  std::FILE* temporary = std::tmpfile();
  ASSERT_NE(temporary, nullptr);
  ASSERT_EQ(std::fwrite(file.data(), 1, file.size(), temporary), file.size());
  std::fflush(temporary);
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ASSERT_EQ(::write(ends[1], file.data(), file.size()), static_cast<ssize_t>(file.size()));
  ::close(ends[1]);
  for (const int descriptor : {::fileno(temporary), ends[0]}) {
    DescriptorInput input(descriptor);
    PerfData data;
    Diagnostic why;
    EXPECT_EQ(read_perf_data(input, {}, data, why), PerfRead::fine) << why.message;
    ASSERT_EQ(data.chunks.size(), 1u);
    EXPECT_EQ(data.chunks[0].records, 3u);
    EXPECT_EQ(input.seekable(), descriptor != ends[0]);
  }
  ::close(ends[0]);
  std::fclose(temporary);
}

TEST(SpePerfData, FlagsHaveNames) {
  EXPECT_EQ(aux_flags_text(0), "");
  EXPECT_EQ(aux_flags_text(aux_truncated | aux_partial), "truncated partial");
  EXPECT_EQ(aux_flags_text(aux_collision | aux_overwrite | 0x100), "overwrite collision 0x100");
}

}  // namespace
}  // namespace assay::traces::spe
