// KVM_ARM_VCPU_SPE, the feature of the SPE series.
#pragma once
#include "spec/kvm/vcpu/state.hpp"

namespace assay {

// Mainline gave the number to HAS_EL2.
inline constexpr Feature spe_feature{7};

}  // namespace assay
