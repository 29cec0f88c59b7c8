// What is always true of an SPU (A01 to A44). All hold under lawful programming; an SPU whose
// `unpredictable` is set may do anything (D17.7 RPGGHS).
#pragma once
#include "spec/arch/spu/enabled.hpp"
#include "spec/arm64_subject.hpp"

namespace assay {

// Says holds(spu, pe) of every SPU, or of those that are programmed lawfully.
template <class D>
struct OfEverySpu {
  const SayInvariant<D>& say;

  template <class F>
  void always(const char* name, const char* source, F) const {
    say(
        every, name,
        [](const auto& state) {
          const MachineView<D> m = state.machine();
          return all<D>(m.spu, [&](const auto& s, std::size_t i) { return F{}(s, m.pe[i]); });
        },
        source);
  }
  template <class F>
  void lawful(const char* name, const char* source, F) const {
    always(name, source, [](auto& s, auto& pe) { return s.unpredictable || F{}(s, pe); });
  }
};

// Software set the pointers of a stopped buffer, which may be anything, and nothing was written.
template <class D>
Flag<D> is_moved(const Spu<D>& s) {
  return is_stopped<D>(s) && s.start == s.ptr && s.records_end == s.ptr && s.bytes_end == s.ptr;
}

// What becomes of the buffer.
template <class D>
void buffer_invariants(const OfEverySpu<D>& spu) {
  // The seed's question. DL clear after an event: PTR is the first byte after the last complete
  // record, and from the buffer's start to there is nothing but complete records. DL set: a record
  // was lost or cut, which follows from what became of samples and bytes, whatever event reported
  // it.
  spu.always("pmbsr_dl_is_correct", "D17.8, D17.8.3; A18, A19", [](auto& s, auto&) {
    const ShownStatus<D> shown = status_of_event<D>(s);
    const Flag<D> stopped = shown.service && !reported<D>(s, SpuEvent::none);
    const Flag<D> whole = s.unpredictable || (s.ptr == s.records_end && !s.torn);
    const auto is_true = [](const auto& status) {
      return implies<D>(plain(status.data_loss), plain(status.lost));
    };
    return implies<D>(stopped && !shown.data_loss, whole) && is_true(s) && is_true(s.at_el2) &&
           is_true(s.at_el3);
  });
  spu.lawful("no_write_at_or_above_limit", "D17.8.2; A12", [](auto& s, auto&) {
    return !s.enable || s.fill == discard_mode || s.bytes_end <= s.limit || is_moved<D>(s);
  });
  // After an event nothing more is sampled. SPEv1p5 may go on after a fault.
  spu.lawful("no_sampling_while_service", "D17.4; A01", [](auto& s, auto& pe) {
    return pe.spe == 6 || !is_stopped<D>(s) || reported<D>(s, SpuEvent::none) ||
           s.in_flight <= s.event_flight;
  });
  spu.always("irq_line_equals_service_bit", "D17.8 RTSJRP; A26",
             [](auto& s, auto&) { return iff(s.irq, s.service); });
  spu.lawful("buffer_pointers_are_ordered", "D17.7; A13, A14", [](auto& s, auto&) {
    return s.start <= s.records_end && s.records_end <= s.bytes_end && s.records_end <= s.ptr;
  });
  // A buffer that takes records has room for one, and PTR is where the last one ended.
  spu.lawful("running_buffer_has_room", "D17.7 RHXSYK; A43, A44", [](auto& s, auto& pe) {
    const Flag<D> running = s.enable && !is_stopped<D>(s) && s.fill != discard_mode;
    const Flag<D> at_end = s.ptr == s.records_end && !s.torn;
    return (!running || (at_end && s.ptr + pe.spe_record_max <= s.limit)) &&
           (!takes_late_records<D>(s) || at_end);
  });
  spu.lawful("pointer_stays_below_limit", "D17.8.2; A15", [](auto& s, auto&) {
    return !s.enable || s.fill == discard_mode || is_moved<D>(s) ||
           (s.ptr <= s.limit && s.records_end <= s.limit);
  });
}

// FSC of an external abort: on the write, asynchronous, or on a walk.
template <class D>
Flag<D> is_abort_status(const Word<D, 16>& fsc) {
  return fsc == 0x10 || fsc == 0x11 || is_abort_on_walk(fsc);
}

// What is reported.
template <class D>
void event_invariants(const OfEverySpu<D>& spu) {
  // Exactly when no largest record fits, at a record's end.
  spu.lawful("full_event_is_exact", "D17.8.2; A16, A17", [](auto& s, auto& pe) {
    const Flag<D> concerned = reported<D>(s, SpuEvent::full) && s.enable &&
                              s.fill != discard_mode && s.start != s.records_end;
    const ShownStatus<D> shown = status_of_event<D>(s);
    return implies<D>(concerned, shown.service && s.ptr == s.records_end &&
                                     s.limit < s.ptr + pe.spe_record_max && shown.ec == ec_buffer &&
                                     shown.mss == bsc_full);
  });
  // PTR is less than one largest record beyond the last complete one.
  spu.lawful("fault_is_within_one_record", "D17.8; A20", [](auto& s, auto& pe) {
    const Flag<D> near = s.ptr < s.records_end + pe.spe_record_max || s.ptr == s.records_end;
    return implies<D>(reported<D>(s, SpuEvent::fault), near);
  });
  spu.always("no_external_abort_from_v1p3", "D17.8.4; A21", [](auto& s, auto& pe) {
    return pe.spe < 4 || pe.spe == 0xff || !reported<D>(s, SpuEvent::abort);
  });
  spu.always("not_allowed_loses_data", "D17.8.5; A22", [](auto& s, auto&) {
    const ShownStatus<D> shown = status_of_event<D>(s);
    return implies<D>(reported<D>(s, SpuEvent::not_allowed), shown.service && shown.data_loss &&
                                                                 shown.ec == ec_buffer &&
                                                                 shown.mss == bsc_not_allowed);
  });
  // An event keeps S set until software writes PMBSR_EL1, and its syndrome is the first one's.
  spu.always("events_keep_service", "D17.8; A07, A09", [](auto& s, auto&) {
    return reported<D>(s, SpuEvent::none) || (status_of_event<D>(s).service && status_counts<D>(s));
  });
  spu.always("syndrome_is_of_the_event", "D17.8; A09", [](auto& s, auto&) {
    const ShownStatus<D> shown = status_of_event<D>(s);
    const Flag<D> memory =
        shown.ec == ec_stage1 || shown.ec == ec_stage2 || shown.ec == ec_granule_protection;
    return implies<D>(reported<D>(s, SpuEvent::fault), memory && shown.mss != 0x11) &&
           implies<D>(reported<D>(s, SpuEvent::abort),
                      memory && shown.external_abort && is_abort_status<D>(shown.mss)) &&
           implies<D>(reported<D>(s, SpuEvent::full),
                      shown.ec == ec_buffer && shown.mss == bsc_full);
  });
}

// What is in flight, and what software sees.
template <class D>
void order_invariants(const OfEverySpu<D>& spu) {
  spu.always("in_flight_is_bounded", "D17.3.7; A24", [](auto& s, auto& pe) {
    return pe.spe_in_flight_max == 0 || s.in_flight <= pe.spe_in_flight_max;
  });
  spu.always("covered_samples_are_in_flight", "D17.9 PSB CSYNC",
             [](auto& s, auto&) { return s.barriers.covered <= s.in_flight; });
  // Without an SPU's own writes since the last drain, direct reads show its registers.
  spu.always("drained_registers_are_shown", "D17.9; A39", [](auto& s, auto&) {
    const SpuBarriers<D>& b = s.barriers;
    return b.behind ||
           (b.ptr == s.ptr && iff(b.service, s.service) && iff(b.data_loss, s.data_loss) &&
            iff(b.external_abort, s.external_abort) && iff(b.collision, s.collision));
  });
  spu.always("buffer_owner_is_defined", "D24.3.17 MDCR_EL2.E2PB",
             [](auto& s, auto&) { return s.e2pb != 1; });
}

}  // namespace assay
