// The tables of the state of x86 KVM: what their entries are of.
#pragma once
#include "model/table.hpp"

namespace assay::x86 {

// What a table is indexed by; its value selects the entry of Shape::size.
enum class Dim : unsigned { vcpu = 0, cpu = 1 };

}  // namespace assay::x86
