// What SPE virtualisation asks of the VMM that it serves.
#pragma once
#include "model/fields.hpp"

namespace assay {

template <class D>
struct SpeHost {
  FlagCell<D> perfmon{};       // the VMM is perfmon_capable()
  FlagCell<D> ipc_lock{};      // the VMM has CAP_IPC_LOCK
  NumCell<D> memlock_pages{};  // the VMM's RLIMIT_MEMLOCK, in pages
  static constexpr auto fields() {
    return members<&SpeHost::perfmon, &SpeHost::ipc_lock, &SpeHost::memlock_pages>;
  }
};

}  // namespace assay
