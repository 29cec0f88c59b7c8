// The MSRs of the PMU that PEBS needs (pmu_intel.c, x86.c).
#pragma once
#include "spec/x86/msr_access.hpp"
#include "spec/x86/pebs/cpuid.hpp"
#include "spec/x86/pebs/setup.hpp"

namespace assay::x86 {

// One number, and a PMU that is there.
template <u64 number, unsigned version>
struct PmuMsr {
  static constexpr u64 shown = ~u64{0};
  template <class D>
  static Flag<D> is(const Word<D, 32>& msr) {
    return msr == number;
  }
  template <class D>
  static Flag<D> exists(const Vcpu<D>& cpu, const Word<D, 32>&) {
    return cpu.pebs.cpuid.version >= version;
  }
};

// The counters that write records. Of fixed counters only with PEBS_BASELINE.
struct PebsEnable : PmuMsr<0x3f1, 1> {
  static constexpr Why write_faults{"pebs_enable_faults", "pmu_intel.c:intel_pmu_set_msr; PB-6"};
  static constexpr Why reads{"pebs_enable_reads", "pmu_intel.c:intel_pmu_get_msr"};
  static constexpr Why set{"pebs_enable_set", "pmu_intel.c:intel_pmu_set_msr"};
  static constexpr Why got{"pebs_enable_got", "pmu_intel.c:intel_pmu_get_msr"};
  template <class D>
  static Flag<D> exists(const Vcpu<D>& cpu, const Word<D, 32>&) {
    return cpu.pebs.cpuid.version != 0 && offers_pebs<D>(cpu.pebs);
  }
  template <class D>
  static Faults<D> faults(const Vm<D>&, const Vcpu<D>& cpu, const MsrWrite<D>& w) {
    return Flag<D>((w.value & ~pebs_capable<D>(cpu.pebs)) != 0);
  }
  template <class D>
  static void write(Step<D>& k, Vcpu<D>& cpu, const MsrWrite<D>& w) {
    k.set(cpu.pebs.msr.enable, w.value);
    forget_translation<D>(k, cpu.pebs);
    set_up_as_meant<D>(k, cpu.pebs);
  }
  template <class D>
  static Word<D, 64> value(const Vcpu<D>& cpu, const Word<D, 32>&) {
    return plain(cpu.pebs.msr.enable);
  }
};

// Which groups an adaptive record has.
struct PebsDataCfg : PmuMsr<0x3f2, 1> {
  static constexpr u64 groups = 0xff00000f;
  static constexpr Why write_faults{"pebs_data_cfg_faults", "pmu_intel.c:intel_pmu_set_msr; PB-6"};
  static constexpr Why reads{"pebs_data_cfg_reads", "pmu_intel.c:intel_pmu_get_msr"};
  static constexpr Why set{"pebs_data_cfg_set", "pmu_intel.c:intel_pmu_set_msr"};
  static constexpr Why got{"pebs_data_cfg_got", "pmu_intel.c:intel_pmu_get_msr"};
  template <class D>
  static Flag<D> exists(const Vcpu<D>& cpu, const Word<D, 32>&) {
    return cpu.pebs.cpuid.version != 0 && offers_baseline<D>(cpu.pebs);
  }
  template <class D>
  static Faults<D> faults(const Vm<D>&, const Vcpu<D>&, const MsrWrite<D>& w) {
    return Flag<D>((w.value & Word<D, 64>(~groups)) != 0);
  }
  template <class D>
  static void write(Step<D>& k, Vcpu<D>& cpu, const MsrWrite<D>& w) {
    k.set(cpu.pebs.msr.data_cfg, w.value);
  }
  template <class D>
  static Word<D, 64> value(const Vcpu<D>& cpu, const Word<D, 32>&) {
    return plain(cpu.pebs.msr.data_cfg);
  }
};

// Where the DS buffer management area lies, as the guest addresses it. An address that is canonical
// only with 57 bits depends on CR4.LA57.
struct DsArea : PmuMsr<0x600, 1> {
  static constexpr Why write_faults{"ds_area_faults", "SDM PEBS; pmu_intel.c:intel_pmu_set_msr"};
  static constexpr Why reads{"ds_area_reads", "pmu_intel.c:intel_pmu_get_msr"};
  static constexpr Why set{"ds_area_set", "pmu_intel.c:intel_pmu_set_msr"};
  static constexpr Why got{"ds_area_got", "pmu_intel.c:intel_pmu_get_msr"};
  template <class D>
  static Flag<D> exists(const Vcpu<D>& cpu, const Word<D, 32>&) {
    return cpu.pebs.cpuid.version != 0 && cpu.pebs.cpuid.ds;
  }
  template <class D, unsigned top>
  static Flag<D> is_canonical(const Word<D, 64>& address) {
    const auto high = field_bits<64 - top>(address, top);
    return high == 0 || ~high == 0;
  }
  template <class D>
  static Faults<D> faults(const Vm<D>&, const Vcpu<D>&, const MsrWrite<D>& w) {
    return {!is_canonical<D, 56>(w.value), !is_canonical<D, 47>(w.value)};
  }
  template <class D>
  static void write(Step<D>& k, Vcpu<D>& cpu, const MsrWrite<D>& w) {
    k.set(cpu.pebs.msr.ds_area, w.value);
    set_up_as_meant<D>(k, cpu.pebs);
  }
  template <class D>
  static Word<D, 64> value(const Vcpu<D>& cpu, const Word<D, 32>&) {
    return plain(cpu.pebs.msr.ds_area);
  }
};

// What the PMU can do. Userspace decides, and the guest reads.
struct PerfCapabilities : PmuMsr<0x345, 0> {
  static constexpr Why write_faults{"perf_capabilities_faults", "x86.c:kvm_set_msr_common"};
  static constexpr Why reads{"perf_capabilities_reads", "x86.c:kvm_get_msr_common"};
  static constexpr Why set{"perf_capabilities_set", "vmx.c:vmx_set_msr; PB-8"};
  static constexpr Why got{"perf_capabilities_got", "x86.c:kvm_get_msr_common"};
  template <class D>
  static Flag<D> exists(const Vcpu<D>&, const Word<D, 32>&) {
    return true;
  }
  template <class D>
  static Faults<D> faults(const Vm<D>& vm, const Vcpu<D>& cpu, const MsrWrite<D>& w) {
    if (w.by == MsrBy::guest) return Flag<D>(true);
    const PebsCpuid<D>& c = cpu.pebs.cpuid;
    const Word<D, 64> offered = plain(vm.host.pebs.perf_capabilities);
    const Flag<D> lbr = (w.value & caps_lbr_format) != 0, pebs = (w.value & caps_pebs_format) != 0;
    const Flag<D> too_late = w.profile.is(Behaviour::feature_msrs_fixed_by_run) && cpu.has_run &&
                             w.value != cpu.pebs.msr.capabilities;
    const Flag<D> bad_lbr = lbr && (((w.value ^ offered) & caps_lbr_format) != 0 || !c.same_model);
    const Flag<D> bad_pebs =
        pebs && (((w.value ^ offered) & caps_pebs) != 0 || !c.ds || !c.dtes64 || !c.same_model);
    return Flag<D>(too_late || (w.value != 0 && c.version == 0) || bad_lbr || bad_pebs ||
                   (w.value & ~offered) != 0);
  }
  template <class D>
  static void write(Step<D>& k, Vcpu<D>& cpu, const MsrWrite<D>& w) {
    k.set(cpu.pebs.msr.capabilities, w.value);
    refresh_pmu<D>(k, cpu.pebs);
  }
  template <class D>
  static Word<D, 64> value(const Vcpu<D>& cpu, const Word<D, 32>&) {
    return plain(cpu.pebs.msr.capabilities);
  }
};

// EMON (7) says that there is a PMU, 11 and 12 that BTS and PEBS are not there.
struct MiscEnable : PmuMsr<0x1a0, 0> {
  static constexpr unsigned emon = 7, bts = 11, pebs = 12;
  static constexpr u64 shown = u64{1} << emon | u64{1} << bts | u64{1} << pebs;
  static constexpr Why write_faults{"misc_enable_faults", "x86.c:kvm_set_msr_common; B-20"};
  static constexpr Why reads{"misc_enable_reads", "x86.c:kvm_get_msr_common"};
  static constexpr Why set{"misc_enable_set", "x86.c:kvm_set_msr_common"};
  static constexpr Why got{"misc_enable_got", "x86.c:kvm_get_msr_common"};
  template <class D>
  static Flag<D> exists(const Vcpu<D>&, const Word<D, 32>&) {
    return true;
  }
  template <class D>
  static Faults<D> faults(const Vm<D>&, const Vcpu<D>& cpu, const MsrWrite<D>& w) {
    if (w.by == MsrBy::userspace) return Flag<D>(false);
    return Flag<D>(!iff(bit(w.value, bts), cpu.pebs.msr.bts_unavailable) ||
                   !iff(bit(w.value, pebs), cpu.pebs.msr.pebs_unavailable));
  }
  // A guest's write of EMON is ignored. Series v3 keeps EMON and PEBS_UNAVAIL from userspace, too.
  template <class D>
  static void write(Step<D>& k, Vcpu<D>& cpu, const MsrWrite<D>& w) {
    if (w.by == MsrBy::guest) return;
    k.set(cpu.pebs.msr.bts_unavailable, bit(w.value, bts));
    if (k.is(Behaviour::pmu_bits_kept_by_kvm)) return;
    k.set(cpu.pebs.msr.emon, bit(w.value, emon));
    k.set(cpu.pebs.msr.pebs_unavailable, bit(w.value, pebs));
  }
  template <class D>
  static Word<D, 64> value(const Vcpu<D>& cpu, const Word<D, 32>&) {
    const auto at = [](const auto& flag, unsigned n) {
      return ite(flag, Word<D, 64>(u64{1} << n), Word<D, 64>(0));
    };
    const PebsMsrs<D>& m = cpu.pebs.msr;
    return at(plain(m.emon), emon) | at(plain(m.bts_unavailable), bts) |
           at(plain(m.pebs_unavailable), pebs);
  }
};

}  // namespace assay::x86
