// How writes of TSC offsets decide whether kvmclock is a masterclock (x86.c:__kvm_synchronize_tsc,
// kvm_track_tsc_matching, pvclock_update_vm_gtod_copy).
#pragma once
#include "spec/x86/vm.hpp"

namespace assay::x86 {

// The rate that a new vCPU gets.
template <class D>
Word<D, 32> tsc_khz_of_vm(const Vm<D>& vm) {
  return ite(vm.tsc.khz_is_set, plain(vm.tsc.khz), plain(vm.host.tsc.khz));
}

template <class D>
Flag<D> is_above_host(const Vm<D>& vm, const Word<D, 32>& khz) {
  return !vm.host.tsc.scales && khz > vm.host.tsc.khz_most;
}

// All of `online` vCPUs have the offset of the present generation.
template <class D>
Flag<D> all_are_matched(const Vm<D>& vm, const Word<D, 16>& online) {
  return vm.tsc.matched + 1 == online;
}

// A vCPU's offset was written. `online` counts the vCPU, also one that is just being made.
template <class D>
void synchronize_tsc(Step<D>& k, Vm<D>& vm, Vcpu<D>& cpu, const Word<D, 16>& online,
                     const TscOffset<D>& offset, const Flag<D>& matches) {
  auto& tsc = vm.tsc;
  const Flag<D> is_new = !cpu.tsc.is_current;
  k.set(tsc.last_khz, cpu.tsc.khz);
  k.set(tsc.offset.is_told, offset.is_told);
  k.set(tsc.offset.value, offset.value);
  k.set(cpu.tsc.offset.is_told, offset.is_told);
  k.set(cpu.tsc.offset.value, offset.value);
  k.when(!matches, [&] {
    each<D>(vm.vcpu, [&](auto& other) { k.set(other.tsc.is_current, false); });
    k.set(tsc.matched, Word<D, 16>(0));
  });
  k.when(matches && is_new, [&] { k.set(tsc.matched, tsc.matched + 1); });
  k.set(cpu.tsc.is_current, true);

  const Flag<D> can_be = vm.host.tsc.clock_is_tsc && all_are_matched<D>(vm, online);
  const Flag<D> asks = k.is(Behaviour::masterclock_is_left_alone)
                           ? (vm.tsc.masterclock && !matches) || !iff(vm.tsc.masterclock, can_be)
                           : vm.tsc.masterclock || can_be;
  k.when(asks, [&] { k.set(cpu.tsc.update, true); });
}

// Whether kvmclock is a masterclock is decided anew. What it showed before is no bound any more:
// the two ways of computing it differ by how far the clocks have drifted apart.
template <class D>
void update_masterclock(Step<D>& k, Vm<D>& vm) {
  k.set(vm.tsc.masterclock, vm.host.tsc.clock_is_tsc && all_are_matched<D>(vm, vm.online));
  k.set(vm.tsc.has_floor, false);
}

// --- stages --------------------------------------------------------------------------------------

template <class D>
void tsc_extensions(Step<D>& k, const Vm<D>& vm, const Word<D, 32>& cap) {
  const Word<D, 64> yes = Word<D, 64>(1);
  const Word<D, 64> scales = ite(vm.host.tsc.scales, yes, Word<D, 64>(0));
  answer_extension<D>(k, cap, 39, Word<D, 64>(0xe),
                      {"adjust_clock", "api.rst 4.29: KVM_CAP_ADJUST_CLOCK"});
  answer_extension<D>(k, cap, 60, scales, {"tsc_control", "api.rst 4.55: KVM_CAP_TSC_CONTROL"});
  answer_extension<D>(k, cap, 61, yes, {"get_tsc_khz", "api.rst 4.56: KVM_CAP_GET_TSC_KHZ"});
  answer_extension<D>(k, cap, 127, yes,
                      {"vcpu_attributes", "api.rst 4.79: KVM_CAP_VCPU_ATTRIBUTES"});
  answer_extension<D>(k, cap, 214, scales,
                      {"vm_tsc_control", "api.rst 4.55: KVM_CAP_VM_TSC_CONTROL"});
}

// A new vCPU: as if zero had been written to its TSC, which matches whatever was written last at
// its rate. Where it does not, the offset is minus the host's TSC; but a rate that needs scaling on
// a CPU that has none leaves the ratio at zero, and zero times the host's TSC is zero: the guest's
// TSC stands still.
template <class D>
void set_up_tsc(Step<D>& k, Vm<D>& vm, Vcpu<D>& cpu) {
  k.set(cpu.tsc.khz, tsc_khz_of_vm<D>(vm));
  k.set(cpu.tsc.catches_up, is_above_host<D>(vm, cpu.tsc.khz));
  const Flag<D> matches = cpu.tsc.khz != 0 && vm.tsc.last_khz == cpu.tsc.khz;
  TscOffset<D> offset = vm.tsc.offset;
  const Flag<D> stands_still = !vm.host.tsc.scales && (cpu.tsc.khz < vm.host.tsc.khz_least ||
                                                       cpu.tsc.khz > vm.host.tsc.khz_most);
  offset.is_told = ite(matches, plain(vm.tsc.offset.is_told), stands_still);
  offset.value = ite(matches, plain(vm.tsc.offset.value), Word<D, 64>(0));
  synchronize_tsc<D>(k, vm, cpu, vm.online + 1, offset, matches);
}

// KVM_RUN gets as far as the requests that are pending (x86.c:vcpu_enter_guest,
// kvm_guest_time_update).
template <class D>
void serve_clock_requests(Step<D>& k, Vm<D>& vm, Vcpu<D>& cpu) {
  // A vCPU other than the first waits for its startup where the local APICs are KVM's.
  const Flag<D> enters =
      !vm.irqchip || cpu.id == 0 || k.choose({"was_started", "x86.c: KVM_MP_STATE_UNINITIALIZED"});
  k.when(enters && cpu.tsc.catches_up, [&] { k.set(cpu.tsc.offset.is_told, false); });
  k.when(enters && cpu.tsc.update, [&] {
    update_masterclock<D>(k, vm);
    k.set(cpu.tsc.update, false);
  });
}

}  // namespace assay::x86
