// What the SPE series add to KVM_CREATE_VM and KVM_CHECK_EXTENSION (SPE-4.1).
#pragma once
#include "spec/kvm/spe/attributes.hpp"
#include "spec/kvm/stage.hpp"

namespace assay {

template <class D>
void spe_vm_is_created(Step<D>& k, Vm<D>& vm, const NewVm&) {
  if (k.is(Behaviour::spe_series)) k.set(vm.spe.perfmon, vm.host.perfmon);
}

// The numbers of the RFC series; later Linux gave them to other capabilities. Of v6 none is known.
template <class D>
void spe_answers_extension(Step<D>& k, Vm<D>& vm, const Extension<D>& asked) {
  if (!pins_memory(k.profile())) return;
  const auto answer = [&](u64 number, u64 value, const Why& why) {
    k.when(asked.cap == number, [&] { k.returns(Word<D, 64>(value), why); });
  };
  const bool v5 = k.is(Behaviour::spe_v5);
  answer(v5 ? 207 : 206, 1,
         {"lock_user_memory_region", "v4-02; v5-02: KVM_CAP_ARM_LOCK_USER_MEMORY_REGION"});
  if (!v5) answer(207, 1, {"supported_cpus", "v4-12: KVM_CAP_ARM_VCPU_SUPPORTED_CPUS"});
  // As far as the host's PEs are known.
  const Flag<D> none =
      !host_has_spe<D>(vm) && any<D>(vm.host.pe, [](const auto& pe) { return pe.spe == 0xff; });
  k.when(host_has_spe<D>(vm), [&] {
    answer(208, 1, {"arm_spe", "v4-14, v4-39: KVM_CAP_ARM_SPE"});
  });
  k.when(none, [&] { answer(208, 0, {"no_arm_spe", "v4-14, v4-39: KVM_CAP_ARM_SPE"}); });
}

}  // namespace assay
