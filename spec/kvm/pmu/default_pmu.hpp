// The default PMU of a VM whose userspace never chose one.
//
// Before Linux 6.7 the first PMU attribute call creates a throw-away perf event and takes the PMU
// that perf gave it; from 6.7 on it is the first listed PMU whose CPUs include the one that
// executes KVM_ARM_VCPU_INIT. On a host with one PMU both are that PMU.
#pragma once
#include "spec/kvm/vm.hpp"

namespace assay {

// Picks it, or rejects with ENODEV when there is none. `cpu` is where the call executed, 0xffff
// when not told; then every probed PMU is possible.
template <class D>
void pick_default_pmu(Step<D>& k, Vm<D>& vm, const Word<D, 16>& cpu, const Why& none) {
  Flag<D> uncovered = all<D>(vm.host.pmu, [](const auto& p) { return p.type == 0; });
  if (k.is(Behaviour::default_pmu_at_init))
    k.at(vm.host.pe, cpu, [&](const auto& pe) { k.let(uncovered, uncovered || pe.pmu == no_pmu); });
  k.reject(Errno::nodev, uncovered, none);
  if (k.is(Behaviour::default_pmu_at_init)) {
    const Flag<D> some_lack = any<D>(vm.host.pe, [](const auto& pe) { return pe.pmu == no_pmu; });
    k.when(cpu == 0xffff && some_lack, [&] {
      k.may_fail(Errno::nodev, {"cpu_not_told", "pmu-emul.c:kvm_arm_set_default_pmu: ENODEV"});
    });
  }
  Flag<D> picked = false;
  each<D>(vm.host.pmu, [&](const auto& p, std::size_t i) {
    const Flag<D> last = is_last_pmu<D>(vm, i);
    const Flag<D> elected = last || k.choose({"default_pmu", "A-22: which PMU is the default"});
    const Flag<D> this_one = !picked && p.type != 0 && elected;
    k.when(this_one, [&] { k.set(vm.pmu.arm_pmu, p.type); });
    picked = picked || this_one;
  });
  if (k.is(Behaviour::default_pmu_at_init)) {
    // The CPU decides, where it is known and did not change during the call.
    k.at(vm.host.pe, cpu, [&](const auto& pe) {
      k.require(pe.pmu == 0 || vm.pmu.arm_pmu == pe.pmu,
                {"default_pmu_is_of_this_cpu", "pmu-emul.c:kvm_pmu_probe_armpmu"});
    });
  }
}

template <class D>
Flag<D> is_last_pmu(const Vm<D>& vm, std::size_t i) {
  return !any<D>(vm.host.pmu, [&](const auto& p, std::size_t j) {
    return j > i ? Flag<D>(p.type != 0) : Flag<D>(false);
  });
}

}  // namespace assay
