// KVM_SET_USER_MEMORY_REGION (api.rst 4.35).
#pragma once
#include "spec/kvm/stages.hpp"

namespace assay {

// Creates, moves, changes the flags of, or (size 0) deletes a slot.
template <class D>
struct SetUserMemoryRegion {
  static constexpr const char* name = "set_user_memory_region";
  static constexpr const char* syntax =
      "ioctl(<vm>, KVM_SET_USER_MEMORY_REGION, unreadable:{slot=slot, flags=flags, "
      "guest_phys_addr=guest_phys_addr, memory_size=memory_size, userspace_addr=userspace_addr})";
  static constexpr const char* source = "api.rst 4.35; kvm_main.c:__kvm_set_memory_region";
  static constexpr const char* constants = "flags=KVM_MEM_";
  Flag<D> unreadable{};
  Word<D, 32> slot{};   // [31:16] address space, [15:0] id
  Word<D, 32> flags{};  // KVM_MEM_*
  Num<D> guest_phys_addr{}, memory_size{}, userspace_addr{};
  static constexpr auto fields() {
    return members<&SetUserMemoryRegion::unreadable, &SetUserMemoryRegion::slot,
                   &SetUserMemoryRegion::flags, &SetUserMemoryRegion::guest_phys_addr,
                   &SetUserMemoryRegion::memory_size, &SetUserMemoryRegion::userspace_addr>;
  }

  static constexpr u64 log_dirty_pages = 1, readonly_flag = 2;
  static constexpr u64 pages_max = (u64{1} << 31) - 1;  // KVM_MEM_MAX_NR_PAGES

  void apply(Step<D>& k, Vm<D>& vm) const {
    const Word<D, 16> id = field_bits<16>(slot, 0);
    const Num<D> pages = memory_size / page_bytes;
    const Num<D> base_gfn = guest_phys_addr / page_bytes;

    gate<D>(k, vm);
    k.reject(Errno::fault, unreadable, {"copy_in", "kvm_main.c: copy_from_user"});
    check_arguments(k, vm, id, pages);
    k.at(vm.slot, id, [&](auto& old) {
      const Flag<D> exists_already = old.pages != 0;
      const Flag<D> deletes = memory_size == 0;
      k.reject(Errno::inval, deletes && !exists_already,
               {"delete_absent_slot", "api.rst 4.35; kvm_main.c: !old || !old->npages"});
      const Flag<D> modifies = !deletes && exists_already;
      const Flag<D> moves = modifies && base_gfn != old.base_gfn;
      check_modification(k, old, modifies, pages);
      const Flag<D> places = (!deletes && !exists_already) || moves;
      k.reject(Errno::exist, places && overlaps_another(vm, id, base_gfn, pages),
               {"overlap", "api.rst 4.35: slots may not overlap in guest physical space"});
      const Flag<D> changes_flags = modifies && (iff(old.log_dirty, !bit(flags, 0)));
      const Flag<D> resizes = modifies && pages != old.pages;
      const Flag<D> is_none = modifies && !moves && !resizes && !changes_flags;
      const SlotChange<D> change{old, modifies, moves, resizes, is_none, bit(flags, 0)};
      run_stage<before_slot_changes<D>>(k, vm, change);
      const Flag<D> allocates = places || changes_flags;
      k.when(allocates, [&] {
        k.may_fail(Errno::nomem, {"no_memory", "kvm_main.c: kzalloc, kvm_set_memslot"});
      });
      k.reject(Errno::fault, allocates && guest_phys_addr + memory_size > vm.ipa_bytes,
               {"beyond_ipa_size", "mmu.c:kvm_arch_prepare_memory_region"});
      store(k, old, deletes, base_gfn, pages);
      run_stage<after_slot_changed<D>>(k, vm, change);
    });
  }

 private:
  void check_arguments(Step<D>& k, const Vm<D>& vm, const Word<D, 16>& id,
                       const Num<D>& pages) const {
    k.reject(
        Errno::inval, id >= vm.host.slots_max,
        {"slot_beyond_max", "api.rst 4.35: KVM_CAP_NR_MEMSLOTS; kvm_vm_ioctl_set_memory_region"});
    k.reject(Errno::inval, (flags & ~Word<D, 32>(log_dirty_pages | readonly_flag)) != 0,
             {"unknown_flags", "kvm_main.c:check_memory_region_flags"});
    k.reject(Errno::inval, !is_multiple_of(memory_size, page_bytes),
             {"size_unaligned", "kvm_main.c:__kvm_set_memory_region"});
    k.reject(Errno::inval, !is_multiple_of(guest_phys_addr, page_bytes),
             {"address_unaligned", "kvm_main.c:__kvm_set_memory_region"});
    k.reject(Errno::inval, !is_multiple_of(userspace_addr, page_bytes),
             {"user_address_unaligned", "kvm_main.c:__kvm_set_memory_region"});
    k.reject(Errno::inval,
             userspace_addr + memory_size > power_of_two(plain(vm.host.user_address_bits)),
             {"user_address_not_user", "kvm_main.c: access_ok, untagged_addr"});
    k.reject(Errno::inval, field_bits<16>(slot, 16) != 0,
             {"unknown_address_space", "kvm_main.c: as_id >= KVM_ADDRESS_SPACE_NUM"});
    k.reject(Errno::inval, guest_phys_addr + memory_size >= wrap_at<D>(),
             {"address_wraps", "kvm_main.c: guest_phys_addr + memory_size wraps"});
    k.reject(Errno::inval, pages > Num<D>(pages_max),
             {"too_many_pages", "kvm_main.c: KVM_MEM_MAX_NR_PAGES"});
  }

  void check_modification(Step<D>& k, const MemSlot<D>& old, const Flag<D>& modifies,
                          const Num<D>& pages) const {
    k.reject(Errno::inval, modifies && userspace_addr != old.userspace_addr,
             {"user_address_changes", "api.rst 4.35: only flags and guest address may change"});
    k.reject(Errno::inval, modifies && pages != old.pages,
             {"size_changes", "api.rst 4.35: an existing slot cannot be resized"});
    k.reject(Errno::inval, modifies && !iff(bit(flags, 1), old.readonly),
             {"readonly_changes", "kvm_main.c:__kvm_set_memory_region"});
  }

  Flag<D> overlaps_another(const Vm<D>& vm, const Word<D, 16>& id, const Num<D>& base_gfn,
                           const Num<D>& pages) const {
    return any<D>(vm.slot, [&](const auto& other, std::size_t i) {
      return id != Word<D, 16>(i) && other.pages != 0 && base_gfn < other.base_gfn + other.pages &&
             other.base_gfn < base_gfn + pages;
    });
  }

  void store(Step<D>& k, MemSlot<D>& s, const Flag<D>& deletes, const Num<D>& base_gfn,
             const Num<D>& pages) const {
    const Num<D> none(0);
    k.set(s.base_gfn, ite(deletes, none, base_gfn));
    k.set(s.pages, ite(deletes, none, pages));
    k.set(s.userspace_addr, ite(deletes, none, userspace_addr));
    k.set(s.log_dirty, !deletes && bit(flags, 0));
    k.set(s.readonly, !deletes && bit(flags, 1));
  }
};

}  // namespace assay
