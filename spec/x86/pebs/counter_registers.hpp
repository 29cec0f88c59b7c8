// The MSRs that enable counters and show their overflows (pmu_intel.c).
#pragma once
#include "spec/x86/pebs/registers.hpp"

namespace assay::x86 {

// Which counters count.
struct GlobalCtrl : PmuMsr<0x38f, 2> {
  static constexpr Why write_faults{"global_ctrl_faults", "pmu.c:kvm_valid_perf_global_ctrl"};
  static constexpr Why reads{"global_ctrl_reads", "pmu_intel.c:intel_pmu_get_msr"};
  static constexpr Why set{"global_ctrl_set", "pmu.c:kvm_valid_perf_global_ctrl"};
  static constexpr Why got{"global_ctrl_got", "pmu_intel.c:intel_pmu_get_msr"};
  template <class D>
  static Faults<D> faults(const Vm<D>&, const Vcpu<D>& cpu, const MsrWrite<D>& w) {
    return Flag<D>((w.value & ~all_counters<D>(cpu.pebs)) != 0);
  }
  // Series v3 looks at PEBS where the value changes.
  template <class D>
  static void write(Step<D>& k, Vcpu<D>& cpu, const MsrWrite<D>& w) {
    PebsVcpu<D>& p = cpu.pebs;
    const Flag<D> changes = p.msr.global_ctrl != w.value;
    k.set(p.msr.global_ctrl, w.value);
    if (has_slow_path(k.profile()))
      k.when(changes && (w.value & p.msr.enable) != 0, [&] { set_up_slow_path<D>(k, p); });
  }
  template <class D>
  static Word<D, 64> value(const Vcpu<D>& cpu, const Word<D, 32>&) {
    return plain(cpu.pebs.msr.global_ctrl);
  }
};

// Bits of IA32_PERF_GLOBAL_STATUS beside those of counters: the buffer's, and "condition changed".
inline constexpr u64 status_bits = u64{1} << buffer_overflow | u64{1} << 63;
inline constexpr u64 topa_bit = u64{1} << 55;  // of Intel PT, which the model does not have

// What overflowed. Of counters the trace tells nothing, so that only the buffer's bit is known.
struct GlobalStatus : PmuMsr<0x38e, 2> {
  static constexpr u64 shown = u64{1} << buffer_overflow;
  static constexpr Why write_faults{"global_status_faults", "pmu_intel.c: read-only"};
  static constexpr Why reads{"global_status_reads", "pmu_intel.c:intel_pmu_get_msr"};
  static constexpr Why set{"global_status_set", "pmu_intel.c:intel_pmu_set_msr"};
  static constexpr Why got{"global_status_got", "pmu_intel.c:intel_pmu_get_msr"};
  template <class D>
  static Faults<D> faults(const Vm<D>&, const Vcpu<D>& cpu, const MsrWrite<D>& w) {
    if (w.by == MsrBy::guest) return Flag<D>(true);
    return {Flag<D>(false),
            (w.value & ~(all_counters<D>(cpu.pebs) | Word<D, 64>(status_bits))) != 0};
  }
  template <class D>
  static void write(Step<D>& k, Vcpu<D>& cpu, const MsrWrite<D>& w) {
    k.set(cpu.pebs.msr.global_status, w.value);
    k.when(!bit(w.value, buffer_overflow), [&] { k.set(cpu.pebs.pmi.told, false); });
  }
  template <class D>
  static Word<D, 64> value(const Vcpu<D>& cpu, const Word<D, 32>&) {
    return plain(cpu.pebs.msr.global_status);
  }
};

// The guest clears what it has seen. Userspace's write clears nothing.
struct GlobalOvfCtrl : PmuMsr<0x390, 2> {
  static constexpr u64 shown = 0;
  static constexpr Why write_faults{"global_ovf_ctrl_faults", "pmu_intel.c; PB-6"};
  static constexpr Why reads{"global_ovf_ctrl_reads", "pmu_intel.c:intel_pmu_get_msr"};
  static constexpr Why set{"global_ovf_ctrl_set", "pmu_intel.c:intel_pmu_set_msr"};
  static constexpr Why got{"global_ovf_ctrl_got", "pmu_intel.c:intel_pmu_get_msr"};
  template <class D>
  static Faults<D> faults(const Vm<D>&, const Vcpu<D>& cpu, const MsrWrite<D>& w) {
    const Word<D, 64> known = all_counters<D>(cpu.pebs) | Word<D, 64>(status_bits);
    return {(w.value & ~(known | Word<D, 64>(topa_bit))) != 0, (w.value & ~known) != 0};
  }
  template <class D>
  static void write(Step<D>& k, Vcpu<D>& cpu, const MsrWrite<D>& w) {
    if (w.by == MsrBy::userspace) return;
    k.set(cpu.pebs.msr.global_status, cpu.pebs.msr.global_status & ~w.value);
    k.when(bit(w.value, buffer_overflow), [&] { k.set(cpu.pebs.pmi.told, false); });
  }
  template <class D>
  static Word<D, 64> value(const Vcpu<D>&, const Word<D, 32>&) {
    return Word<D, 64>(0);
  }
};

// What a general-purpose counter counts. Bit 34 asks for an adaptive record.
struct EventSelect {
  static constexpr u64 first = 0x186, adaptive = 34;
  static constexpr u64 reserved = 0xfffffff800200000, transactional = u64{3} << 32;
  static constexpr u64 shown = ~u64{0};
  static constexpr Why write_faults{"event_select_faults", "pmu_intel.c:intel_pmu_set_msr"};
  static constexpr Why reads{"event_select_reads", "pmu_intel.c:intel_pmu_get_msr"};
  static constexpr Why set{"event_select_set", "pmu_intel.c:intel_pmu_set_msr"};
  static constexpr Why got{"event_select_got", "pmu_intel.c:intel_pmu_get_msr"};
  template <class D>
  static Flag<D> is(const Word<D, 32>& msr) {
    return msr >= first && msr < first + pebs_counters;
  }
  template <class D>
  static Flag<D> exists(const Vcpu<D>& cpu, const Word<D, 32>& msr) {
    return cpu.pebs.cpuid.version != 0 &&
           truncate<8>(msr - Word<D, 32>(first)) < cpu.pebs.cpuid.general;
  }
  template <class D>
  static Faults<D> faults(const Vm<D>&, const Vcpu<D>& cpu, const MsrWrite<D>& w) {
    const Flag<D> bad = (w.value & Word<D, 64>(reserved)) != 0 ||
                        (bit(w.value, adaptive) && !offers_baseline<D>(cpu.pebs));
    return {bad, (w.value & Word<D, 64>(transactional)) != 0};
  }
  template <class D>
  static void write(Step<D>& k, Vcpu<D>& cpu, const MsrWrite<D>& w) {
    for (unsigned i = 0; i < pebs_counters; ++i)
      k.when(w.msr == first + i, [&] { k.set(cpu.pebs.msr.event_select[i], w.value); });
    set_up_as_meant<D>(k, cpu.pebs);
  }
  template <class D>
  static Word<D, 64> value(const Vcpu<D>& cpu, const Word<D, 32>& msr) {
    Word<D, 64> out(0);
    for (unsigned i = 0; i < pebs_counters; ++i)
      out = ite(msr == first + i, Word<D, 64>(plain(cpu.pebs.msr.event_select[i])), out);
    return out;
  }
};

// What fixed counters count: four bits of each, and one for an adaptive record from bit 32 on.
struct FixedCtrCtrl : PmuMsr<0x38d, 2> {
  static constexpr Why write_faults{"fixed_ctr_ctrl_faults", "pmu_intel.c:intel_pmu_set_msr"};
  static constexpr Why reads{"fixed_ctr_ctrl_reads", "pmu_intel.c:intel_pmu_get_msr"};
  static constexpr Why set{"fixed_ctr_ctrl_set", "pmu_intel.c:intel_pmu_set_msr"};
  static constexpr Why got{"fixed_ctr_ctrl_got", "pmu_intel.c:intel_pmu_get_msr"};
  template <class D>
  static Faults<D> faults(const Vm<D>&, const Vcpu<D>& cpu, const MsrWrite<D>& w) {
    constexpr u64 of_one = 0xb;  // without AnyThread
    Word<D, 64> known(0);
    for (unsigned i = 0; i < 3; ++i) {
      const Word<D, 64> always(of_one << (4 * i)), adaptive(u64{1} << (32 + 4 * i));
      const Word<D, 64> all = always | ite(offers_baseline<D>(cpu.pebs), adaptive, Word<D, 64>(0));
      known = known | ite(cpu.pebs.cpuid.fixed > i, all, Word<D, 64>(0));
    }
    return Flag<D>((w.value & ~known) != 0);
  }
  template <class D>
  static void write(Step<D>& k, Vcpu<D>& cpu, const MsrWrite<D>& w) {
    k.set(cpu.pebs.msr.fixed_ctrl, w.value);
  }
  template <class D>
  static Word<D, 64> value(const Vcpu<D>& cpu, const Word<D, 32>&) {
    return plain(cpu.pebs.msr.fixed_ctrl);
  }
};

}  // namespace assay::x86
