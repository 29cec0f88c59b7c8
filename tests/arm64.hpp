// Shortcuts of tests that speak of one system, arm64 KVM: its rules, its claims, its typed states.
#pragma once
#include "spec/arm64_kvm.hpp"
#include "spec/profiles.hpp"

namespace assay {

inline const std::vector<RuleInfo>& system_rules() { return arm64_kvm().rules(); }
inline u32 rule_named(std::string_view name) { return arm64_kvm().rule_named(name); }
template <class D>
const std::vector<typename OpsOf<D>::type>& system_ops() {
  return arm64_kvm().in<D>().ops;
}
template <class D>
const SystemClaims<D>& system_claims() {
  return arm64_kvm().in<D>().claims;
}
inline const std::vector<StageInfo>& system_stages() { return arm64_kvm().info().stages; }

// A blank state.
template <class D>
SystemState<D> arm64_state() {
  return arm64_kvm().in<D>().blank();
}
// The state, and the host, as the rules see them.
template <class D>
Vm<D>& vm_of(SystemState<D>& state) {
  return state.template as<Vm<D>>();
}
template <class D>
const Vm<D>& vm_of(const SystemState<D>& state) {
  return state.template as<Vm<D>>();
}
inline Host<Concrete>& host_of(SystemHost& host) { return host.as<Host<Concrete>>(); }
inline const Host<Concrete>& host_of(const SystemHost& host) { return host.as<Host<Concrete>>(); }

}  // namespace assay
