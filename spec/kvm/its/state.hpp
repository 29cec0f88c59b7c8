// The ITSs of a VM, as far as userspace places them. What their registers and tables hold is not
// followed: the guest writes them by MMIO, which no trace shows.
#pragma once
#include "spec/kvm/host.hpp"

namespace assay {

template <class D>
struct Its {
  FlagCell<D> created{};
  FlagCell<D> placed{};
  NumCell<D> base{};  // guest-physical address
  static constexpr auto fields() { return members<&Its::created, &Its::placed, &Its::base>; }
};

template <class D>
struct ItsVm {
  WordCell<D, 16> count{};  // created so far; also the index of the next one
  Table<D, Its<D>, Dim::its> its{};
  static constexpr auto fields() { return members<&ItsVm::count, &ItsVm::its>; }
};

}  // namespace assay
