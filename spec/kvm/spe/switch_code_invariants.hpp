// What the code of the world switch may rely on while it runs: what it wrote is still there, what
// it drained stays drained, and where it stands fits the stage. The claims about its stages
// (switch_demands.hpp) follow from these.
#pragma once
#include "spec/kvm/spe/switch_code.hpp"

namespace assay {

constexpr bool is_pointer_register(SpuRegister r) {
  return r == SpuRegister::pmbptr || r == SpuRegister::pmblimitr;
}
constexpr bool is_status_register(SpuRegister r) { return r == SpuRegister::pmbsr; }
constexpr bool is_control_register(SpuRegister r) {
  return !is_pointer_register(r) && !is_status_register(r);
}

// Between its write and the next one, or the guest's entry, or the last instruction, after which
// the host may profile again, a register is as the code wrote it. PMSCR_EL2 stays so in the guest,
// too. `which` picks the registers.
template <class D, const SwitchCode& code, bool (*which)(SpuRegister)>
Flag<D> writes_stay(const Vm<D>& vm) {
  return all<D>(vm.spe_switch, [&](const auto& sw, std::size_t pe) {
    const Spu<D>& spu = vm.spu[pe];
    Flag<D> stay = true;
    for (unsigned i = 0; i < code.size(); ++i) {
      if (code[i].op != SwitchOp::msr || !which(code[i].reg)) continue;
      unsigned until = i + 1;
      const auto is_over = [&](const SwitchInstruction& later) {
        const bool again = later.op == SwitchOp::msr && later.reg == code[i].reg &&
                           !switch_code_detail::excludes(later.when, code[i].when);
        const bool is_last = &later + 2 == &*code.end();
        return again || is_last ||
               (later.op == SwitchOp::enter && code[i].reg != SpuRegister::pmscr_el2);
      };
      while (until < code.size() && !is_over(code[until])) ++until;
      each_switched_register([&]<class Register>(Register) {
        if (code[i].reg != Register::number) return;
        const bool the_spu_writes_it =
            std::is_same_v<Register, Pmsicr> || !is_control_register(code[i].reg);
        const Flag<D> concerned = sw.next > i && sw.next <= until &&
                                  is_executed<D>(vm, spu, sw, code[i].when) &&
                                  !(the_spu_writes_it && sw.lawless);
        stay = stay && (!concerned ||
                        has_value<D, Register>(vm, sw, vm.host.pe[pe], code[i].value,
                                               [&]<class F>(F) { return plain(spu.*F::kept); }));
      });
    }
    return stay;
  });
}

// Whose SPE is stopped finds the host's buffer, and the host's profiling goes on where it stopped.
template <class D, const SwitchCode& code>
Flag<D> hosts_buffer_stays(const Vm<D>& vm) {
  const unsigned last = switch_code_detail::place_of(code, SwitchOp::host_restored);
  return all<D>(vm.spe_switch, [&](const auto& sw, std::size_t pe) {
    const Spu<D>& spu = vm.spu[pe];
    const Flag<D> is_hosts = holds_all_of_host<D>(spu, sw);
    const Flag<D> stopped = is_of_stopped_vcpu<D>(vm, sw);
    return sw.lawless || is_idle<D>(sw) ||
           ((is_at<D>(sw, Switch::host) || !stopped || is_hosts || sw.host_is_back) &&
            (sw.next != last || !is_at<D>(sw, Switch::guest_saved) || sw.host_is_back));
  });
}

// The place in the code fits the stage, and what was loaded until there is noted.
template <class D, const SwitchCode& code>
Flag<D> place_fits_stage(const Vm<D>& vm) {
  const auto place = [&](SwitchOp mark) { return switch_code_detail::place_of(code, mark); };
  return all<D>(vm.spe_switch, [&](const auto& sw, std::size_t pe) {
    const auto between = [&](Switch stage, SwitchOp from, SwitchOp to) {
      return !is_at<D>(sw, stage) || (sw.next > place(from) && sw.next <= place(to));
    };
    const auto is_noted = [&](SpuRegister r, const FlagCell<D>& loaded) {
      unsigned i = place(SwitchOp::restoring);
      while (code[i].op != SwitchOp::msr || code[i].reg != r) ++i;
      return !is_at<D>(sw, Switch::restoring_guest) || sw.next <= i || loaded ||
             is_of_stopped_vcpu<D>(vm, sw);
    };
    const Flag<D> traps = iff(vm.spu[pe].tpms, is_of_stopped_vcpu<D>(vm, sw));
    const unsigned gives = place(SwitchOp::restoring) - 1, last = place(SwitchOp::host_restored);
    return sw.stage <= static_cast<u64>(Switch::guest_saved) && sw.next <= last &&
           is_fill_mode_of<D>(plain(vm.spu[pe].fill), vm.host.pe[pe]) &&
           (is_idle<D>(sw) || is_at<D>(sw, Switch::host) ||
            is_fill_mode_of<D>(plain(sw.host.fill), vm.host.pe[pe])) &&
           (!vm.spu[pe].unpredictable || sw.lawless || is_idle<D>(sw)) &&
           (!sw.host_is_back || (is_at<D>(sw, Switch::guest_saved) && sw.next == last)) &&
           (sw.next <= gives || sw.next > place(SwitchOp::enter) || traps) &&
           (sw.next == 0 || sw.next == place(SwitchOp::exit) || vm.spu[pe].el == 2) &&
           (sw.next == 0 || (sw.next > gives && sw.next <= place(SwitchOp::guest_saved) + 1) ||
            vm.spu[pe].e2pb == hosts_owner(code)) &&
           (sw.next == 0 || sw.next > place(SwitchOp::enter) || hosts_owner(code) == 0 ||
            !vm.spu[pe].e2spe) &&
           (sw.next <= gives || sw.next > place(SwitchOp::guest_saved) + 1 ||
            vm.spu[pe].e2pb == 2) &&
           is_noted(SpuRegister::pmbptr, sw.pointer_loaded) &&
           is_noted(SpuRegister::pmbsr, sw.status_loaded) &&
           is_noted(SpuRegister::pmblimitr, sw.limit_loaded) &&
           (!is_at<D>(sw, Switch::host) || sw.next <= place(SwitchOp::host_saved)) &&
           between(Switch::host_saved, SwitchOp::host_saved, SwitchOp::restoring) &&
           between(Switch::restoring_guest, SwitchOp::restoring, SwitchOp::enter) &&
           between(Switch::guest, SwitchOp::enter, SwitchOp::guest_saved) &&
           between(Switch::guest_saved, SwitchOp::guest_saved, SwitchOp::host_restored);
  });
}

// PSB CSYNC and DSB leave nothing in flight, and the ISB behind them shows it; a buffer that is off
// has nothing in flight (the host's driver drains before it turns its own off).
template <class D, const SwitchCode& code>
Flag<D> switch_drains(const Vm<D>& vm) {
  return all<D>(vm.spe_switch, [&](const auto& sw, std::size_t pe) {
    const Spu<D>& spu = vm.spu[pe];
    const Flag<D> quiet = is_quiet<D>(spu), empty = spu.in_flight == 0;
    const Flag<D> is_covered = spu.barriers.covered == spu.in_flight;
    Flag<D> drained = is_idle<D>(sw) || spu.enable || quiet;
    for (unsigned i = 0; i < code.size(); ++i) {
      if (code[i].op != SwitchOp::psb) continue;
      unsigned until = i;  // a guest profiles from its entry on, a host after the last instruction
      while (until + 2 < code.size() && code[until].op != SwitchOp::enter) ++until;
      drained =
          drained &&
          (sw.next != i || !is_executed<D>(vm, spu, sw, code[i].when) ||
           follows_an_exception<D>(spu)) &&
          (sw.next != i + 1 || (is_covered && has_reached<D>(spu, Synchronised::profiling))) &&
          (sw.next != i + 2 || (empty && has_reached<D>(spu, Synchronised::memory))) &&
          (sw.next <= i + 2 || sw.next > until || quiet);
    }
    const Flag<D> stopped = is_of_stopped_vcpu<D>(vm, sw);
    drained = drained && (!is_at<D>(sw, Switch::guest) || !stopped ||
                          (quiet && (!spu.enable || (!spu.e0spe && !spu.e1spe))));
    return drained || sw.lawless;
  });
}

}  // namespace assay
