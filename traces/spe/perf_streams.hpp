// What AUX records say of each AUX area: which bytes landed there, and what was lost.
//
// An AUX area belongs to a CPU or, if perf recorded by thread, to a thread, and counts its bytes
// from the beginning of the recording. Each PERF_RECORD_AUX reports a stretch of it, and each
// stretch begins where a record begins, because the driver starts the SPU from a fresh pointer.
//
// Source: Linux 6.12 kernel/events/ring_buffer.c, perf_aux_output_end (the head only grows, by the
// size reported), drivers/perf/arm_spe_pmu.c.
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "traces/spe/perf_file.hpp"

namespace assay::traces::spe {

// A stretch of an AUX area that one AUX record, or several joined, reported.
struct Stretch {
  std::uint64_t begin = 0, end = 0;
  std::uint64_t flags = 0;
};

// From `begin` to before `end`.
struct ByteRange {
  std::uint64_t begin = 0, end = 0;
};

struct StreamKey {
  bool by_thread = false;
  std::int32_t number = -1;
  auto operator<=>(const StreamKey&) const = default;
};
inline StreamKey key_of(const AuxChunk& chunk) {
  return {chunk.cpu < 0, chunk.cpu < 0 ? chunk.tid : chunk.cpu};
}

// The stretches of one AUX area.
class AuxStream {
 public:
  // Two records that report the same bytes, where the second of them stands.
  struct Overlap {
    std::uint64_t offset = 0, file_offset = 0;
  };

  // `join`: into the stretch before, if it continues that and neither has flags. False if joined.
  bool add(const Stretch& stretch, std::uint64_t file_offset, bool join);

  std::optional<Stretch> at(std::uint64_t offset) const;
  // The first place behind `offset` where a stretch begins or ends, or `end`.
  std::uint64_t boundary_behind(std::uint64_t offset, std::uint64_t end) const;
  // Whether a stretch begins at a place behind `from`, up to and including `to`.
  bool begins_behind(std::uint64_t from, std::uint64_t to) const;
  bool begins_at(std::uint64_t offset) const { return stretches_.contains(offset); }
  // Whether a stretch has bytes on both sides of `offset`.
  bool spans(std::uint64_t offset) const;
  // How many bytes of a range were reported, and the flags of all that reported some.
  std::uint64_t covered(const ByteRange& range, std::uint64_t& flags) const;
  // The bytes that were reported and are in none of `there`, which are sorted by their beginnings.
  std::vector<ByteRange> reported_but_not_in(const std::vector<ByteRange>& there) const;

  // A snapshot: the area is written over and over, so what is reported need not be there any more.
  bool overwritten() const { return overwritten_; }
  const std::optional<Overlap>& overlap() const { return overlap_; }

 private:
  struct Rest {
    std::uint64_t end = 0, flags = 0;
  };
  std::map<std::uint64_t, Rest> stretches_;  // by where they begin
  std::optional<Overlap> overlap_;
  bool overwritten_ = false;
};

// The AUX areas of a file. A record is filed under its CPU and under its thread; which of the two
// counts is known when AUXTRACE records tell to whom the areas belong.
class AuxStreams {
 public:
  // False: there are too many stretches that do not continue each other.
  bool add(const Stretch& stretch, std::uint64_t file_offset, const SampleId& id);
  void add_area(const StreamKey& key) { areas_.insert(key); }

  // Null if no record is about it. Records that name nobody are about the only area, if it is.
  const AuxStream* of(const StreamKey& key) const;
  // Of the records that are about areas of this file: the first that reports old bytes as new.
  std::optional<AuxStream::Overlap> overlap() const;
  // Whose bytes records report: the areas of the file, and those that should be in it.
  std::vector<StreamKey> reported() const;

 private:
  std::map<StreamKey, AuxStream> streams_;
  AuxStream nobodys_;
  bool nobodys_used_ = false;
  std::set<StreamKey> areas_;
  std::size_t stretches_ = 0;
};

}  // namespace assay::traces::spe
