// One virtual machine: the state that the rules of spec/kvm read and write. What subjects keep of
// it, and of its vCPUs and slots, is put together in spec/kvm/parts.hpp.
#pragma once
#include "model/step.hpp"
#include "spec/arch/machine.hpp"
#include "spec/kvm/memslot/state.hpp"
#include "spec/kvm/vcpu/state.hpp"
#include "spec/profiles.hpp"

namespace assay {

template <class D>
struct Vm : VmParts<D>, MachineParts<D> {
  using Parts = PartList<VmParts<D>, MachineParts<D>>;
  using Domain = D;
  Host<D> host{};
  FlagCell<D> created{};
  FlagCell<D> dead{};          // kvm_vm_dead(): every ioctl answers EIO
  NumCell<D> ipa_bytes{};      // 2^IPA bits
  WordCell<D, 16> online{};    // vCPUs created so far; also the index of the next one
  FlagCell<D> vfio{};          // has a KVM_DEV_TYPE_VFIO device
  FlagCell<D> has_ran_once{};  // some vCPU passed all checks of its first run
  FlagCell<D> timers_moved{};  // a timer was given another interrupt than 27 or 30
  FlagCell<D> width_fixed{};   // EL1 register width decided (Linux before 6.7)
  FlagCell<D> is_32bit{};
  FlagCell<D> features_fixed{};  // the VM-wide feature set decided (Linux 6.7 and later)
  WordCell<D, 16> features{};    // that set
  Table<D, Vcpu<D>, Dim::vcpu> vcpu{};
  Table<D, MemSlot<D>, Dim::slot> slot{};
  static constexpr auto fields() {
    return members<&Vm::host, &Vm::created, &Vm::dead, &Vm::ipa_bytes, &Vm::online, &Vm::vfio,
                   &Vm::has_ran_once, &Vm::timers_moved, &Vm::width_fixed, &Vm::is_32bit,
                   &Vm::features_fixed, &Vm::features> +
           VmParts<D>::fields() + members<&Vm::vcpu, &Vm::slot> + MachineParts<D>::fields();
  }

  Machine<D> machine() { return {host.pe, this->spu, this->power}; }
  MachineView<D> machine() const { return {host.pe, this->spu}; }
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

// Whether a PE was taken offline.
template <class D>
Flag<D> is_offline(const Vm<D>& vm, const Word<D, 16>& cpu) {
  return any<D>(vm.power, [&](const auto& power, std::size_t i) {
    return cpu == Word<D, 16>(i) && power.offline;
  });
}

// The gate of every VM, vCPU and device ioctl (KVM-1.1): a dead VM answers EIO.
template <class D>
void gate(Step<D>& k, const Vm<D>& vm) {
  k.reject(Errno::io, vm.dead,
           {"vm_dead", "kvm_main.c:kvm_vm_ioctl, kvm_vcpu_ioctl, kvm_device_ioctl; vm_dead"});
}

// Whether a vCPU has a feature, as vcpu_has_feature() sees it: the VM's set from Linux 6.7 on, the
// vCPU's own bitmap before.
template <class D>
Flag<D> has(const Step<D>& k, const Vm<D>& vm, const Vcpu<D>& cpu, Feature f) {
  if (k.is(Behaviour::features_belong_to_vm))
    return bit(plain(vm.features), static_cast<unsigned>(f));
  return bit(plain(cpu.features), static_cast<unsigned>(f));
}

}  // namespace assay
