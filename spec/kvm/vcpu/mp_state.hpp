// What userspace sets and asks of a vCPU besides its registers: whether it runs, pending events,
// debugging (api.rst 4.31, 4.32, 4.38, 4.39, 4.87).
#pragma once
#include "spec/kvm/vm.hpp"

namespace assay {

// KVM_MP_STATE_*, as far as arm64 has them.
inline constexpr u64 mp_runnable = 0, mp_stopped = 5, mp_suspended = 10;
template <class W>
auto is_mp_state(const W& state) {
  return state == mp_runnable || state == mp_stopped || state == mp_suspended;
}

// ioctl(vCPU, KVM_SET_MP_STATE, {mp_state}). It may come before KVM_ARM_VCPU_INIT.
template <class D>
struct SetMpState {
  static constexpr const char* name = "set_mp_state";
  static constexpr const char* syntax =
      "ioctl(<vcpu>, KVM_SET_MP_STATE, unreadable:{mp_state=state})";
  static constexpr const char* source = "api.rst 4.39; arm.c:kvm_arch_vcpu_ioctl_set_mpstate";
  static constexpr const char* constants = "state=KVM_MP_STATE_";
  VcpuId vcpu{};
  Flag<D> unreadable{};
  Word<D, 32> state{};
  static constexpr auto fields() {
    return members<&SetMpState::vcpu, &SetMpState::unreadable, &SetMpState::state>;
  }

  void apply(Step<D>& k, Vm<D>& vm) const {
    gate<D>(k, vm);
    k.reject(Errno::fault, unreadable, {"copy_in", "kvm_main.c: copy_from_user"});
    k.reject(Errno::inval, !is_mp_state(state),
             {"unknown_state", "api.rst 4.39: RUNNABLE, STOPPED and SUSPENDED are of arm64"});
    k.set(vm.vcpu[vcpu.index].mp_state, truncate<4>(state));
  }
};

// ioctl(vCPU, KVM_GET_MP_STATE, {mp_state}).
template <class D>
struct GetMpState {
  static constexpr const char* name = "get_mp_state";
  static constexpr const char* syntax =
      "ioctl(<vcpu>, KVM_GET_MP_STATE, unreadable:{mp_state=state})";
  static constexpr const char* source = "api.rst 4.38; arm.c:kvm_arch_vcpu_ioctl_get_mpstate";
  static constexpr const char* constants = "state=KVM_MP_STATE_";
  VcpuId vcpu{};
  Flag<D> unreadable{};
  Word<D, 32> state{};  // answered by the kernel
  static constexpr unsigned answers = 1;
  static constexpr auto fields() {
    return members<&GetMpState::vcpu, &GetMpState::unreadable, &GetMpState::state>;
  }

  void apply(Step<D>& k, Vm<D>& vm) const {
    gate<D>(k, vm);
    k.reject(Errno::fault, unreadable, {"copy_out", "kvm_main.c: copy_to_user"});
    k.require(is_mp_state(state), {"state_is_known", "api.rst 4.38"});
    // A guest that runs turns vCPUs on and off, itself and others (PSCI).
    k.require(vm.has_ran_once || truncate<4>(state) == vm.vcpu[vcpu.index].mp_state,
              {"state_as_set", "api.rst 4.38, 4.39; arm.c:kvm_arch_vcpu_ioctl_vcpu_init"});
  }
};

// Events are of an initialised vCPU. The first releases of 6.1 did not ask: 6.1.176
// answers, 6.1.192 refuses, and the documentation does not say.
template <class D>
void events_need_init(Step<D>& k, const Vm<D>& vm, VcpuId v) {
  const Why why = {"not_initialized", "arm.c:kvm_arch_vcpu_ioctl: ENOEXEC"};
  const Flag<D> blank = !vm.vcpu[v.index].initialized;
  const bool always =
      k.is(Behaviour::features_belong_to_vm) && !k.is(Behaviour::documented_alternatives);
  if (always) k.reject(Errno::noexec, blank, why);
  else k.when(blank, [&] { k.may_fail(Errno::noexec, why); });
}

// ioctl(vCPU, KVM_GET_VCPU_EVENTS).
template <class D>
struct GetVcpuEvents {
  static constexpr const char* name = "get_vcpu_events";
  static constexpr const char* syntax =
      "ioctl(<vcpu>, KVM_GET_VCPU_EVENTS, unreadable:{serror_pending=serror})";
  static constexpr const char* source = "api.rst 4.31; arm.c:kvm_arch_vcpu_ioctl";
  VcpuId vcpu{};
  Flag<D> unreadable{};
  Word<D, 8> serror{};  // answered by the kernel
  static constexpr unsigned answers = 1;
  static constexpr auto fields() {
    return members<&GetVcpuEvents::vcpu, &GetVcpuEvents::unreadable, &GetVcpuEvents::serror>;
  }

  void apply(Step<D>& k, Vm<D>& vm) const {
    gate<D>(k, vm);
    events_need_init<D>(k, vm, vcpu);
    k.reject(Errno::fault, unreadable, {"copy_out", "arm.c: copy_to_user"});
    k.require(serror <= 1, {"pending_or_not", "api.rst 4.31: serror_pending"});
  }
};

// ioctl(vCPU, KVM_SET_VCPU_EVENTS, {serror_pending, serror_has_esr, ext_dabt_pending, serror_esr}).
template <class D>
struct SetVcpuEvents {
  static constexpr const char* name = "set_vcpu_events";
  static constexpr const char* syntax =
      "ioctl(<vcpu>, KVM_SET_VCPU_EVENTS, unreadable:{serror_pending=serror, "
      "serror_has_esr=has_esr, serror_esr=esr})";
  static constexpr const char* source = "api.rst 4.32; guest.c:__kvm_arm_vcpu_set_events";
  static constexpr u64 syndrome_bits = (u64{1} << 25) - 1;  // ESR_ELx.ISS
  VcpuId vcpu{};
  Flag<D> unreadable{};
  Word<D, 8> serror{}, has_esr{};
  Word<D, 64> esr{};
  static constexpr auto fields() {
    return members<&SetVcpuEvents::vcpu, &SetVcpuEvents::unreadable, &SetVcpuEvents::serror,
                   &SetVcpuEvents::has_esr, &SetVcpuEvents::esr>;
  }

  void apply(Step<D>& k, Vm<D>& vm) const {
    const Flag<D> sets_syndrome = serror != 0 && has_esr != 0;
    gate<D>(k, vm);
    events_need_init<D>(k, vm, vcpu);
    k.reject(Errno::fault, unreadable, {"copy_in", "arm.c: copy_from_user"});
    k.reject(Errno::inval, sets_syndrome && (esr & Word<D, 64>(~syndrome_bits)) != 0,
             {"syndrome_has_other_bits", "api.rst 4.32: ISS only"});
    k.when(sets_syndrome, [&] {
      k.may_fail(Errno::inval, {"no_ras", "api.rst 4.32: a syndrome needs FEAT_RAS"});
    });
  }
};

// ioctl(vCPU, KVM_SET_GUEST_DEBUG, {control, ...}).
template <class D>
struct SetGuestDebug {
  static constexpr const char* name = "set_guest_debug";
  static constexpr const char* syntax =
      "ioctl(<vcpu>, KVM_SET_GUEST_DEBUG, unreadable:{control=control})";
  static constexpr const char* source = "api.rst 4.87; guest.c:kvm_arch_vcpu_ioctl_set_guest_debug";
  static constexpr const char* constants = "control=KVM_GUESTDBG_";
  static constexpr u64 known = 0x30003;  // ENABLE, SINGLESTEP, USE_SW_BP, USE_HW
  VcpuId vcpu{};
  Flag<D> unreadable{};
  Word<D, 32> control{};
  static constexpr auto fields() {
    return members<&SetGuestDebug::vcpu, &SetGuestDebug::unreadable, &SetGuestDebug::control>;
  }

  void apply(Step<D>& k, Vm<D>& vm) const {
    gate<D>(k, vm);
    k.reject(Errno::fault, unreadable, {"copy_in", "kvm_main.c: copy_from_user"});
    k.reject(Errno::inval, (control & Word<D, 32>(~known & 0xffffffff)) != 0,
             {"unknown_control", "guest.c:kvm_arch_vcpu_ioctl_set_guest_debug"});
  }
};

}  // namespace assay
