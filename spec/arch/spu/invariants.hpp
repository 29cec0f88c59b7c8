// What is always true of an SPU (facts/spe 6.1). All hold under lawful programming; an SPU whose
// `unpredictable` is set may do anything (D17.7 RPGGHS).
#pragma once
#include "spec/arch/spu/buffer.hpp"
#include "spec/arch/spu/reads.hpp"

namespace assay {

template <class D, class F>
Flag<D> each_lawful_spu(const Vm<D>& vm, F&& holds) {
  return all<D>(vm.spu, [&](const auto& s) { return s.unpredictable || holds(s); });
}
template <class D>
Flag<D> reported(const Spu<D>& s, SpuEvent e) {
  return s.event == number_of(e);
}

// A12: nothing is written at or above LIMIT. A13, A15: nothing below where the buffer was enabled,
// and PTR stays inside.
template <class D>
Flag<D> no_write_at_or_above_limit(const Vm<D>& vm) {
  return each_lawful_spu<D>(vm, [](const auto& s) {
    return !s.enable || s.fill == discard_mode || s.bytes_end <= s.limit;
  });
}
template <class D>
Flag<D> buffer_pointers_are_ordered(const Vm<D>& vm) {
  return each_lawful_spu<D>(vm, [](const auto& s) {
    return s.start <= s.records_end && s.records_end <= s.bytes_end && s.records_end <= s.ptr;
  });
}
// A44: a buffer that takes records has room for one, and PTR is where the last one ended.
template <class D>
Flag<D> running_buffer_has_room(const Vm<D>& vm) {
  return all<D>(vm.spu, [&](const auto& s, std::size_t i) {
    const Flag<D> running = s.enable && !s.service && s.fill != discard_mode;
    return s.unpredictable || !running ||
           (s.ptr == s.records_end && s.ptr + vm.host.pe[i].spe_record_max <= s.limit);
  });
}
template <class D>
Flag<D> pointer_stays_below_limit(const Vm<D>& vm) {
  return each_lawful_spu<D>(vm, [](const auto& s) {
    return !s.enable || s.fill == discard_mode || (s.ptr <= s.limit && s.records_end <= s.limit);
  });
}

// A01, A10: after an event nothing more is sampled. SPEv1p5 may go on after a fault.
template <class D>
Flag<D> no_sampling_while_service(const Vm<D>& vm) {
  return all<D>(vm.spu, [&](const auto& s, std::size_t i) {
    const Flag<D> exempt = vm.host.pe[i].spe == 6;
    return s.unpredictable || exempt || !s.service || reported<D>(s, SpuEvent::none) ||
           s.in_flight <= s.event_flight;
  });
}

// The seed's question: DL clear after an event means that PTR is the end of the last complete
// record, and DL set means that data was lost (A18, A19).
template <class D>
Flag<D> pmbsr_dl_is_correct(const Vm<D>& vm) {
  return all<D>(vm.spu, [](const auto& s) {
    const Flag<D> faulted = s.service && (reported<D>(s, SpuEvent::fault) ||
                                          (reported<D>(s, SpuEvent::abort) && s.mss == 0x10));
    const Flag<D> clear_is_exact = s.unpredictable || s.data_loss || s.ptr == s.records_end;
    return implies<D>(faulted, clear_is_exact) && implies<D>(s.data_loss, s.lost);
  });
}
// A16, A17: buffer full is reported exactly when no largest record fits, at a record's end.
template <class D>
Flag<D> full_event_is_exact(const Vm<D>& vm) {
  return all<D>(vm.spu, [&](const auto& s, std::size_t i) {
    const Flag<D> room_gone = s.limit < s.ptr + vm.host.pe[i].spe_record_max;
    return s.unpredictable || implies<D>(reported<D>(s, SpuEvent::full) && s.enable &&
                                             s.fill != discard_mode && s.start != s.records_end,
                                         s.service && s.ptr == s.records_end && room_gone &&
                                             s.ec == ec_buffer && s.mss == bsc_full);
  });
}
// A20: PTR is less than one largest record beyond the last complete one.
template <class D>
Flag<D> fault_is_within_one_record(const Vm<D>& vm) {
  return all<D>(vm.spu, [&](const auto& s, std::size_t i) {
    const Flag<D> near = s.ptr < s.records_end + vm.host.pe[i].spe_record_max;
    return s.unpredictable ||
           implies<D>(s.service && reported<D>(s, SpuEvent::fault), near || s.ptr == s.records_end);
  });
}
// A21: from SPEv1p3 on no external abort of a buffer write reaches PMBSR_EL1.
template <class D>
Flag<D> no_external_abort_from_v1p3(const Vm<D>& vm) {
  return all<D>(vm.spu, [&](const auto& s, std::size_t i) {
    const Flag<D> old = vm.host.pe[i].spe < 4 || vm.host.pe[i].spe == 0xff;
    return old || !reported<D>(s, SpuEvent::abort);
  });
}
// A22: an access that is not allowed loses data, and says so.
template <class D>
Flag<D> not_allowed_loses_data(const Vm<D>& vm) {
  return all<D>(vm.spu, [](const auto& s) {
    return implies<D>(reported<D>(s, SpuEvent::not_allowed),
                      s.service && s.data_loss && s.ec == ec_buffer && s.mss == bsc_not_allowed);
  });
}
// A09: an event that the SPU reported keeps S set until software writes PMBSR_EL1 (A07), and its
// syndrome is the one of the first event.
template <class D>
Flag<D> events_keep_service(const Vm<D>& vm) {
  return all<D>(vm.spu, [](const auto& s) { return reported<D>(s, SpuEvent::none) || s.service; });
}
template <class D>
Flag<D> syndrome_is_of_the_event(const Vm<D>& vm) {
  return all<D>(vm.spu, [](const auto& s) {
    const Flag<D> memory = s.ec == ec_stage1 || s.ec == ec_stage2 || s.ec == ec_granule_protection;
    return implies<D>(reported<D>(s, SpuEvent::fault), memory && s.mss != 0x11) &&
           implies<D>(reported<D>(s, SpuEvent::abort),
                      memory && s.external_abort && (s.mss == 0x10 || s.mss == 0x11)) &&
           implies<D>(reported<D>(s, SpuEvent::full), s.ec == ec_buffer && s.mss == bsc_full);
  });
}
// A24: no more samples in flight than the PE can hold.
template <class D>
Flag<D> in_flight_is_bounded(const Vm<D>& vm) {
  return all<D>(vm.spu, [&](const auto& s, std::size_t i) {
    return vm.host.pe[i].spe_in_flight_max == 0 || s.in_flight <= vm.host.pe[i].spe_in_flight_max;
  });
}
// What PSB CSYNC covers is a part of what is in flight.
template <class D>
Flag<D> covered_samples_are_in_flight(const Vm<D>& vm) {
  return all<D>(vm.spu, [](const auto& s) { return s.barriers.covered <= s.in_flight; });
}
// Without an SPU's own writes since the last drain, direct reads show its registers.
template <class D>
Flag<D> drained_registers_are_shown(const Vm<D>& vm) {
  return all<D>(vm.spu, [](const auto& s) {
    const SpuBarriers<D>& b = s.barriers;
    return b.behind ||
           (b.ptr == s.ptr && iff(b.service, s.service) && iff(b.data_loss, s.data_loss) &&
            iff(b.external_abort, s.external_abort) && iff(b.collision, s.collision));
  });
}
// A26: PMBIRQ is the service bit.
template <class D>
Flag<D> irq_line_equals_service_bit(const Vm<D>& vm) {
  return all<D>(vm.spu, [](const auto& s) { return iff(s.irq, s.service); });
}
// A40, as far as it is state: a reserved owner is never in force.
template <class D>
Flag<D> buffer_owner_is_defined(const Vm<D>& vm) {
  return all<D>(vm.spu, [](const auto& s) { return s.e2pb != 1; });
}

}  // namespace assay
