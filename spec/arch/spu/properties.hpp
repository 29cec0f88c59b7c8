// What an SPU's steps keep (A01 to A44, as far as they speak of steps). An SPU whose
// `unpredictable` is set before the step may do anything.
#pragma once
#include "spec/arch/spu/buffer.hpp"
#include "spec/arch/spu/context.hpp"
#include "spec/arm64_subject.hpp"

namespace assay {

// Says holds(before, after, pe) of the SPU that the event names, or of one that is programmed
// lawfully.
template <class D>
struct OfItsSpu {
  const Taken<D>& t;
  const SayProperty<D>& say;

  template <class F>
  void always(const char* name, const char* source, F&& holds) const {
    const MachineView<D> before = t.before.machine();
    const auto& after = t.after.machine().spu;
    say(name,
        of_entry<D>(before.spu, t.cpu(),
                    [&](const auto& a, std::size_t i) { return holds(a, after[i], before.pe[i]); }),
        source);
  }
  template <class F>
  void keeps(const char* name, const char* source, F&& holds) const {
    always(name, source,
           [&](auto& a, auto& b, auto& pe) { return a.unpredictable || holds(a, b, pe); });
  }
};

// The stopping event of a step, if it reported one.
template <class D>
Flag<D> reports(const Spu<D>& before, const Spu<D>& after, SpuEvent e) {
  return !is_stopped<D>(before) && is_stopped<D>(after) && after.event == number_of(e);
}

template <class D>
void register_properties(const OfItsSpu<D>& spu) {
  spu.keeps("service_is_sticky", "A07; D17.8",
            [](auto& a, auto& b, auto&) { return implies<D>(plain(a.service), plain(b.service)); });
  spu.keeps("status_bits_are_sticky", "A08; D17.8", [](auto& a, auto& b, auto&) {
    return (!a.data_loss || b.data_loss) && (!a.external_abort || b.external_abort) &&
           (!a.collision || b.collision);
  });
  spu.keeps("first_event_wins", "A09; D17.8", [](auto& a, auto& b, auto&) {
    return (a.ec == b.ec && a.mss == b.mss) || (!a.service && b.service);
  });
  spu.keeps("pointer_is_frozen_while_stopped", "A10; D24.7 PMBPTR_EL1",
            [](auto& a, auto& b, auto&) { return !is_stopped<D>(a) || a.ptr == b.ptr; });
  spu.keeps("pointer_is_frozen_while_off", "A11; D17.4, D17.5.5", [](auto& a, auto& b, auto&) {
    return (a.enable && a.fill != discard_mode) || takes_late_records<D>(a) ||
           reports<D>(a, b, SpuEvent::implementation) || a.ptr == b.ptr;
  });
  spu.keeps("pointer_is_monotonic", "A14; ASL SPEWriteToBuffer",
            [](auto& a, auto& b, auto&) { return a.ptr <= b.ptr; });
}

template <class D>
void progress_properties(const OfItsSpu<D>& spu) {
  spu.keeps("counter_is_held_while_disabled", "A28; D17.3.5", [](auto& a, auto& b, auto& pe) {
    return profiling_enabled<D>(a) || sampled_late<D>(a, pe) || a.count == b.count;
  });
  spu.keeps("counter_reloads_at_zero", "A29; D17.3.4", [](auto& a, auto& b, auto& pe) {
    return has_no_interval<D>(a) || (pe.spe_ernd && a.random) || b.count <= a.count || a.count == 0;
  });
  spu.keeps("discard_mode_is_silent", "A33; D17.5.5", [](auto& a, auto& b, auto&) {
    const Flag<D> nothing_written = a.bytes_end == b.bytes_end && a.ptr == b.ptr;
    // An asynchronous abort belongs to a write before the mode was entered.
    return a.fill != discard_mode || is_stopped<D>(a) || takes_late_records<D>(a) ||
           (nothing_written && (!is_stopped<D>(b) || b.event == number_of(SpuEvent::abort)));
  });
  spu.keeps("full_leaves_dl_and_a_record_end", "A17; D17.8.2", [](auto& a, auto& b, auto&) {
    return !reports<D>(a, b, SpuEvent::full) ||
           (iff(a.data_loss, b.data_loss) && b.ptr == b.records_end);
  });
  spu.keeps("fault_inside_a_record_sets_dl", "A18; D17.8", [&](auto& a, auto& b, auto&) {
    const Flag<D> silent = spu.t.profile.is(Behaviour::spe_dl_never_set_by_fault);
    return silent || !reports<D>(a, b, SpuEvent::fault) || b.ptr == b.records_end ||
           status_of_event<D>(b).data_loss;
  });
  spu.keeps("software_owns_the_buffer_registers", "A40, W13; D24.7 PMBLIMITR_EL1",
            [](auto& a, auto& b, auto&) {
              return a.limit == b.limit && iff(a.enable, b.enable) && a.fill == b.fill;
            });
}

template <class D>
void sample_properties(const OfItsSpu<D>& spu) {
  spu.keeps("no_sample_while_stopped", "A01; D17.4",
            [](auto& a, auto&, auto& pe) { return !is_stopped<D>(a) || pe.spe == 6; });
  spu.keeps("no_sample_while_disabled", "A02; D17.4",
            [](auto& a, auto&, auto&) { return Flag<D>(plain(a.enable)); });
  spu.keeps("no_sample_above_the_owner", "A03; D17.4",
            [](auto& a, auto&, auto&) { return a.e2pb == 0 || a.el <= 1; });
  spu.keeps("no_sample_where_prohibited", "A04; D17.4",
            [](auto& a, auto&, auto&) { return !a.excluded && a.el != 3; });
  spu.keeps("no_sample_of_a_host_with_tge", "A05; D17.4 RTDHBH",
            [](auto& a, auto&, auto&) { return a.e2pb == 0 || !a.tge; });
  spu.keeps("level_control_gates_samples", "A06; D17.9",
            [](auto& a, auto&, auto&) { return level_enabled<D>(a); });
  spu.keeps("period_is_the_interval", "A30, A31; D17.3.4.1", [](auto& a, auto& b, auto& pe) {
    const Flag<D> exact = a.random || field_bits<8>(plain(b.count), 0) == 0;
    return has_no_interval<D>(a) || (pe.spe_ernd && a.random) ||
           (a.count == 0 && (b.count == 0 || holds_interval<D>(a, plain(b.count))) && exact);
  });
}

template <class D>
void record_properties(const OfItsSpu<D>& spu, const SpuRecord<D>& r) {
  spu.keeps("records_stay_inside", "A12, A13, W05; D17.7, D17.8.2", [&](auto& a, auto&, auto&) {
    return a.start <= r.address && r.address + r.size <= limit_of<D>(a);
  });
  spu.keeps("filtered_records_are_not_written", "A32; D17.5", [&](auto& a, auto&, auto& pe) {
    return is_undecided<D>(a) ||
           passes_filters<D>(a, pe, {r.events, r.type, r.latency, r.ds}, Optional::ignored);
  });
  spu.keeps("record_size_is_bounded", "A34; D24.7 PMSIDR_EL1.MaxSize",
            [&](auto&, auto&, auto& pe) { return r.size != 0 && r.size <= pe.spe_record_max; });
  spu.keeps("records_are_translated", "A42; D17.7", [&](auto& a, auto&, auto&) {
    return !cannot_write<D>(a, r.address, r.address + r.size);
  });
  spu.keeps("contexts_need_cx", "D17.6 PMSCR_ELx.CX", [&](auto& a, auto&, auto&) {
    return is_undecided<D>(a) || ((!r.context1 || a.cx1) && (!r.context2 || a.cx2));
  });
  spu.keeps("timestamps_need_ts", "A36; D17.6", [&](auto& a, auto&, auto&) {
    return is_undecided<D>(a) || r.time == 0 || (a.e2pb == 0 && a.ts2) || (a.e2pb != 0 && a.ts1);
  });
  spu.keeps("guest_addresses_are_gated", "A37; D17.6", [&](auto& a, auto&, auto&) {
    return is_undecided<D>(a) || !r.pa || a.e2pb == 0 || (a.pa1 && a.pa2);
  });
  spu.keeps("virtual_time_is_forced", "A38; D24.7 PMSCR_EL2.PCT", [&](auto& a, auto&, auto&) {
    return is_undecided<D>(a) || a.e2pb == 0 || a.pct2 != 0 ||
           r.time <= static_cast<u64>(SpeTime::virtual_count);
  });
  // When, and only when, no largest record fits behind the one just written.
  spu.keeps("full_is_reported_exactly", "A16; D17.8.2", [](auto& a, auto& b, auto& pe) {
    return takes_late_records<D>(a) || iff(is_stopped<D>(b) && b.event == number_of(SpuEvent::full),
                                           b.limit < b.ptr + pe.spe_record_max);
  });
  // The safe half of "profiling gets on": finitely many records fill the buffer.
  spu.keeps("records_use_up_the_buffer", "E04; D17.7",
            [](auto& a, auto& b, auto&) { return a.ptr < b.ptr; });
}

// What single events of the SPU keep.
template <class D>
void event_properties(const OfItsSpu<D>& spu) {
  const Taken<D>& t = spu.t;
  if (const auto* call = t.template as<SpuMarked<D>>())
    spu.keeps("marked_entries_are_of_the_buffer", "A12; D17.8.3.1", [&](auto& a, auto& b, auto&) {
      return a.start / SpuMarked<D>::page <= call->address / SpuMarked<D>::page &&
             call->address < a.limit && a.bytes_end == b.bytes_end;
    });
  if (t.template is_one_of<SpuCollision<D>>())
    spu.keeps("collision_touches_only_coll", "A23; D17.3.7", [](auto& a, auto& b, auto&) {
      return a.ptr == b.ptr && iff(a.service, b.service) && iff(a.data_loss, b.data_loss) &&
             iff(a.external_abort, b.external_abort) && a.ec == b.ec && a.mss == b.mss &&
             a.in_flight == b.in_flight;
    });
  if (t.template is_one_of<SpuFault<D>>())
    spu.keeps("fault_comes_before_full", "A25; D17.8.1",
              [](auto&, auto& b, auto&) { return b.event == number_of(SpuEvent::fault); });
  if (t.template is_one_of<SpuDrained<D>>())
    spu.keeps("drain_is_complete", "A39; D17.9", [](auto& a, auto& b, auto&) {
      return b.in_flight == 0 && (is_stopped<D>(a) || b.ptr == b.records_end);
    });
  if (t.template is_one_of<SpuDataBarrier<D>>())
    spu.keeps("dsb_waits_for_what_psb_covers", "A39; D17.9", [](auto& a, auto& b, auto&) {
      return !has_reached<D>(a, Synchronised::profiling) || b.barriers.covered == 0;
    });
}

// What accesses of software keep.
template <class D>
void software_properties(const OfItsSpu<D>& spu) {
  const Taken<D>& t = spu.t;
  if (const auto* call = t.template as<SpuRead<D, Pmbptr>>())
    spu.keeps("synchronised_reads_are_current", "A39; D17.9", [&](auto& a, auto&, auto& pe) {
      const Flag<D> sure =
          !reads_lag<D>(a) && pe.spe_align == 0 && !shows_anything<D>(a, SpuRegister::pmbptr);
      return !sure || field<"ptr">(*call) == a.ptr;
    });
  // The other half of the above: an event that was handled lets profiling go on.
  if (const auto* call = t.template as<SpuWrite<D, Pmbsr>>())
    spu.keeps("handled_event_lets_profiling_go_on", "E05; D17.7.4",
              [&](auto& a, auto& b, auto& pe) {
                const Flag<D> ready = a.service && !is_stopped_above<D>(a) && !field<"s">(*call) &&
                                      buffer_enabled<D>(a) && a.ptr == a.records_end && !a.torn &&
                                      !breaks_pointer_rule<D>(a, pe);
                return !ready || (!b.unpredictable && !b.service &&
                                  iff(profiling_enabled<D>(b), level_may_be_sampled<D>(a)));
              });
  if (t.template is_one_of<SpuReset<D>>())
    spu.always("reset_turns_the_buffer_off", "D24.7 PMBLIMITR_EL1.E",
               [](auto&, auto& b, auto&) { return !b.enable && b.in_flight == 0; });
  if (const auto* call = t.template as<SpuRead<D, Pmbidr>>())
    spu.always("p_tracks_ownership", "A40; D24.7 PMBIDR_EL1.P", [&](auto& a, auto&, auto&) {
      return a.el != 1 || iff(field<"p">(*call), a.e2pb == 0 || a.excluded);
    });
  if (t.template is_one_of<SpuWrite<D, Pmbsr>>())
    spu.keeps("written_service_drives_the_line", "A27; D17.8 IGRLRX",
              [](auto&, auto& b, auto&) { return iff(b.irq, b.service); });
}

}  // namespace assay
