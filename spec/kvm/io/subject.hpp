// Coalesced MMIO and eventfds. What of it belongs to the system: rules.
#pragma once
#include "spec/arm64_subject.hpp"
#include "spec/kvm/io/rules.hpp"

namespace assay {

struct KvmIo {
  template <class D>
  using Rules =
      TypeList<CoalescedMmio<D, RegistersZone>, CoalescedMmio<D, UnregistersZone>, Ioeventfd<D>>;
};

}  // namespace assay
