// Walks the records of AUXTRACE chunks, piece by piece, and judges them by what AUX records say.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <vector>

#include "traces/spe/perf_data.hpp"
#include "traces/spe/perf_streams.hpp"

namespace assay::traces::spe {

class ChunkWalks {
 public:
  // Up to to.size() bytes at an offset of the file.
  using Source = std::function<std::size_t(std::uint64_t, std::span<std::uint8_t>)>;

  // `streams_known`: they hold every AUX record of the file before the first chunk is walked.
  ChunkWalks(const PerfDataOptions& options, const AuxStreams& streams, bool streams_known,
             std::vector<AuxChunk>& chunks, Source source);

  // Walks a chunk's bytes and appends it to the chunks. False: the input ends within them.
  bool walk(AuxChunk chunk);
  // After the last chunk and the last AUX record: a verdict for each chunk.
  void judge();

 private:
  // The walk over one AUX area. It goes on in the next chunk if a stretch does.
  struct Walk {
    explicit Walk(const WalkOptions& options) : walker(options, faults) {}
    FaultList faults;  // of the stretch at hand
    RecordWalker walker;
    bool open = false;
    std::uint64_t at = 0;            // how far it has come
    std::vector<std::uint8_t> left;  // before that, less than a packet
    std::size_t chunk = 0;           // that it came from
  };
  // The first content that no PE writes, of one walk.
  struct Suspect {
    RecordFault fault;
    std::uint64_t walk_begin = 0;
  };

  bool walk_to(Walk& walk, AuxChunk& chunk, std::uint64_t begin, std::uint64_t end, bool goes_on);
  void finish(Walk& walk, AuxChunk& chunk, std::span<const std::uint8_t> left);
  void close(Walk& walk);
  void take_faults(Walk& walk, AuxChunk& chunk);
  void take_record(const RecordSpan& record);
  void judge(AuxChunk& chunk, const std::vector<Suspect>& suspects) const;
  ChunkVerdict judge_break(const AuxStream* stream, const FramingBreak& b) const;
  bool excused(const AuxStream* stream, const Suspect& suspect) const;

  const PerfDataOptions& options_;
  const AuxStreams& streams_;
  bool streams_known_;
  std::vector<AuxChunk>& chunks_;
  Source source_;
  std::map<StreamKey, Walk> walks_;
  std::map<std::size_t, std::vector<Suspect>> suspects_;  // by the number of the chunk
  AuxChunk* current_ = nullptr;                           // whose records are walked
  const AuxStream* stream_ = nullptr;                     // of that chunk
  std::size_t faults_kept_ = 0;
  std::vector<std::uint8_t> window_;  // allocated with the first chunk
};

}  // namespace assay::traces::spe
