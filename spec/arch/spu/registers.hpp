// What software writes into the registers of the buffer (D24.7, D17.7.4), and when it may; a warm
// reset; where the PE executes. One event per direct write, in the order in which they take effect.
#pragma once
#include "spec/arch/spu/enabled.hpp"

namespace assay {

// Writes of the buffer registers while the buffer runs: R24557 lets the PE ignore them, except the
// one that clears E. A hypervisor must be correct either way.
template <class D>
Flag<D> is_ignored(Step<D>& k, const Spu<D>& s) {
  Flag<D> ignored = false;
  k.when(takes_records<D>(s), [&] {
    k.let(ignored, k.choose({"write_while_enabled_ignored", "known issue R24557; DEN0154"}));
  });
  return ignored;
}

// What a trace told of the translations speaks of the buffer and the context it was told for.
template <class D>
void forget_translations(Step<D>& k, Spu<D>& s) {
  k.set(s.holes.told1, false);
  k.set(s.holes.told2, false);
}

// A new epoch of the buffer begins at PTR: nothing is known to be written from there on.
template <class D>
void begin_epoch(Step<D>& k, Spu<D>& s, const Pe<D>& pe) {
  k.set(s.start, s.ptr);
  k.set(s.records_end, s.ptr);
  k.set(s.bytes_end, s.ptr);
  k.set(s.event_flight, s.in_flight);
  forget_translations<D>(k, s);
  // Samples of an unlawful epoch may still be on their way.
  const Flag<D> nowhere = is_unknown<D>(s, SpuRegister::pmbptr) && s.fill != discard_mode;
  k.set(s.unpredictable, (s.unpredictable && s.in_flight != 0) ||
                             (s.enable && (nowhere || !pointers_valid<D>(s, pe))));
  k.set(s.counts.disturbed, s.counts.disturbed || s.unpredictable);
}

// Samples in flight were collected under the old controls, or see the new ones: the SPU's register
// reads are independent of the instruction stream (D17.9). Until they are gone both count.
template <class D>
void change_controls(Step<D>& k, Spu<D>& s) {
  k.set(s.mixed, s.mixed || s.in_flight != 0);
}

// A guest's writes of the buffer registers trap, so only the hypervisor makes these; while it loads
// a guest's registers, profiling is enabled last (facts/spe W01, W09).
template <class D>
void check_buffer_write(Step<D>& k, const Spu<D>& s, const SpeSwitch<D>& sw) {
  k.require(!is_at<D>(sw, Switch::guest), {"buffer_registers_trap", "v4-30; facts/spe W01"});
  k.require(!is_at<D>(sw, Switch::restoring_guest) || !(s.e0spe || s.e1spe),
            {"buffer_before_control", "facts/spe 4.10, W09: PMSCR_EL1 last"});
}

// MSR PMBPTR_EL1.
template <class D>
struct SpuWritePointer {
  static constexpr const char* name = "spe_write_pmbptr";
  static constexpr const char* syntax = "spe_write_pmbptr: cpu=cpu ptr=ptr";
  static constexpr const char* source = "D24.7 PMBPTR_EL1; D17.7";
  Word<D, 16> cpu{};
  Num<D> ptr{};
  static constexpr auto fields() { return members<&SpuWritePointer::cpu, &SpuWritePointer::ptr>; }
  void apply(Step<D>& k, Vm<D>& vm) const {
    on_spu<D>(k, vm, cpu, [&](auto& spu, const auto& pe, auto& sw) {
      check_buffer_write<D>(k, spu, sw);
      k.set(sw.pointer_loaded, true);
      k.when(!is_ignored<D>(k, spu), [&] {
        k.set(spu.ptr, ptr);
        shows_pointer<D>(k, spu);
        becomes_known<D>(k, spu, SpuRegister::pmbptr, false);
        begin_epoch<D>(k, spu, pe);
      });
    });
  }
};

// MSR PMBLIMITR_EL1.
template <class D>
struct SpuWriteLimit {
  static constexpr const char* name = "spe_write_pmblimitr";
  static constexpr const char* syntax =
      "spe_write_pmblimitr: cpu=cpu limit=limit fm=fill e=enable pmfz=freeze nvm=physical "
      "res0=res0";
  static constexpr const char* source = "D24.7 PMBLIMITR_EL1; D17.7";
  Word<D, 16> cpu{};
  Num<D> limit{};  // the address, low 12 bits zero
  Word<D, 2> fill{};
  Flag<D> enable{}, freeze{}, physical{};
  Word<D, 64> res0{};
  static constexpr auto fields() {
    return members<&SpuWriteLimit::cpu, &SpuWriteLimit::limit, &SpuWriteLimit::fill,
                   &SpuWriteLimit::enable, &SpuWriteLimit::freeze, &SpuWriteLimit::physical,
                   &SpuWriteLimit::res0>;
  }
  void apply(Step<D>& k, Vm<D>& vm) const {
    k.require(is_multiple_of(limit, 4096), {"limit_is_page_aligned", "D24.7 PMBLIMITR_EL1.LIMIT"});
    on_spu<D>(k, vm, cpu, [&](auto& spu, const auto& pe, auto& sw) {
      check_buffer_write<D>(k, spu, sw);
      k.set(sw.limit_loaded, true);
      const Flag<D> ignored = is_ignored<D>(k, spu) && enable;
      k.when(!ignored, [&] {
        k.set(spu.limit, limit);
        k.set(spu.fill, mode(k, pe));
        k.set(spu.enable, enable);
        k.set(spu.freeze, freeze);
        k.set(spu.physical, physical);
        // Bits of a mode that is reserved, or not there yet, may read back either way.
        becomes_known<D>(k, spu, SpuRegister::pmblimitr, res0 != 0 || fill != spu.fill);
        begin_epoch<D>(k, spu, pe);
      });
    });
  }

 private:
  // A reserved FM behaves as one that is not; before SPEv1p2 the field is RES0.
  Word<D, 2> mode(Step<D>& k, const Pe<D>& pe) const {
    const Flag<D> old = pe.spe == 1 || pe.spe == 2;
    Flag<D> discard = !old && fill == discard_mode;
    k.when(!old && (fill == 1 || fill == 3), [&] {
      k.let(discard, k.choose({"reserved_fm_discards", "D24.7 PMBLIMITR_EL1.FM"}));
    });
    return ite(discard, Word<D, 2>(discard_mode), Word<D, 2>(fill_mode));
  }
};

// MSR PMBSR_EL1: software clears an event, or raises one itself (D17.8 IGRLRX).
template <class D>
struct SpuWriteStatus {
  static constexpr const char* name = "spe_write_pmbsr";
  static constexpr const char* syntax =
      "spe_write_pmbsr: cpu=cpu s=service dl=data_loss ea=external_abort coll=collision ec=ec "
      "mss=mss mss2=mss2 res0=res0";
  static constexpr const char* source = "D24.7 PMBSR_EL1; D17.8";
  Word<D, 16> cpu{};
  Flag<D> service{}, data_loss{}, external_abort{}, collision{};
  Word<D, 6> ec{};
  Word<D, 16> mss{};
  Word<D, 24> mss2{};
  Word<D, 64> res0{};
  static constexpr auto fields() {
    return members<&SpuWriteStatus::cpu, &SpuWriteStatus::service, &SpuWriteStatus::data_loss,
                   &SpuWriteStatus::external_abort, &SpuWriteStatus::collision, &SpuWriteStatus::ec,
                   &SpuWriteStatus::mss, &SpuWriteStatus::mss2, &SpuWriteStatus::res0>;
  }
  void apply(Step<D>& k, Vm<D>& vm) const {
    on_spu<D>(k, vm, cpu, [&](auto& spu, const auto& pe, auto& sw) {
      check_buffer_write<D>(k, spu, sw);
      k.set(sw.status_loaded, true);
      k.when(!is_ignored<D>(k, spu), [&] {
        // Restarting where no record ends, or where none fits, breaks D17.7.4.
        const Flag<D> fits = pointers_valid<D>(spu, pe);
        const Flag<D> writes = spu.enable && !service && spu.fill != discard_mode;
        const Flag<D> breaks = writes && (!fits || spu.ptr != spu.records_end);
        k.set(spu.unpredictable, spu.unpredictable || breaks);
        k.set(spu.counts.disturbed, spu.counts.disturbed || breaks);
        k.set(spu.service, service);
        k.set(spu.data_loss, data_loss);
        k.set(spu.external_abort, external_abort);
        k.set(spu.collision, collision);
        k.set(spu.ec, ec);
        k.set(spu.mss, mss);
        k.set(spu.mss2, mss2);
        becomes_known<D>(k, spu, SpuRegister::pmbsr, res0 != 0);
        k.set(spu.event, Word<D, 3>(number_of(SpuEvent::none)));
        k.set(spu.lost, data_loss);
        k.set(spu.irq, service);
        shows_status<D>(k, spu);
      });
    });
  }
};

// The PE changes what it executes, or who owns the buffer: exception entry and return, MSR
// MDCR_EL2 and HCR_EL2.TGE.
template <class D>
struct SpuContext {
  static constexpr const char* name = "spe_context";
  static constexpr const char* syntax =
      "spe_context: cpu=cpu el=el tge=tge e2pb=e2pb tpms=tpms excluded=excluded";
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
  void apply(Step<D>& k, Vm<D>& vm) const {
    k.require(e2pb != 1, {"e2pb_is_not_reserved", "D24.3.17 MDCR_EL2.E2PB"});
    on_spu<D>(k, vm, cpu, [&](auto& spu, const auto&, auto& sw) {
      k.require(!is_between<D>(sw) || el == 2, {"switch_runs_at_el2", "facts/spe 4.10"});
      k.require(
          (!is_at<D>(sw, Switch::guest) && !is_at<D>(sw, Switch::restoring_guest)) || e2pb == 2,
          {"guest_keeps_the_buffer", "v4-23; facts/spe W01"});
      k.when(spu.e2pb != e2pb, [&] {
        change_controls<D>(k, spu);
        forget_translations<D>(k, spu);
      });
      // Exception entries and returns synchronise the context (without FEAT_ExS, as KVM has it).
      k.when(spu.el != el, [&] { synchronise_context<D>(k, spu); });
      k.set(spu.el, el);
      k.set(spu.tge, tge);
      k.set(spu.e2pb, e2pb);
      k.set(spu.tpms, tpms);
      k.set(spu.excluded, excluded);
    });
  }
};

// A warm reset. Every control is UNKNOWN but PMBLIMITR_EL1.E, which is zero (D24.7): PMBSR_EL1.S
// and the enables of PMSCR_ELx may come up set, and the event says how they came up. Software
// clears them before it enables the buffer.
template <class D>
struct SpuReset {
  static constexpr const char* name = "spe_reset";
  static constexpr const char* syntax =
      "spe_reset: cpu=cpu s=service e0spe=e0spe e1spe=e1spe e0hspe=e0hspe e2spe=e2spe";
  static constexpr const char* source = "D24.7: resets of the SPE registers; facts/spe 1.1";
  Word<D, 16> cpu{};
  Flag<D> service{}, e0spe{}, e1spe{}, e0hspe{}, e2spe{};
  static constexpr auto fields() {
    return members<&SpuReset::cpu, &SpuReset::service, &SpuReset::e0spe, &SpuReset::e1spe,
                   &SpuReset::e0hspe, &SpuReset::e2spe>;
  }
  void apply(Step<D>& k, Vm<D>& vm) const {
    on_spu<D>(k, vm, cpu, [&](auto& spu, const auto&, auto& sw) {
      k.require(is_at<D>(sw, Switch::host), {"no_guest_is_loaded", "a PE is reset with its host"});
      k.set(spu.enable, false);
      k.set(spu.start, spu.ptr);  // nothing is known to be written
      k.set(spu.records_end, spu.ptr);
      k.set(spu.bytes_end, spu.ptr);
      k.set(spu.service, service);
      k.set(spu.irq, service);
      k.set(spu.event, Word<D, 3>(number_of(SpuEvent::none)));
      k.set(spu.e0spe, e0spe);
      k.set(spu.e1spe, e1spe);
      k.set(spu.e0hspe, e0hspe);
      k.set(spu.e2spe, e2spe);
      k.set(spu.in_flight, Word<D, 8>(0));
      k.set(spu.barriers.covered, Word<D, 8>(0));
      k.set(spu.barriers.reached, Word<D, 2>(static_cast<u64>(Synchronised::nothing)));
      k.set(spu.event_flight, Word<D, 8>(0));
      k.set(spu.mixed, false);
      k.set(spu.unpredictable, false);
      k.set(spu.lost, true);  // DL is UNKNOWN: set, it tells of nothing
      shows_registers<D>(k, spu);
      k.set(spu.el, Word<D, 2>(2));
      k.set(spu.unknown, Word<D, 16>((1u << spu_registers) - 1));
      k.set(spu.untidy, Word<D, 16>(0));
    });
  }
};

}  // namespace assay
