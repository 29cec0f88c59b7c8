// KVM on arm64, as a system: its state, and what tools may ask of its hosts. What it has besides
// (profiles, registers, stages) stands in arm64_kvm.cpp, its subjects in CMakeLists.txt.
#pragma once
#include "spec/arm64_subject.hpp"
#include "spec/kvm/host_assumptions.hpp"
#include "spec/system.hpp"

namespace assay {

struct Arm64Kvm {
  // `host`, what the implementation runs on, is the first member of its field list.
  template <class D>
  using State = Vm<D>;

  // All but the rules and handles, which come from the subjects.
  static SystemInfo info();

  // --- hosts ---
  // As the laboratory's kernels show it.
  static Host<Concrete> usual_host();
  static Host<Concrete> typical_host(const Shape& shape);
  // Slots are bounded by the host's own limit.
  static void fit_host(Host<Concrete>& host, const Shape& shape);
  static std::vector<u64> cpus(const Host<Concrete>& host);

  // --- what proofs assume and ask ---
  template <class D>
  static Flag<D> is_possible(const Host<D>& host) {
    return host_is_possible<D>(host);
  }
  template <class D>
  static Flag<D> fits(const Vm<D>& vm) {
    return fits_shape<D>(vm);
  }
  // The creating rule has made it.
  template <class D>
  static Flag<D> is_made(const Vm<D>& vm) {
    return vm.created;
  }
  // What is taken for given of a host of which a trace does not tell everything. Less than
  // is_possible(): only what no kernel can do without.
  template <class D>
  static std::vector<Flag<D>> least_host(const Host<D>& host) {
    using W = Word<D, 8>;
    return {host.slots_max > 0, host.vcpus_max > 0, W(32) <= host.ipa_bits_max,
            host.ipa_bits_max <= W(52)};
  }
};

const System& arm64_kvm();

// The architecture's rules are written for the machine.
template <class D, class Rule>
void apply_to_part(const Rule& rule, Step<D>& k, Vm<D>& vm) {
  Machine<D> machine = vm.machine();
  apply_on(machine, k, rule);
  observe<Arm64Kvm, D>(k, vm, call_of<D>(rule));
}

}  // namespace assay
