// The ITS device. What of it belongs to the system: rules.
#pragma once
#include "spec/arm64_subject.hpp"
#include "spec/kvm/its/rules.hpp"

namespace assay {

struct KvmIts {
  template <class D>
  using Rules = TypeList<SetAttribute<D, ItsAddress>, GetAttribute<D, ItsAddress>,
                         SetAttribute<D, ItsOtherAddress>, GetAttribute<D, ItsOtherAddress>,
                         SetAttribute<D, ItsInit>, SetAttribute<D, ItsSaveTables>,
                         SetAttribute<D, ItsRestoreTables>, SetAttribute<D, ItsReset>,
                         SetAttribute<D, ItsOtherControl>, SetAttribute<D, ItsRegister>,
                         GetAttribute<D, ItsRegister>, HasAttribute<D, ItsHasAddress>,
                         HasAttribute<D, ItsHasControl>, HasAttribute<D, ItsHasRegister>>;

  static constexpr std::array handles{
      HandleDeclaration{.kind = HandleKind{8},
                        .name = "its",
                        .link = "anon_inode:kvm-arm-vgic-its",
                        .owner = HandleKind::vm,
                        .is_counted = true,
                        .device_type = vgic_its_device},
  };
};

}  // namespace assay
