// What is always true of generations of TSC offsets and of the masterclock.
#pragma once
#include "spec/x86/tsc/rules.hpp"
#include "spec/x86_subject.hpp"

namespace assay::x86 {

template <class D>
Flag<D> is_of_generation(const Vcpu<D>& cpu) {
  return cpu.created && cpu.tsc.is_current;
}
template <class D>
Flag<D> is_same_offset(const TscOffset<D>& a, const TscOffset<D>& b) {
  return iff(a.is_told, b.is_told) && (!a.is_told || a.value == b.value);
}

// All vCPUs of the present generation have its offset, but those that catch up.
template <class D>
Flag<D> tsc_generation_has_one_offset(const Vm<D>& vm) {
  return all<D>(vm.vcpu, [&](const auto& c) {
    return !is_of_generation<D>(c) || c.tsc.catches_up ||
           is_same_offset<D>(c.tsc.offset, vm.tsc.offset);
  });
}

// KVM counts them rightly: that is what it decides by whether all vCPUs agree.
template <class D>
Flag<D> tsc_matches_are_counted(const Vm<D>& vm) {
  using W = Word<D, 16>;
  W count = W(0);
  vm.vcpu.for_each(
      [&](const auto& c, std::size_t) { count = count + ite(is_of_generation<D>(c), W(1), W(0)); });
  return ite(vm.online == 0, vm.tsc.matched == 0, vm.tsc.matched + 1 == count);
}

// A vCPU that does not exist belongs to no generation, and asks for nothing.
template <class D>
Flag<D> tsc_of_absent_vcpu_is_blank(const Vm<D>& vm) {
  return all<D>(vm.vcpu, [](const auto& c) {
    return c.created || (!c.tsc.is_current && !c.tsc.update && c.tsc.khz == 0);
  });
}

// No vCPU's TSC was written before there was one, and no rate is zero.
template <class D>
Flag<D> tsc_rates_are_known(const Vm<D>& vm) {
  return (vm.online != 0 || vm.tsc.last_khz == 0) && (!vm.tsc.khz_is_set || vm.tsc.khz != 0);
}

// While kvmclock is a masterclock, and nothing asks for another decision, all vCPUs are of one
// generation: one computation is right for all of them, unless one catches up.
template <class D>
Flag<D> masterclock_means_one_offset(const Vm<D>& vm) {
  const Flag<D> is_settled =
      vm.tsc.masterclock && all<D>(vm.vcpu, [](const auto& c) { return !c.tsc.update; });
  return !is_settled || all<D>(vm.vcpu, [&](const auto& c) {
    return !c.created || (c.tsc.is_current &&
                          (c.tsc.catches_up || is_same_offset<D>(c.tsc.offset, vm.tsc.offset)));
  });
}

}  // namespace assay::x86
