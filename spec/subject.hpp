// What a subject declares to the system that it is part of.
//
// `spec/<folder>/subject.hpp` has a struct named after its folder (kvm/vgic: KvmVgic) with
//
//   template <class D> using Rules = TypeList<...>;
//   static constexpr std::array handles{HandleDeclaration{...}, ...};
//   template <class D> static void observes(Step<D>&, State<D>&, const Call<D>&);
//   template <class D> static void invariants(const SayInvariantOf<D, State<D>>& say);
//   template <class D> static void properties(const TakenOf<D, State<D>>&, const SayProperty<D>&);
//   template <class D> static void questions(const TakenOf<D, State<D>>&, const SayProperty<D>&);
//
// of which all but the rules may be missing. State<D> is the state of its system: Vm<D> of arm64
// KVM (spec/arm64_subject.hpp). Its folder is listed in an assay_system() of spec/CMakeLists.txt;
// the build instantiates it there in each domain, in a translation unit of its own
// (subject_in.cpp.in).
#pragma once
#include "spec/claims.hpp"
#include "spec/handles.hpp"
#include "spec/properties.hpp"

namespace assay {

// What those who run on the machine promise about a call that is the hardware's: `observes` of each
// subject, after the rule. The build defines it for each system and domain.
template <class TheSystem, class D>
void observe(Step<D>& k, typename TheSystem::template State<D>& state, const Call<D>& call);

}  // namespace assay
