// What is always true of memory slots (MEM-1, MEM-4).
#pragma once
#include "spec/kvm/memslot/rules.hpp"

namespace assay {

// MEM-1: the guest ranges of distinct slots are disjoint.
template <class D>
Flag<D> memslots_never_overlap(const Vm<D>& vm) {
  return all_pairs<D>(vm.slot, [](const auto& a, const auto& b) {
    return a.pages == 0 || b.pages == 0 || a.base_gfn + a.pages <= b.base_gfn ||
           b.base_gfn + b.pages <= a.base_gfn;
  });
}

// MEM-4: every slot lies below the VM's IPA size.
template <class D>
Flag<D> memslots_lie_below_ipa_size(const Vm<D>& vm) {
  return all<D>(vm.slot, [&](const auto& s) {
    return s.pages == 0 || (s.base_gfn + s.pages) * page_bytes <= vm.ipa_bytes;
  });
}

// KVM_MEM_MAX_NR_PAGES: a slot's page number fits 31 bits.
template <class D>
Flag<D> memslots_are_bounded(const Vm<D>& vm) {
  return all<D>(vm.slot,
                [](const auto& s) { return s.pages <= Num<D>(SetUserMemoryRegion<D>::pages_max); });
}

// A slot without pages is blank.
template <class D>
Flag<D> absent_slot_is_blank(const Vm<D>& vm) {
  return all<D>(vm.slot, [&](const auto& s) {
    return s.pages != 0 ||
           (s.base_gfn == 0 && s.userspace_addr == 0 && !s.log_dirty && !s.readonly);
  });
}

}  // namespace assay
