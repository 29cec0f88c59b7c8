// What software, the instruction stream and the memory system do to an SPU.
//
// A Program is a list of these and the design of the SPU that it is meant for. Programs are made by
// a generator that is a function of (seed, case), so a failure names itself; they shrink by
// deletion. Lawful programs keep to what the architecture demands of software: pointers leave room
// for one record (D17.7 RHXSYK), profiling restarts only where it may (D17.7.4), and controls of
// records change after a drain or are undecided for those in flight (D17.9). Deleting from a lawful
// program may make it unlawful; nothing then is promised, and nothing then may be blamed.
#pragma once
#include <string>
#include <variant>
#include <vector>

#include "tests/spu/memory.hpp"

namespace assay::spu {

inline constexpr unsigned fill_mode = 0, discard_mode = 2;  // PMBLIMITR_EL1.FM

// One operation of the sample population, as a sample would show it.
struct Operation {
  u64 events = 0;        // the Events packet
  unsigned type = 0;     // bit 0 branch, 1 load, 2 store
  unsigned latency = 1;  // cycles until it is finished; the total latency counter
  unsigned detail = 0;   // how many optional packets its record has
  u64 address = 0;       // of code; data lies nearby
};

struct WritePointer {
  u64 ptr = 0;
};
struct WriteLimit {
  u64 limit = 0;
  unsigned fill = fill_mode;
  bool enable = false;
};
struct WriteStatus {
  bool service = false, data_loss = false, external_abort = false, collision = false;
  unsigned ec = 0, mss = 0;
};
// PMSCR_EL1 and PMSCR_EL2.
struct WriteControl {
  bool e0 = false, e1 = false, cx = false, pa = false, ts = false;
  unsigned pct = 0;
};
struct WriteControl2 {
  bool e0h = false, e2 = false, cx = false, pa = false, ts = false;
  unsigned pct = 0;
};
// Where the PE executes and who owns the buffer.
struct SetContext {
  unsigned el = 0;
  bool tge = false;
  unsigned e2pb = 0;
  bool excluded = false;  // Debug state, AArch32 or another Security state
};
struct WriteInterval {
  u32 interval = 0;
  bool random = false;
  u32 count = 0;
};
struct WriteFilter {
  bool events = false, not_events = false, types = false, latency = false;
  unsigned type = 0;
  u64 set = 0, clear = 0;
  unsigned minimum = 0;
};
// Operations of the population execute, one each cycle, all alike.
struct Run {
  u32 operations = 0;
  Operation operation;
};
// From now on accesses to a page meet this.
struct SetPage {
  unsigned page = 0;
  Page state = Page::mapped;
};
// ISB; PSB CSYNC; DSB; ISB, then MRS of PMBPTR_EL1 and PMBSR_EL1.
struct Synchronise {};
// ISB and the same reads, with nothing drained.
struct Peek {};
// Software drains, looks at PMBSR_EL1 and goes on in one of the ways that are open to it; where its
// first choice is not, it disables the buffer and begins a fresh one.
struct Service {
  enum class How : u8 {
    fresh,        // disable, program, enable
    in_place,     // program the stopped buffer, clear PMBSR_EL1 last
    retry,        // after a fault at a record's end: clear PMBSR_EL1 only
    raise_limit,  // after buffer full: raise LIMIT, clear PMBSR_EL1
  };
  How how = How::fresh;
  u64 ptr = 0, limit = 0;
  unsigned fill = fill_mode;
  bool keep_data_loss = false;  // leaves DL set, which nothing but software clears
};

// A warm reset: every control comes up as it likes, but the buffer is off.
struct Reset {
  bool service = false;
  WriteControl control;
  WriteControl2 control2;
};

using Stimulus =
    std::variant<WritePointer, WriteLimit, WriteStatus, WriteControl, WriteControl2, SetContext,
                 WriteInterval, WriteFilter, Run, SetPage, Synchronise, Peek, Service, Reset>;

// What an SPU is built like.
struct Design {
  unsigned version = 2;        // ID_AA64DFR0_EL1.PMSVer, 1 to 6
  unsigned max_size = 6;       // PMSIDR_EL1.MaxSize: records of at most 1 << max_size bytes
  unsigned align = 0;          // PMBIDR_EL1.Align: of multiples of 1 << align bytes
  unsigned in_flight_max = 1;  // samples at once
  u64 seed = 0;                // of what is IMPLEMENTATION DEFINED
  bool tells_barriers() const { return seed % 2 == 0; }  // or only what they do together
  u64 record_max() const { return u64{1} << max_size; }
};

struct Program {
  Design design;
  std::vector<Stimulus> stimuli;
};

struct GeneratorOptions {
  bool lawful = true;
  // Writes to a running buffer, which the PE may ignore: until something tells which, the checker
  // follows both.
  bool writes_while_running = true;
  unsigned actions_max = 24;  // after the set-up
};
// Case `number` of a campaign: the same arguments give the same program.
Program generate(u64 seed, u64 number, const GeneratorOptions& options = {});

// The program without stimuli [at, at + count).
Program without(const Program& p, std::size_t at, std::size_t count);

std::string text_of(const Stimulus& s);
std::string text_of(const Program& p);

}  // namespace assay::spu
