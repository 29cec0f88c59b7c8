// Synchronising with the SPU, and what is read of the buffer's registers with and without it
// (D17.9).
//
// A sequence that drains is a context synchronisation event, PSB CSYNC, DSB and another context
// synchronisation event. Each step does nothing without the one before it.
#pragma once
#include "spec/arch/spu/buffer.hpp"
#include "spec/arch/spu/controls.hpp"

namespace assay {

// ISB. Exception entries and returns do the same (spe_context).
template <class D>
struct SpuContextBarrier {
  static constexpr const char* name = "isb";
  static constexpr const char* syntax = "isb: cpu=cpu";
  static constexpr const char* source = "D17.9: context synchronisation events";
  Word<D, 16> cpu{};
  static constexpr auto fields() { return members<&SpuContextBarrier::cpu>; }
  void apply(Step<D>& k, Vm<D>& vm) const {
    on_spu<D>(k, vm, cpu, [&](auto& spu, const auto&) {
      k.set(spu.barriers.told, true);
      synchronise_context<D>(k, spu);
    });
  }
};

// PSB CSYNC: what was selected before the context synchronisation event is synchronised. Without
// one it need not be ordered against any sample.
template <class D>
struct SpuProfilingBarrier {
  static constexpr const char* name = "psb";
  static constexpr const char* syntax = "psb: cpu=cpu";
  static constexpr const char* source = "D17.9: PSB CSYNC";
  Word<D, 16> cpu{};
  static constexpr auto fields() { return members<&SpuProfilingBarrier::cpu>; }
  void apply(Step<D>& k, Vm<D>& vm) const {
    on_spu<D>(k, vm, cpu, [&](auto& spu, const auto&) {
      k.set(spu.barriers.told, true);
      k.when(has_reached<D>(spu, Synchronised::context), [&] {
        k.set(spu.barriers.reached, Word<D, 2>(static_cast<u64>(Synchronised::profiling)));
      });
    });
  }
};

// DSB, of loads and stores: after PSB CSYNC it completes only when the buffer holds what was
// synchronised, and faults are reported.
template <class D>
struct SpuDataBarrier {
  static constexpr const char* name = "dsb";
  static constexpr const char* syntax = "dsb: cpu=cpu";
  static constexpr const char* source = "D17.9: DSB after PSB CSYNC";
  Word<D, 16> cpu{};
  static constexpr auto fields() { return members<&SpuDataBarrier::cpu>; }
  void apply(Step<D>& k, Vm<D>& vm) const {
    on_spu<D>(k, vm, cpu, [&](auto& spu, const auto&) {
      k.set(spu.barriers.told, true);
      k.when(has_reached<D>(spu, Synchronised::profiling), [&] {
        k.require(spu.barriers.covered == 0,
                  {"waits_for_the_writes", "D17.9: a DSB after PSB waits for all buffer writes"});
        k.set(spu.barriers.reached, Word<D, 2>(static_cast<u64>(Synchronised::memory)));
        k.set(spu.mixed, spu.mixed && spu.in_flight != 0);
      });
    });
  }
};

// All four at once, where a trace does not tell the barriers: every earlier sample is written or
// dropped.
template <class D>
struct SpuDrained {
  static constexpr const char* name = "spe_drained";
  static constexpr const char* syntax = "spe_drained: cpu=cpu";
  static constexpr const char* source = "D17.9: ISB; PSB CSYNC; DSB; ISB";
  Word<D, 16> cpu{};
  static constexpr auto fields() { return members<&SpuDrained::cpu>; }
  void apply(Step<D>& k, Vm<D>& vm) const {
    on_spu<D>(k, vm, cpu, [&](auto& spu, const auto&) {
      k.require(spu.in_flight == 0,
                {"none_in_flight", "D17.9: a DSB after PSB waits for all buffer writes"});
      // After a fault or an abort the pointer is where it stopped, also if software has since
      // written another syndrome with S set.
      const Flag<D> stopped = spu.service && spu.event == number_of(SpuEvent::none);
      k.require(spu.unpredictable || stopped || spu.event == number_of(SpuEvent::fault) ||
                    spu.event == number_of(SpuEvent::abort) || spu.ptr == spu.records_end,
                {"pointer_at_a_record", "D17.9; facts/spe A39"});
      k.set(spu.mixed, false);
      shows_registers<D>(k, spu);
    });
  }
};

// MRS PMBPTR_EL1. What the SPU wrote is sure to be seen after a drain only.
template <class D>
struct SpuReadPointer {
  static constexpr const char* name = "spe_read_pmbptr";
  static constexpr const char* syntax = "spe_read_pmbptr: cpu=cpu ptr=ptr";
  static constexpr const char* source = "D17.9; D24.7 PMBPTR_EL1";
  Word<D, 16> cpu{};
  Num<D> ptr{};
  static constexpr unsigned answers = 1;
  static constexpr auto fields() { return members<&SpuReadPointer::cpu, &SpuReadPointer::ptr>; }
  void apply(Step<D>& k, Vm<D>& vm) const {
    on_spu<D>(k, vm, cpu, [&](auto& spu, const auto& pe) {
      const Flag<D> any = spu.unpredictable || is_unknown<D>(spu, SpuRegister::pmbptr);
      const Flag<D> lags = reads_lag<D>(spu) && spu.barriers.ptr <= ptr && ptr <= spu.ptr;
      Flag<D> same = ptr == spu.ptr || lags;
      k.when(pe.spe_align != 0, [&] {
        const Flag<D> res0 = k.choose({"low_bits_are_res0", "D24.7 PMBPTR_EL1: below Align"});
        k.let(same, same || (res0 && drops_low_bits(pe, plain(spu.ptr))));
      });
      k.require(any || same, {"reads_pointer", "D24.7 PMBPTR_EL1; D17.9"});
    });
  }

 private:
  // M bits of the pointer, an IMPLEMENTATION DEFINED number of at most Align, read as zero.
  Flag<D> drops_low_bits(const Pe<D>& pe, const Num<D>& pointer) const {
    Flag<D> drops = false;
    for (unsigned m = 1; m <= align_max; ++m) {
      const u64 unit = u64{1} << m;
      drops = drops || (pe.spe_align >= m && is_multiple_of(ptr, unit) && ptr <= pointer &&
                        pointer < ptr + unit);
    }
    return drops;
  }
};

// MRS PMBSR_EL1, likewise: a value that it has had since the last drain.
template <class D>
struct SpuReadStatus {
  static constexpr const char* name = "spe_read_pmbsr";
  static constexpr const char* syntax =
      "spe_read_pmbsr: cpu=cpu s=service dl=data_loss ea=external_abort coll=collision ec=ec "
      "mss=mss mss2=mss2 res0=res0";
  static constexpr const char* source = "D17.9; D24.7 PMBSR_EL1";
  Word<D, 16> cpu{};
  Flag<D> service{}, data_loss{}, external_abort{}, collision{};
  Word<D, 6> ec{};
  Word<D, 16> mss{};
  Word<D, 24> mss2{};
  Word<D, 64> res0{};
  static constexpr unsigned answers = 8;
  static constexpr auto fields() {
    return members<&SpuReadStatus::cpu, &SpuReadStatus::service, &SpuReadStatus::data_loss,
                   &SpuReadStatus::external_abort, &SpuReadStatus::collision, &SpuReadStatus::ec,
                   &SpuReadStatus::mss, &SpuReadStatus::mss2, &SpuReadStatus::res0>;
  }
  void apply(Step<D>& k, Vm<D>& vm) const {
    on_spu<D>(k, vm, cpu, [&](auto& spu, const auto&) {
      const Flag<D> unknown = is_unknown<D>(spu, SpuRegister::pmbsr);
      const Flag<D> any = spu.unpredictable || unknown;
      const Flag<D> untidy = bit(plain(spu.untidy), static_cast<unsigned>(SpuRegister::pmbsr));
      const Flag<D> lags = reads_lag<D>(spu);
      const auto reads = [&](const Flag<D>& read, const auto& now, const auto& before) {
        return iff(read, now) || (lags && iff(read, before));
      };
      const SpuBarriers<D>& b = spu.barriers;
      k.require(spu.unpredictable || reads(service, spu.service, b.service),
                {"reads_service", "D24.7 PMBSR_EL1.S"});
      k.require(any || reads(data_loss, spu.data_loss, b.data_loss),
                {"reads_data_loss", "D24.7 PMBSR_EL1.DL"});
      k.require(any || reads(external_abort, spu.external_abort, b.external_abort),
                {"reads_external_abort", "D24.7 PMBSR_EL1.EA"});
      k.require(any || reads(collision, spu.collision, b.collision),
                {"reads_collision", "D24.7 PMBSR_EL1.COLL"});
      // Before the event was to be seen, what its syndrome replaced is not kept here.
      const Flag<D> before = lags && !iff(service, spu.service);
      k.require(any || before || (ec == spu.ec && mss == spu.mss && mss2 == spu.mss2),
                {"reads_syndrome", "D24.7 PMBSR_EL1.EC, MSS, MSS2"});
      k.require(res0 == 0 || untidy || unknown,
                {"res0_reads_as_zero", "D24.7: RES0 bits that nobody set"});
    });
  }
};

}  // namespace assay
