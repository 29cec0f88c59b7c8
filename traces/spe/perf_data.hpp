// Sample records out of a perf.data file: which pieces there are, what the kernel said about each,
// and whether the bytes agree.
//
// perf copies the profiling buffer as PERF_RECORD_AUXTRACE chunks. The kernel reports every stretch
// of it with a PERF_RECORD_AUX, whose flags tell what was lost: the SPE driver sets TRUNCATED and
// PARTIAL when PMBSR_EL1.DL was 1, so a stretch without these flags has to end at a record
// boundary. Every stretch begins at one, because the driver restarts from an aligned pointer.
//
// Where a stretch goes on in the next chunk, the walk goes on as well. What is in a record is
// judged too: a packet that the architecture reserves, or a record without Events, is no PE's.
//
// A file is read twice, first for the AUX records, which may stand behind the data they are about;
// a pipe once, and stretches announced too late are not used to restart the walk. Either way memory
// grows with the number of chunks and of AUX records, up to a limit for each, not with the data.
//
// Source: Linux 6.12 tools/perf/Documentation/perf.data-file-format.txt, tools/lib/perf event.h,
// tools/perf/util/auxtrace.h, include/uapi/linux/perf_event.h, drivers/perf/arm_spe_pmu.c.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "traces/call/diagnostic.hpp"
#include "traces/spe/byte_input.hpp"
#include "traces/spe/records.hpp"

namespace assay::traces::spe {

// PERF_AUX_FLAG_*.
enum AuxFlag : std::uint64_t {
  aux_truncated = 1,  // the buffer ran full, or data was lost
  aux_overwrite = 2,  // snapshot mode: the buffer wraps, the beginning may be gone
  aux_partial = 4,    // there are gaps
  aux_collision = 8   // PMBSR_EL1.COLL: a sample collided with another
};
// "truncated partial"; what has no name as a number.
std::string aux_flags_text(std::uint64_t flags);

// From good to bad; a chunk has the worst that holds for a part of it.
enum class ChunkVerdict : std::uint8_t {
  empty,            // no record, nothing wrong
  complete,         // records from the first byte to the last
  marked_whole,     // flags speak of loss, and every record is whole: which is allowed
  marked_tail,      // ends of stretches are broken, and their flags say so
  partial_begin,    // begins within a record, as a snapshot may
  unannounced,      // broken, and nothing to judge by: no AUX record covers the place, or the bytes
                    // that follow are not in the file
  unlawful_record,  // a whole record with content that no PE writes
  unmarked_tail,    // the end of a stretch is broken, and no flag says so
  malformed         // broken in the middle of a stretch
};
std::string_view name_of(ChunkVerdict verdict);
// Whether kernel or hardware broke a promise.
constexpr bool violates(ChunkVerdict v) { return v >= ChunkVerdict::unlawful_record; }

// Where the walk lost the framing.
struct FramingBreak {
  std::uint64_t offset = 0;  // in the AUX stream: where the open record or the bad header begins
  std::uint64_t stretch_end = 0;  // where the walk could begin anew, or where the bytes end
  std::uint64_t walk_begin = 0;   // where the walk had begun
  bool bytes_ended = false;       // nothing was wrong before they did
};

// One PERF_RECORD_AUXTRACE. Offsets without "file" count in the AUX stream of its CPU or thread.
struct AuxChunk {
  std::uint64_t file_offset = 0;  // of its first data byte
  std::uint64_t offset = 0, size = 0, reference = 0;
  std::int32_t cpu = -1, tid = -1;  // cpu -1: recorded by thread
  std::uint32_t index = 0;
  std::uint64_t flags = 0;    // of all AUX records that cover some of it
  std::uint64_t covered = 0;  // bytes that AUX records cover
  std::uint64_t records = 0, packets = 0;
  // Records that no AUX record covers, and where the first is. In a snapshot none is counted.
  std::uint64_t records_unheard = 0, unheard_at = 0;
  std::uint64_t stretches = 0;       // walks: one, and one for each known beginning of a stretch
  FaultList faults;                  // offsets in the AUX stream
  std::vector<FramingBreak> breaks;  // the first few
  bool begins_within_record = false;
  ChunkVerdict verdict = ChunkVerdict::empty;
  std::string why;
};

// Bytes that AUX records report and the file does not have, of one CPU or thread.
struct AbsentBytes {
  std::int32_t cpu = -1, tid = -1;  // one of them
  std::uint64_t offset = 0;         // of the first of them, in the AUX stream
  std::uint64_t bytes = 0;          // 0: there are none
};

struct PerfData {
  bool pipe_format = false;
  bool unfinished = false;   // the header was never completed: the recording was killed
  std::uint64_t events = 0;  // of any type
  std::uint64_t aux_records = 0;
  std::uint64_t aux_unidentified = 0;  // AUX records that name neither CPU nor thread
  std::uint64_t other_chunks = 0;      // AUXTRACE of other hardware
  std::uint64_t compressed = 0;        // COMPRESSED records, whose events count as any other
  AbsentBytes absent;                  // the first, by CPU or thread
  std::vector<AuxChunk> chunks;
};

struct PerfDataOptions {
  unsigned align = 0;                                 // PMBIDR_EL1.Align of the recording machine
  std::size_t record_bytes_max = record_bytes_limit;  // 1 << PMSIDR_EL1.MaxSize
  // Packets in file order, with offsets in the AUX stream. `chunk` is not judged yet.
  std::function<void(const AuxChunk& chunk, const Packet& packet)> on_packet;
};

enum class PerfRead : std::uint8_t {
  fine,
  no_spe,       // a sound file without Arm SPE data
  unsupported,  // big-endian, or the first format version: `why` says which
  malformed,    // `why` has the byte offset; what came before is in `data`
  unreadable    // the system said no
};

// Whether an input that begins like this is a perf.data file, of any endianness or version.
bool is_perf_data(std::string_view beginning);

PerfRead read_perf_data(ByteInput& input, const PerfDataOptions& options, PerfData& data,
                        Diagnostic& why);

}  // namespace assay::traces::spe
