// Locking and unlocking memory slots: KVM_ENABLE_CAP with KVM_CAP_ARM_LOCK_USER_MEMORY_REGION
// (SPE-4.2 to SPE-4.5; series v4 patches 02 to 11, v5 patches 02 to 12).
#pragma once
#include "spec/kvm/stage.hpp"

namespace assay {

// Maintenance of locked memory waits for a vCPU to run (v4-04 to v4-06).
template <class D>
Flag<D> is_pending(const Vm<D>& vm) {
  return vm.spe.flush_dcache || vm.spe.flush_icache || vm.spe.clear_tags;
}

// A locked slot does not change, but for the start of dirty logging where writes are not locked
// (v4-08).
template <class D>
void spe_slot_may_change(Step<D>& k, Vm<D>&, const SlotChange<D>& change) {
  if (!is_spe_series(k.profile())) return;
  const SlotLock<D>& lock = change.slot.lock;
  const Flag<D> starts_logging =
      change.modifies && !change.moves && change.logs_dirty && !lock.write;
  k.reject(Errno::busy, lock.held && !starts_logging && !change.is_none,
           {"slot_is_locked", "v4-08: a locked slot does not change"});
}
template <class D>
void spe_slot_has_changed(Step<D>& k, Vm<D>&, const SlotChange<D>& change) {
  if (!is_spe_series(k.profile())) return;
  SlotLock<D>& lock = change.slot.lock;
  // kvm_arch_flush_shadow_memslot(): what is deleted, moved or made anew leaves stage 2.
  const Flag<D> keeps = change.modifies && !change.moves && !change.resizes;
  k.set(lock.mapped, lock.mapped && keeps);
  k.set(lock.stale, lock.stale && keeps);
}

// ioctl(VM, KVM_ENABLE_CAP, {cap, flags, args}): args[0] is the slot, args[1] what to do.
template <class D>
struct EnableCap {
  static constexpr const char* name = "enable_cap";
  static constexpr const char* syntax =
      "ioctl(<vm>, KVM_ENABLE_CAP, unreadable:{cap=cap, flags=flags, args=[args]})";
  static constexpr const char* source = "v4-02, v4-03; v5-02, v5-03; SPE-4.2, SPE-4.3";
  static bool applies(const Profile& p) { return pins_memory(p); }
  Flag<D> unreadable{};
  Word<D, 32> cap = Word<D, 32>(206), flags{};
  std::array<Word<D, 64>, 4> args{};
  static constexpr auto fields() {
    return members<&EnableCap::unreadable, &EnableCap::cap, &EnableCap::flags, &EnableCap::args>;
  }
  static constexpr u64 lock_flag = 1, unlock_flag = 2;
  static constexpr u64 read_lock = 1, write_lock = 2, unlock_all = 1;

  void apply(Step<D>& k, Vm<D>& vm) const {
    gate<D>(k, vm);
    k.reject(Errno::fault, unreadable, {"copy_in", "kvm_main.c: copy_from_user"});
    const u64 number = k.is(Behaviour::spe_v5) ? 207 : 206;
    const Flag<D> other = cap != number && cap != mte_capability;
    k.when(cap == mte_capability, [&] { enable_mte(k, vm); });
    k.when(other, [&] {
      k.may_fail(Errno::inval, {"other_capability", "api.rst 4.37: not described here"});
      k.may_fail(Errno::perm, {"other_capability_denied", "api.rst 4.37: not described here"});
    });
    const Flag<D> locks = cap == number;
    k.reject(Errno::inval, locks && (args[2] != 0 || args[3] != 0),
             {"unused_arguments", "v4-02: args[2], args[3] must be zero"});
    k.reject(Errno::inval, locks && flags != lock_flag && flags != unlock_flag,
             {"lock_or_unlock", "v4-02: exactly one of LOCK and UNLOCK"});
    k.when(locks && flags == lock_flag, [&] { lock(k, vm); });
    k.when(locks && flags == unlock_flag, [&] { unlock(k, vm); });
  }

 private:
  Word<D, 16> slot() const { return field_bits<16>(args[0], 0); }
  Flag<D> wants_write() const { return bit(args[1], 1); }
  static constexpr u64 mte_capability = 205;  // KVM_CAP_ARM_MTE

  // Locked slots do not stand in its way: their tags are cleared before a vCPU runs (v4-06).
  void enable_mte(Step<D>& k, Vm<D>& vm) const {
    k.reject(Errno::inval, flags != 0, {"mte_has_no_flags", "v4-02: flags of other capabilities"});
    k.reject(Errno::inval, !vm.host.mte || vm.online != 0,
             {"mte_too_late", "api.rst 7.28: before any vCPU is created; arm.c"});
    k.set(vm.spe.mte, true);
  }

  void lock(Step<D>& k, Vm<D>& vm) const {
    k.reject(Errno::inval, args[0] >= zero_extend<64>(plain(vm.host.slots_max)),
             {"lock_slot_beyond_max", "v4-03"});
    k.reject(Errno::inval, !bit(args[1], 0), {"read_lock_is_mandatory", "v4-02"});
    k.reject(Errno::busy, any<D>(vm.vcpu, [](const auto& c) { return c.in_guest; }),
             {"vcpu_is_running", "v4-03: mutex_trylock of every vCPU"});
    k.when(vm.online != 0, [&] {
      k.may_fail(Errno::busy, {"vcpu_ioctl_in_progress", "v4-03: mutex_trylock of every vCPU"});
    });
    if (!k.is(Behaviour::spe_v5))
      k.reject(Errno::busy, any<D>(vm.vcpu, [](const auto& c) { return c.runner != 0; }),
               {"vcpu_has_run", "v4-03: has_run_once"});
    k.at(vm.slot, slot(), [&](auto& s) { lock_slot(k, vm, s); });
  }

  void lock_slot(Step<D>& k, Vm<D>& vm, MemSlot<D>& s) const {
    k.reject(Errno::inval, s.pages == 0, {"lock_absent_slot", "v4-03: id_to_memslot"});
    k.reject(Errno::perm, wants_write() && (s.readonly || s.log_dirty),
             {"write_lock_denied", "v4-03: KVM_MEM_READONLY or a dirty bitmap"});
    k.reject(Errno::busy, s.lock.held, {"already_locked", "v4-03: memslot_is_locked"});
    const Num<D> total = vm.spe.locked_pages + s.pages;
    k.reject(Errno::nomem, !vm.host.ipc_lock && total > vm.host.memlock_pages,
             {"memlock_limit", "v4-03: RLIMIT_MEMLOCK without CAP_IPC_LOCK"});
    // From here on pages are pinned and mapped one by one, and a failure leaves some behind.
    const Num<D> mapped = plain(s.lock.midway);
    k.set(s.lock.midway, Num<D>(0));
    Flag<D> failed = false;
    fails_midway(k, s, mapped, failed, Leaks::perhaps_a_page, Errno::nomem,
                 {"no_memory_midway", "v4-03: pin_user_pages, kvm_mmu_topup_memory_cache"});
    fails_midway(k, s, mapped, failed, Leaks::a_page, Errno::again,
                 {"notifier_ran", "v4-03: mmu_notifier_retry"});
    fails_at_last(k, s, failed);
    // A trace that tells of no page says of the LOCK only what it answered.
    const Flag<D> is_whole = mapped == 0 || mapped == s.pages;
    k.require(is_whole, {"every_page_was_mapped", "v4-03; L01"});
    k.set(s.lock.stale, false);
    k.set(s.lock.held, true);
    k.set(s.lock.write, wants_write());
    k.set(s.lock.pinned, s.pages);
    k.set(s.lock.mapped, is_whole);
    k.set(s.lock.notified, false);
    k.set(vm.spe.locked_pages, total);
    k.set(vm.spe.flush_dcache, true);
    k.set(vm.spe.clear_tags, true);
  }

  // [inferred] of SPE-4.2: the page in hand stays pinned, if it was, and pages mapped by earlier
  // rounds stay mapped at stage 2, with no maintenance pending. A specification of the intent
  // undoes all of it (L02, L09).
  enum class Leaks : unsigned char { perhaps_a_page, a_page };
  // Where it fails like this and leaves something behind, `failed` is set.
  void fails_midway(Step<D>& k, MemSlot<D>& s, const Num<D>& mapped, Flag<D>& failed, Leaks leaks,
                    Errno code, const Why& why) const {
    if (!k.is(Behaviour::spe_lock_leaks)) return k.may_fail(code, why);
    Flag<D> fails = false;
    k.when(!failed, [&] {
      k.let(fails, k.choose({"lock_fails_midway", "v4-03: [inferred] failure path"}));
    });
    k.when(fails, [&] {
      Flag<D> pinned = true;
      if (leaks == Leaks::perhaps_a_page)
        pinned = k.choose({"page_in_hand_is_pinned", "v4-03: what fails comes after the pin"});
      k.when(pinned, [&] { k.set(s.lock.pinned, Num<D>(1)); });
      k.set(s.lock.stale, s.lock.stale || mapped != 0);
    });
    k.reject(code, fails, why);
    failed = failed || fails;
  }

  // Where stage 2 cannot be mapped, or the accounting fails, the whole slot is unmapped again.
  // Neither explains what a failure midway left behind.
  void fails_at_last(Step<D>& k, MemSlot<D>& s, const Flag<D>& failed_midway) const {
    const Flag<D> is_mapped = s.lock.mapped || s.lock.stale;
    Flag<D> unmaps = false;
    k.when(is_mapped, [&] {
      const Flag<D> fails = k.choose({"lock_fails_at_last", "v4-03: unmap_stage2_range"});
      k.let(unmaps, fails);
      k.when(fails, [&] {
        k.set(s.lock.mapped, false);
        k.set(s.lock.stale, false);
      });
      k.reject(Errno::nomem, fails, {"unmapped_again", "v4-03: unmap_stage2_range"});
    });
    k.when(!failed_midway && !unmaps, [&] {
      k.may_fail(Errno::nomem, {"map_failed", "v4-03: kvm_pgtable_stage2_map"});
      k.may_fail(Errno::nomem, {"accounting_failed", "v4-03: account_locked_vm; all is undone"});
    });
  }

  void unlock(Step<D>& k, Vm<D>& vm) const {
    const Flag<D> every = bit(args[1], 0);
    k.when(every, [&] { each<D>(vm.slot, [&](auto& s) { release(k, vm, s); }); });
    k.reject(Errno::inval, !every && args[0] >= zero_extend<64>(plain(vm.host.slots_max)),
             {"unlock_slot_beyond_max", "v4-03"});
    k.when(!every, [&] {
      k.at(vm.slot, slot(), [&](auto& s) {
        k.reject(Errno::inval, s.pages == 0, {"unlock_absent_slot", "v4-03: id_to_memslot"});
        if (k.is(Behaviour::spe_v5))
          k.reject(Errno::inval, !s.lock.held, {"unlock_unlocked_slot", "v5-03"});
        k.set(vm.spe.undercharged, vm.spe.undercharged || !s.lock.held);
        release(k, vm, s);
      });
    });
    drop_pending(k, vm);
  }

  // Pages are unpinned; v5 also unmaps them when maintenance is still pending (v5-07).
  void release(Step<D>& k, Vm<D>& vm, MemSlot<D>& s) const {
    k.when(s.lock.held, [&] {
      Flag<D> stays = s.lock.mapped;
      if (k.is(Behaviour::spe_v5)) stays = stays && !is_pending<D>(vm);
      k.set(s.lock.held, false);
      k.set(s.lock.write, false);
      k.set(s.lock.pinned, Num<D>(0));
      k.set(s.lock.mapped, stays);
    });
    charge(k, vm);
  }

  // locked_vm is what the locked slots hold: written as a sum, for numbers know no difference.
  void charge(Step<D>& k, Vm<D>& vm) const {
    Num<D> sum(0);
    const auto& slots = vm.slot;
    slots.for_each([&](const auto& s, std::size_t) {
      sum = sum + ite(s.lock.held, Num<D>(plain(s.pages)), Num<D>(0));
    });
    k.set(vm.spe.locked_pages, sum);
  }

  void drop_pending(Step<D>& k, Vm<D>& vm) const {
    if (!k.is(Behaviour::spe_v5)) return;
    k.when(!any<D>(vm.slot, [](const auto& s) { return s.lock.held; }), [&] {
      k.set(vm.spe.flush_dcache, false);
      k.set(vm.spe.flush_icache, false);
      k.set(vm.spe.clear_tags, false);
    });
  }
};

// LOCK in progress has pinned one more page and mapped it at stage 2. A trace that holds none of
// these says of a LOCK only what it answered.
template <class D>
struct SpeLockPage {
  static constexpr const char* name = "spe_lock_page";
  static constexpr const char* syntax = "kvm_spe_lock_page: <vm> slot=slot bytes=bytes";
  static constexpr const char* source = "v4-03; SPE-4.2, L06";
  static bool applies(const Profile& p) { return pins_memory(p); }
  Word<D, 16> slot{};
  Num<D> bytes = Num<D>(page_bytes);
  static constexpr auto fields() { return members<&SpeLockPage::slot, &SpeLockPage::bytes>; }
  void apply(Step<D>& k, Vm<D>& vm) const {
    k.require(!any<D>(vm.vcpu, [](const auto& c) { return c.in_guest; }),
              {"no_vcpu_runs", "v4-03: LOCK holds every vCPU's mutex; L16"});
    k.require(slot < vm.host.slots_max, {"slot_is_possible", "v4-03"});
    k.require(bytes == page_bytes, {"maps_single_pages", "v4-03: PAGE_SIZE only; L06"});
    k.at(vm.slot, slot, [&](auto& s) {
      k.require(!s.lock.held && s.lock.midway < s.pages,
                {"slot_is_being_locked", "v4-03: each page once; L01"});
      k.set(s.lock.midway, s.lock.midway + 1);
    });
  }
};

// A guest's access to a slot's memory had no stage 2 entry, or one that forbids it, and was served.
// For a locked slot that is unexpected but for instructions, and for writes to one that is locked
// for reading: KVM warns, at a limited rate (v4-09, v4-10).
template <class D>
struct SpeGuestFault {
  static constexpr const char* name = "spe_guest_fault";
  static constexpr const char* syntax =
      "kvm_spe_guest_fault: <vcpu> slot=slot write=write exec=exec af=access_flag bytes=bytes "
      "warned=warned";
  static constexpr const char* source = "v4-09, v4-10; SPE-4.5, L06, L20, L21";
  static bool applies(const Profile& p) { return pins_memory(p); }
  VcpuId vcpu{};
  Word<D, 16> slot{};
  Flag<D> write{}, exec{};
  Flag<D> access_flag{};              // an access flag fault: there is an entry
  Num<D> bytes = Num<D>(page_bytes);  // that the new entry maps
  Flag<D> warned{};
  static constexpr auto fields() {
    return members<&SpeGuestFault::vcpu, &SpeGuestFault::slot, &SpeGuestFault::write,
                   &SpeGuestFault::exec, &SpeGuestFault::access_flag, &SpeGuestFault::bytes,
                   &SpeGuestFault::warned>;
  }
  void apply(Step<D>& k, Vm<D>& vm) const {
    k.require(vm.vcpu[vcpu.index].runner != 0, {"vcpu_has_run", "a fault of guest code"});
    k.require(slot < vm.host.slots_max, {"slot_is_possible", "mmu.c:kvm_handle_guest_abort"});
    k.at(vm.slot, slot, [&](auto& s) {
      const Flag<D> expected = !access_flag && (exec || (write && !s.lock.write));
      k.require(s.pages != 0, {"slot_exists", "mmu.c:kvm_handle_guest_abort"});
      k.require(!s.lock.held || bytes == page_bytes,
                {"locked_memory_maps_single_pages", "v4-03: PAGE_SIZE only; L06"});
      k.require(!s.lock.held || !s.lock.mapped || expected || access_flag,
                {"locked_memory_is_mapped", "v4-03; L20"});
      k.require(!warned || (s.lock.held && !expected),
                {"warns_of_unexpected_faults_only", "v4-09, v4-10; SPE-4.5"});
      // The entry of its only page is back: from here on KVM keeps it again.
      k.when(s.lock.held && s.pages == 1, [&] {
        k.set(s.lock.mapped, true);
        k.set(s.lock.notified, false);
      });
    });
  }
};

// An MMU notifier unmaps a slot's pages from stage 2: pinning keeps the page, not the mapping
// (SPE-4.5). munmap, madvise and page migration of the VMM's memory do this.
template <class D>
struct MmuUnmap {
  static constexpr const char* name = "mmu_unmap";
  static constexpr const char* syntax = "kvm_mmu_unmap: <vm> slot=slot";
  static constexpr const char* source = "SPE-4.5: kvm_unmap_gfn_range";
  static bool applies(const Profile& p) { return is_spe_series(p); }
  Word<D, 16> slot{};
  static constexpr auto fields() { return members<&MmuUnmap::slot>; }
  void apply(Step<D>& k, Vm<D>& vm) const {
    k.at(vm.slot, slot, [&](auto& s) {
      k.set(s.lock.mapped, false);
      k.set(s.lock.stale, false);
      k.set(s.lock.notified, s.lock.held);
    });
    // A pinned buffer's pages stay mapped until the guest disables it (v6-30, v6-31).
    if (!pins_buffer(k.profile()))
      each<D>(vm.vcpu, [&](auto& c) { k.set(c.spe.buffer.mapped, false); });
  }
};

// What kvm_mmu_perform_pending_ops() leaves behind (SPE-4.4).
template <class D>
void perform_maintenance(Step<D>& k, Vm<D>& vm) {
  if (!pins_memory(k.profile())) return;
  k.set(vm.spe.flush_dcache, false);
  k.set(vm.spe.flush_icache, false);
  const bool stays = k.is(Behaviour::spe_tags_stay_pending);
  k.set(vm.spe.clear_tags, stays && vm.spe.clear_tags && !vm.spe.mte);
}

}  // namespace assay
