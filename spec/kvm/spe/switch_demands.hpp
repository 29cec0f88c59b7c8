// What the SPU's registers must hold at each stage of the world switch (SPE-4.8 to SPE-4.10).
//
// Each list is written once and asked twice: a trace of a hypervisor must satisfy it when it
// reaches the stage; where a profile has the hypervisor's code, it is what the code is claimed to
// reach.
#pragma once
#include "spec/kvm/spe/switch_code.hpp"

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
Flag<D> status_is_clear(const Spu<D>& s) {
  return !s.service && !s.data_loss && !s.external_abort && !s.collision && s.ec == 0 && s.mss == 0;
}

// Requires the demands of a stage, unless the profile claims them of the code.
template <class D, class Demands>
void require_of_code(Step<D>& k, Demands&& demands) {
  if (has_switch_code(k.profile())) return;
  demands([&](const Flag<D>& holds, const Why& why) { k.require(holds, why); });
}

template <class D, class Say>
void host_saved_demands(const Spu<D>& spu, Say&& say) {
  say(!spu.e2spe, Why{"host_profiling_off", "v4-31: PMSCR_EL2 before the buffer moves"});
  say(spu.in_flight == 0, Why{"host_drained", "v4-31: PSB CSYNC; DSB; W07"});
  say(!reads_lag<D>(spu), Why{"host_is_synchronised", "v4-31: ISB; W06, W07"});
}

template <class D, class Say>
void enter_demands(const Vm<D>& vm, const Profile& profile, const SpeVcpu<D>& self,
                   const Spu<D>& spu, const Pe<D>& pe, const SpeSwitch<D>& sw, Say&& say) {
  const SpeRegisters<D>& guest = self.regs;
  const Flag<D> stopped = self.stop != spe_running;
  say(stopped || status_is_clear<D>(spu), Why{"status_is_clear", "v4-34: PMBSR 0; W11"});
  say(!stopped || holds_all_of_host<D>(spu, sw),
      Why{"stopped_guest_leaves_the_hosts_buffer", "v4-36; SPE-4.8, W15"});
  say(!stopped || spu.tpms, Why{"registers_of_stopped_guest_trap", "v4-36; SPE-4.9"});
  say(stopped || !spu.tpms, Why{"registers_of_running_guest_are_direct", "SPE-4.8, SPE-4.9"});
  const Flag<D> runs = wants_buffer<D>(self);
  if (pins_buffer(profile))
    say(!runs || self.buffer.mapped, Why{"buffer_is_pinned", "v6-28, v6-29; N01"});
  say(stopped || iff(spu.enable, runs), Why{"buffer_as_guest_wants", "v4-34; W12, W15"});
  const Flag<D> fills = fills_as<D>(plain(spu.fill), plain(guest.fill), pe);
  say(!runs || (spu.ptr == guest.ptr && spu.limit == guest.limit && fills),
      Why{"pointers_of_guest", "v4-30, v4-31; W10"});
  say(iff(spu.e0spe, guest.e0spe && !stopped) && iff(spu.e1spe, guest.e1spe && !stopped),
      Why{"control_of_guest", "v4-30, v4-36; W14"});
  say(stopped || has_sampling<D>(spu, guest.sampling, pe),
      Why{"sampling_of_guest", "v4-30, v4-31: the common registers; W10"});
  say(spu.pct2 == 0 || (spu.pct2 == 1 && vm.spe.perfmon),
      Why{"physical_time_needs_perfmon", "v4-33; W18"});
  say(!spu.pa2, Why{"no_physical_addresses", "W19"});
  say(!spu.e0hspe && !spu.e2spe && !spu.cx2 && !spu.ts2,
      Why{"control2_is_zero_but_pct", "v4-33: PMSCR_EL2 0, or PCT; SPE-4.9"});
}

template <class D, class Say>
void guest_saved_demands(const Spu<D>& spu, Say&& say) {
  say(spu.in_flight == 0, Why{"guest_drained", "v4-30: PSB CSYNC; DSB; W06"});
  say(!reads_lag<D>(spu), Why{"guest_is_synchronised", "v4-30: ISB; W06"});
}

template <class D, class Say>
void host_restored_demands(const Profile& profile, const Spu<D>& spu, const Pe<D>& pe,
                           const SpeSwitch<D>& sw, Say&& say) {
  const SpeRegisters<D>& host = sw.host;
  // Once PMSCR_EL2 is back, the host's profiling goes on: its buffer fills and its counter runs.
  const Flag<D> profiles = plain(sw.host_is_back);
  say(spu.e2pb != 2, Why{"owner_is_the_hosts", "v4-26; W03"});
  say(profiles || holds_buffer_of_host<D>(spu, sw), Why{"buffer_of_host", "v4-30, v4-31; W03"});
  say(profiles || holds_status_of_host<D>(spu, sw),
      Why{"status_of_host", "v4-30, v4-31; W03, I11"});
  say(iff(spu.e0spe, host.e0spe) && iff(spu.e1spe, host.e1spe),
      Why{"control_of_host", "v4-30, v4-31; W03"});
  say(has_sampling<D>(spu, host.sampling, pe, profiles),
      Why{"sampling_of_host", "v4-30, v4-31: the common registers; W03"});
  say(sw.host_control2 == 0 ||
          control2_value<D>([&]<class F>(F) { return plain(spu.*F::kept); }) + 1 ==
              plain(sw.host_control2),
      Why{"control2_of_host", "v4-31: PMSCR_EL2; SPE-4.10, W03"});
  // PMSNEVFR_EL1 belongs to vcpu_load() and vcpu_put() of v4, which save the guest's only.
  if (!profile.is(Behaviour::spe_nevfr_shared))
    say(spu.events_clear == host.events_clear,
        Why{"event_filter_of_host", "SPE-4.10: PMSNEVFR_EL1"});
}

}  // namespace assay
