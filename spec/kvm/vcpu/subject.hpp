// vCPUs: initialisation, KVM_RUN, entries and exits. What of it belongs to the system: rules,
// invariants, properties.
#pragma once
#include "spec/arm64_subject.hpp"
#include "spec/kvm/vcpu/invariants.hpp"
#include "spec/kvm/vcpu/mp_state.hpp"
#include "spec/kvm/vcpu/properties.hpp"
#include "spec/kvm/vcpu/pvtime.hpp"
#include "spec/kvm/vcpu/rules.hpp"
#include "spec/kvm/vcpu/timer_attributes.hpp"

namespace assay {

struct KvmVcpu {
  template <class D>
  using Rules =
      TypeList<VcpuInit<D>, VcpuFinalize<D>, VcpuRun<D>, GuestEntry<D>, GuestExit<D>, VcpuLoad<D>,
               VcpuPut<D>, SetAttribute<D, TimerIrq>, GetAttribute<D, TimerIrq>,
               HasAttribute<D, TimerCtrl>, SetAttribute<D, PvtimeIpa>, GetAttribute<D, PvtimeIpa>,
               SetAttribute<D, PvtimeOther>, GetAttribute<D, PvtimeOther>,
               HasAttribute<D, PvtimeCtrl>, SetMpState<D>, GetMpState<D>, GetVcpuEvents<D>,
               SetVcpuEvents<D>, SetGuestDebug<D>>;

  // A PE goes offline only after the threads on it were moved away (cpuhp_thread, sched).
  template <class D>
  static void observes(Step<D>& k, Vm<D>& vm, const Call<D>& call) {
    const PeOffline<D>* offline = call.template as<PeOffline<D>>();
    if (offline == nullptr) return;
    k.require(
        !any<D>(vm.vcpu,
                [&](const auto& c) { return (c.in_guest || c.loaded) && c.on_pe == offline->cpu; }),
        {"no_vcpu_is_there", "cpu.c:cpu_down: threads are moved away first"});
  }

  static constexpr bool is_before_6_7(const Profile& p) {
    return !p.is(Behaviour::features_belong_to_vm);
  }

  template <class D>
  static void invariants(const SayInvariant<D>& say) {
    say(every, "vcpu_never_runs_on_unsupported_cpu", vcpu_never_runs_on_unsupported_cpu<D>,
        "vcpu.rst 1.4");
    say(every, "loaded_vcpus_note_is_true", loaded_vcpus_note_is_true<D>,
        "vcpu.rst 1.4; arm.c:kvm_arch_vcpu_load");
    say(every, "note_is_of_a_load", note_is_of_a_load<D>, "arm.c:kvm_arch_vcpu_put");
    say(every, "guests_run_on_online_pes", guests_run_on_online_pes<D>, "cpu.c:cpu_down");
    say(every, "runner_implies_vm_has_run", runner_implies_vm_has_run<D>,
        "arm.c:kvm_arch_vcpu_run_pid_change");
    say(every, "narrowed_vm_has_pmu", narrowed_vm_has_pmu<D>, "vcpu.rst 1.4");
    say(every, "dead_vm_ran_nothing_new", dead_vm_ran_nothing_new<D>,
        "vgic-init.c:kvm_vgic_map_resources");
    say(every, "interrupts_have_one_owner", interrupts_have_one_owner<D>,
        "vgic.c:kvm_vgic_set_owner");
    say(every, "vcpu_that_ran_is_initialized", vcpu_that_ran_is_initialized<D>, "api.rst 4.82");
    say(is_before_6_7, "initialized_features_fit", initialized_features_fit<D>,
        "reset.c:kvm_reset_vcpu");
  }

  template <class D>
  static void properties(const Taken<D>& t, const SayProperty<D>& say) {
    vcpu_properties(t, say);
  }
};

}  // namespace assay
