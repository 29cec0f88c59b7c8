// KVM_ENABLE_CAP on a VM, as mainline has it (api.rst 4.37, 7, 8). The SPE series' own is
// spec/kvm/spe/lock.hpp.
#pragma once
#include "spec/kvm/vm.hpp"

namespace assay {

// KVM_CAP_* (uapi/linux/kvm.h).
inline constexpr u64 cap_manual_protect = 168, cap_nisv_to_user = 177, cap_halt_poll = 182,
                     cap_ring = 192, cap_mte = 205, cap_system_suspend = 216,
                     cap_ring_acq_rel = 223, cap_ring_with_bitmap = 225, cap_eager_split = 228,
                     cap_writable_imp_id_regs = 239, cap_sea_to_user = 245;

// ioctl(VM, KVM_ENABLE_CAP, {cap, flags, args}). What a capability changes is not followed: no
// answer that a rule judges depends on it, but for the dirty ring (spec/kvm/memslot/dirty_log.hpp).
template <class D>
struct EnableCapability {
  static constexpr const char* name = "enable_capability";
  static constexpr const char* syntax =
      "ioctl(<vm>, KVM_ENABLE_CAP, unreadable:{cap=cap, flags=flags, args=[args]})";
  static constexpr const char* source =
      "api.rst 4.37; kvm_main.c:kvm_vm_ioctl_enable_cap_generic; arm.c:kvm_vm_ioctl_enable_cap";
  static bool applies(const Profile& p) { return !pins_memory(p); }
  Flag<D> unreadable{};
  Word<D, 32> cap = Word<D, 32>(206), flags{};  // as in the series' rule, which reads the same call
  std::array<Word<D, 64>, 4> args{};
  static constexpr auto fields() {
    return members<&EnableCapability::unreadable, &EnableCapability::cap, &EnableCapability::flags,
                   &EnableCapability::args>;
  }

  void apply(Step<D>& k, Vm<D>& vm) const {
    gate<D>(k, vm);
    k.reject(Errno::fault, unreadable, {"copy_in", "kvm_main.c: copy_from_user"});
    if (k.is(Behaviour::documented_alternatives)) {
      k.may_fail(Errno::inval, {"may_not_have_it", "api.rst 4.37: EINVAL"});
      k.may_fail(Errno::perm, {"may_not_permit_it", "api.rst 4.37: EPERM"});
      return;
    }
    const Flag<D> is_ring = cap == cap_ring || cap == cap_ring_acq_rel;
    k.reject(Errno::inval, !is_ring && flags != 0, {"unknown_flags", "api.rst 7: flags are zero"});
    k.reject(Errno::inval, cap == cap_manual_protect && !is_manual_protect(),
             {"unknown_manual_protect", "api.rst 7.19: bit 1 only with bit 0"});
    k.reject(Errno::inval, cap == cap_halt_poll && field_bits<32>(args[0], 32) != 0,
             {"halt_poll_beyond_32_bits", "kvm_main.c: max_halt_poll_ns is an unsigned int"});
    k.reject(Errno::inval, cap == cap_mte && (!vm.host.mte || vm.online != 0),
             {"mte_too_late", "api.rst 7.28: before any vCPU is created; arm.c"});
    k.reject(Errno::inval, !is_known(k), {"unknown_capability", "arm.c:kvm_vm_ioctl_enable_cap"});
    k.when(is_ring || cap == cap_ring_with_bitmap, [&] {
      k.may_fail(Errno::inval, {"ring_refused", "api.rst 8.29: size, order, once"});
      k.may_fail(Errno::toobig,
                 {"ring_too_large", "kvm_main.c:kvm_vm_ioctl_enable_dirty_log_ring"});
    });
    if (k.is(Behaviour::features_belong_to_vm))
      k.reject(Errno::inval, cap == cap_eager_split && !splits_eagerly(vm),
               {"no_block_size_or_slots", "api.rst 8.40: a block size, before there are slots"});
    if (k.is(Behaviour::later_registers))
      k.reject(Errno::inval, cap == cap_writable_imp_id_regs && vm.online != 0,
               {"id_registers_too_late", "api.rst 7.43: before any vCPU is created; arm.c"});
  }

 private:
  Flag<D> is_manual_protect() const {
    const Word<D, 64> allowed = ite(bit(args[0], 0), Word<D, 64>(3), Word<D, 64>(1));
    return (args[0] & ~allowed) == 0;
  }
  // With pages of 4 KiB: 4 KiB, 2 MiB, 1 GiB; 0 turns it off.
  Flag<D> splits_eagerly(const Vm<D>& vm) const {
    const Flag<D> is_size =
        args[0] == 0 || args[0] == 0x1000 || args[0] == 0x200000 || args[0] == 0x40000000;
    return is_size && all<D>(vm.slot, [](const auto& s) { return s.pages == 0; });
  }
  Flag<D> is_known(const Step<D>& k) const {
    Flag<D> known = cap == cap_manual_protect || cap == cap_halt_poll || cap == cap_nisv_to_user ||
                    cap == cap_mte || cap == cap_system_suspend;
    if (k.is(Behaviour::features_belong_to_vm))  // since 6.3 and 6.5
      known = known || cap == cap_ring || cap == cap_ring_acq_rel || cap == cap_ring_with_bitmap ||
              cap == cap_eager_split;
    if (k.is(Behaviour::later_registers))
      known = known || cap == cap_writable_imp_id_regs || cap == cap_sea_to_user;
    return known;
  }
};

}  // namespace assay
