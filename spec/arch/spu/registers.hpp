// The registers of an SPU, each in one place (D24.7): its layout, which events its accesses are,
// which members of the state keep it, and what is special about it.
#pragma once
#include "model/dispatch.hpp"
#include "spec/arch/spu/buffer_registers.hpp"
#include "spec/arch/spu/sampling_registers.hpp"

namespace assay {

// All of them, by encoding.
using SpuRegisters =
    TypeList<PmscrEl1, Pmsnevfr, Pmsicr, Pmsirr, Pmsfcr, Pmsevfr, Pmslatfr, Pmsidr, Pmblimitr,
             Pmbptr, Pmbsr, Pmsdsfr, Pmbmar, Pmbidr, PmscrEl2, PmbsrEl2, PmbsrEl3>;
inline constexpr auto spe_sysregs = []<class... R>(TypeList<R...>) {
  return std::array{sysreg_of<R>()...};
}(SpuRegisters{});

// How a hypervisor with VHE reaches the guest's registers: as PMSCR_EL12 and, with FEAT_SPE_EXC, as
// PMBSR_EL12. Its own PMSCR_EL1 is PMSCR_EL2.
inline constexpr std::array spe_register_aliases{
    RegisterAlias{"PMSCR_EL12", {3, 5, 9, 9, 0}, "PMSCR_EL1"},
    RegisterAlias{"PMBSR_EL12", {3, 5, 9, 10, 3}, "PMBSR_EL1"}};

}  // namespace assay
