// The machine: PEs, and what each of them has. The rules of spec/arch apply to it, or to a part of
// it. They know of nothing that runs there: what a hypervisor promises about an event of the
// hardware, it says where it observes that event (spec/subject.hpp).
#pragma once
#include "model/step.hpp"
#include "spec/arch/pe.hpp"
#include "spec/arch/spu/status.hpp"
#include "spec/profiles.hpp"

namespace assay {

// The tables belong to the state of a system, which hands them out.
template <class D>
struct Machine {
  const Table<D, Pe<D>, Dim::pe>& pe;
  Table<D, Spu<D>, Dim::pe>& spu;
  Table<D, PePower<D>, Dim::pe>& power;
};
// The same for those who only look.
template <class D>
struct MachineView {
  const Table<D, Pe<D>, Dim::pe>& pe;
  const Table<D, Spu<D>, Dim::pe>& spu;
};

// A PE is taken offline, or comes back (CPU hot-plug: /sys/devices/system/cpu/cpuN/online).
template <class D>
struct PeOffline {
  static constexpr const char* name = "cpu_offline";
  static constexpr const char* source = "cpu_hotplug.rst; cpu.c:cpu_down";
  Word<D, 16> cpu{};
  static constexpr auto fields() { return members<&PeOffline::cpu>; }
  void apply(Step<D>& k, Machine<D>& m) const {
    k.at(m.power, cpu, [&](auto& power) { k.set(power.offline, true); });
  }
};
template <class D>
struct PeOnline {
  static constexpr const char* name = "cpu_online";
  static constexpr const char* source = "cpu_hotplug.rst; cpu.c:cpu_up";
  Word<D, 16> cpu{};
  static constexpr auto fields() { return members<&PeOnline::cpu>; }
  void apply(Step<D>& k, Machine<D>& m) const {
    k.at(m.power, cpu, [&](auto& power) { k.set(power.offline, false); });
  }
};

// Runs body(spu, pe) or body(spu, pe, index) for the SPU of a PE, after making sure that the PE may
// have one. PMSVer 0 means that nothing is known of the PE, 0xff that it has no SPE.
template <class D, class Body>
void on_spu(Step<D>& k, Machine<D>& m, const Word<D, 16>& cpu, Body&& body) {
  k.at(m.spu, cpu, [&](auto& spu, std::size_t index) {
    const Pe<D>& pe = m.pe[index];
    k.require(pe.spe != 0xff, {"pe_has_spe", "D24.2.80 ID_AA64DFR0_EL1.PMSVer"});
    if constexpr (requires { body(spu, pe, index); }) body(spu, pe, index);
    else body(spu, pe);
  });
}

// A rule is written for the machine, or for the SPU of the PE that its event names. One whose event
// is recorded in a PMBSR_ELx says what kind of event it is.
template <class D, class Rule>
void apply_on(Machine<D>& m, Step<D>& k, const Rule& rule) {
  if constexpr (requires { rule.apply(k, m); }) rule.apply(k, m);
  else
    on_spu<D>(k, m, rule.cpu, [&](auto& spu, const auto& pe) {
      if constexpr (requires { rule.kind(); })
        record_event<D>(k, spu, rule.kind(), [&](const auto& at) { rule.apply(k, spu, pe, at); });
      else rule.apply(k, spu, pe);
    });
}

}  // namespace assay
