// Processor event based sampling in a guest (Intel SDM, volume 3B): the MSRs of a vCPU's PMU as far
// as PEBS needs them, the DS area in the guest's memory, and what KVM keeps.
//
// Only general-purpose counters write records here: fixed counters do where PEBS_BASELINE is
// offered, which no Linux release does. Of a guest, counters 0 to 3 are followed, on any of the
// host's. A record is one basic group.
#pragma once
#include "model/fields.hpp"

namespace assay::x86 {

inline constexpr unsigned pebs_counters = 4;     // of a guest, that the model follows
inline constexpr unsigned host_pmcs = 8;         // KVM_INTEL_PMC_MAX_GENERIC
inline constexpr u64 pebs_record_bytes = 32;     // struct pebs_basic
inline constexpr unsigned buffer_overflow = 62;  // of IA32_PERF_GLOBAL_STATUS

// What KVM_SET_CPUID2 said of the PMU, as kvm_pmu_refresh() takes it.
template <class D>
struct PebsCpuid {
  WordCell<D, 8> version{};  // 0: the vCPU has no PMU
  WordCell<D, 8> general{};  // general-purpose counters
  WordCell<D, 8> fixed{};    // fixed counters
  FlagCell<D> ds{}, dtes64{}, pdcm{};
  FlagCell<D> same_model{};  // the CPU model is the host's
  static constexpr auto fields() {
    return members<&PebsCpuid::version, &PebsCpuid::general, &PebsCpuid::fixed, &PebsCpuid::ds,
                   &PebsCpuid::dtes64, &PebsCpuid::pdcm, &PebsCpuid::same_model>;
  }
};

// MSRs as the guest sees them.
template <class D>
struct PebsMsrs {
  WordCell<D, 64> capabilities{};                             // IA32_PERF_CAPABILITIES
  FlagCell<D> emon{}, bts_unavailable{}, pebs_unavailable{};  // IA32_MISC_ENABLE
  WordCell<D, 64> enable{};                                   // IA32_PEBS_ENABLE
  WordCell<D, 64> ds_area{};
  WordCell<D, 64> data_cfg{};
  WordCell<D, 64> global_ctrl{};
  WordCell<D, 64> global_status{};
  WordCell<D, 64> fixed_ctrl{};
  std::array<WordCell<D, 64>, pebs_counters> event_select{};
  static constexpr auto fields() {
    return members<&PebsMsrs::capabilities, &PebsMsrs::emon, &PebsMsrs::bts_unavailable,
                   &PebsMsrs::pebs_unavailable, &PebsMsrs::enable, &PebsMsrs::ds_area,
                   &PebsMsrs::data_cfg, &PebsMsrs::global_ctrl, &PebsMsrs::global_status,
                   &PebsMsrs::fixed_ctrl, &PebsMsrs::event_select>;
  }
};

// The DS buffer management area, and the records from its base to its index.
template <class D>
struct PebsBuffer {
  NumCell<D> base{}, index{}, maximum{}, threshold{};
  FlagCell<D> lawful{};                                 // the guest programmed it as the SDM asks
  std::array<WordCell<D, 48>, host_pmcs> reset{};       // what hardware reloads a counter with
  std::array<WordCell<D, 48>, pebs_counters> wanted{};  // what the guest wrote there
  WordCell<D, 16> records{};  // written since the guest drained the buffer last
  // Of the oldest record: the guest's counters that overflowed, and those that it names by now.
  WordCell<D, 8> first_truth{}, first_shown{};
  FlagCell<D> later_wrong{};  // some later record names other counters than those that overflowed
  static constexpr auto fields() {
    return members<&PebsBuffer::base, &PebsBuffer::index, &PebsBuffer::maximum,
                   &PebsBuffer::threshold, &PebsBuffer::lawful, &PebsBuffer::reset,
                   &PebsBuffer::wanted, &PebsBuffer::records, &PebsBuffer::first_truth,
                   &PebsBuffer::first_shown, &PebsBuffer::later_wrong>;
  }
};

// How far an overflow of the buffer has come on its way to the guest.
template <class D>
struct PebsPmi {
  FlagCell<D> due{};    // hardware raised its interrupt, and the host has not handled it
  FlagCell<D> asked{};  // KVM_REQ_PMI is pending
  FlagCell<D> told{};   // the guest got its interrupt since it last cleared bit 62
  // Since the guest drained the buffer last:
  FlagCell<D> announced{};  // it got an interrupt
  FlagCell<D> ignored{};    // KVM ignored an overflow
  static constexpr auto fields() {
    return members<&PebsPmi::due, &PebsPmi::asked, &PebsPmi::told, &PebsPmi::announced,
                   &PebsPmi::ignored>;
  }
};

// What KVM keeps for cross-mapped counters (series v3, patches 12 to 17).
template <class D>
struct PebsSlowPath {
  FlagCell<D> crossed{};         // counter_cross_mapped, as the last entry found it
  FlagCell<D> need_records{};    // records are to be rewritten before the guest gets its interrupt
  FlagCell<D> need_threshold{};  // the threshold is to be limited to one record
  FlagCell<D> need_save{};       // reset values are to be read
  FlagCell<D> cached{};          // the DS area was translated
  WordCell<D, 64> cached_area{};
  FlagCell<D> stale{};    // the guest has mapped the address elsewhere since
  FlagCell<D> strayed{};  // KVM has written through a stale translation
  FlagCell<D> failed{};   // a rewrite failed: no memory, no translation
  std::array<WordCell<D, 48>, pebs_counters> saved{};      // reset values as they were read
  std::array<WordCell<D, 4>, pebs_counters> reset_host{};  // host counter + 1 that got it; 0: none
  static constexpr auto fields() {
    return members<&PebsSlowPath::crossed, &PebsSlowPath::need_records,
                   &PebsSlowPath::need_threshold, &PebsSlowPath::need_save, &PebsSlowPath::cached,
                   &PebsSlowPath::cached_area, &PebsSlowPath::stale, &PebsSlowPath::strayed,
                   &PebsSlowPath::failed, &PebsSlowPath::saved, &PebsSlowPath::reset_host>;
  }
};

template <class D>
struct PebsVcpu {
  PebsCpuid<D> cpuid{};
  PebsMsrs<D> msr{};
  PebsBuffer<D> buffer{};
  PebsPmi<D> pmi{};
  PebsSlowPath<D> slow{};
  // The host counter + 1 on which perf has scheduled the event of a guest counter; 0: none.
  std::array<WordCell<D, 4>, pebs_counters> host_of{};
  FlagCell<D> entering{};     // from the last look at the counters until the guest is left
  WordCell<D, 16> cpu{};      // where, while entering
  WordCell<D, 8> hardware{};  // IA32_PEBS_ENABLE of that CPU meanwhile: host counters
  static constexpr auto fields() {
    return members<&PebsVcpu::cpuid, &PebsVcpu::msr, &PebsVcpu::buffer, &PebsVcpu::pmi,
                   &PebsVcpu::slow, &PebsVcpu::host_of, &PebsVcpu::entering, &PebsVcpu::cpu,
                   &PebsVcpu::hardware>;
  }
};

// Of a CPU of the host.
template <class D>
struct PebsCpu {
  FlagCell<D> host_pebs{};  // perf uses PEBS there for the host
  static constexpr auto fields() { return members<&PebsCpu::host_pebs>; }
};

// What the host offers.
template <class D>
struct PebsHost {
  WordCell<D, 8> general{};             // general-purpose counters that KVM hands out
  WordCell<D, 8> fixed{};               // fixed counters
  WordCell<D, 32> model{};              // CPUID.1:EAX
  WordCell<D, 64> perf_capabilities{};  // kvm_caps.supported_perf_cap
  static constexpr auto fields() {
    return members<&PebsHost::general, &PebsHost::fixed, &PebsHost::model,
                   &PebsHost::perf_capabilities>;
  }
};

}  // namespace assay::x86
