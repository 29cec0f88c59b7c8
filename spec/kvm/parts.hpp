// What subjects keep of things that are not theirs: their parts of the VM, of a vCPU, of a memory
// slot. Each is declared in its subject's folder (state.hpp) and put together here, and here only:
// a new subject adds its lines.
#pragma once
#include "spec/arch/pe.hpp"
#include "spec/arch/spu/state.hpp"
#include "spec/kvm/its/state.hpp"
#include "spec/kvm/pmu/state.hpp"
#include "spec/kvm/registers/state.hpp"
#include "spec/kvm/spe/state.hpp"
#include "spec/kvm/vgic/state.hpp"

namespace assay {

template <class D>
struct SlotParts {
  SlotLock<D> lock{};  // the SPE series' lock
  static constexpr auto fields() { return members<&SlotParts::lock>; }
};

template <class D>
struct VcpuParts {
  PmuVcpu<D> pmu{};
  RegistersVcpu<D> registers{};
  SpeVcpu<D> spe{};
  static constexpr auto fields() {
    return members<&VcpuParts::pmu, &VcpuParts::registers, &VcpuParts::spe>;
  }
};

template <class D>
struct VmParts {
  PmuVm<D> pmu{};
  RegistersVm<D> registers{};
  SpeVm<D> spe{};
  Vgic<D> gic{};
  ItsVm<D> itses{};
  static constexpr auto fields() {
    return members<&VmParts::pmu, &VmParts::registers, &VmParts::spe, &VmParts::gic,
                   &VmParts::itses>;
  }
};

// Of the machine, beside which one VM is followed: what it has for each PE, and what the hypervisor
// does there.
template <class D>
struct MachineParts {
  Table<D, PePower<D>, Dim::pe> power{};
  Table<D, Spu<D>, Dim::pe> spu{};
  Table<D, SpeSwitch<D>, Dim::pe> spe_switch{};
  static constexpr auto fields() {
    return members<&MachineParts::power, &MachineParts::spu, &MachineParts::spe_switch>;
  }
};

}  // namespace assay
