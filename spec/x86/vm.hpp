// One virtual machine on x86: the state that the rules of spec/x86 read and write. What a subject
// keeps of the VM or of a vCPU is one struct of its folder, and one member here.
#pragma once
#include "model/step.hpp"
#include "spec/x86/host.hpp"
#include "spec/x86/migration/state.hpp"
#include "spec/x86/profiles.hpp"

namespace assay::x86 {

template <class D>
struct Vcpu {
  FlagCell<D> created{};
  WordCell<D, 16> id{};      // KVM_CREATE_VCPU's argument; the table index is creation order
  FlagCell<D> has_run{};     // the guest was entered: kvm_vcpu_has_run()
  FlagCell<D> in_guest{};    // between kvm_entry and kvm_exit
  WordCell<D, 16> on_cpu{};  // where, while in_guest
  PebsVcpu<D> pebs{};
  TscVcpu<D> tsc{};
  static constexpr auto fields() {
    return members<&Vcpu::created, &Vcpu::id, &Vcpu::has_run, &Vcpu::in_guest, &Vcpu::on_cpu,
                   &Vcpu::pebs, &Vcpu::tsc>;
  }
};

// A CPU of the host.
template <class D>
struct Cpu {
  PebsCpu<D> pebs{};
  static constexpr auto fields() { return members<&Cpu::pebs>; }
};

template <class D>
struct Vm {
  using Domain = D;
  Host<D> host{};
  FlagCell<D> created{};
  FlagCell<D> dead{};        // kvm_vm_dead(), kvm_vm_bugged(): every ioctl answers EIO
  FlagCell<D> irqchip{};     // KVM_CREATE_IRQCHIP: local APICs are KVM's
  WordCell<D, 16> online{};  // vCPUs created so far; also the index of the next one
  TscVm<D> tsc{};
  Migration<D> migration{};  // of this VM to another host
  Table<D, Vcpu<D>, Dim::vcpu> vcpu{};
  Table<D, Cpu<D>, Dim::cpu> cpu{};
  static constexpr auto fields() {
    return members<&Vm::host, &Vm::created, &Vm::dead, &Vm::irqchip, &Vm::online, &Vm::tsc,
                   &Vm::migration, &Vm::vcpu, &Vm::cpu>;
  }
};

// A vCPU by creation order. A rule that has one concerns an existing vCPU: the caller holds its
// descriptor. Proof and generation take that from `exists`.
struct VcpuId {
  static constexpr Dim dimension = Dim::vcpu;  // of the table that it is an index of
  unsigned index = 0;
};
template <class D>
Flag<D> exists(const Vm<D>& vm, VcpuId v) {
  return vm.vcpu[v.index].created;
}

// The gate of every VM, vCPU and device ioctl: a dead VM answers EIO.
template <class D>
void gate(Step<D>& k, const Vm<D>& vm) {
  k.reject(Errno::io, vm.dead,
           {"vm_dead", "kvm_main.c:kvm_vm_ioctl, kvm_vcpu_ioctl, kvm_device_ioctl; vm_dead"});
}

// KVM_CHECK_EXTENSION: the capability that is asked for.
template <class D>
void answer_extension(Step<D>& k, const Word<D, 32>& cap, u64 number, const Word<D, 64>& value,
                      const Why& why) {
  k.when(cap == number, [&] { k.returns(value, why); });
}

}  // namespace assay::x86
