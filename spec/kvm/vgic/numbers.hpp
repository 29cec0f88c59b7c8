// Interrupt numbers, as the attributes of other subjects name them.
#pragma once
#include "spec/kvm/vm.hpp"

namespace assay {

// Private peripheral interrupts and the range of shared ones (uapi/asm/kvm.h, vgic.h).
template <class D>
Flag<D> is_ppi(const Word<D, 32>& intid) {
  return intid >= 16 && intid < 32;
}
template <class D>
Flag<D> is_spi(const Word<D, 32>& intid) {
  return intid >= 32 && intid <= 1019;
}
// An SPI that the VM's vGIC has (arm_vgic.h:vgic_valid_spi).
template <class D>
Flag<D> is_valid_spi(const Vm<D>& vm, const Word<D, 32>& intid) {
  return intid >= 32 && intid < zero_extend<32>(plain(vm.gic.spis)) + 32;
}

}  // namespace assay
