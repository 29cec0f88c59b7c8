// kvmclock: KVM_GET_CLOCK, KVM_SET_CLOCK (api.rst 4.29, 4.30).
#pragma once
#include "spec/x86/tsc/sync.hpp"

namespace assay::x86 {

// KVM_CLOCK_TSC_STABLE, KVM_CLOCK_REALTIME, KVM_CLOCK_HOST_TSC.
inline constexpr u64 clock_tsc_stable = 2, clock_realtime = 4, clock_host_tsc = 8;
inline constexpr u64 clock_flags = clock_tsc_stable | clock_realtime | clock_host_tsc;

// ioctl(VM, KVM_GET_CLOCK, {clock, flags, realtime, host_tsc}).
template <class D>
struct GetClock {
  static constexpr const char* name = "get_clock";
  static constexpr const char* syntax =
      "ioctl(<vm>, KVM_GET_CLOCK, unreadable:{clock=clock, flags=flags, realtime=realtime, "
      "host_tsc=host_tsc})";
  static constexpr const char* source = "api.rst 4.29; x86.c:__get_kvmclock";
  static bool applies(const Profile& p) { return is_kernel(p); }
  static constexpr const char* constants = "flags=KVM_CLOCK_";
  static constexpr unsigned answers = 4;
  Flag<D> unreadable{};
  Word<D, 64> clock{};
  Word<D, 32> flags{};
  Word<D, 64> realtime{}, host_tsc{};
  static constexpr auto fields() {
    return members<&GetClock::unreadable, &GetClock::clock, &GetClock::flags, &GetClock::realtime,
                   &GetClock::host_tsc>;
  }

  void apply(Step<D>& k, Vm<D>& vm) const {
    gate<D>(k, vm);
    k.reject(Errno::fault, unreadable, {"copy_out", "x86.c:kvm_vm_ioctl_get_clock"});
    if (k.is(Behaviour::documented_alternatives)) {
      k.require((flags & ~Word<D, 32>(clock_flags)) == 0, {"known_flags", "api.rst 4.29"});
    } else {
      const Word<D, 32> all = Word<D, 32>(clock_flags), none = Word<D, 32>(0);
      k.require(flags == ite(vm.tsc.masterclock, all, none),
                {"flags_with_masterclock", "x86.c:__get_kvmclock: use_master_clock"});
      k.require(vm.tsc.masterclock || realtime == 0, {"no_realtime", "x86.c: data = { 0 }"});
      k.require(vm.tsc.masterclock || host_tsc == 0, {"no_host_tsc", "x86.c: data = { 0 }"});
    }
    k.require(!vm.tsc.has_floor || clock >= vm.tsc.floor,
              {"not_before_what_was_seen", "TSC-4; api.rst 4.29: monotonicity"});
    k.set(vm.tsc.has_floor, clock < Word<D, 64>(u64{1} << 63));
    k.set(vm.tsc.floor, clock);
  }
};

// ioctl(VM, KVM_SET_CLOCK, {clock, flags, realtime}). With KVM_CLOCK_REALTIME the clock is advanced
// by what has passed since `realtime`, if that is not negative. The other flags are ignored.
template <class D>
struct SetClock {
  static constexpr const char* name = "set_clock";
  static constexpr const char* syntax =
      "ioctl(<vm>, KVM_SET_CLOCK, unreadable:{clock=clock, flags=flags, realtime=realtime})";
  static constexpr const char* source = "api.rst 4.30; x86.c:kvm_vm_ioctl_set_clock";
  static bool applies(const Profile& p) { return is_kernel(p); }
  static constexpr const char* constants = "flags=KVM_CLOCK_";
  Flag<D> unreadable{};
  Word<D, 64> clock{};
  Word<D, 32> flags{};
  Word<D, 64> realtime{};
  static constexpr auto fields() {
    return members<&SetClock::unreadable, &SetClock::clock, &SetClock::flags, &SetClock::realtime>;
  }

  void apply(Step<D>& k, Vm<D>& vm) const {
    gate<D>(k, vm);
    k.reject(Errno::fault, unreadable, {"copy_in", "x86.c:kvm_vm_ioctl_set_clock"});
    k.reject(Errno::inval, (flags & ~Word<D, 32>(clock_flags)) != 0,
             {"unknown_flags", "api.rst 4.30; x86.c: KVM_CLOCK_VALID_FLAGS"});
    update_masterclock<D>(k, vm);
    // Far from 2^64 neither what is added nor what passes later can wrap.
    k.set(vm.tsc.has_floor, clock < Word<D, 64>(u64{1} << 62));
    k.set(vm.tsc.floor, clock);
  }
};

}  // namespace assay::x86
