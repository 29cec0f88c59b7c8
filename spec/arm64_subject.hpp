// What the subjects of arm64 KVM are written for: its state, and steps of it.
//
// What a subject keeps of a VM, a vCPU or a slot is put in by spec/kvm/parts.hpp, where it acts in
// rules of others by spec/kvm/stages.hpp.
#pragma once
#include "spec/kvm/vm.hpp"
#include "spec/subject.hpp"

namespace assay {

template <class D>
using Taken = TakenOf<D, Vm<D>>;
template <class D>
using SayInvariant = SayInvariantOf<D, Vm<D>>;

}  // namespace assay
