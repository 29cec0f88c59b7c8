// In which PMBSR_ELx an event is recorded, and what stops profiling (D17.4, D17.8 RHJXHT).
//
// Without FEAT_SPE_EXC there is PMBSR_EL1 alone, and so it is where EL2 and firmware leave
// PMSCR_EL2.EE and MDCR_EL3.PMSEE at zero, as KVM does.
#pragma once
#include "model/step.hpp"
#include "spec/arch/pe.hpp"
#include "spec/arch/spu/state.hpp"

namespace assay {

constexpr u64 number_of(SpuFirmware f) { return static_cast<u64>(f); }
constexpr u64 number_of(SpuRecordedAt r) { return static_cast<u64>(r); }

// The effective PMSCR_EL2.EE is 10 or 11: some events are recorded in PMBSR_EL2, and its S counts.
template <class D>
Flag<D> el2_takes_events(const Spu<D>& s) {
  return s.ee2 >= 2 && s.firmware != number_of(SpuFirmware::disables);
}
// MDCR_EL3.PMSEE is 10 or 11.
template <class D>
Flag<D> el3_takes_events(const Spu<D>& s) {
  return s.firmware >= number_of(SpuFirmware::takes_all);
}
// Profiling is stopped by an event of a level above EL1.
template <class D>
Flag<D> is_stopped_above(const Spu<D>& s) {
  return (el2_takes_events<D>(s) && s.at_el2.service) ||
         (el3_takes_events<D>(s) && s.at_el3.service);
}
// Profiling is stopped (D17.4 RTWFRY).
template <class D>
Flag<D> is_stopped(const Spu<D>& s) {
  return s.service || is_stopped_above<D>(s);
}

// Which register shows what was reported last.
template <class D>
Flag<D> is_recorded_at(const Spu<D>& s, SpuRecordedAt r) {
  return r == SpuRecordedAt::el3 ? s.recorded_at >= number_of(r) : s.recorded_at == number_of(r);
}
// S of that one stops profiling, as the controls are now.
template <class D>
Flag<D> status_counts(const Spu<D>& s) {
  return (!is_recorded_at<D>(s, SpuRecordedAt::el2) || el2_takes_events<D>(s)) &&
         (!is_recorded_at<D>(s, SpuRecordedAt::el3) || el3_takes_events<D>(s));
}
// What that one shows.
template <class D>
struct ShownStatus {
  Flag<D> service, data_loss, external_abort, lost;
  Word<D, 6> ec;
  Word<D, 16> mss;
};
template <class D>
ShownStatus<D> status_of_event(const Spu<D>& s) {
  const Flag<D> el2 = is_recorded_at<D>(s, SpuRecordedAt::el2);
  const Flag<D> el3 = is_recorded_at<D>(s, SpuRecordedAt::el3);
  const auto shown = [&](const auto& of_el1, const auto& of_el2, const auto& of_el3) {
    return ite(el3, plain(of_el3), ite(el2, plain(of_el2), plain(of_el1)));
  };
  return {shown(s.service, s.at_el2.service, s.at_el3.service),
          shown(s.data_loss, s.at_el2.data_loss, s.at_el3.data_loss),
          shown(s.external_abort, s.at_el2.external_abort, s.at_el3.external_abort),
          shown(s.lost, s.at_el2.lost, s.at_el3.lost),
          shown(s.ec, s.at_el2.ec, s.at_el3.ec),
          shown(s.mss, s.at_el2.mss, s.at_el3.mss)};
}

// What of an event decides where it is recorded. All are clear for one that is no fault.
template <class D>
struct SpuEventKind {
  Flag<D> fault = false;    // of a write to the buffer
  Flag<D> stage2 = false;   // EC 0x25
  Flag<D> granule = false;  // EC 0x1E: a granule protection check fault, other than a GPF
  Flag<D> routed = false;   // a GPF or an external abort, which HCR_EL2 and SCR_EL3 may route
};

// Where it is recorded (Tables D17-5 to D17-7). A trace does not tell HCR_EL2.{GPF,TEA} and
// SCR_EL3.{GPF,EA}, so both answers are possible where they decide.
template <class D>
struct SpuDestination {
  Flag<D> el2, el3;
};
template <class D>
SpuDestination<D> destination_of(Step<D>& k, const Spu<D>& s, const SpuEventKind<D>& event) {
  Flag<D> el3 = s.firmware == number_of(SpuFirmware::takes_all);
  k.when(s.firmware == number_of(SpuFirmware::takes_faults) && event.fault, [&] {
    Flag<D> routed = false;
    k.when(event.routed && !event.granule, [&] {
      k.let(routed, k.choose({"event_is_recorded_at_el3", "D17.8 RHJXHT: SCR_EL3.GPF, EA"}));
    });
    k.let(el3, event.granule || routed);
  });
  Flag<D> el2 = false;
  k.when(el2_takes_events<D>(s) && !el3, [&] {
    const Flag<D> of_owner = s.e2pb == 0 || event.stage2 || event.granule;
    Flag<D> routed = false;
    k.when(s.ee2 == 2 && event.routed && !of_owner, [&] {
      k.let(routed, k.choose({"event_is_recorded_at_el2", "D17.8 RHJXHT: HCR_EL2.GPF, TEA"}));
    });
    k.let(el2, s.ee2 == 3 || (event.fault && (of_owner || routed)));
  });
  return {el2, el3};
}

// What the register holds is told from here on.
template <class D>
void becomes_told(Step<D>& k, Spu<D>& s, SpuRegister r) {
  k.set(s.told, s.told | Word<D, 16>(u64{1} << static_cast<unsigned>(r)));
}

// The fields of PMBSR_EL1 and those of another one change places.
template <class D>
void exchange_status(Step<D>& k, Spu<D>& s, SpuStatus<D>& other) {
  const auto swap = [&](auto& a, auto& b) {
    const auto kept = plain(a);
    k.set(a, plain(b));
    k.set(b, kept);
  };
  swap(s.service, other.service);
  swap(s.data_loss, other.data_loss);
  swap(s.external_abort, other.external_abort);
  swap(s.collision, other.collision);
  swap(s.ec, other.ec);
  swap(s.mss, other.mss);
  swap(s.mss2, other.mss2);
  swap(s.lost, other.lost);
}

// Runs body(at) of an event, which speaks of PMBSR_EL1, on the register that records it; `at` says
// which that is.
template <class D, class Body>
void record_event(Step<D>& k, Spu<D>& s, const SpuEventKind<D>& event, Body&& body) {
  const SpuDestination<D> to = destination_of<D>(k, s, event);
  const auto exchange = [&] {
    k.when(to.el2, [&] { exchange_status<D>(k, s, s.at_el2); });
    k.when(to.el3, [&] { exchange_status<D>(k, s, s.at_el3); });
  };
  const auto at = [](SpuRecordedAt r) { return Word<D, 2>(number_of(r)); };
  exchange();
  body(ite(to.el3, at(SpuRecordedAt::el3),
           ite(to.el2, at(SpuRecordedAt::el2), at(SpuRecordedAt::el1))));
  exchange();
  // PMBIRQ is driven by PMBSR_EL1.S alone.
  k.when(to.el2 || to.el3, [&] { k.set(s.irq, plain(s.service)); });
}

}  // namespace assay
