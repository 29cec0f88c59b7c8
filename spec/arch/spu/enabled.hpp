// When the SPU samples and writes: the predicates of D17.4.
#pragma once
#include "spec/arch/machine.hpp"

namespace assay {

constexpr u64 number_of(SpuEvent e) { return static_cast<u64>(e); }
// What the SPU reported last.
template <class D>
Flag<D> reported(const Spu<D>& s, SpuEvent e) {
  return s.event == number_of(e);
}

// Nothing was written to a register since the last reset: its value is UNKNOWN.
template <class D>
Flag<D> is_unknown(const Spu<D>& s, SpuRegister r) {
  return bit(plain(s.unknown), static_cast<unsigned>(r));
}
// What a register holds is not known: nothing was written since a reset, nor since the trace
// begins, which may be in the middle of things. A read may show anything.
template <class D>
Flag<D> shows_anything(const Spu<D>& s, SpuRegister r) {
  return is_unknown<D>(s, r) || !bit(plain(s.told), static_cast<unsigned>(r));
}
// Where it is RES0, ones were written last.
template <class D>
Flag<D> has_res0_ones(const Spu<D>& s, SpuRegister r) {
  return bit(plain(s.res0_ones), static_cast<unsigned>(r));
}
// Software wrote the register; `ones` where it is RES0 may read back as written or as zero.
template <class D>
void becomes_known(Step<D>& k, Spu<D>& s, SpuRegister r, const Flag<D>& ones) {
  const Word<D, 16> mask(u64{1} << static_cast<unsigned>(r));
  k.set(s.unknown, s.unknown & ~mask);
  becomes_told<D>(k, s, r);
  k.set(s.res0_ones, ite(ones, s.res0_ones | mask, s.res0_ones & ~mask));
}

// Samples in flight meet controls of which more than one value counts.
template <class D>
Flag<D> is_undecided(const Spu<D>& s) {
  using enum SpuRegister;
  u64 controls = 0;
  for (const SpuRegister r : {pmscr_el1, pmscr_el2, pmsfcr, pmsevfr, pmsnevfr, pmslatfr, pmsdsfr})
    controls |= u64{1} << static_cast<unsigned>(r);
  return s.controls_changed || (s.unknown & Word<D, 16>(controls)) != 0;
}
// INTERVAL 0 gives an UNKNOWN interval, and so does a counter or an interval never written.
template <class D>
Flag<D> has_no_interval(const Spu<D>& s) {
  return s.interval == 0 || is_unknown<D>(s, SpuRegister::pmsirr) ||
         is_unknown<D>(s, SpuRegister::pmsicr);
}

// What an SPU keeps to unless it is free to do anything, as an `unpredictable` one is.
template <class D>
struct Lawful {
  Step<D>& k;
  const Flag<D> free;
  void operator()(const Flag<D>& condition, const Why& why) const {
    k.require(free || condition, why);
  }
};

// ProfilingBufferOwner: EL2 when MDCR_EL2.E2PB is 0, EL1 otherwise.
template <class D>
Flag<D> owned_by_el2(const Spu<D>& s) {
  return s.e2pb == 0;
}

// ProfilingBufferEnabled, without the stop condition that prose keeps apart.
template <class D>
Flag<D> buffer_enabled(const Spu<D>& s) {
  return s.enable && !s.excluded;
}

// The buffer takes records: enabled, not stopped by an event, not discarding.
template <class D>
Flag<D> takes_records(const Spu<D>& s) {
  return buffer_enabled<D>(s) && !is_stopped<D>(s) && s.fill != discard_mode;
}

// The buffer was disabled, and samples that nobody had drained may be written all the same (D17.9).
template <class D>
Flag<D> takes_late_records(const Spu<D>& s) {
  return s.late && s.in_flight != 0 && !s.enable && !is_stopped<D>(s);
}
// The end of the buffer, for what is being written.
template <class D>
Num<D> limit_of(const Spu<D>& s) {
  return ite(takes_late_records<D>(s), Num<D>(plain(s.late_limit)), Num<D>(plain(s.limit)));
}

// The ExSPE control that rules at the current Exception level.
template <class D>
Flag<D> level_enabled(const Spu<D>& s) {
  return (s.el == 0 && ((s.tge && s.e0hspe) || (!s.tge && s.e0spe))) || (s.el == 1 && s.e1spe) ||
         (s.el == 2 && s.e2spe);
}

// The Exception level may be sampled: nothing above the owner is, nor with HCR_EL2.TGE set when EL1
// owns the buffer.
template <class D>
Flag<D> level_may_be_sampled(const Spu<D>& s) {
  return level_enabled<D>(s) && (owned_by_el2<D>(s) || (s.el <= 1 && !s.tge));
}

// StatisticalProfilingEnabled (ASL J1.1.1; D17.4).
template <class D>
Flag<D> profiling_enabled(const Spu<D>& s) {
  return buffer_enabled<D>(s) && !is_stopped<D>(s) && level_may_be_sampled<D>(s);
}

// SPEv1p5 may go on selecting for a while after a fault; those samples are dropped (D17.8).
template <class D>
Flag<D> sampled_late(const Spu<D>& s, const Pe<D>& pe) {
  return pe.spe == 6 && is_stopped<D>(s) && s.event == number_of(SpuEvent::fault) &&
         buffer_enabled<D>(s) && level_may_be_sampled<D>(s);
}

// PMBIDR_EL1.Align: at most 2 KB.
inline constexpr unsigned align_max = 11;

// `n` is a multiple of the alignment that the PE asks of pointers and records.
template <class D>
Flag<D> is_aligned(const Pe<D>& pe, const Num<D>& n) {
  Flag<D> aligned = true;
  for (unsigned bits = 1; bits <= align_max; ++bits)
    aligned = aligned && (pe.spe_align != bits || is_multiple_of(n, u64{1} << bits));
  return aligned;
}

// The pointer rule RHXSYK: an aligned pointer, room for one record of the largest size, and the
// same top byte of both. Its relaxed reading (R24557) applies it whenever the buffer is
// enabled, not only when profiling is.
inline constexpr u64 top_byte = u64{1} << 56;
template <class D, class Pointers>
Flag<D> pointers_valid(const Pointers& s, const Pe<D>& pe) {
  return s.fill == discard_mode ||
         (s.ptr + pe.spe_record_max <= s.limit && is_aligned<D>(pe, plain(s.ptr)) &&
          s.ptr / top_byte == s.limit / top_byte);
}

template <class D>
Flag<D> has_reached(const Spu<D>& s, Synchronised what) {
  return s.barriers.reached == static_cast<u64>(what);
}
template <class D>
void set_reached(Step<D>& k, Spu<D>& s, Synchronised what) {
  k.set(s.barriers.reached, Word<D, 2>(static_cast<u64>(what)));
}
// Direct reads may show what was there before the SPU's own writes (D17.9).
template <class D>
Flag<D> reads_lag(const Spu<D>& s) {
  return s.barriers.told && s.barriers.behind;
}
// The SPU writes its registers: direct reads may lag behind, and what was drained no longer is.
template <class D>
void moves_registers(Step<D>& k, Spu<D>& s) {
  k.set(s.barriers.behind, true);
  k.when(has_reached<D>(s, Synchronised::memory),
         [&] { set_reached<D>(k, s, Synchronised::nothing); });
}
// Direct reads show the registers as they are: after a drain, or where software wrote them.
template <class D>
void shows_status(Step<D>& k, Spu<D>& s) {
  k.set(s.barriers.service, s.service);
  k.set(s.barriers.data_loss, s.data_loss);
  k.set(s.barriers.external_abort, s.external_abort);
  k.set(s.barriers.collision, s.collision);
}
template <class D>
void shows_registers(Step<D>& k, Spu<D>& s) {
  k.set(s.barriers.behind, false);
  k.set(s.barriers.ptr, s.ptr);
  shows_status<D>(k, s);
}
// A context synchronisation event: an ISB, an exception entry or return. If a drain was completed
// before it, its results can be read from here on; PSB CSYNC covers what was selected until now.
template <class D>
void synchronise_context(Step<D>& k, Spu<D>& s) {
  k.when(has_reached<D>(s, Synchronised::memory), [&] { shows_registers<D>(k, s); });
  set_reached<D>(k, s, Synchronised::context);
  k.set(s.barriers.covered, s.in_flight);
}
// A sample left the PE: the oldest first.
template <class D>
void leaves_flight(Step<D>& k, Spu<D>& s) {
  k.set(s.in_flight, s.in_flight - 1);
  k.when(s.barriers.covered != 0, [&] { k.set(s.barriers.covered, s.barriers.covered - 1); });
}

// FSC of an external abort on a translation table walk.
template <class W>
auto is_abort_on_walk(const W& fsc) {
  return (fsc >= 0x12 && fsc <= 0x17) || fsc == 0x1b;
}

// Raises a management event: PMBSR_EL1.S and its syndrome, and PMBIRQ with it (D17.8 RTSJRP). `at`
// is the register that it is recorded in (record_event()).
template <class D>
void stop_profiling(Step<D>& k, Spu<D>& s, const Word<D, 2>& at, SpuEvent event,
                    const Word<D, 6>& ec, const Word<D, 16>& mss,
                    const Word<D, 24>& mss2 = Word<D, 24>(0)) {
  k.set(s.recorded_at, at);
  for (const auto& [level, status] : {std::pair{SpuRecordedAt::el1, SpuRegister::pmbsr},
                                      std::pair{SpuRecordedAt::el2, SpuRegister::pmbsr_el2},
                                      std::pair{SpuRecordedAt::el3, SpuRegister::pmbsr_el3}})
    k.when(at == number_of(level), [&] { becomes_told<D>(k, s, status); });
  k.set(s.service, true);
  k.set(s.ec, ec);
  k.set(s.mss, mss);
  k.set(s.mss2, mss2);
  k.set(s.event, Word<D, 3>(number_of(event)));
  k.set(s.event_flight, s.in_flight);
  k.set(s.irq, true);
}

}  // namespace assay
