// Guest writes that do not go to userspace one by one: coalesced MMIO and eventfds (api.rst 4.59,
// 4.116).
#pragma once
#include "spec/kvm/vm.hpp"

namespace assay {

// The two requests about a zone of coalesced MMIO.
struct RegistersZone {
  static constexpr const char* name = "register_coalesced_mmio";
  static constexpr const char* syntax =
      "ioctl(<vm>, KVM_REGISTER_COALESCED_MMIO, unreadable:{pad=pio})";
};
struct UnregistersZone {
  static constexpr const char* name = "unregister_coalesced_mmio";
  static constexpr const char* syntax =
      "ioctl(<vm>, KVM_UNREGISTER_COALESCED_MMIO, unreadable:{pad=pio})";
};
template <class D, class Request>
struct CoalescedMmio {
  static constexpr const char* name = Request::name;
  static constexpr const char* syntax = Request::syntax;
  static constexpr const char* source =
      "api.rst 4.116; coalesced_mmio.c:kvm_vm_ioctl_register_coalesced_mmio";
  Flag<D> unreadable{};
  Word<D, 32> pio{};  // 1: of the port space that x86 has
  static constexpr auto fields() {
    return members<&CoalescedMmio::unreadable, &CoalescedMmio::pio>;
  }

  void apply(Step<D>& k, Vm<D>& vm) const {
    gate<D>(k, vm);
    k.reject(Errno::fault, unreadable, {"copy_in", "kvm_main.c: copy_from_user"});
    k.reject(Errno::inval, pio > 1,
             {"unknown_space", "coalesced_mmio.c:kvm_vm_ioctl_register_coalesced_mmio"});
    // To take one away succeeds whether it was there or not.
    if (std::is_same_v<Request, UnregistersZone>) return;
    k.may_fail(Errno::nospc, {"bus_is_full", "kvm_main.c:kvm_io_bus_register_dev: 1000 devices"});
    k.may_fail(Errno::nomem, {"no_memory", "kvm_main.c:kvm_io_bus_register_dev"});
  }
};

// ioctl(VM, KVM_IOEVENTFD, {datamatch, addr, len, fd, flags}). Which eventfds are attached is no
// part of the state, so that what depends on it may be answered either way.
template <class D>
struct Ioeventfd {
  static constexpr const char* name = "ioeventfd";
  static constexpr const char* syntax =
      "ioctl(<vm>, KVM_IOEVENTFD, unreadable:{addr=address, len=length, flags=flags})";
  static constexpr const char* source = "api.rst 4.59; eventfd.c:kvm_ioeventfd";
  static constexpr const char* constants = "flags=KVM_IOEVENTFD_FLAG_";
  static constexpr unsigned datamatch = 0, deassign = 2;
  static constexpr u64 known_flags = 0xf;
  Flag<D> unreadable{};
  Num<D> address{};
  Word<D, 32> length{}, flags{};
  static constexpr auto fields() {
    return members<&Ioeventfd::unreadable, &Ioeventfd::address, &Ioeventfd::length,
                   &Ioeventfd::flags>;
  }

  void apply(Step<D>& k, Vm<D>& vm) const {
    const Flag<D> assigns = !bit(flags, deassign);
    const Flag<D> is_size = length == 0 || length == 1 || length == 2 || length == 4 || length == 8;
    gate<D>(k, vm);
    k.reject(Errno::fault, unreadable, {"copy_in", "kvm_main.c: copy_from_user"});
    k.reject(Errno::inval, assigns && !is_size,
             {"length_is_no_size", "api.rst 4.59; eventfd.c:kvm_assign_ioeventfd"});
    k.reject(Errno::inval, assigns && address + to_number(length) >= wrap_at<D>(),
             {"address_wraps", "eventfd.c:kvm_assign_ioeventfd"});
    k.reject(Errno::inval, assigns && (flags & Word<D, 32>(~known_flags & 0xffffffff)) != 0,
             {"unknown_flags", "eventfd.c:kvm_assign_ioeventfd"});
    k.reject(Errno::inval, assigns && length == 0 && bit(flags, datamatch),
             {"match_needs_length", "api.rst 4.59; eventfd.c:kvm_assign_ioeventfd"});
    k.may_fail(Errno::badf, {"no_such_file", "eventfd.c: eventfd_ctx_fdget"});
    k.may_fail(Errno::inval, {"no_eventfd", "eventfd.c: eventfd_ctx_fdget"});
    k.when(!assigns, [&] {
      k.may_fail(Errno::noent, {"not_assigned", "eventfd.c:kvm_deassign_ioeventfd_idx"});
    });
    k.when(assigns, [&] {
      k.may_fail(Errno::exist, {"collides", "eventfd.c:ioeventfd_check_collision"});
      k.may_fail(Errno::nospc, {"bus_is_full", "kvm_main.c:kvm_io_bus_register_dev: 1000 devices"});
      k.may_fail(Errno::nomem, {"no_memory", "eventfd.c:kvm_assign_ioeventfd_idx"});
    });
  }
};

}  // namespace assay
