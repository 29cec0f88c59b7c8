// What a subject declares to the system that it is part of.
//
// `spec/<folder>/subject.hpp` has a struct named after its folder (kvm/vgic: KvmVgic) with
//
//   template <class D> using Rules = TypeList<...>;
//   static constexpr std::array handles{HandleDeclaration{...}, ...};
//   template <class D> static void observes(Step<D>&, SystemState<D>&, const Call<D>&);
//   template <class D> static void invariants(const SayInvariant<D>& say);
//   template <class D> static void properties(const Taken<D>&, const SayProperty<D>& say);
//   template <class D> static void questions(const Taken<D>&, const SayProperty<D>& say);
//
// of which all but the rules may be missing. What it keeps of a VM, a vCPU or a slot is put in by
// spec/kvm/parts.hpp, where it acts in rules of others by spec/kvm/stages.hpp. Its folder is listed
// in spec/CMakeLists.txt; the build instantiates it there in each domain, in a translation unit of
// its own (subject_in.cpp.in).
#pragma once
#include "spec/handles.hpp"
#include "spec/properties.hpp"
#include "spec/system.hpp"

namespace assay {

// say(whose, name, holds, source) for each invariant of the subject.
template <class D>
using SayInvariant =
    std::function<void(bool (*applies)(const Profile&), const char* name,
                       Flag<D> (*holds)(const SystemState<D>&), const char* source)>;

// Whose invariant it is: every implementation's.
constexpr bool every(const Profile&) { return true; }

}  // namespace assay
