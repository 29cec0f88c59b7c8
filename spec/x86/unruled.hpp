// Calls of x86 KVM that no rule describes: see spec/unruled.hpp.
#pragma once
#include "spec/unruled.hpp"

namespace assay::x86 {

std::span<const HarmlessRequest> harmless_requests();
MayChange may_change(std::string_view request, bool on_vcpu, unsigned long long group);

}  // namespace assay::x86
