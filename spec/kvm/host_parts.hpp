// What subjects know of the host, put together: as spec/kvm/parts.hpp does it for the VM. Members
// of a part are the host's own: a `# host` line names them without a prefix.
#pragma once
#include "spec/kvm/spe/host.hpp"

namespace assay {

template <class D>
struct HostParts : SpeHost<D> {
  using Parts = PartList<SpeHost<D>>;
  static constexpr auto fields() { return SpeHost<D>::fields(); }
};

}  // namespace assay
