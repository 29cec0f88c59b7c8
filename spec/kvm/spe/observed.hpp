// What the hypervisor must hold at events of the hardware: the order in which it switches the
// registers, and which of them a guest never writes itself (SPE-4.9, SPE-4.10, SPE-4.12). A check
// belongs to the rule whose event it observes, and follows the architecture's own.
#pragma once
#include "model/dispatch.hpp"
#include "spec/arch/spu/buffer.hpp"
#include "spec/arch/spu/context.hpp"
#include "spec/arch/spu/registers.hpp"
#include "spec/kvm/spe/switch_code.hpp"

namespace assay {

// A guest's writes of the buffer registers trap, so only the hypervisor makes these; while it loads
// a guest's registers, profiling is enabled last (W01, W09).
template <class D>
void observe_buffer_write(Step<D>& k, const Spu<D>& spu, const SpeSwitch<D>& sw,
                          FlagCell<D>& loaded) {
  k.require(!is_at<D>(sw, Switch::guest), {"buffer_registers_trap", "v4-30; W01"});
  if (!has_switch_code(k.profile()))
    k.require(
        !is_at<D>(sw, Switch::restoring_guest) || !sw.control_loaded || !(spu.e0spe || spu.e1spe),
        {"buffer_before_control", "SPE-4.10, W09: PMSCR_EL1 last"});
  k.set(loaded, true);
}

template <class D>
void observe_control(Step<D>& k, const Vm<D>& vm, const Spu<D>& spu, SpeSwitch<D>& sw,
                     const SpuWrite<D, PmscrEl1>& w) {
  const Flag<D> enables = field<"e0spe">(w) || field<"e1spe">(w);
  k.require(!is_at<D>(sw, Switch::guest) || !is_of_stopped_vcpu<D>(vm, sw),
            {"registers_of_stopped_guest_trap", "v4-36; SPE-4.8"});
  if (!has_switch_code(k.profile())) {
    k.require(!is_at<D>(sw, Switch::restoring_guest) || !enables ||
                  (sw.pointer_loaded && sw.limit_loaded && sw.status_loaded),
              {"control_after_buffer", "SPE-4.10, W09: PMSCR_EL1 last"});
    // The host of nVHE profiles with PMSCR_EL1; on VHE PMSCR_EL2 comes after the switch.
    k.require(!is_at<D>(sw, Switch::guest_saved) || !enables ||
                  (spu.ptr == sw.host.ptr && spu.limit == sw.host.limit &&
                   iff(spu.service, sw.host.service)),
              {"host_control_last", "SPE-4.10, W09: restore host on nVHE"});
  }
  k.set(sw.control_loaded, true);
}

// On VHE PMSCR_EL2 comes back last, and the host's profiling with it (SPE-4.10).
template <class D>
void observe_control2(Step<D>& k, const Spu<D>& spu, SpeSwitch<D>& sw,
                      const SpuWrite<D, PmscrEl2>& w) {
  k.require(!is_at<D>(sw, Switch::guest), {"control2_is_the_hypervisors", "D24.7 PMSCR_EL2"});
  const Flag<D> is_back =
      is_at<D>(sw, Switch::guest_saved) && spu.e2pb != 2 && holds_all_of_host<D>(spu, sw);
  if (!has_switch_code(k.profile()))
    k.require(!is_between<D>(sw) || !field<"e2spe">(w) || is_back || sw.host_is_back,
              {"no_el2_profiling_in_the_switch", "v4-31; W08"});
  k.set(sw.host_is_back, sw.host_is_back || is_back);
}

template <class D>
void observe_context(Step<D>& k, const SpeSwitch<D>& sw, const SpuContext<D>& now) {
  k.require(!is_between<D>(sw) || now.el == 2, {"switch_runs_at_el2", "SPE-4.10"});
  k.require(
      (!is_at<D>(sw, Switch::guest) && !is_at<D>(sw, Switch::restoring_guest)) || now.e2pb == 2,
      {"guest_keeps_the_buffer", "v4-24; W01"});
}

template <class D>
void observe_fault(Step<D>& k, const Vm<D>& vm, const Spu<D>& spu, const SpeSwitch<D>& sw,
                   const SpuFault<D>& fault) {
  if (!k.is(Behaviour::spe_series)) return;
  k.require(!is_at<D>(sw, Switch::guest) || fault.ec != ec_stage2 ||
                (spu.enable && !is_mapped<D>(vm, sw)),
            {"stage2_has_no_entry", "L20, N01: a mapped buffer does not fault"});
}

// Instructions of the world switch, where the profile says which they are.
template <class D>
void observe_code(Step<D>& k, const Vm<D>& vm, const Spu<D>& spu, const Pe<D>& pe, SpeSwitch<D>& sw,
                  const Call<D>& call) {
  const SwitchCode code = switch_code(k.profile());
  if (code.empty()) return;
  // A guest that runs may break a programming rule of the SPU.
  const Flag<D> runs = sw.next == switch_code_detail::place_of(code, SwitchOp::exit);
  k.set(sw.lawless, sw.lawless || (runs && spu.unpredictable));
  each_switched_register([&]<class Register>(Register) {
    if (const auto* w = call.template as<SpuWrite<D, Register>>())
      follow_write<D, Register>(k, vm, spu, pe, sw, *w);
  });
  if (const auto* now = call.template as<SpuContext<D>>()) follow_context<D>(k, vm, spu, sw, *now);
  const auto barrier = [&](bool is_one, SwitchOp op) {
    if (is_one) follow_code<D>(k, vm, spu, sw, op);
  };
  barrier(call.template as<SpuContextBarrier<D>>() != nullptr, SwitchOp::isb);
  barrier(call.template as<SpuProfilingBarrier<D>>() != nullptr, SwitchOp::psb);
  barrier(call.template as<SpuDataBarrier<D>>() != nullptr, SwitchOp::dsb);
}

template <class D>
void spe_observes(Step<D>& k, Vm<D>& vm, const Call<D>& call) {
  if (call.cpu == nullptr) return;
  k.at(vm.spe_switch, *call.cpu, [&](auto& sw, std::size_t index) {
    const Spu<D>& spu = std::as_const(vm.spu)[index];
    observe_code<D>(k, vm, spu, std::as_const(vm).host.pe[index], sw, call);
    if (call.template as<SpuWrite<D, Pmbptr>>())
      observe_buffer_write<D>(k, spu, sw, sw.pointer_loaded);
    if (call.template as<SpuWrite<D, Pmblimitr>>())
      observe_buffer_write<D>(k, spu, sw, sw.limit_loaded);
    if (call.template as<SpuWrite<D, Pmbsr>>())
      observe_buffer_write<D>(k, spu, sw, sw.status_loaded);
    if (const auto* w = call.template as<SpuWrite<D, PmscrEl1>>())
      observe_control<D>(k, vm, spu, sw, *w);
    if (const auto* w = call.template as<SpuWrite<D, PmscrEl2>>())
      observe_control2<D>(k, spu, sw, *w);
    if (const auto* now = call.template as<SpuContext<D>>()) observe_context<D>(k, sw, *now);
    if (const auto* fault = call.template as<SpuFault<D>>())
      observe_fault<D>(k, vm, spu, sw, *fault);
    if (call.template as<SpuReset<D>>())
      k.require(is_idle<D>(sw), {"no_guest_is_loaded", "a PE is reset with its host"});
  });
}

}  // namespace assay
