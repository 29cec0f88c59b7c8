// Memory slots. What of it belongs to the system: rules, invariants, properties.
#pragma once
#include "spec/arm64_subject.hpp"
#include "spec/kvm/memslot/dirty_log.hpp"
#include "spec/kvm/memslot/invariants.hpp"
#include "spec/kvm/memslot/rules.hpp"

namespace assay {

struct KvmMemslot {
  template <class D>
  using Rules = TypeList<SetUserMemoryRegion<D>, GetDirtyLog<D>, ClearDirtyLog<D>>;

  template <class D>
  static void invariants(const SayInvariant<D>& say) {
    say(every, "memslots_never_overlap", memslots_never_overlap<D>, "api.rst 4.35");
    say(every, "memslots_lie_below_ipa_size", memslots_lie_below_ipa_size<D>, "api.rst 4.35");
    say(every, "memslots_are_bounded", memslots_are_bounded<D>, "kvm_main.c: KVM_MEM_MAX_NR_PAGES");
    say(every, "absent_slot_is_blank", absent_slot_is_blank<D>, "kvm_main.c:kvm_set_memslot");
  }
};

}  // namespace assay
