// The world switch of a vCPU that has SPE, and the virtual interrupt (SPE-4.9 to SPE-4.11; series
// v4 patches 23 to 34).
//
// The hypervisor's single register writes are the hardware's events (spe_write_*, spe_context). The
// events here mark its stages; each states what the registers must hold by then. The protected mode
// of v4 and v5 runs ordinary VMs along the path of nVHE (SPE-4.9); v6 is for VHE only.
#pragma once
#include "spec/kvm/spe/attributes.hpp"
#include "spec/kvm/spe/switch_demands.hpp"

namespace assay {

template <class D>
void enter_stage(Step<D>& k, SpeSwitch<D>& sw, Switch stage) {
  k.set(sw.stage, Word<D, 3>(static_cast<u64>(stage)));
}

// What every emulated access of the guest needs: it was left, and hardware's events are synced.
template <class D>
void check_trap(Step<D>& k, const Vm<D>& vm, VcpuId v) {
  k.require(is_out_of_guest<D>(vm, v), {"guest_was_left", "a trap is an exit"});
  k.require(!vm.vcpu[v.index].spe.event_pending,
            {"event_was_synced", "v4-34: after every exit; I02"});
}

// The hypervisor begins to leave the host for a vCPU. Only profiles that have the code of the
// switch need to be told.
template <class D>
struct SpeSwitchBegins {
  static constexpr const char* name = "spe_switch_begins";
  static constexpr const char* syntax = "kvm_spe_switch_begins: <vcpu> cpu=cpu";
  static constexpr const char* source = "v4-30, v4-31; SPE-4.10";
  static bool applies(const Profile& p) { return has_switch_code(p); }
  VcpuId vcpu{};
  Word<D, 16> cpu{};
  static constexpr auto fields() { return members<&SpeSwitchBegins::vcpu, &SpeSwitchBegins::cpu>; }
  void apply(Step<D>& k, Vm<D>& vm) const {
    on_switch<D>(k, vm, cpu, [&](auto& spu, const auto& pe, auto& sw) {
      k.require(is_idle<D>(sw), {"from_host", "SPE-4.10"});
      k.require(is_out_of_guest<D>(vm, vcpu), {"one_pe_at_a_time", "one vCPU, one PE"});
      k.require(!vm.spe.tables_freed, {"vm_is_not_destroyed", "W21"});
      k.require(spu.el == 2, {"at_el2", "the hypervisor runs at EL2"});
      k.require(!vm.vcpu[vcpu.index].spe.event_pending,
                {"event_was_synced", "v4-34: after every exit; I02"});
      k.require(spu.e2pb == hosts_owner(switch_code(k.profile())),
                {"buffer_is_the_hosts", "SPE-4.9: MDCR_EL2.E2PB while the host runs"});
      // The host of nVHE comes from EL1, by HVC.
      if (k.is(Behaviour::spe_switch_nvhe)) {
        k.require(follows_an_exception<D>(spu),
                  {"came_by_an_exception", "SPE-4.10; D17.9: it synchronises the context"});
        k.require(!spu.e2spe, {"el2_is_not_profiled", "SPE-4.9: the host of nVHE is EL1"});
      }
      k.require(
          spu.enable || spu.unpredictable || is_quiet<D>(spu),
          {"host_driver_drains", "D17.9: arm_spe_pmu_disable_and_drain_local of the Linux driver"});
      k.set(sw.vcpu, Word<D, 16>(vcpu.index));
      k.set(sw.lawless,
            spu.unpredictable || asks_for_bad_pointers<D>(vm.vcpu[vcpu.index].spe.regs, pe));
      k.set(sw.next, Word<D, 6>(1));
    });
  }
};

// The host's profiling is off and drained, and its registers are saved.
template <class D>
struct SpeHostSaved {
  static constexpr const char* name = "spe_host_saved";
  static constexpr const char* syntax = "kvm_spe_host_saved: <vcpu> cpu=cpu pmscr_el2=control2";
  static constexpr const char* source = "v4-30, v4-31; SPE-4.10 save host";
  static bool applies(const Profile& p) { return is_spe_series(p); }
  VcpuId vcpu{};
  Word<D, 16> cpu{};
  Word<D, 16> control2 = Word<D, 16>(0xffff);  // PMSCR_EL2 as it was saved; 0xffff = not told
  static constexpr auto fields() {
    return members<&SpeHostSaved::vcpu, &SpeHostSaved::cpu, &SpeHostSaved::control2>;
  }
  void apply(Step<D>& k, Vm<D>& vm) const {
    on_switch<D>(k, vm, cpu, [&](auto& spu, const auto&, auto& sw) {
      k.require(is_at<D>(sw, Switch::host), {"from_host", "SPE-4.10"});
      k.require(!vm.spe.tables_freed, {"vm_is_not_destroyed", "W21"});
      k.require(!any<D>(vm.spe_switch,
                        [&](const auto& other) {
                          return !is_at<D>(other, Switch::host) &&
                                 other.vcpu == Word<D, 16>(vcpu.index);
                        }),
                {"one_pe_at_a_time", "one vCPU, one PE"});
      k.require(sw.next == 0 || sw.vcpu == Word<D, 16>(vcpu.index),
                {"of_the_vcpu_it_began_with", "SPE-4.10"});
      k.require(spu.el == 2, {"at_el2", "the hypervisor runs at EL2"});
      require_of_code<D>(k, [&](auto&& say) { host_saved_demands<D>(spu, say); });
      follow_code<D>(k, vm, spu, sw, SwitchOp::host_saved);
      save_registers<D>(k, sw.host, spu);
      k.set(sw.host_control2, control2 + 1);
      k.set(sw.vcpu, Word<D, 16>(vcpu.index));
      enter_stage<D>(k, sw, Switch::host_saved);
    });
  }
};

// MDCR_EL2.E2PB gives the buffer to EL1, with its registers trapped; the guest's values follow.
template <class D>
struct SpeRestoring {
  static constexpr const char* name = "spe_restoring";
  static constexpr const char* syntax = "kvm_spe_restoring: <vcpu> cpu=cpu";
  static constexpr const char* source = "v4-26; SPE-4.9";
  static bool applies(const Profile& p) { return is_spe_series(p); }
  VcpuId vcpu{};
  Word<D, 16> cpu{};
  static constexpr auto fields() { return members<&SpeRestoring::vcpu, &SpeRestoring::cpu>; }
  void apply(Step<D>& k, Vm<D>& vm) const {
    on_switch<D>(k, vm, cpu, [&](auto& spu, const auto&, auto& sw) {
      k.require(is_at<D>(sw, Switch::host_saved) && sw.vcpu == Word<D, 16>(vcpu.index),
                {"after_host_saved", "SPE-4.10"});
      k.require(spu.e2pb == 2, {"owner_is_el1", "v4-24: E2PB 0b10; W01"});
      follow_code<D>(k, vm, spu, sw, SwitchOp::restoring);
      // PMSCR_EL1 may still be the host's (nVHE): at EL2 nothing of EL1 or EL0 is sampled.
      k.set(sw.control_loaded, false);
      k.set(sw.pointer_loaded, false);
      k.set(sw.limit_loaded, false);
      k.set(sw.status_loaded, false);
      forget_translations<D>(k, spu);  // another VM's or the host's until now
      enter_stage<D>(k, sw, Switch::restoring_guest);
    });
  }
};

// The guest is entered with its own registers.
template <class D>
struct SpeEnter {
  static constexpr const char* name = "spe_enter";
  static constexpr const char* syntax = "kvm_spe_enter: <vcpu> cpu=cpu";
  static constexpr const char* source = "v4-30, v4-31, v4-34, v4-36; SPE-4.10";
  static bool applies(const Profile& p) { return is_spe_series(p); }
  VcpuId vcpu{};
  Word<D, 16> cpu{};
  static constexpr auto fields() { return members<&SpeEnter::vcpu, &SpeEnter::cpu>; }
  void apply(Step<D>& k, Vm<D>& vm) const {
    const SpeVcpu<D>& self = vm.vcpu[vcpu.index].spe;
    k.require(has_spe_feature<D>(vm.vcpu[vcpu.index]) && self.initialized,
              {"spe_is_initialized", "v4-22: no run before INIT; V06"});
    // The KVM_RUN that this entry belongs to may not have returned yet: it has done what was
    // pending.
    perform_maintenance<D>(k, vm);
    k.require(!self.event_pending, {"event_was_synced", "v4-34: after every exit; I02"});
    k.require(!is_kept_out<D>(self), {"stopped_guest_stays_out", "v4-36; W16"});
    on_switch<D>(k, vm, cpu, [&](auto& spu, const auto& pe, auto& sw) {
      k.require(is_at<D>(sw, Switch::restoring_guest) && sw.vcpu == Word<D, 16>(vcpu.index),
                {"after_restoring", "SPE-4.10"});
      k.require(pe.spe != 0xff, {"pe_of_the_guest_has_spe", "V02"});
      require_of_code<D>(
          k, [&](auto&& say) { enter_demands<D>(vm, k.profile(), self, spu, pe, sw, say); });
      follow_code<D>(k, vm, spu, sw, SwitchOp::enter);
      if (pins_memory(k.profile()))
        k.set(vm.vcpu[vcpu.index].spe.buffer.mapped, all<D>(vm.slot, [](const auto& s) {
                return s.pages == 0 || (s.lock.write && s.lock.mapped);
              }));
      enter_stage<D>(k, sw, Switch::guest);
    });
  }
};

// The guest was left: its profiling is drained and its registers are saved.
template <class D>
struct SpeGuestSaved {
  static constexpr const char* name = "spe_guest_saved";
  static constexpr const char* syntax = "kvm_spe_guest_saved: <vcpu> cpu=cpu";
  static constexpr const char* source = "v4-30, v4-31, v4-34; SPE-4.10 save guest";
  static bool applies(const Profile& p) { return is_spe_series(p); }
  VcpuId vcpu{};
  Word<D, 16> cpu{};
  static constexpr auto fields() { return members<&SpeGuestSaved::vcpu, &SpeGuestSaved::cpu>; }
  void apply(Step<D>& k, Vm<D>& vm) const {
    SpeVcpu<D>& self = vm.vcpu[vcpu.index].spe;
    on_switch<D>(k, vm, cpu, [&](auto& spu, const auto&, auto& sw) {
      k.require(is_at<D>(sw, Switch::guest) && sw.vcpu == Word<D, 16>(vcpu.index),
                {"from_guest", "SPE-4.10"});
      k.require(spu.el == 2, {"at_el2", "the hypervisor runs at EL2"});
      require_of_code<D>(k, [&](auto&& say) { guest_saved_demands<D>(spu, say); });
      follow_code<D>(k, vm, spu, sw, SwitchOp::guest_saved);
      k.when(self.stop == spe_running, [&] {
        k.when(spu.enable, [&] { k.set(self.regs.ptr, spu.ptr); });
        k.set(self.regs.e0spe, spu.e0spe);
        k.set(self.regs.e1spe, spu.e1spe);
        save_sampling<D>(k, self.regs.sampling, spu);
      });
      k.when(spu.service && self.stop == spe_running, [&] {
        k.set(self.regs.service, spu.service);
        k.set(self.regs.data_loss, spu.data_loss);
        k.set(self.regs.external_abort, spu.external_abort);
        k.set(self.regs.collision, spu.collision);
        k.set(self.regs.ec, spu.ec);
        k.set(self.regs.mss, spu.mss);
        k.set(self.event_pending, true);
        const Flag<D> faulted =
            reported<D>(spu, SpuEvent::fault) && is_recorded_at<D>(spu, SpuRecordedAt::el1);
        k.set(self.buffer.blackout, faulted && spu.ec == ec_stage2);
      });
      forget_translations<D>(k, spu);
      enter_stage<D>(k, sw, Switch::guest_saved);
    });
  }
};

// The host's registers are back.
template <class D>
struct SpeHostRestored {
  static constexpr const char* name = "spe_host_restored";
  static constexpr const char* syntax = "kvm_spe_host_restored: <vcpu> cpu=cpu";
  static constexpr const char* source = "v4-30, v4-31; SPE-4.10 restore host";
  static bool applies(const Profile& p) { return is_spe_series(p); }
  VcpuId vcpu{};
  Word<D, 16> cpu{};
  static constexpr auto fields() { return members<&SpeHostRestored::vcpu, &SpeHostRestored::cpu>; }
  void apply(Step<D>& k, Vm<D>& vm) const {
    on_switch<D>(k, vm, cpu, [&](auto& spu, const auto& pe, auto& sw) {
      k.require(is_at<D>(sw, Switch::guest_saved) && sw.vcpu == Word<D, 16>(vcpu.index),
                {"after_guest_saved", "SPE-4.10"});
      require_of_code<D>(
          k, [&](auto&& say) { host_restored_demands<D>(k.profile(), spu, pe, sw, say); });
      follow_code<D>(k, vm, spu, sw, SwitchOp::host_restored);
      k.set(sw.host_changed, sw.host_changed || spu.events_clear != sw.host.events_clear);
      k.set(sw.host_is_back, false);
      enter_stage<D>(k, sw, Switch::host);
    });
  }
};

// kvm_spe_sync_hwstate(): a hardware event becomes the virtual interrupt, after every exit.
template <class D>
struct SpeSync {
  static constexpr const char* name = "spe_sync";
  static constexpr const char* syntax = "kvm_spe_sync: <vcpu> level=level";
  static constexpr const char* source = "v4-34; SPE-4.11";
  static bool applies(const Profile& p) { return is_spe_series(p); }
  VcpuId vcpu{};
  Flag<D> level{};  // of the virtual line afterwards
  static constexpr unsigned answers = 1;
  static constexpr auto fields() { return members<&SpeSync::vcpu, &SpeSync::level>; }
  void apply(Step<D>& k, Vm<D>& vm) const {
    SpeVcpu<D>& self = vm.vcpu[vcpu.index].spe;
    SpeRegisters<D>& r = self.regs;
    k.require(is_out_of_guest<D>(vm, vcpu), {"guest_was_left", "v4-34: after every exit"});
    k.require(iff(level, self.line || self.event_pending),
              {"event_raises_line", "v4-34; I02, I08"});
    if (takes_faults(k.profile()))
      k.require(!self.buffer.blackout, {"fault_was_served", "SPE-5.1: options 2 and 4"});
    const Flag<D> passes = r.ec == ec_buffer || r.ec == ec_stage1;
    k.when(self.event_pending && !passes, [&] {
      k.set(self.buffer.dl_hidden, self.buffer.dl_hidden || (self.buffer.blackout && r.data_loss));
      k.set(self.buffer.blackout, false);
      k.set(r.data_loss, false);
      k.set(r.collision, false);
      k.set(r.external_abort, true);
      k.set(r.ec, Word<D, 6>(ec_stage1));
      k.set(r.mss, Word<D, 16>(0x10));
    });
    k.set(self.line, level);
    k.set(self.event_pending, false);
  }
};

// The guest's trapped writes of its buffer registers.
template <class D>
struct SpeTrapPointer {
  static constexpr const char* name = "spe_trap_pmbptr";
  static constexpr const char* syntax = "kvm_spe_trap_pmbptr: <vcpu> ptr=ptr";
  static constexpr const char* source = "v4-30; SPE-4.12";
  static bool applies(const Profile& p) { return is_spe_series(p); }
  VcpuId vcpu{};
  Num<D> ptr{};
  static constexpr auto fields() { return members<&SpeTrapPointer::vcpu, &SpeTrapPointer::ptr>; }
  void apply(Step<D>& k, Vm<D>& vm) const {
    SpeVcpu<D>& self = vm.vcpu[vcpu.index].spe;
    check_trap<D>(k, vm, vcpu);
    k.set(self.regs.ptr, ptr);
    give_back<D>(k, self);
  }
};

template <class D>
struct SpeTrapLimit {
  static constexpr const char* name = "spe_trap_pmblimitr";
  static constexpr const char* syntax =
      "kvm_spe_trap_pmblimitr: <vcpu> limit=limit fm=fill e=enable";
  static constexpr const char* source = "v4-30; SPE-4.12, W13";
  static bool applies(const Profile& p) { return is_spe_series(p); }
  VcpuId vcpu{};
  Num<D> limit{};
  Word<D, 2> fill{};
  Flag<D> enable{};
  static constexpr auto fields() {
    return members<&SpeTrapLimit::vcpu, &SpeTrapLimit::limit, &SpeTrapLimit::fill,
                   &SpeTrapLimit::enable>;
  }
  void apply(Step<D>& k, Vm<D>& vm) const {
    SpeVcpu<D>& self = vm.vcpu[vcpu.index].spe;
    SpeRegisters<D>& r = self.regs;
    check_trap<D>(k, vm, vcpu);
    k.set(r.limit, limit);
    k.set(r.fill, fill);
    k.set(r.enable, enable);
    give_back<D>(k, self);
  }
};

// PMSNEVFR_EL1 traps only where the vCPU is stopped.
template <class D>
struct SpeTrapEventFilter {
  static constexpr const char* name = "spe_trap_pmsnevfr";
  static constexpr const char* syntax = "kvm_spe_trap_pmsnevfr: <vcpu> value=value";
  static constexpr const char* source = "v4-32, v4-36; SPE-4.8";
  static bool applies(const Profile& p) { return is_spe_series(p); }
  VcpuId vcpu{};
  Word<D, 64> value{};
  static constexpr auto fields() {
    return members<&SpeTrapEventFilter::vcpu, &SpeTrapEventFilter::value>;
  }
  void apply(Step<D>& k, Vm<D>& vm) const {
    SpeVcpu<D>& self = vm.vcpu[vcpu.index].spe;
    check_trap<D>(k, vm, vcpu);
    k.require(self.stop != spe_running, {"traps_of_stopped_guest_only", "v4-36; SPE-4.9: TPMS"});
    k.set(self.regs.events_clear, value);
  }
};

template <class D>
struct SpeTrapStatus {
  static constexpr const char* name = "spe_trap_pmbsr";
  static constexpr const char* syntax =
      "kvm_spe_trap_pmbsr: <vcpu> s=service dl=data_loss ea=external_abort coll=collision ec=ec "
      "mss=mss level=level";
  static constexpr const char* source = "v4-34; SPE-4.11, I03";
  static bool applies(const Profile& p) { return is_spe_series(p); }
  VcpuId vcpu{};
  Flag<D> service{}, data_loss{}, external_abort{}, collision{};
  Word<D, 6> ec{};
  Word<D, 16> mss{};
  Flag<D> level{};  // of the virtual line afterwards
  static constexpr unsigned answers = 1;
  static constexpr auto fields() {
    return members<&SpeTrapStatus::vcpu, &SpeTrapStatus::service, &SpeTrapStatus::data_loss,
                   &SpeTrapStatus::external_abort, &SpeTrapStatus::collision, &SpeTrapStatus::ec,
                   &SpeTrapStatus::mss, &SpeTrapStatus::level>;
  }
  void apply(Step<D>& k, Vm<D>& vm) const {
    SpeVcpu<D>& self = vm.vcpu[vcpu.index].spe;
    SpeRegisters<D>& r = self.regs;
    check_trap<D>(k, vm, vcpu);
    k.require(iff(level, service), {"line_follows_service", "v4-34: the line is the written S"});
    k.set(r.service, service);
    k.set(r.data_loss, data_loss);
    k.set(r.external_abort, external_abort);
    k.set(r.collision, collision);
    k.set(r.ec, ec);
    k.set(r.mss, mss);
    k.set(self.line, level);
  }
};

}  // namespace assay
