// What happens to the SPU besides accesses to its registers: where the PE executes and whose the
// buffer is, a warm reset, and barriers.
#pragma once
#include "spec/arch/spu/registers.hpp"

namespace assay {

// The PE changes what it executes, or who owns the buffer: exception entry and return, MSR
// MDCR_EL2 and HCR_EL2.TGE.
template <class D>
struct SpuContext {
  static constexpr const char* name = "spe_context";
  static constexpr const char* source = "D17.4; D24.3.17 MDCR_EL2.E2PB";
  Word<D, 16> cpu{};
  Word<D, 2> el{};
  Flag<D> tge{};
  Word<D, 2> e2pb{};
  Flag<D> tpms{}, excluded{};
  static constexpr auto fields() {
    return members<&SpuContext::cpu, &SpuContext::el, &SpuContext::tge, &SpuContext::e2pb,
                   &SpuContext::tpms, &SpuContext::excluded>;
  }
  void apply(Step<D>& k, Spu<D>& spu, const Pe<D>&) const {
    // The reserved value behaves as one that is defined (SPE-7.19).
    Word<D, 2> owner = e2pb;
    k.when(e2pb == 1, [&] {
      const Flag<D> of_el1 = k.choose({"reserved_e2pb_is_el1", "D24.3.17 MDCR_EL2.E2PB"});
      const Flag<D> traps = k.choose({"reserved_e2pb_traps", "D24.3.17 MDCR_EL2.E2PB"});
      k.let(owner, ite(of_el1, ite(traps, Word<D, 2>(2), Word<D, 2>(3)), Word<D, 2>(0)));
    });
    k.when(spu.e2pb != owner, [&] { change_controls<D>(k, spu); });
    // Another level's regime translates the buffer.
    k.when(!iff(owned_by_el2<D>(spu), owner == 0), [&] { forget_translations<D>(k, spu); });
    // Exception entries and returns synchronise the context (without FEAT_ExS, as KVM has it).
    k.when(spu.el != el, [&] { synchronise_context<D>(k, spu); });
    k.set(spu.el, el);
    k.set(spu.tge, tge);
    k.set(spu.e2pb, owner);
    k.set(spu.tpms, tpms);
    k.set(spu.excluded, excluded);
  }
};

// Firmware sets MDCR_EL3.PMSEE: which events are recorded in PMBSR_EL3, and whether EL2 and EL1 may
// have exceptions of the SPU. A trace of a hypervisor tells this rarely; 01, which leaves all of it
// to EL2, is taken for given.
template <class D>
struct SpuFirmwareControls {
  static constexpr const char* name = "spe_firmware";
  static constexpr const char* source = "D17.8 RHJXHT: MDCR_EL3.PMSEE";
  Word<D, 16> cpu{};
  Word<D, 2> pmsee{};
  static constexpr auto fields() {
    return members<&SpuFirmwareControls::cpu, &SpuFirmwareControls::pmsee>;
  }
  void apply(Step<D>& k, Spu<D>& spu, const Pe<D>& pe) const {
    k.require(pmsee == 0 || is_of_version<D>(pe, 6),
              {"controls_exist", "D17.8 RHJXHT: FEAT_SPE_EXC, from SPEv1p5 on"});
    const Flag<D> was_stopped = is_stopped<D>(spu);
    k.set(spu.firmware, pmsee ^ Word<D, 2>(1));
    changes_recording<D>(k, spu, pe, was_stopped);
  }
};

// A warm reset. Every control is UNKNOWN but PMBLIMITR_EL1.E, which is zero (D24.7): PMBSR_EL1.S
// and the enables of PMSCR_ELx may come up set, and the event says how they came up. Software
// clears them before it enables the buffer.
template <class D>
struct SpuReset {
  static constexpr const char* name = "spe_reset";
  static constexpr const char* source = "D24.7: resets of the SPE registers; SPE-1.1";
  Word<D, 16> cpu{};
  Flag<D> s{}, e0spe{}, e1spe{}, e0hspe{}, e2spe{};
  static constexpr auto fields() {
    return members<&SpuReset::cpu, &SpuReset::s, &SpuReset::e0spe, &SpuReset::e1spe,
                   &SpuReset::e0hspe, &SpuReset::e2spe>;
  }
  void apply(Step<D>& k, Spu<D>& spu, const Pe<D>&) const {
    k.set(spu.enable, false);
    k.set(spu.service, s);
    k.set(spu.irq, s);
    // What stops profiling from above is told by a write, if by anything.
    for (SpuStatus<D>* status : {&spu.at_el2, &spu.at_el3}) {
      k.set(status->service, false);
      k.set(status->lost, true);
    }
    k.set(spu.recorded_at, Word<D, 2>(number_of(SpuRecordedAt::el1)));
    k.set(spu.event, Word<D, 3>(number_of(SpuEvent::none)));
    k.set(spu.e0spe, e0spe);
    k.set(spu.e1spe, e1spe);
    k.set(spu.e0hspe, e0hspe);
    k.set(spu.e2spe, e2spe);
    k.set(spu.in_flight, Word<D, 8>(0));
    k.set(spu.barriers.covered, Word<D, 8>(0));
    set_reached<D>(k, spu, Synchronised::nothing);
    begin_epoch<D>(k, spu);
    forget_translations<D>(k, spu);
    k.set(spu.unpredictable, false);
    k.set(spu.controls_changed, false);
    k.set(spu.lost, true);  // DL is UNKNOWN: set, it tells of nothing
    k.set(spu.wrote, false);
    k.set(spu.late, false);
    shows_registers<D>(k, spu);
    k.set(spu.el, Word<D, 2>(2));
    k.set(spu.unknown, Word<D, 16>((1u << static_cast<unsigned>(SpuRegister::count)) - 1));
    k.set(spu.res0_ones, Word<D, 16>(0));
  }
};

// --- synchronising with the SPU (D17.9) ---
// A sequence that drains is a context synchronisation event, PSB CSYNC, DSB and another context
// synchronisation event. Each step does nothing without the one before it.

// ISB. Exception entries and returns do the same (spe_context).
template <class D>
struct SpuContextBarrier {
  static constexpr const char* name = "isb";
  static constexpr const char* source = "D17.9: context synchronisation events";
  Word<D, 16> cpu{};
  static constexpr auto fields() { return members<&SpuContextBarrier::cpu>; }
  void apply(Step<D>& k, Spu<D>& spu, const Pe<D>&) const {
    k.set(spu.barriers.told, true);
    synchronise_context<D>(k, spu);
  }
};

// PSB CSYNC: what was selected before the context synchronisation event is synchronised. Without
// one it need not be ordered against any sample.
template <class D>
struct SpuProfilingBarrier {
  static constexpr const char* name = "psb";
  static constexpr const char* source = "D17.9: PSB CSYNC";
  Word<D, 16> cpu{};
  static constexpr auto fields() { return members<&SpuProfilingBarrier::cpu>; }
  void apply(Step<D>& k, Spu<D>& spu, const Pe<D>&) const {
    k.set(spu.barriers.told, true);
    k.when(has_reached<D>(spu, Synchronised::context),
           [&] { set_reached<D>(k, spu, Synchronised::profiling); });
  }
};

// DSB, of loads and stores: after PSB CSYNC it completes only when the buffer holds what was
// synchronised, and faults are reported.
template <class D>
struct SpuDataBarrier {
  static constexpr const char* name = "dsb";
  static constexpr const char* source = "D17.9: DSB after PSB CSYNC";
  Word<D, 16> cpu{};
  static constexpr auto fields() { return members<&SpuDataBarrier::cpu>; }
  void apply(Step<D>& k, Spu<D>& spu, const Pe<D>&) const {
    k.set(spu.barriers.told, true);
    k.when(has_reached<D>(spu, Synchronised::profiling), [&] {
      k.require(spu.barriers.covered == 0,
                {"waits_for_the_writes", "D17.9: a DSB after PSB waits for all buffer writes"});
      set_reached<D>(k, spu, Synchronised::memory);
      k.set(spu.controls_changed, spu.controls_changed && spu.in_flight != 0);
    });
  }
};

// All four at once, where a trace does not tell the barriers: every earlier sample is written or
// dropped.
template <class D>
struct SpuDrained {
  static constexpr const char* name = "spe_drained";
  static constexpr const char* source = "D17.9: ISB; PSB CSYNC; DSB; ISB";
  Word<D, 16> cpu{};
  static constexpr auto fields() { return members<&SpuDrained::cpu>; }
  void apply(Step<D>& k, Spu<D>& spu, const Pe<D>&) const {
    k.require(spu.in_flight == 0,
              {"none_in_flight", "D17.9: a DSB after PSB waits for all buffer writes"});
    // After a fault or an abort the pointer is where it stopped, also if software has since
    // written another syndrome with S set.
    const Flag<D> stopped = is_stopped<D>(spu) && spu.event == number_of(SpuEvent::none);
    k.require(spu.unpredictable || stopped || spu.event == number_of(SpuEvent::fault) ||
                  spu.event == number_of(SpuEvent::abort) ||
                  spu.event == number_of(SpuEvent::implementation) || spu.ptr == spu.records_end,
              {"pointer_at_a_record", "D17.9; A39"});
    k.set(spu.controls_changed, false);
    shows_registers<D>(k, spu);
  }
};

}  // namespace assay
