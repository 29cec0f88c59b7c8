// KVM on x86, as a system: its state, and what tools may ask of its hosts. What it has besides
// (profiles, requests without rules) stands in x86_kvm.cpp, its subjects in CMakeLists.txt.
#pragma once
#include "spec/system.hpp"
#include "spec/x86_subject.hpp"

namespace assay {

struct X86Kvm {
  // `host`, what the implementation runs on, is the first member of its field list.
  template <class D>
  using State = x86::Vm<D>;

  // All but the rules and handles, which come from the subjects.
  static SystemInfo info();

  // --- hosts ---
  static x86::Host<Concrete> usual_host();
  static x86::Host<Concrete> typical_host(const Shape& shape);
  static void fit_host(x86::Host<Concrete>&, const Shape&) {}
  static std::vector<u64> cpus(const x86::Host<Concrete>&) { return {}; }

  // --- what proofs assume and ask ---
  template <class D>
  static Flag<D> is_possible(const x86::Host<D>& host) {
    return x86::host_is_possible<D>(host);
  }
  // How many vCPUs userspace makes is a bound of the proof.
  template <class D>
  static Flag<D> fits(const x86::Vm<D>& vm) {
    const Shape& shape = shape_in_use();
    if (shape.grows()) return true;
    return vm.online <= shape.size[static_cast<std::size_t>(x86::Dim::vcpu)];
  }
  // The creating rule has made it.
  template <class D>
  static Flag<D> is_made(const x86::Vm<D>& vm) {
    return vm.created;
  }
  // What is taken for given of a host of which a trace does not tell everything: what no kernel can
  // do without.
  template <class D>
  static std::vector<Flag<D>> least_host(const x86::Host<D>& host) {
    return {host.slots_max > 0, host.vcpus_max > 0, host.vcpu_ids_max >= host.vcpus_max};
  }
};

const System& x86_kvm();

}  // namespace assay
