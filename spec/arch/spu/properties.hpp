// What an SPU's steps keep (facts/spe 6.1, properties A01 to A44 that speak of steps). An SPU whose
// `unpredictable` is set before the step may do anything.
#pragma once
#include "spec/arch/spu/buffer.hpp"
#include "spec/arch/spu/reads.hpp"
#include "spec/properties.hpp"

namespace assay {

// holds(before, after, pe) of the SPU that the event names, if it is programmed lawfully.
template <class D, class F>
Flag<D> of_its_spu(const Taken<D>& t, F&& holds) {
  return all<D>(t.before.spu, [&](const auto& before, std::size_t i) {
    const Pe<D>& pe = t.before.host.pe[i];
    return t.cpu() != Word<D, 16>(i) || before.unpredictable || holds(before, t.after.spu[i], pe);
  });
}

// The stopping event of a step, if it reported one.
template <class D>
Flag<D> reports(const Spu<D>& before, const Spu<D>& after, SpuEvent e) {
  return !before.service && after.service && after.event == number_of(e);
}

template <class D>
void register_properties(const Taken<D>& t, const SayProperty<D>& say) {
  say("service_is_sticky",
      of_its_spu(t, [](const auto& a, const auto& b,
                       const auto&) { return implies<D>(plain(a.service), plain(b.service)); }),
      "A07; D17.8");
  say("status_bits_are_sticky",
      of_its_spu(t,
                 [](const auto& a, const auto& b, const auto&) {
                   return (!a.data_loss || b.data_loss) &&
                          (!a.external_abort || b.external_abort) && (!a.collision || b.collision);
                 }),
      "A08; D17.8");
  say("first_event_wins",
      of_its_spu(t,
                 [](const auto& a, const auto& b, const auto&) {
                   return (a.ec == b.ec && a.mss == b.mss) || (!a.service && b.service);
                 }),
      "A09; D17.8");
  say("pointer_is_frozen_while_stopped",
      of_its_spu(t, [](const auto& a, const auto& b,
                       const auto&) { return !a.service || a.ptr == b.ptr; }),
      "A10; D24.7 PMBPTR_EL1");
  say("pointer_is_frozen_while_off",
      of_its_spu(t,
                 [](const auto& a, const auto& b, const auto&) {
                   return (a.enable && a.fill != discard_mode) || a.ptr == b.ptr;
                 }),
      "A11; D17.4, D17.5.5");
  say("pointer_is_monotonic",
      of_its_spu(t, [](const auto& a, const auto& b, const auto&) { return a.ptr <= b.ptr; }),
      "A14; ASL SPEWriteToBuffer");
}

template <class D>
void progress_properties(const Taken<D>& t, const SayProperty<D>& say) {
  say("counter_is_held_while_disabled",
      of_its_spu(t,
                 [](const auto& a, const auto& b, const auto& pe) {
                   return profiling_enabled<D>(a) || sampled_late<D>(a, pe) || a.count == b.count;
                 }),
      "A28; D17.3.5");
  say("counter_reloads_at_zero",
      of_its_spu(t,
                 [](const auto& a, const auto& b, const auto& pe) {
                   return has_no_interval<D>(a) || (pe.spe_ernd && a.random) ||
                          b.count <= a.count || a.count == 0;
                 }),
      "A29; D17.3.4");
  say("discard_mode_is_silent",
      of_its_spu(t,
                 [](const auto& a, const auto& b, const auto&) {
                   const Flag<D> nothing_written = a.bytes_end == b.bytes_end && a.ptr == b.ptr;
                   // An asynchronous abort belongs to a write before the mode was entered.
                   return a.fill != discard_mode || a.service ||
                          (nothing_written &&
                           (!b.service || b.event == number_of(SpuEvent::abort) ||
                            b.event == number_of(SpuEvent::not_allowed)));
                 }),
      "A33; D17.5.5");
  say("full_leaves_dl_and_a_record_end",
      of_its_spu(t,
                 [](const auto& a, const auto& b, const auto&) {
                   return !reports<D>(a, b, SpuEvent::full) ||
                          (iff(a.data_loss, b.data_loss) && b.ptr == b.records_end);
                 }),
      "A17; D17.8.2");
  say("fault_inside_a_record_sets_dl",
      of_its_spu(t,
                 [&](const auto& a, const auto& b, const auto&) {
                   const Flag<D> silent = t.profile.is(Behaviour::spe_dl_never_set_by_fault);
                   return silent || !reports<D>(a, b, SpuEvent::fault) || b.ptr == b.records_end ||
                          b.data_loss;
                 }),
      "A18; D17.8");
  say("software_owns_the_buffer_registers",
      of_its_spu(t,
                 [](const auto& a, const auto& b, const auto&) {
                   return a.limit == b.limit && iff(a.enable, b.enable) && a.fill == b.fill;
                 }),
      "A40, W13; D24.7 PMBLIMITR_EL1");
}

template <class D>
void sample_properties(const Taken<D>& t, const SayProperty<D>& say) {
  say("no_sample_while_stopped",
      of_its_spu(
          t, [](const auto& a, const auto&, const auto& pe) { return !a.service || pe.spe == 6; }),
      "A01; D17.4");
  say("no_sample_while_disabled",
      of_its_spu(t,
                 [](const auto& a, const auto&, const auto&) { return Flag<D>(plain(a.enable)); }),
      "A02; D17.4");
  say("no_sample_above_the_owner",
      of_its_spu(t,
                 [](const auto& a, const auto&, const auto&) { return a.e2pb == 0 || a.el <= 1; }),
      "A03; D17.4");
  say("no_sample_where_prohibited",
      of_its_spu(t,
                 [](const auto& a, const auto&, const auto&) { return !a.excluded && a.el != 3; }),
      "A04; D17.4");
  say("no_sample_of_a_host_with_tge",
      of_its_spu(t, [](const auto& a, const auto&, const auto&) { return a.e2pb == 0 || !a.tge; }),
      "A05; D17.4 RTDHBH");
  say("level_control_gates_samples",
      of_its_spu(t, [](const auto& a, const auto&, const auto&) { return level_enabled<D>(a); }),
      "A06; D17.9");
  say("period_is_the_interval",
      of_its_spu(t,
                 [](const auto& a, const auto& b, const auto& pe) {
                   const Flag<D> exact = a.random || field_bits<8>(plain(b.count), 0) == 0;
                   return has_no_interval<D>(a) || (pe.spe_ernd && a.random) ||
                          (a.count == 0 && holds_interval<D>(a, plain(b.count)) && exact);
                 }),
      "A30, A31; D17.3.4.1");
}

template <class D>
void record_properties(const Taken<D>& t, const SpuRecord<D>& r, const SayProperty<D>& say) {
  say("records_stay_inside",
      of_its_spu(t,
                 [&](const auto& a, const auto&, const auto&) {
                   return a.start <= r.address && r.address + r.size <= a.limit;
                 }),
      "A12, A13, W05; D17.7, D17.8.2");
  say("filtered_records_are_not_written",
      of_its_spu(
          t,
          [&](const auto& a, const auto&, const auto&) {
            return is_undecided<D>(a) || passes_filters<D>(a, {r.events, r.type, r.latency, r.ds});
          }),
      "A32; D17.5");
  say("record_size_is_bounded",
      of_its_spu(t, [&](const auto&, const auto&,
                        const auto& pe) { return r.size != 0 && r.size <= pe.spe_record_max; }),
      "A34; D24.7 PMSIDR_EL1.MaxSize");
  say("records_are_translated",
      of_its_spu(t, [&](const auto& a, const auto&,
                        const auto&) { return !meets_hole<D>(a, r.address, r.address + r.size); }),
      "A42; D17.7");
  say("contexts_need_cx",
      of_its_spu(t,
                 [&](const auto& a, const auto&, const auto&) {
                   return is_undecided<D>(a) || ((!r.context1 || a.cx1) && (!r.context2 || a.cx2));
                 }),
      "D17.6 PMSCR_ELx.CX");
  say("timestamps_need_ts",
      of_its_spu(t,
                 [&](const auto& a, const auto&, const auto&) {
                   return is_undecided<D>(a) || r.time == 0 || (a.e2pb == 0 && a.ts2) ||
                          (a.e2pb != 0 && a.ts1);
                 }),
      "A36; D17.6");
  say("guest_addresses_are_gated",
      of_its_spu(t,
                 [&](const auto& a, const auto&, const auto&) {
                   return is_undecided<D>(a) || !r.pa || a.e2pb == 0 || (a.pa1 && a.pa2);
                 }),
      "A37; D17.6");
  say("virtual_time_is_forced",
      of_its_spu(t,
                 [&](const auto& a, const auto&, const auto&) {
                   return is_undecided<D>(a) || a.e2pb == 0 || a.pct2 != 0 ||
                          r.time <= static_cast<u64>(SpeTime::virtual_count);
                 }),
      "A38; D24.7 PMSCR_EL2.PCT");
}

// The safe half of "profiling gets on": every record uses up room, so that finitely many fill the
// buffer, and an event that was handled lets profiling go on.
template <class D>
void record_liveness(const Taken<D>& t, const SayProperty<D>& say) {
  say("records_use_up_the_buffer",
      of_its_spu(t, [](const auto& a, const auto& b, const auto&) { return a.ptr < b.ptr; }),
      "E04; D17.7");
}
template <class D>
void status_liveness(const Taken<D>& t, const SpuWriteStatus<D>& call, const SayProperty<D>& say) {
  say("handled_event_lets_profiling_go_on",
      of_its_spu(t,
                 [&](const auto& a, const auto& b, const auto& pe) {
                   const Flag<D> ready = a.service && !call.service && buffer_enabled<D>(a) &&
                                         a.ptr == a.records_end && pointers_valid<D>(a, pe);
                   return !ready || (!b.unpredictable && !b.service &&
                                     iff(profiling_enabled<D>(b), level_may_be_sampled<D>(a)));
                 }),
      "E05; D17.7.4");
}

// A16: full is reported when, and only when, no largest record fits behind the one just written.
template <class D>
void full_properties(const Taken<D>& t, const SayProperty<D>& say) {
  say("full_is_reported_exactly",
      of_its_spu(t,
                 [](const auto&, const auto& b, const auto& pe) {
                   return iff(b.service && b.event == number_of(SpuEvent::full),
                              b.limit < b.ptr + pe.spe_record_max);
                 }),
      "A16; D17.8.2");
}

template <class D>
void collision_properties(const Taken<D>& t, const SayProperty<D>& say) {
  say("collision_touches_only_coll",
      of_its_spu(t,
                 [](const auto& a, const auto& b, const auto&) {
                   return a.ptr == b.ptr && iff(a.service, b.service) &&
                          iff(a.data_loss, b.data_loss) &&
                          iff(a.external_abort, b.external_abort) && a.ec == b.ec &&
                          a.mss == b.mss && a.in_flight == b.in_flight;
                 }),
      "A23; D17.3.7");
}

// Every property of the SPU that speaks of this kind of event.
template <class D>
void spu_properties(const Taken<D>& t, const SayProperty<D>& say) {
  if (t.call.by_hardware) {
    register_properties(t, say);
    progress_properties(t, say);
  }
  if (t.template is_one_of<SpuSample<D>>()) sample_properties<D>(t, say);
  if (const auto* record = t.template as<SpuRecord<D>>()) {
    record_properties<D>(t, *record, say);
    full_properties<D>(t, say);
    record_liveness<D>(t, say);
  }
  if (const auto* call = t.template as<SpuMarked<D>>())
    say("marked_entries_are_of_the_buffer",
        of_its_spu(t,
                   [&](const auto& a, const auto& b, const auto&) {
                     return a.start <= call->address && call->address < a.limit &&
                            a.bytes_end == b.bytes_end;
                   }),
        "A12; D17.8.3.1");
  if (t.template is_one_of<SpuCollision<D>>()) collision_properties<D>(t, say);
  if (t.template is_one_of<SpuFault<D>>())
    say("fault_comes_before_full",
        of_its_spu(t, [](const auto&, const auto& b,
                         const auto&) { return b.event == number_of(SpuEvent::fault); }),
        "A25; D17.8.1");
  if (t.template is_one_of<SpuDrained<D>>())
    say("drain_is_complete",
        of_its_spu(t,
                   [](const auto& a, const auto& b, const auto&) {
                     return b.in_flight == 0 && (a.service || b.ptr == b.records_end);
                   }),
        "A39; D17.9");
  if (t.template is_one_of<SpuDataBarrier<D>>())
    say("dsb_waits_for_what_psb_covers",
        of_its_spu(t,
                   [](const auto& a, const auto& b, const auto&) {
                     return !has_reached<D>(a, Synchronised::profiling) || b.barriers.covered == 0;
                   }),
        "A39; D17.9");
  if (const auto* call = t.template as<SpuReadPointer<D>>())
    say("synchronised_reads_are_current",
        of_its_spu(t,
                   [&](const auto& a, const auto&, const auto& pe) {
                     const Flag<D> sure = !reads_lag<D>(a) && pe.spe_align == 0 &&
                                          !is_unknown<D>(a, SpuRegister::pmbptr);
                     return !sure || call->ptr == a.ptr;
                   }),
        "A39; D17.9");
  if (const auto* status = t.template as<SpuWriteStatus<D>>()) status_liveness<D>(t, *status, say);
  if (t.template is_one_of<SpuReset<D>>())
    say("reset_turns_the_buffer_off",
        all<D>(t.after.spu,
               [&](const auto& b, std::size_t i) {
                 return t.cpu() != Word<D, 16>(i) || (!b.enable && b.in_flight == 0);
               }),
        "D24.7 PMBLIMITR_EL1.E");
  if (const auto* call = t.template as<SpuReadBufferId<D>>())
    say("p_tracks_ownership",
        all<D>(t.before.spu,
               [&](const auto& a, std::size_t i) {
                 const Flag<D> el1 = a.el == 1 && iff(call->p, a.e2pb == 0 || a.excluded);
                 return t.cpu() != Word<D, 16>(i) || el1 || a.el != 1;
               }),
        "A40; D24.7 PMBIDR_EL1.P");
  if (t.template is_one_of<SpuWriteStatus<D>>())
    say("written_service_drives_the_line",
        of_its_spu(t,
                   [](const auto&, const auto& b, const auto&) { return iff(b.irq, b.service); }),
        "A27; D17.8 IGRLRX");
}

}  // namespace assay
