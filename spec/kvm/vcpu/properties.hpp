// What runs keep (vcpu.rst 1.4).
#pragma once
#include "spec/arm64_subject.hpp"
#include "spec/kvm/vcpu/rules.hpp"

namespace assay {

// A vCPU on a PE of another PMU than its VM's is refused with KVM_EXIT_FAIL_ENTRY, which is no
// error of KVM_RUN. Said of the SPE series, whose literature asks it; what kernels answer the
// rule's own check judges, and a trace of runs is not slowed by asking twice.
template <class D>
void vcpu_properties(const Taken<D>& t, const SayProperty<D>& say) {
  const VcpuRun<D>* call = t.template as<VcpuRun<D>>();
  if (call == nullptr || !t.profile.is(Behaviour::spe_series)) return;
  const VcpuRun<D>& run = *call;
  const Flag<D> refused = run.exit_reason == VcpuRun<D>::exit_fail_entry;
  const Flag<D> told = t.succeeds && run.exit_reason != VcpuRun<D>::not_told_32;
  auto on_its_pe = [&](auto&& holds) {
    return of_entry<D>(t.before.host.pe, run.cpu,
                       [&](const auto& pe, std::size_t) { return holds(pe); });
  };
  say("unsupported_cpu_is_a_failed_entry", on_its_pe([&](const auto& pe) {
        const Flag<D> named = run.fail_cpu == VcpuRun<D>::not_told_16 || run.fail_cpu == run.cpu;
        return !told || runs_on<D>(t.before, pe) || (refused && named);
      }),
      "V04; vcpu.rst 1.4");
}

}  // namespace assay
