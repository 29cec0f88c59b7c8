// SPE virtualisation as RFC v4 and v5 of "KVM: arm64: Add SPE support" keep it (SPE-4.1 to
// SPE-4.12): locked memory slots, the vCPU's SPE attributes, its copy of the registers, and the
// world switch.
#pragma once
#include "spec/arch/spu/state.hpp"

namespace assay {

// KVM_ARM_VCPU_SPE_STOP.
inline constexpr u64 spe_running = 0, spe_stopped_trap = 1, spe_stopped_exit = 2;
inline constexpr std::array spe_stop_names{NamedValue{spe_running, "running"},
                                           NamedValue{spe_stopped_trap, "trap"},
                                           NamedValue{spe_stopped_exit, "exit"}};

// Where a PE stands between host and guest (SPE-4.10). All but `host` belong to one vCPU.
enum class Switch : unsigned { host, host_saved, restoring_guest, guest, guest_saved };

// The lock of a memory slot, KVM_ENABLE_CAP of KVM_CAP_ARM_LOCK_USER_MEMORY_REGION.
template <class D>
struct SlotLock {
  FlagCell<D> held{};      // KVM_ARM_LOCK_MEM_READ: every lock has it
  FlagCell<D> write{};     // KVM_ARM_LOCK_MEM_WRITE
  NumCell<D> pinned{};     // pages that pin_user_pages() holds for this slot
  FlagCell<D> mapped{};    // every page of the lock is mapped at stage 2
  FlagCell<D> notified{};  // an MMU notifier unmapped some since the lock
  NumCell<D> midway{};     // pages that a LOCK in progress has pinned and mapped
  FlagCell<D> stale{};     // a LOCK that failed left pages mapped, with no maintenance pending
  static constexpr auto fields() {
    return members<&SlotLock::held, &SlotLock::write, &SlotLock::pinned, &SlotLock::mapped,
                   &SlotLock::notified, &SlotLock::midway, &SlotLock::stale>;
  }
};

// What the hypervisor knows and does about the memory of a guest's buffer (SPE-5). The buffer
// is taken to lie in the VM's memory.
template <class D>
struct SpeBuffer {
  NumCell<D> pinned{};     // pages pinned for it, with those of the tables that map it
  FlagCell<D> mapped{};    // every page from PTR to LIMIT is mapped at stage 2
  FlagCell<D> blackout{};  // a stage 2 fault stopped it, and neither guest nor fault was served yet
  FlagCell<D> untold{};    // records were lost and the guest saw no event
  FlagCell<D> dl_hidden{};  // the guest saw an event whose DL is clear although records were lost
  static constexpr auto fields() {
    return members<&SpeBuffer::pinned, &SpeBuffer::mapped, &SpeBuffer::blackout, &SpeBuffer::untold,
                   &SpeBuffer::dl_hidden>;
  }
};

template <class D>
struct SpeVm {
  FlagCell<D> perfmon{};       // the creator was perfmon_capable()
  NumCell<D> locked_pages{};   // what account_locked_vm() charged for this VM
  FlagCell<D> undercharged{};  // pages were given back that were never charged
  FlagCell<D> flush_dcache{};  // pending until a vCPU runs
  FlagCell<D> flush_icache{};
  FlagCell<D> clear_tags{};
  FlagCell<D> mte{};           // KVM_CAP_ARM_MTE was enabled
  FlagCell<D> tables_freed{};  // the VM is being destroyed: its stage 2 tables are gone
  NumCell<D> buffer_max{};     // KVM_ARM_VCPU_MAX_BUFFER_SIZE, bytes; 0 = not set
  WordCell<D, 32> spu{};       // KVM_ARM_VCPU_SPE_SPU: the id, plus one; 0 = not set
  static constexpr auto fields() {
    return members<&SpeVm::perfmon, &SpeVm::locked_pages, &SpeVm::undercharged,
                   &SpeVm::flush_dcache, &SpeVm::flush_icache, &SpeVm::clear_tags, &SpeVm::mte,
                   &SpeVm::tables_freed, &SpeVm::buffer_max, &SpeVm::spu>;
  }
};

// The registers that say what is sampled and how often, which v4 switches as one: PMSCR_EL1 but its
// enables, PMSICR_EL1, PMSIRR_EL1, PMSFCR_EL1, PMSEVFR_EL1, PMSLATFR_EL1.
template <class D>
struct SpeSampling {
  FlagCell<D> cx{}, pa{}, ts{};
  WordCell<D, 2> pct{};
  WordCell<D, 32> count{};
  WordCell<D, 8> ecount{};
  WordCell<D, 24> interval{};
  FlagCell<D> random{};
  FlagCell<D> by_events{}, by_type{}, by_latency{};
  WordCell<D, 5> types{};
  WordCell<D, 64> events_set{};
  WordCell<D, 16> latency_min{};
  WordCell<D, 16> unknown{};  // those that held no value to be saved: bits of SpuRegister
  static constexpr auto fields() {
    return members<&SpeSampling::cx, &SpeSampling::pa, &SpeSampling::ts, &SpeSampling::pct,
                   &SpeSampling::count, &SpeSampling::ecount, &SpeSampling::interval,
                   &SpeSampling::random, &SpeSampling::by_events, &SpeSampling::by_type,
                   &SpeSampling::by_latency, &SpeSampling::types, &SpeSampling::events_set,
                   &SpeSampling::latency_min, &SpeSampling::unknown>;
  }
};

// The registers that KVM keeps for the guest, or for the host while a guest's are loaded.
template <class D>
struct SpeRegisters {
  NumCell<D> ptr{}, limit{};
  FlagCell<D> enable{};
  WordCell<D, 2> fill{};
  FlagCell<D> service{}, data_loss{}, external_abort{}, collision{};
  WordCell<D, 6> ec{};
  WordCell<D, 16> mss{};
  FlagCell<D> e0spe{}, e1spe{};
  WordCell<D, 64> events_clear{};  // PMSNEVFR_EL1
  SpeSampling<D> sampling{};
  static constexpr auto fields() {
    return members<&SpeRegisters::ptr, &SpeRegisters::limit, &SpeRegisters::enable,
                   &SpeRegisters::fill, &SpeRegisters::service, &SpeRegisters::data_loss,
                   &SpeRegisters::external_abort, &SpeRegisters::collision, &SpeRegisters::ec,
                   &SpeRegisters::mss, &SpeRegisters::e0spe, &SpeRegisters::e1spe,
                   &SpeRegisters::events_clear, &SpeRegisters::sampling>;
  }
};

template <class D>
struct SpeVcpu {
  WordCell<D, 32> irq{};        // KVM_ARM_VCPU_SPE_IRQ; 0 = not set
  FlagCell<D> initialized{};    // KVM_ARM_VCPU_SPE_INIT
  WordCell<D, 2> stop{};        // KVM_ARM_VCPU_SPE_STOP
  WordCell<D, 64> cpus{};       // PEs 0 to 63 of KVM_ARM_VCPU_SUPPORTED_CPUS; 0 = no PE named
  FlagCell<D> line{};           // level of the virtual interrupt line
  FlagCell<D> injected{};       // the level that the vGIC was told last
  FlagCell<D> event_pending{};  // hardware S was set when the guest's registers were saved
  SpeRegisters<D> regs{};
  SpeBuffer<D> buffer{};
  static constexpr auto fields() {
    return members<&SpeVcpu::irq, &SpeVcpu::initialized, &SpeVcpu::stop, &SpeVcpu::cpus,
                   &SpeVcpu::line, &SpeVcpu::injected, &SpeVcpu::event_pending, &SpeVcpu::regs,
                   &SpeVcpu::buffer>;
  }
};

// What the hypervisor does with one PE's SPU.
template <class D>
struct SpeSwitch {
  WordCell<D, 3> stage{};           // Switch
  WordCell<D, 16> vcpu{};           // whose registers are concerned, by creation order
  SpeRegisters<D> host{};           // the host's own, saved
  WordCell<D, 16> host_control2{};  // its PMSCR_EL2, plus one; 0 = a trace does not tell
  // While restoring the guest: which registers were written.
  FlagCell<D> pointer_loaded{}, limit_loaded{}, status_loaded{}, control_loaded{};
  FlagCell<D> host_changed{};  // a register of the host came back different
  FlagCell<D> host_is_back{};  // PMSCR_EL2 came back, last of all: the host may profile again
  FlagCell<D> lawless{};       // host or guest broke a programming rule of the SPU in this switch
  WordCell<D, 6> next{};       // the next instruction of the code (switch_code.hpp); 0 = none begun
  static constexpr auto fields() {
    return members<&SpeSwitch::stage, &SpeSwitch::vcpu, &SpeSwitch::host, &SpeSwitch::host_control2,
                   &SpeSwitch::pointer_loaded, &SpeSwitch::limit_loaded, &SpeSwitch::status_loaded,
                   &SpeSwitch::control_loaded, &SpeSwitch::host_changed, &SpeSwitch::host_is_back,
                   &SpeSwitch::lawless, &SpeSwitch::next>;
  }
};

}  // namespace assay
