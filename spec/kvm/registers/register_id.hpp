// The number that names a register in KVM_GET_ONE_REG and KVM_SET_ONE_REG (uapi/asm/kvm.h): the
// architecture, the size, the space that the register belongs to, and which of that space it is.
#pragma once
#include "model/domain.hpp"

namespace assay {

enum class RegisterSpace : unsigned {
  core = 0x10,
  demux = 0x11,
  firmware = 0x14,
  sve = 0x15,
  firmware_bitmaps = 0x16,
};

inline constexpr u64 register_untold = ~u64{0};  // the trace hides which register it is

inline constexpr u64 firmware_register = 0x6030000000140000;  // KVM_REG_ARM_FW_REG(0)
inline constexpr u64 reg_psci_version = firmware_register;
inline constexpr u64 reg_workaround_1 = firmware_register + 1;
inline constexpr u64 reg_workaround_2 = firmware_register + 2;
inline constexpr u64 reg_workaround_3 = firmware_register + 3;
inline constexpr u64 reg_std_bmap = 0x6030000000160000;  // KVM_REG_ARM_FW_FEAT_BMAP_REG(0)
inline constexpr u64 reg_std_hyp_bmap = reg_std_bmap + 1;
inline constexpr u64 reg_vendor_hyp_bmap = reg_std_bmap + 2;
inline constexpr u64 reg_vendor_hyp_bmap_2 = reg_std_bmap + 3;
inline constexpr u64 reg_sve_vls = 0x606000000015ffff;  // KVM_REG_ARM64_SVE_VLS
inline constexpr u64 reg_pstate = 0x6030000000100042;   // KVM_REG_ARM_CORE_REG(regs.pstate)
inline constexpr u64 reg_mpidr = 0x603000000013c005;
inline constexpr u64 reg_sve_z = 0x6080000000150000;      // KVM_REG_ARM64_SVE_ZREG(0, 0)
inline constexpr u64 reg_sve_p = 0x6050000000150400;      // KVM_REG_ARM64_SVE_PREG(0, 0)
inline constexpr u64 reg_sve_z_last = reg_sve_z + 0x3ff;  // of 32 registers in 32 slices
inline constexpr u64 reg_sve_p_last = reg_sve_p + 0x21f;  // of 16, and FFR behind them

template <class D>
struct OneRegister {
  const Word<D, 64>& id;

  Flag<D> is_told() const { return id != register_untold; }
  // Neither the architecture nor the unused half of the id belongs to it.
  Flag<D> is_of_arm64() const {
    return (id & Word<D, 64>(0xff0fffff00000000)) == u64{0x6000000000000000};
  }
  Flag<D> is_in(RegisterSpace space) const {
    return field_bits<12>(id, 16) == static_cast<u64>(space);
  }
  // Of a system register: nothing but its encoding and its size of 64 bits.
  Flag<D> is_system() const {
    return (id & Word<D, 64>(0xffffffffffff0000)) == u64{0x6030000000130000};
  }
  Flag<D> has_unused_bits() const { return field_bits<4>(id, 28) != 0; }
  Word<D, 4> log2_of_size() const { return field_bits<4>(id, 52); }
  Word<D, 16> low() const { return field_bits<16>(id, 0); }

  // Of a core register: 32-bit words of kvm_regs, at which it begins and that it takes.
  Word<D, 16> words() const {
    Word<D, 16> out = 0;
    for (unsigned log2 = 2; log2 < 16; ++log2)
      out = ite(log2_of_size() == log2, Word<D, 16>(u64{1} << (log2 - 2)), out);
    return out;
  }
  Flag<D> is_beyond_core() const {
    constexpr u64 core_words = 216;  // of struct kvm_regs
    return has_unused_bits() || low() >= core_words || low() + words() >= core_words;
  }
  Flag<D> is_vector() const { return low() >= 84 && low() <= 208 && (low() & 3) == 0; }
  Flag<D> is_core() const {
    const Flag<D> general = low() <= 80 && (low() & 1) == 0;
    const Flag<D> status = low() == 212 || low() == 213;
    return (general && log2_of_size() == 3) || (is_vector() && log2_of_size() == 4) ||
           (status && log2_of_size() == 2);
  }
};

}  // namespace assay
