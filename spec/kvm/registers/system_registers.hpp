// Which system registers userspace sees, of which vCPUs and on which kernels, and what may be
// written to them (sys_regs.c: sys_reg_descs). What the three kernels answer was asked for each of
// the 32768 encodings, of seven sets of features, before and after a first run.
#pragma once
#include <algorithm>
#include <array>

#include "spec/kvm/vcpu/run.hpp"
#include "spec/register.hpp"

namespace assay {

// Of what a vCPU must have to have them.
enum class Seen : unsigned char { always, pmu, sve, ptrauth, mte, by_hardware, nested };
// What a write does.
enum class Kept : unsigned char {
  value,    // any value is taken
  zero,     // it reads as zero, and zero may be written
  id,       // what the kernel permits, and nothing new once a vCPU has run
  checked,  // what the kernel permits, at any time
};

inline constexpr unsigned char in_6_1 = 1, in_6_12 = 2, in_7_2 = 4;
inline constexpr unsigned char before_7_2 = in_6_1 | in_6_12, since_6_12 = in_6_12 | in_7_2;
inline constexpr unsigned char in_all = before_7_2 | in_7_2;

// The lower half of a register's id is its encoding: op0, op1, CRn, CRm, op2.
struct SystemRegisters {
  u64 first, last;
  unsigned char kernels = in_all;
  Seen seen = Seen::always;
  Kept kept = Kept::value;
  u64 mask = 0xffff;  // of the bits that are compared
};

inline constexpr auto system_registers = [] {
  using enum Seen;
  return std::array{
      SystemRegisters{0x8004, 0x8004, in_all, always, Kept::value, 0xff84},  // DBG[BW][VC]Rn_EL1
      SystemRegisters{0x8010, 0x8010},                                       // MDCCINT_EL1
      SystemRegisters{0x8012, 0x8012},                                       // MDSCR_EL1
      SystemRegisters{0x808c, 0x808c, in_all, always, Kept::checked},        // OSLSR_EL1
      SystemRegisters{0xa038, 0xa038},                                       // DBGVCR32_EL2
      SystemRegisters{0xc000, 0xc000, before_7_2, always, Kept::checked},    // MIDR_EL1
      SystemRegisters{0xc000, 0xc000, in_7_2, always, Kept::id},
      SystemRegisters{0xc005, 0xc005},                                     // MPIDR_EL1
      SystemRegisters{0xc006, 0xc006, before_7_2, always, Kept::checked},  // REVIDR_EL1
      SystemRegisters{0xc006, 0xc006, in_7_2, always, Kept::id},
      SystemRegisters{0xc008, 0xc00a, in_all, always, Kept::id},    // ID_PFR0_EL1 to ID_DFR0_EL1
      SystemRegisters{0xc00b, 0xc00b, in_all, always, Kept::zero},  // ID_AFR0_EL1
      SystemRegisters{0xc00c, 0xc01a, in_all, always, Kept::id},    // ID_MMFR0_EL1 to MVFR2_EL1
      SystemRegisters{0xc01b, 0xc01b, in_all, always, Kept::zero},
      SystemRegisters{0xc01c, 0xc01c, in_all, always, Kept::id},    // ID_PFR2_EL1
      SystemRegisters{0xc01d, 0xc01d, in_all, always, Kept::zero},  // ID_DFR1_EL1
      SystemRegisters{0xc01e, 0xc01e, in_all, always, Kept::id},    // ID_MMFR5_EL1
      SystemRegisters{0xc01f, 0xc01f, in_all, always, Kept::zero},
      SystemRegisters{0xc020, 0xc021, in_all, always, Kept::id},    // ID_AA64PFR0_EL1, PFR1
      SystemRegisters{0xc022, 0xc022, in_6_1, always, Kept::zero},  // ID_AA64PFR2_EL1
      SystemRegisters{0xc022, 0xc022, since_6_12, always, Kept::id},
      SystemRegisters{0xc023, 0xc023, in_all, always, Kept::zero},
      SystemRegisters{0xc024, 0xc024, in_all, always, Kept::id},    // ID_AA64ZFR0_EL1
      SystemRegisters{0xc025, 0xc026, in_all, always, Kept::zero},  // ID_AA64SMFR0_EL1
      SystemRegisters{0xc027, 0xc027, in_6_1, always, Kept::zero},  // ID_AA64FPFR0_EL1
      SystemRegisters{0xc027, 0xc027, since_6_12, always, Kept::id},
      SystemRegisters{0xc028, 0xc029, in_all, always, Kept::id},  // ID_AA64DFR0_EL1, DFR1
      SystemRegisters{0xc02a, 0xc02f, in_all, always, Kept::zero},
      SystemRegisters{0xc030, 0xc032, in_all, always, Kept::id},        // ID_AA64ISAR0_EL1 to ISAR2
      SystemRegisters{0xc033, 0xc033, before_7_2, always, Kept::zero},  // ID_AA64ISAR3_EL1
      SystemRegisters{0xc033, 0xc033, in_7_2, always, Kept::id},
      SystemRegisters{0xc034, 0xc037, in_all, always, Kept::zero},
      SystemRegisters{0xc038, 0xc03a, in_all, always, Kept::id},    // ID_AA64MMFR0_EL1 to MMFR2
      SystemRegisters{0xc03b, 0xc03c, in_6_1, always, Kept::zero},  // ID_AA64MMFR3_EL1, MMFR4
      SystemRegisters{0xc03b, 0xc03c, since_6_12, always, Kept::id},
      SystemRegisters{0xc03d, 0xc03f, in_all, always, Kept::zero},
      SystemRegisters{0xc080, 0xc082},                       // SCTLR_EL1, ACTLR_EL1, CPACR_EL1
      SystemRegisters{0xc083, 0xc083, in_7_2, by_hardware},  // SCTLR2_EL1
      SystemRegisters{0xc085, 0xc086, in_all, mte},          // RGSR_EL1, GCR_EL1
      SystemRegisters{0xc090, 0xc090, in_all, sve},          // ZCR_EL1
      SystemRegisters{0xc100, 0xc102},                       // TTBR0_EL1, TTBR1_EL1, TCR_EL1
      SystemRegisters{0xc103, 0xc103, in_6_12},              // TCR2_EL1
      SystemRegisters{0xc103, 0xc103, in_7_2, by_hardware},
      SystemRegisters{0xc108, 0xc10b, in_all, ptrauth},  // APIAKEY, APIBKEY
      SystemRegisters{0xc110, 0xc113, in_all, ptrauth},  // APDAKEY, APDBKEY
      SystemRegisters{0xc118, 0xc119, in_all, ptrauth},  // APGAKEY
      SystemRegisters{0xc288, 0xc289},                   // AFSR0_EL1, AFSR1_EL1
      SystemRegisters{0xc290, 0xc290},                   // ESR_EL1
      SystemRegisters{0xc2b0, 0xc2b1, in_all, mte},      // TFSR_EL1, TFSRE0_EL1
      SystemRegisters{0xc300, 0xc300},                   // FAR_EL1
      SystemRegisters{0xc3a0, 0xc3a0},                   // PAR_EL1
      SystemRegisters{0xc4f1, 0xc4f2, in_all, pmu},      // PMINTENSET_EL1, PMINTENCLR_EL1
      SystemRegisters{0xc510, 0xc510},                   // MAIR_EL1
      SystemRegisters{0xc512, 0xc513, in_6_12},          // PIRE0_EL1, PIR_EL1
      SystemRegisters{0xc512, 0xc513, in_7_2, by_hardware},
      SystemRegisters{0xc514, 0xc514, since_6_12, by_hardware},            // POR_EL1
      SystemRegisters{0xc518, 0xc518},                                     // AMAIR_EL1
      SystemRegisters{0xc600, 0xc600},                                     // VBAR_EL1
      SystemRegisters{0xc609, 0xc609},                                     // DISR_EL1
      SystemRegisters{0xc681, 0xc681},                                     // CONTEXTIDR_EL1
      SystemRegisters{0xc684, 0xc684},                                     // TPIDR_EL1
      SystemRegisters{0xc708, 0xc708},                                     // CNTKCTL_EL1
      SystemRegisters{0xc801, 0xc801, in_all, always, Kept::checked},      // CLIDR_EL1
      SystemRegisters{0xc807, 0xc807, before_7_2, always, Kept::checked},  // AIDR_EL1
      SystemRegisters{0xc807, 0xc807, in_7_2, always, Kept::id},
      SystemRegisters{0xd000, 0xd000},                                 // CSSELR_EL1
      SystemRegisters{0xd801, 0xd801, in_6_1, always, Kept::checked},  // CTR_EL0
      SystemRegisters{0xd801, 0xd801, since_6_12, always, Kept::id},
      SystemRegisters{0xdce0, 0xdce5, in_all, pmu},              // PMCR_EL0 and five more
      SystemRegisters{0xdce8, 0xdce8, in_all, pmu},              // PMCCNTR_EL0
      SystemRegisters{0xdcf0, 0xdcf0, in_all, pmu},              // PMUSERENR_EL0
      SystemRegisters{0xdcf3, 0xdcf3, in_all, pmu},              // PMOVSSET_EL0
      SystemRegisters{0xdd14, 0xdd14, since_6_12, by_hardware},  // POR_EL0
      SystemRegisters{0xde82, 0xde83},                           // TPIDR_EL0, TPIDRRO_EL0
      SystemRegisters{0xdf01, 0xdf01, since_6_12},               // KVM_REG_ARM_PTIMER_CNT
      SystemRegisters{0xdf02, 0xdf02},                           // KVM_REG_ARM_TIMER_CVAL
      SystemRegisters{0xdf11, 0xdf12, since_6_12},               // KVM_REG_ARM_PTIMER_CTL, CVAL
      SystemRegisters{0xdf19, 0xdf1a},                           // KVM_REG_ARM_TIMER_CTL, CNT
      SystemRegisters{0xdf40, 0xdf5e, in_all, pmu},              // PMEVCNTRn_EL0
      SystemRegisters{0xdf60, 0xdf7f, in_all, pmu},              // PMEVTYPERn_EL0, PMCCFILTR_EL0
      SystemRegisters{0xe180, 0xe180},                           // DACR32_EL2
      SystemRegisters{0xe281, 0xe281},                           // IFSR32_EL2
      SystemRegisters{0xe298, 0xe298},                           // FPEXC32_EL2
      SystemRegisters{0xe000, 0xefff, in_7_2, nested},           // of EL2
  };
}();

template <class D>
unsigned char kernel_of(const Step<D>& k) {
  if (!k.is(Behaviour::features_belong_to_vm)) return in_6_1;
  return k.is(Behaviour::later_registers) ? in_7_2 : in_6_12;
}

// One register, as far as a vCPU has it.
template <class D>
struct FoundRegister {
  Flag<D> is_there = false;  // it certainly has it
  Flag<D> may_be = false;    // that depends on hardware that no trace tells of
  Flag<D> is_zero = false, is_id = false, is_checked = false;
};

template <class D>
FoundRegister<D> find_register(const Step<D>& k, const Vm<D>& vm, const Vcpu<D>& cpu,
                               const Word<D, 16>& encoding) {
  const unsigned char kernel = kernel_of(k);
  const Flag<D> has_mte = vm.host.mte;
  const Flag<D> with[] = {true,
                          has(k, vm, cpu, Feature::pmu_v3),
                          has_sve<D>(k, vm, cpu),
                          has(k, vm, cpu, Feature::ptrauth_address),
                          has_mte,
                          true,
                          has(k, vm, cpu, Feature::has_el2)};
  FoundRegister<D> found;
  for (const SystemRegisters& r : system_registers) {
    if ((r.kernels & kernel) == 0) continue;
    Flag<D> is_it = true;
    const Word<D, 16> compared = r.mask == 0xffff ? encoding : encoding & Word<D, 16>(r.mask);
    if (r.first == r.last) is_it = compared == r.first;
    else is_it = compared >= r.first && compared <= r.last;
    const Flag<D> has_it = is_it && with[static_cast<unsigned>(r.seen)];
    const bool is_sure = r.seen < Seen::mte;
    if (is_sure) found.is_there = found.is_there || has_it;
    else found.may_be = found.may_be || has_it;
    if (r.kept == Kept::zero) found.is_zero = found.is_zero || is_it;
    if (r.kept == Kept::id) found.is_id = found.is_id || is_it;
    if (r.kept == Kept::checked) found.is_checked = found.is_checked || is_it;
  }
  return found;
}

}  // namespace assay
