// What the subjects of x86 KVM are written for: its state, and steps of it.
#pragma once
#include "spec/subject.hpp"
#include "spec/x86/vm.hpp"

namespace assay::x86 {

template <class D>
using Taken = TakenOf<D, Vm<D>>;
template <class D>
using SayInvariant = SayInvariantOf<D, Vm<D>>;

}  // namespace assay::x86
