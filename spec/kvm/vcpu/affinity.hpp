// The affinity by which others find a vCPU, as a reset makes it of its id (sys_regs.c:reset_mpidr).
#pragma once
#include "spec/kvm/vm.hpp"

namespace assay {

// Whether the lower two levels, Aff1:Aff0, are those of the vCPU's id: four bits of it, and the
// rest in the next level. The upper two are zero.
template <class D>
Flag<D> is_affinity_of_id(const Word<D, 16>& levels, const Vcpu<D>& cpu) {
  const Word<D, 16> id = plain(cpu.id);
  return field_bits<4>(levels, 0) == field_bits<4>(id, 0) && field_bits<4>(levels, 4) == 0 &&
         field_bits<8>(levels, 8) == field_bits<8>(id, 4);
}

}  // namespace assay
