// The bitmap of a slot's dirty pages: KVM_GET_DIRTY_LOG, KVM_CLEAR_DIRTY_LOG (api.rst 4.8, 4.117).
#pragma once
#include "spec/kvm/vm.hpp"

namespace assay {

// Which slot a call names: [31:16] address space, [15:0] id.
template <class D>
Flag<D> names_no_slot(const Vm<D>& vm, const Word<D, 32>& slot) {
  return field_bits<16>(slot, 16) != 0 || field_bits<16>(slot, 0) >= vm.host.slots_max;
}
// The dirty ring takes the bitmap's place. Which VM has one no rule describes: 6.1 has none.
template <class D>
void may_have_dirty_ring(Step<D>& k) {
  if (k.is(Behaviour::features_belong_to_vm))
    k.may_fail(Errno::nxio, {"has_dirty_ring", "api.rst 8.29: exclusive to the dirty log"});
}

// ioctl(VM, KVM_GET_DIRTY_LOG, {slot, dirty_bitmap}).
template <class D>
struct GetDirtyLog {
  static constexpr const char* name = "get_dirty_log";
  static constexpr const char* syntax = "ioctl(<vm>, KVM_GET_DIRTY_LOG, unreadable:{slot=slot})";
  static constexpr const char* source = "api.rst 4.8; kvm_main.c:kvm_get_dirty_log_protect";
  Flag<D> unreadable{};
  Word<D, 32> slot{};
  static constexpr auto fields() { return members<&GetDirtyLog::unreadable, &GetDirtyLog::slot>; }

  void apply(Step<D>& k, Vm<D>& vm) const {
    gate<D>(k, vm);
    k.reject(Errno::fault, unreadable, {"copy_in", "kvm_main.c: copy_from_user"});
    may_have_dirty_ring(k);
    k.reject(Errno::inval, names_no_slot<D>(vm, slot),
             {"slot_beyond_max", "kvm_main.c:kvm_get_dirty_log_protect"});
    k.at(vm.slot, field_bits<16>(slot, 0), [&](const auto& s) {
      k.reject(Errno::noent, s.pages == 0 || !s.log_dirty,
               {"slot_logs_nothing", "kvm_main.c:kvm_get_dirty_log_protect: ENOENT"});
    });
    k.may_fail(Errno::fault, {"copy_out", "kvm_main.c: copy_to_user; the bits are lost"});
  }
};

// ioctl(VM, KVM_CLEAR_DIRTY_LOG, {slot, num_pages, first_page, dirty_bitmap}).
template <class D>
struct ClearDirtyLog {
  static constexpr const char* name = "clear_dirty_log";
  static constexpr const char* syntax =
      "ioctl(<vm>, KVM_CLEAR_DIRTY_LOG, unreadable:{slot=slot, num_pages=num_pages, "
      "first_page=first_page})";
  static constexpr const char* source = "api.rst 4.117; kvm_main.c:kvm_clear_dirty_log_protect";
  static constexpr u64 pages_per_word = 64;
  Flag<D> unreadable{};
  Word<D, 32> slot{}, num_pages{};
  Num<D> first_page{};
  static constexpr auto fields() {
    return members<&ClearDirtyLog::unreadable, &ClearDirtyLog::slot, &ClearDirtyLog::num_pages,
                   &ClearDirtyLog::first_page>;
  }

  void apply(Step<D>& k, Vm<D>& vm) const {
    const Num<D> pages = to_number(num_pages);
    gate<D>(k, vm);
    k.reject(Errno::fault, unreadable, {"copy_in", "kvm_main.c: copy_from_user"});
    may_have_dirty_ring(k);
    k.reject(Errno::inval, names_no_slot<D>(vm, slot),
             {"slot_beyond_max", "kvm_main.c:kvm_clear_dirty_log_protect"});
    k.reject(Errno::inval, !is_multiple_of(first_page, pages_per_word),
             {"first_page_unaligned", "api.rst 4.117: a multiple of 64"});
    k.at(vm.slot, field_bits<16>(slot, 0), [&](const auto& s) {
      k.reject(Errno::noent, s.pages == 0 || !s.log_dirty,
               {"slot_logs_nothing", "kvm_main.c:kvm_clear_dirty_log_protect: ENOENT"});
      k.reject(Errno::inval, first_page > s.pages || first_page + pages > s.pages,
               {"pages_beyond_slot", "kvm_main.c:kvm_clear_dirty_log_protect"});
      k.reject(Errno::inval, first_page + pages < s.pages && !is_multiple_of(pages, pages_per_word),
               {"count_unaligned", "api.rst 4.117: a multiple of 64, or up to the slot's end"});
    });
    k.may_fail(Errno::fault, {"bitmap_unreadable", "kvm_main.c: copy_from_user of the bitmap"});
  }
};

}  // namespace assay
