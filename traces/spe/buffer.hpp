// Is PMBPTR_EL1 what it has to be, given what the buffer holds and what PMBSR_EL1 says?
//
// The question is DL: after a management event PMBSR_EL1.DL tells whether the write pointer is the
// first byte after the last complete record (with its padding). Software has no other way to find
// that place than to parse forward from a known record boundary, which is what this does.
//
// Source: Arm DDI 0487 M.a.a D17.7 (pointers), D17.8 (management events), D24.7 (registers).
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "traces/spe/records.hpp"

namespace assay::traces::spe {

// Fields of PMBSR_EL1 (D24.7).
struct Syndrome {
  std::uint16_t mss = 0;   // [15:0]: BSC or FSC
  bool collision = false;  // [16]
  bool service = false;    // [17] S
  bool external = false;   // [18] EA
  bool data_loss = false;  // [19] DL
  std::uint8_t ec = 0;     // [31:26]
  bool operator==(const Syndrome&) const = default;
};
Syndrome decode_syndrome(std::uint64_t pmbsr);

// Why profiling stopped.
enum class Event : std::uint8_t {
  none,                // S is 0
  buffer_full,         // EC 0, BSC 1
  access_not_allowed,  // EC 0, BSC 0
  fault,               // EC 0x24, 0x25, 0x1e: MMU, alignment or granule protection fault
  external_abort,      // EA on such an event, synchronous
  asynchronous_abort,  // EA without an event, or FSC 0x11: the pointer means nothing
  implementation,      // EC 0x1f
  unknown              // a reserved EC or BSC
};
Event event_of(const Syndrome& syndrome);
std::string_view name_of(Event event);

// What a fault does to DL if the pointer is at the first byte after the last complete record. Two
// passages of one document disagree.
enum class DlAtBoundary : std::uint8_t {
  unchanged,  // DDI 0487 M.a.a D17.8.3: DL keeps its value
  either      // DDI 0487 M.a.a D17.8, rule RYZJQX: IMPLEMENTATION DEFINED choice of 0 and 1
};
// What a fault does to DL if the pointer is anywhere else. Prose and pseudocode disagree.
enum class DlWithinRecord : std::uint8_t {
  set,       // DDI 0487 M.a.a D17.8 and D17.8.3: DL is 1
  unchanged  // DDI 0487 M.a.a J1.3.4 DebugWriteFault: the syndrome it builds leaves DL alone
};
struct BufferRules {
  DlAtBoundary at_boundary = DlAtBoundary::either;
  DlWithinRecord within_record = DlWithinRecord::set;
  // DL before profiling was enabled; unknown matters only to the `unchanged` rules.
  std::optional<bool> data_loss_before;
};

struct BufferState {
  std::span<const std::uint8_t> bytes;  // the image, from `base`; must reach PMBPTR_EL1
  std::uint64_t base = 0;               // a record boundary: PMBPTR_EL1 when profiling was enabled
  std::uint64_t pmbptr = 0, pmblimitr = 0, pmbsr = 0;  // read after PSB CSYNC, DSB and ISB
  unsigned align = 0;      // PMBIDR_EL1.Align: records are multiples of 1 << align bytes; 0..11
  unsigned max_size = 11;  // PMSIDR_EL1.MaxSize: the longest record is 1 << max_size bytes; 4..11
};

enum class BufferOutcome : std::uint8_t {
  // Conforms.
  nothing_written,  // PMBPTR_EL1 has not moved
  complete,         // the pointer is behind the last complete record
  partial_tail,     // DL is 1 and part of a record precedes the pointer
  lossy_boundary,   // DL is 1 though the pointer is at a record boundary, which is allowed
  discarded,        // discard mode: the pointer may not move, and has not
  // Violates.
  pointer_within_record,  // not at a record boundary, and DL 0 or the event denies it
  pointer_past_padding,   // only zeros precede the pointer, more than a record's padding may be
  tail_too_long,          // further from the last complete record than a record is long
  loss_without_reason,    // DL is 1 at a record boundary, and the chosen rule leaves DL alone
  loss_not_set,           // the event always sets DL, and DL is 0
  malformed,              // what precedes the last complete record is not a sequence of records
  beyond_limit,           // the pointer is past PMBLIMITR_EL1.LIMIT
  full_too_early,         // buffer full, with room for one more record
  full_not_signalled,     // no event, and no room for one more record
  discard_moved_pointer,  // discard mode, and the pointer moved
  // No judgement.
  asynchronous,  // the event leaves the pointer without meaning (D17.8.4)
  unknown_event,
  unusable  // the arguments contradict each other: `why` says how
};
enum class BufferAnswer : std::uint8_t { conforms, violates, inconclusive };
BufferAnswer answer_of(BufferOutcome outcome);
std::string_view name_of(BufferOutcome outcome);

struct BufferJudgement {
  BufferOutcome outcome = BufferOutcome::unusable;
  std::string why;                  // one sentence, with addresses
  std::uint64_t last_complete = 0;  // address behind the last complete record, without its padding
  std::uint64_t boundary = 0;       // the same with padding, as far as the pointer
  std::uint64_t records = 0;
  Event event = Event::none;
  FaultList faults;  // content and framing; offsets count from base
};

// Reads the buffer up to PMBPTR_EL1. Nothing at or above the pointer is looked at: the PE may have
// written anything there (D17.7). Content faults are listed but do not decide the outcome.
BufferJudgement judge_buffer(const BufferState& state, const BufferRules& rules = {});

}  // namespace assay::traces::spe
