// The rate and the offset of a guest's TSC: KVM_SET_TSC_KHZ, KVM_GET_TSC_KHZ (api.rst 4.55, 4.56),
// KVM_VCPU_TSC_CTRL (devices/vcpu.rst 4.1).
#pragma once
#include "spec/x86/tsc/sync.hpp"

namespace assay::x86 {

// --- the rate
// -------------------------------------------------------------------------------------

// Zero asks for the host's rate. The upper half of the argument is not looked at.
template <class D>
Word<D, 32> tsc_khz_asked_for(const Vm<D>& vm, const Word<D, 64>& argument) {
  const Word<D, 32> khz = truncate<32>(argument);
  return ite(khz == 0, plain(vm.host.tsc.khz), khz);
}
template <class D>
void refuse_rate_beyond_scaling(Step<D>& k, const Vm<D>& vm, const Word<D, 64>& argument) {
  k.reject(Errno::inval, vm.host.tsc.scales && truncate<32>(argument) >= vm.host.tsc.khz_max,
           {"beyond_scaling", "api.rst 4.55; x86.c: max_guest_tsc_khz"});
}

// ioctl(VM, KVM_SET_TSC_KHZ, kHz): of vCPUs that are made later.
template <class D>
struct SetTscKhzOfVm {
  static constexpr const char* name = "set_tsc_khz_of_vm";
  static constexpr const char* syntax = "ioctl(<vm>, KVM_SET_TSC_KHZ, khz)";
  static constexpr const char* source = "api.rst 4.55; x86.c:kvm_arch_vm_ioctl";
  static bool applies(const Profile& p) { return is_kernel(p); }
  Word<D, 64> khz{};
  static constexpr auto fields() { return members<&SetTscKhzOfVm::khz>; }

  void apply(Step<D>& k, Vm<D>& vm) const {
    gate<D>(k, vm);
    refuse_rate_beyond_scaling<D>(k, vm, khz);
    if (k.is(Behaviour::vm_rate_comes_before_vcpus))
      k.reject(Errno::inval, vm.online != 0,
               {"vcpus_exist", "api.rst 4.55: only allowed prior to creating vCPUs"});
    k.set(vm.tsc.khz, tsc_khz_asked_for<D>(vm, khz));
    k.set(vm.tsc.khz_is_set, true);
  }
};

// ioctl(vCPU, KVM_SET_TSC_KHZ, kHz). A CPU that cannot scale reaches a higher rate by catching up
// and a lower one not at all, but the vCPU keeps the rate that was refused.
template <class D>
struct SetTscKhz {
  static constexpr const char* name = "set_tsc_khz";
  static constexpr const char* syntax = "ioctl(<vcpu>, KVM_SET_TSC_KHZ, khz)";
  static constexpr const char* source = "api.rst 4.55; x86.c:kvm_set_tsc_khz";
  static bool applies(const Profile& p) { return is_kernel(p); }
  VcpuId vcpu{};
  Word<D, 64> khz{};
  static constexpr auto fields() { return members<&SetTscKhz::vcpu, &SetTscKhz::khz>; }

  void apply(Step<D>& k, Vm<D>& vm) const {
    auto& cpu = vm.vcpu[vcpu.index];
    const auto& host = vm.host.tsc;
    const Word<D, 32> wanted = tsc_khz_asked_for<D>(vm, khz);
    gate<D>(k, vm);
    refuse_rate_beyond_scaling<D>(k, vm, khz);
    k.set(cpu.tsc.khz, wanted);
    k.when(is_above_host<D>(vm, wanted), [&] { k.set(cpu.tsc.catches_up, true); });
    k.reject(Errno::inval, !host.scales && wanted < host.khz_least,
             {"slower_than_host", "api.rst 4.55; x86.c:set_tsc_khz"});
    k.when(host.scales && (wanted < host.khz_least || wanted > host.khz_most), [&] {
      k.may_fail(Errno::inval, {"no_such_ratio", "x86.c:set_tsc_khz: max_tsc_scaling_ratio"});
    });
  }
};

// What KVM_GET_TSC_KHZ answers is an int in the kernel: a rate whose upper bit is set comes back
// negative, and the highest ones as errors.
template <class D>
void answer_khz(Step<D>& k, const Vm<D>& vm, const Word<D, 32>& khz) {
  constexpr u64 int_max = 0x7fffffff, all = 0xffffffff, errno_max = 4095;
  gate<D>(k, vm);
  if (k.is(Behaviour::documented_alternatives))
    k.may_fail(Errno::io, {"host_is_unstable", "api.rst 4.56: EIO"});
  unsigned count = 0;
  const Errno* const errors = all_errnos(count);
  const Why reads_as_error{"rate_reads_as_error", "kvm_main.c:kvm_vcpu_ioctl: int r"};
  for (unsigned i = 0; i < count; ++i)
    if (errors[i] != Errno::ok)
      k.reject(errors[i], khz == all + 1 - static_cast<u64>(errors[i]), reads_as_error);
  k.reject(Errno::unlisted, khz > all - errno_max, reads_as_error);
  const Word<D, 64> wide = zero_extend<64>(khz);
  k.returns(ite(khz > int_max, wide | Word<D, 64>(all << 32), wide),
            {"rate", "api.rst 4.56; x86.c: virtual_tsc_khz, default_tsc_khz"});
}

// ioctl(VM, KVM_GET_TSC_KHZ).
template <class D>
struct GetTscKhzOfVm {
  static constexpr const char* name = "get_tsc_khz_of_vm";
  static constexpr const char* syntax = "ioctl(<vm>, KVM_GET_TSC_KHZ)";
  static constexpr const char* source = "api.rst 4.56; x86.c:kvm_arch_vm_ioctl";
  static bool applies(const Profile& p) { return is_kernel(p); }
  static constexpr auto fields() { return members<>; }

  void apply(Step<D>& k, Vm<D>& vm) const { answer_khz<D>(k, vm, tsc_khz_of_vm<D>(vm)); }
};

// ioctl(vCPU, KVM_GET_TSC_KHZ).
template <class D>
struct GetTscKhz {
  static constexpr const char* name = "get_tsc_khz";
  static constexpr const char* syntax = "ioctl(<vcpu>, KVM_GET_TSC_KHZ)";
  static constexpr const char* source = "api.rst 4.56; x86.c:kvm_arch_vcpu_ioctl";
  static bool applies(const Profile& p) { return is_kernel(p); }
  VcpuId vcpu{};
  static constexpr auto fields() { return members<&GetTscKhz::vcpu>; }

  void apply(Step<D>& k, Vm<D>& vm) const { answer_khz<D>(k, vm, vm.vcpu[vcpu.index].tsc.khz); }
};

// --- the offset
// -----------------------------------------------------------------------------------

// What all three calls on an attribute of a vCPU check: there is one group, with one attribute.
template <class D>
void refuse_other_attributes(Step<D>& k, const Vm<D>& vm, const Word<D, 32>& group,
                             const Word<D, 64>& attr) {
  gate<D>(k, vm);
  k.reject(Errno::nxio, group != 0,
           {"no_such_group", "vcpu.rst 4.1; x86.c:kvm_vcpu_ioctl_device_attr"});
  k.reject(Errno::nxio, attr != 0, {"no_such_attribute", "vcpu.rst 4.1: ENXIO"});
}

template <class D>
struct HasTscOffset {
  static constexpr const char* name = "x86_has_vcpu_attribute";
  static constexpr const char* syntax =
      "ioctl(<vcpu>, KVM_HAS_DEVICE_ATTR, {group=group, attr=attr})";
  static constexpr const char* source = "vcpu.rst 4.1; x86.c:kvm_arch_tsc_has_attr";
  static bool applies(const Profile& p) { return is_kernel(p); }
  VcpuId vcpu{};
  Word<D, 32> group{};
  Word<D, 64> attr{};
  static constexpr auto fields() {
    return members<&HasTscOffset::vcpu, &HasTscOffset::group, &HasTscOffset::attr>;
  }
  void apply(Step<D>& k, Vm<D>& vm) const { refuse_other_attributes<D>(k, vm, group, attr); }
};

template <class D>
struct GetTscOffset {
  static constexpr const char* name = "get_tsc_offset";
  static constexpr const char* syntax =
      "ioctl(<vcpu>, KVM_GET_DEVICE_ATTR, {group=group, attr=attr, addr=unreadable:[offset]})";
  static constexpr const char* source = "vcpu.rst 4.1; x86.c:kvm_arch_tsc_get_attr";
  static bool applies(const Profile& p) { return is_kernel(p); }
  static constexpr unsigned answers = 1;
  VcpuId vcpu{};
  Word<D, 32> group{};
  Word<D, 64> attr{};
  Flag<D> unreadable{};
  Word<D, 64> offset{};
  static constexpr auto fields() {
    return members<&GetTscOffset::vcpu, &GetTscOffset::group, &GetTscOffset::attr,
                   &GetTscOffset::unreadable, &GetTscOffset::offset>;
  }

  void apply(Step<D>& k, Vm<D>& vm) const {
    const auto& tsc = vm.vcpu[vcpu.index].tsc;
    refuse_other_attributes<D>(k, vm, group, attr);
    k.reject(Errno::fault, unreadable, {"copy_out", "vcpu.rst 4.1: EFAULT"});
    const Flag<D> is_news = !tsc.offset.is_told;
    k.require(is_news || offset == tsc.offset.value,
              {"offset_as_kept", "vcpu.rst 4.1; x86.c: l1_tsc_offset"});
    k.when(is_news, [&] { tell_offset(k, vm); });
  }

 private:
  // All vCPUs of the present generation have one offset, but those that catch up.
  void tell_offset(Step<D>& k, Vm<D>& vm) const {
    auto& own = vm.vcpu[vcpu.index].tsc;
    k.set(own.offset.is_told, true);
    k.set(own.offset.value, offset);
    k.when(own.is_current && !own.catches_up, [&] {
      each<D>(vm.vcpu, [&](auto& other) {
        k.when(other.tsc.is_current && !other.tsc.catches_up, [&] {
          k.set(other.tsc.offset.is_told, true);
          k.set(other.tsc.offset.value, offset);
        });
      });
      k.set(vm.tsc.offset.is_told, true);
      k.set(vm.tsc.offset.value, offset);
    });
  }
};

// An offset that KVM computed and nobody has read is taken to be none that userspace writes.
template <class D>
struct SetTscOffset {
  static constexpr const char* name = "set_tsc_offset";
  static constexpr const char* syntax =
      "ioctl(<vcpu>, KVM_SET_DEVICE_ATTR, {group=group, attr=attr, addr=unreadable:[offset]})";
  static constexpr const char* source = "vcpu.rst 4.1; x86.c:kvm_arch_tsc_set_attr";
  static bool applies(const Profile& p) { return is_kernel(p); }
  VcpuId vcpu{};
  Word<D, 32> group{};
  Word<D, 64> attr{};
  Flag<D> unreadable{};
  Word<D, 64> offset{};
  static constexpr auto fields() {
    return members<&SetTscOffset::vcpu, &SetTscOffset::group, &SetTscOffset::attr,
                   &SetTscOffset::unreadable, &SetTscOffset::offset>;
  }

  void apply(Step<D>& k, Vm<D>& vm) const {
    auto& cpu = vm.vcpu[vcpu.index];
    refuse_other_attributes<D>(k, vm, group, attr);
    k.reject(Errno::fault, unreadable, {"copy_in", "vcpu.rst 4.1: EFAULT"});
    const auto& last = vm.tsc;
    const Flag<D> matches =
        k.guard(last.last_khz == cpu.tsc.khz && last.offset.is_told && last.offset.value == offset,
                {"matches_the_last", "x86.c:kvm_arch_tsc_set_attr: matched"});
    TscOffset<D> written{};
    written.is_told = true;
    written.value = offset;
    synchronize_tsc<D>(k, vm, cpu, vm.online, written, matches);
  }
};

}  // namespace assay::x86
