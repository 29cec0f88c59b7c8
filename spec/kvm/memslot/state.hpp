// A memory slot: guest-physical pages backed by user memory (api.rst 4.35).
#pragma once
#include "spec/kvm/parts.hpp"

namespace assay {

template <class D>
struct MemSlot : SlotParts<D> {
  using Parts = PartList<SlotParts<D>>;
  NumCell<D> base_gfn{};        // first guest frame number
  NumCell<D> pages{};           // 0 = the slot does not exist
  NumCell<D> userspace_addr{};  // host virtual address of the first page
  FlagCell<D> log_dirty{};      // KVM_MEM_LOG_DIRTY_PAGES
  FlagCell<D> readonly{};       // KVM_MEM_READONLY
  static constexpr auto fields() {
    return members<&MemSlot::base_gfn, &MemSlot::pages, &MemSlot::userspace_addr,
                   &MemSlot::log_dirty, &MemSlot::readonly> +
           SlotParts<D>::fields();
  }
};

}  // namespace assay
