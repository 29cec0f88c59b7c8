#include "traces/spe/buffer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace assay::traces::spe {
namespace {

constexpr unsigned align_max = 11, max_size_min = 4, max_size_max = 11;
constexpr std::uint64_t limit_mask = ~std::uint64_t{0xfff};

bool enabled(std::uint64_t pmblimitr) { return pmblimitr & 1; }
unsigned fill_mode(std::uint64_t pmblimitr) { return pmblimitr >> 1 & 3; }
constexpr unsigned fill = 0, discard = 2;

// What the walk found, in terms of DL.
enum class Tail : std::uint8_t {
  boundary,  // the pointer is behind the last record and its padding
  zeros,     // more zeros than padding may be
  partial    // something that is no complete record
};

class Judge {
 public:
  Judge(const BufferState& state, const BufferRules& rules) : s_(state), rules_(rules) {}

  BufferJudgement run() {
    syndrome_ = decode_syndrome(s_.pmbsr);
    out_.event = event_of(syndrome_);
    out_.last_complete = out_.boundary = s_.base;
    if (std::string why = contradiction(); !why.empty()) {
      set(BufferOutcome::unusable, std::move(why));
    } else if (fill_mode(s_.pmblimitr) == discard) {
      const bool moved = s_.pmbptr != s_.base;
      set(moved ? BufferOutcome::discard_moved_pointer : BufferOutcome::discarded,
          fmt::format("discard mode, PMBPTR_EL1 {:#x}, before {:#x}", s_.pmbptr, s_.base));
    } else if (s_.pmbptr > limit()) {
      set(BufferOutcome::beyond_limit,
          fmt::format("PMBPTR_EL1 {:#x} is above the limit {:#x}", s_.pmbptr, limit()));
    } else {
      walk();
      decide();
    }
    return std::move(out_);
  }

 private:
  std::uint64_t limit() const { return s_.pmblimitr & limit_mask; }
  std::uint64_t longest() const { return std::uint64_t{1} << s_.max_size; }
  void set(BufferOutcome outcome, std::string why) {
    out_.outcome = outcome;
    out_.why = std::move(why);
  }

  std::string contradiction() const {
    if (s_.align > align_max) return fmt::format("PMBIDR_EL1.Align {} is reserved", s_.align);
    if (s_.max_size < max_size_min || s_.max_size > max_size_max)
      return fmt::format("PMSIDR_EL1.MaxSize {} is reserved", s_.max_size);
    const unsigned fm = fill_mode(s_.pmblimitr);
    if (fm != fill && fm != discard) return fmt::format("PMBLIMITR_EL1.FM {} is reserved", fm);
    if (fm == discard) return {};
    if (s_.pmbptr < s_.base)
      return fmt::format("PMBPTR_EL1 {:#x} is below the base {:#x}", s_.pmbptr, s_.base);
    if (s_.pmbptr <= limit() && s_.pmbptr - s_.base > s_.bytes.size())
      return fmt::format("the image holds {} bytes, PMBPTR_EL1 is {} bytes behind its base",
                         s_.bytes.size(), s_.pmbptr - s_.base);
    return {};
  }

  void walk() {
    const std::span<const std::uint8_t> written = s_.bytes.first(s_.pmbptr - s_.base);
    WalkOptions options;
    options.align = s_.align;
    options.record_bytes_max = longest();
    RecordWalker walker(options, out_.faults);
    walker.restart(0);
    const std::size_t used = walker.feed(written, 0);
    walker.finish(written.subspan(used), used);
    out_.records = walker.records();
    const std::uint64_t end = walker.last_end();
    out_.last_complete = s_.base + end;
    const std::uint64_t pointer = written.size();
    const bool zeros = std::all_of(written.begin() + static_cast<std::ptrdiff_t>(end),
                                   written.end(), [](std::uint8_t b) { return b == 0; });
    // How much padding an implementation adds is its own business, as long as the record with it
    // stays within the longest; the record before the first may be one that was here already.
    const std::uint64_t record_begin = out_.records == 0 ? 0 : walker.last_begin();
    const bool padding = zeros && pointer - record_begin <= longest();
    tail_ = padding ? Tail::boundary : zeros ? Tail::zeros : Tail::partial;
    out_.boundary = padding ? s_.pmbptr : out_.last_complete;
  }

  std::string place() const {
    return fmt::format("PMBPTR_EL1 {:#x}, last complete record ends at {:#x}, DL {}", s_.pmbptr,
                       out_.last_complete, syndrome_.data_loss ? 1 : 0);
  }

  void decide() {
    switch (out_.event) {
      case Event::asynchronous_abort:
        return set(BufferOutcome::asynchronous,
                   "after an asynchronous external abort PMBPTR_EL1 has no meaning (D17.8.4)");
      case Event::implementation:
      case Event::unknown:
        return set(BufferOutcome::unknown_event,
                   fmt::format("EC {:#x} MSS {:#x} is not specified", syndrome_.ec, syndrome_.mss));
      case Event::access_not_allowed:
        if (!syndrome_.data_loss)
          return set(BufferOutcome::loss_not_set, "access not allowed always sets DL (D17.8)");
        break;
      case Event::none:
      case Event::buffer_full:
        if (decide_room()) return;
        break;
      case Event::fault:
      case Event::external_abort: break;
    }
    if (tail_ == Tail::boundary) return decide_at_boundary();
    if (tail_ == Tail::zeros && !syndrome_.data_loss)
      return set(BufferOutcome::pointer_past_padding, place() + ": only zeros between them");
    decide_behind();
  }

  // Buffer full exactly when the next record might not fit (D17.8.2). Whether it is judged by the
  // pointer needs the pointer to be right, which decide() goes on to check.
  bool decide_room() {
    const bool room = s_.pmbptr <= limit() - std::min(limit(), longest());
    if (out_.event == Event::buffer_full && room) {
      set(BufferOutcome::full_too_early,
          fmt::format("PMBPTR_EL1 {:#x} leaves {} bytes, a record is at most {}", s_.pmbptr,
                      limit() - s_.pmbptr, longest()));
      return true;
    }
    const bool wrote = s_.pmbptr != s_.base;
    if (out_.event == Event::none && !room && wrote && enabled(s_.pmblimitr)) {
      set(BufferOutcome::full_not_signalled,
          fmt::format("PMBPTR_EL1 {:#x} leaves {} bytes, a record may be {}, and S is 0", s_.pmbptr,
                      limit() - s_.pmbptr, longest()));
      return true;
    }
    return false;
  }

  void decide_at_boundary() {
    const bool faulted = out_.event == Event::fault;
    // Every event but a fault and access not allowed leaves DL alone; so may a fault.
    const bool leaves_alone = out_.event == Event::none || out_.event == Event::buffer_full ||
                              out_.event == Event::external_abort ||
                              (faulted && rules_.at_boundary == DlAtBoundary::unchanged);
    if (syndrome_.data_loss && leaves_alone && rules_.data_loss_before == false)
      return set(BufferOutcome::loss_without_reason,
                 fmt::format("{}: DL was 0 before, and {} leaves it alone here", place(),
                             name_of(out_.event)));
    if (syndrome_.data_loss) return set(BufferOutcome::lossy_boundary, place());
    if (faulted && rules_.at_boundary == DlAtBoundary::unchanged && rules_.data_loss_before == true)
      return set(BufferOutcome::loss_not_set, place() + ": DL was 1 before and nothing clears it");
    set(s_.pmbptr == s_.base ? BufferOutcome::nothing_written : BufferOutcome::complete, place());
  }

  void decide_behind() {
    const std::uint64_t behind = s_.pmbptr - out_.last_complete;
    const bool stops_anywhere = out_.event == Event::fault || out_.event == Event::external_abort;
    const bool asl_leaves_alone =
        stops_anywhere && rules_.within_record == DlWithinRecord::unchanged;
    // S is 0: software may have cleared it and left DL, unless it is known to have been 0 before.
    // Buffer full stops at a boundary whatever DL says (D17.8.2).
    const bool explained = out_.event == Event::none ? rules_.data_loss_before != false
                                                     : out_.event != Event::buffer_full;
    if (!asl_leaves_alone && !(syndrome_.data_loss && explained)) {
      const bool lost_early = out_.faults.framing != 0 && behind > longest();
      return set(lost_early ? BufferOutcome::malformed : BufferOutcome::pointer_within_record,
                 place() + ": " + first_framing_fault());
    }
    // The last byte of the last complete record with its padding is at most the longest record
    // below the pointer (D17.8). The padding may count for less than the alignment.
    const std::uint64_t unit = std::uint64_t{1} << s_.align;
    const std::uint64_t with_padding =
        s_.base + (out_.last_complete - s_.base + unit - 1) / unit * unit;
    const std::uint64_t distance = s_.pmbptr - std::min(s_.pmbptr, with_padding) + 1;
    if (distance > longest())
      return set(BufferOutcome::tail_too_long,
                 fmt::format("{}: {} bytes, a record is at most {}", place(), behind, longest()));
    set(BufferOutcome::partial_tail, place());
  }

  std::string first_framing_fault() const {
    for (const RecordFault& f : out_.faults.kept)
      if (breaks_framing(f.fault))
        return fmt::format("{} at {:#x} (byte {:#04x}): {}", name_of(f.fault), s_.base + f.offset,
                           f.byte, f.why);
    return "no record ends there";
  }

  const BufferState& s_;
  const BufferRules& rules_;
  BufferJudgement out_;
  Syndrome syndrome_;
  Tail tail_ = Tail::boundary;
};

}  // namespace

Syndrome decode_syndrome(std::uint64_t pmbsr) {
  Syndrome s;
  s.mss = static_cast<std::uint16_t>(pmbsr);
  s.collision = pmbsr >> 16 & 1;
  s.service = pmbsr >> 17 & 1;
  s.external = pmbsr >> 18 & 1;
  s.data_loss = pmbsr >> 19 & 1;
  s.ec = static_cast<std::uint8_t>(pmbsr >> 26 & 0x3f);
  return s;
}

Event event_of(const Syndrome& s) {
  constexpr unsigned asynchronous_fsc = 0x11;
  if (!s.service) return s.external ? Event::asynchronous_abort : Event::none;
  const unsigned code = s.mss & 0x3f;
  switch (s.ec) {
    case 0x00:
      if (s.external) return Event::asynchronous_abort;  // came on top of another event
      if (code == 1) return Event::buffer_full;
      return code == 0 ? Event::access_not_allowed : Event::unknown;
    case 0x1e:
    case 0x24:
    case 0x25:
      if (code == asynchronous_fsc) return Event::asynchronous_abort;
      return s.external ? Event::external_abort : Event::fault;
    case 0x1f: return Event::implementation;
    default: return Event::unknown;
  }
}

std::string_view name_of(Event event) {
  switch (event) {
    case Event::none: return "no event";
    case Event::buffer_full: return "buffer full";
    case Event::access_not_allowed: return "access not allowed";
    case Event::fault: return "a fault";
    case Event::external_abort: return "an external abort";
    case Event::asynchronous_abort: return "an asynchronous external abort";
    case Event::implementation: return "an IMPLEMENTATION DEFINED event";
    case Event::unknown: return "an unknown event";
  }
  return "event";
}

BufferAnswer answer_of(BufferOutcome outcome) {
  if (outcome <= BufferOutcome::discarded) return BufferAnswer::conforms;
  if (outcome <= BufferOutcome::discard_moved_pointer) return BufferAnswer::violates;
  return BufferAnswer::inconclusive;
}

std::string_view name_of(BufferOutcome outcome) {
  switch (outcome) {
    case BufferOutcome::nothing_written: return "nothing_written";
    case BufferOutcome::complete: return "complete";
    case BufferOutcome::partial_tail: return "partial_tail";
    case BufferOutcome::lossy_boundary: return "lossy_boundary";
    case BufferOutcome::discarded: return "discarded";
    case BufferOutcome::pointer_within_record: return "pointer_within_record";
    case BufferOutcome::pointer_past_padding: return "pointer_past_padding";
    case BufferOutcome::tail_too_long: return "tail_too_long";
    case BufferOutcome::loss_without_reason: return "loss_without_reason";
    case BufferOutcome::loss_not_set: return "loss_not_set";
    case BufferOutcome::malformed: return "malformed";
    case BufferOutcome::beyond_limit: return "beyond_limit";
    case BufferOutcome::full_too_early: return "full_too_early";
    case BufferOutcome::full_not_signalled: return "full_not_signalled";
    case BufferOutcome::discard_moved_pointer: return "discard_moved_pointer";
    case BufferOutcome::asynchronous: return "asynchronous";
    case BufferOutcome::unknown_event: return "unknown_event";
    case BufferOutcome::unusable: return "unusable";
  }
  return "outcome";
}

BufferJudgement judge_buffer(const BufferState& state, const BufferRules& rules) {
  return Judge(state, rules).run();
}

}  // namespace assay::traces::spe
