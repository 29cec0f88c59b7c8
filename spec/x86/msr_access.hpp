// How an MSR of a vCPU is described: its number, when it is there, which writes fault, and what a
// write does. Those of a subject stand in its folder; spec/x86/msr/registers.hpp lists all.
//
//   struct PebsEnable {
//     static constexpr Why write_faults{"pebs_enable_faults", "..."}, reads{"...", "..."};
//     static Flag<D> is(const Word<D, 32>& msr);
//     static Flag<D> exists(const Vcpu<D>& cpu, const Word<D, 32>&);
//     static Faults<D> faults(const Vm<D>& vm, const Vcpu<D>& cpu, const MsrWrite<D>& w);
//     static void write(Step<D>& k, Vcpu<D>& cpu, const MsrWrite<D>& w);
//     static Word<D, 64> value(const Vcpu<D>& cpu, const Word<D, 32>& msr);
//     static constexpr u64 shown = ~u64{0};   // the bits of a read that the model knows
//   };
#pragma once
#include "spec/x86/vm.hpp"

namespace assay::x86 {

enum class MsrBy : bool { guest, userspace };

template <class D>
struct MsrWrite {
  Word<D, 32> msr;
  Word<D, 64> value;
  MsrBy by;
  const Profile& profile;
};

// Of some values it depends on things outside the model whether they are taken.
template <class D>
struct Faults {
  Flag<D> must, may;
  Faults(const Flag<D>& both) : must(both), may(both) {}
  Faults(const Flag<D>& surely, const Flag<D>& perhaps) : must(surely), may(surely || perhaps) {}
};

}  // namespace assay::x86
