// The world switch of a vCPU that has SPE, and the virtual interrupt (SPE-4.9 to SPE-4.11; series
// v4 patches 23 to 34).
//
// The hypervisor's single register writes are the hardware's events (spe_write_*, spe_context). The
// events here mark its stages; each states what the registers must hold by then. The protected mode
// of v4 and v5 runs ordinary VMs along the path of nVHE (SPE-4.9); v6 is for VHE only.
#pragma once
#include "spec/kvm/spe/attributes.hpp"
#include "spec/kvm/spe/copies.hpp"
#include "spec/kvm/spe/switch_stage.hpp"

namespace assay {

// The SPU holds what was saved, as far as there was something to save; `counts`: the counter may
// have gone on since. What PMSICR_EL1 counts down
// is not known where the interval is not, nor with the extra count of ERnd.
template <class D>
Flag<D> has_sampling(const Spu<D>& s, const SpeSampling<D>& kept, const Pe<D>& pe,
                     const Flag<D>& counts = false) {
  // A register was saved without a value, or may have changed since, or is as it was saved.
  const auto holds = [&]<class Register>(Register, const Flag<D>& may_differ) {
    return bit(plain(kept.unknown), static_cast<unsigned>(Register::number)) || may_differ ||
           has_sampling_of<D, Register>(s, kept);
  };
  const Flag<D> uncounted =
      counts || has_no_interval<D>(s) || kept.interval == 0 || (pe.spe_ernd && s.random);
  const Flag<D> no = false;
  return holds(PmscrEl1{}, no) && holds(Pmsicr{}, uncounted) && holds(Pmsirr{}, no) &&
         holds(Pmsfcr{}, no) && holds(Pmsevfr{}, no) && holds(Pmslatfr{}, no);
}

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

template <class D>
Flag<D> status_is_clear(const Spu<D>& s) {
  return !s.service && !s.data_loss && !s.external_abort && !s.collision && s.ec == 0 && s.mss == 0;
}

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
      k.require(spu.el == 2, {"at_el2", "the hypervisor runs at EL2"});
      k.require(!spu.e2spe, {"host_profiling_off", "v4-31: PMSCR_EL2 before the buffer moves"});
      k.require(spu.in_flight == 0, {"host_drained", "v4-31: PSB CSYNC; DSB; W07"});
      k.require(!reads_lag<D>(spu), {"host_is_synchronised", "v4-31: ISB; W06, W07"});
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
      // PMSCR_EL1 may still be the host's (nVHE): at EL2 nothing of EL1 or EL0 is sampled.
      k.set(sw.control_loaded, false);
      k.set(sw.pointer_loaded, false);
      k.set(sw.limit_loaded, false);
      k.set(sw.status_loaded, false);
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
    const SpeRegisters<D>& guest = self.regs;
    const Flag<D> stopped = self.stop != spe_running;
    k.require(has_spe_feature<D>(vm.vcpu[vcpu.index]) && self.initialized,
              {"spe_is_initialized", "v4-22: no run before INIT; V06"});
    k.require(!vm.spe.flush_dcache && !vm.spe.flush_icache,
              {"maintenance_done", "v4-04: pending operations come first; L10"});
    k.require(!vm.spe.clear_tags || !vm.spe.mte,
              {"tags_are_cleared", "v4-06: before the guest sees a page; L13"});
    k.require(!self.event_pending, {"event_was_synced", "v4-34: after every exit; I02"});
    k.require(!(self.stop == spe_stopped_exit && !self.line && guest.enable &&
                (guest.e0spe || guest.e1spe)),
              {"stopped_guest_stays_out", "v4-36; W16"});
    on_switch<D>(k, vm, cpu, [&](auto& spu, const auto& pe, auto& sw) {
      k.require(is_at<D>(sw, Switch::restoring_guest) && sw.vcpu == Word<D, 16>(vcpu.index),
                {"after_restoring", "SPE-4.10"});
      k.require(pe.spe != 0xff, {"pe_of_the_guest_has_spe", "V02"});
      k.require(stopped || status_is_clear<D>(spu), {"status_is_clear", "v4-34: PMBSR 0; W11"});
      k.require(!stopped || (holds_buffer_of_host<D>(spu, sw) && holds_status_of_host<D>(spu, sw)),
                {"stopped_guest_leaves_the_hosts_buffer", "v4-36; SPE-4.8, W15"});
      k.require(!stopped || spu.tpms, {"registers_of_stopped_guest_trap", "v4-36; SPE-4.9"});
      const Flag<D> runs = guest.enable && !self.line && !stopped;
      if (pins_buffer(k.profile()))
        k.require(!runs || self.buffer.mapped, {"buffer_is_pinned", "v6-28, v6-29; N01"});
      k.require(stopped || iff(spu.enable, runs), {"buffer_as_guest_wants", "v4-34; W12, W15"});
      k.require(
          !runs || (spu.ptr == guest.ptr && spu.limit == guest.limit && spu.fill == guest.fill),
          {"pointers_of_guest", "v4-30, v4-31; W10"});
      k.require(iff(spu.e0spe, guest.e0spe && !stopped) && iff(spu.e1spe, guest.e1spe && !stopped),
                {"control_of_guest", "v4-30, v4-36; W14"});
      k.require(stopped || has_sampling<D>(spu, guest.sampling, pe),
                {"sampling_of_guest", "v4-30, v4-31: the common registers; W10"});
      k.require(spu.pct2 == 0 || (spu.pct2 == 1 && vm.spe.perfmon),
                {"physical_time_needs_perfmon", "v4-33; W18"});
      k.require(!spu.pa2, {"no_physical_addresses", "W19"});
      k.require(!spu.e0hspe && !spu.e2spe && !spu.cx2 && !spu.ts2,
                {"control2_is_zero_but_pct", "v4-33: PMSCR_EL2 0, or PCT; SPE-4.9"});
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
      k.require(spu.in_flight == 0, {"guest_drained", "v4-30: PSB CSYNC; DSB; W06"});
      k.require(!reads_lag<D>(spu), {"guest_is_synchronised", "v4-30: ISB; W06"});
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
        k.set(self.buffer.blackout, spu.ec == ec_stage2 && spu.event == number_of(SpuEvent::fault));
      });
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
      const SpeRegisters<D>& host = sw.host;
      k.require(is_at<D>(sw, Switch::guest_saved) && sw.vcpu == Word<D, 16>(vcpu.index),
                {"after_guest_saved", "SPE-4.10"});
      k.require(spu.e2pb != 2, {"owner_is_the_hosts", "v4-26; W03"});
      // Where PMSCR_EL2 came back before this stage, the host's profiling may have gone on.
      const Flag<D> profiles = spu.e2spe && spu.enable;
      k.require(profiles || holds_buffer_of_host<D>(spu, sw),
                {"buffer_of_host", "v4-30, v4-31; W03"});
      k.require(profiles || holds_status_of_host<D>(spu, sw),
                {"status_of_host", "v4-30, v4-31; W03, I11"});
      k.require(iff(spu.e0spe, host.e0spe) && iff(spu.e1spe, host.e1spe),
                {"control_of_host", "v4-30, v4-31; W03"});
      k.require(has_sampling<D>(spu, host.sampling, pe, profiles),
                {"sampling_of_host", "v4-30, v4-31: the common registers; W03"});
      k.require(sw.host_control2 == 0 || control2_of<D>(spu) + 1 == sw.host_control2,
                {"control2_of_host", "v4-31: PMSCR_EL2; SPE-4.10, W03"});
      // PMSNEVFR_EL1 belongs to vcpu_load() and vcpu_put() of v4, which save the guest's only.
      if (!k.is(Behaviour::spe_nevfr_shared))
        k.require(spu.events_clear == host.events_clear,
                  {"event_filter_of_host", "SPE-4.10: PMSNEVFR_EL1"});
      k.set(sw.host_changed, sw.host_changed || spu.events_clear != host.events_clear);
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

// Another buffer, or none: v6 gives back what it pinned (v6-28).
template <class D>
void give_back(Step<D>& k, SpeVcpu<D>& self) {
  if (!pins_buffer(k.profile())) return;
  k.set(self.buffer.pinned, Num<D>(0));
  k.set(self.buffer.mapped, false);
}

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
