// RDMSR and WRMSR of a guest, KVM_GET_MSRS and KVM_SET_MSRS (api.rst 4.18, 4.19; x86.c).
#pragma once
#include "spec/x86/msr/registers.hpp"

namespace assay::x86 {

template <class D, class... Msr, class F>
void each_msr(TypeList<Msr...>, Step<D>& k, const Word<D, 32>& number, F&& f) {
  (k.when(Msr::template is<D>(number), [&] { f(Msr{}); }), ...);
}

// A guest writes an MSR: an exit, and #GP where the value or the MSR is not for it.
template <class D>
struct Wrmsr {
  static constexpr const char* name = "x86_wrmsr";
  static constexpr const char* syntax = "wrmsr: <vcpu> msr=msr value=value gp=gp";
  static constexpr const char* source = "SDM WRMSR; x86.c:kvm_set_msr_common";
  static bool applies(const Profile& p) { return is_kernel(p); }
  static constexpr const char* constants = "msr=IA32_";
  VcpuId vcpu{};
  Word<D, 32> msr{};
  Word<D, 64> value{};
  Flag<D> gp{};  // the instruction faulted
  static constexpr auto fields() {
    return members<&Wrmsr::vcpu, &Wrmsr::msr, &Wrmsr::value, &Wrmsr::gp>;
  }
  void apply(Step<D>& k, Vm<D>& vm) const {
    Vcpu<D>& self = vm.vcpu[vcpu.index];
    const MsrWrite<D> write{msr, value, MsrBy::guest, k.profile()};
    k.require(self.has_run && !self.in_guest && !self.pebs.entering,
              {"guest_was_left", "a write of one of these MSRs is an exit"});
    k.require(!self.pebs.pmi.due, {"interrupt_was_handled", "an NMI comes before anything else"});
    each_msr<D>(Msrs{}, k, msr, [&]<class Msr>(Msr) {
      const Flag<D> exists = Msr::template exists<D>(self, msr);
      const Faults<D> faults = Msr::template faults<D>(vm, self, write);
      k.require(iff(gp, !exists || faults.must) || (exists && gp && faults.may), Msr::write_faults);
      k.when(!gp, [&] { Msr::template write<D>(k, self, write); });
    });
  }
};

// A guest reads an MSR.
template <class D>
struct Rdmsr {
  static constexpr const char* name = "x86_rdmsr";
  static constexpr const char* syntax = "rdmsr: <vcpu> msr=msr value=value gp=gp";
  static constexpr const char* source = "SDM RDMSR; x86.c:kvm_get_msr_common";
  static bool applies(const Profile& p) { return is_kernel(p); }
  static constexpr const char* constants = "msr=IA32_";
  VcpuId vcpu{};
  Word<D, 32> msr{};
  Word<D, 64> value{};
  Flag<D> gp{};
  static constexpr unsigned answers = 2;
  static constexpr auto fields() {
    return members<&Rdmsr::vcpu, &Rdmsr::msr, &Rdmsr::value, &Rdmsr::gp>;
  }
  void apply(Step<D>& k, Vm<D>& vm) const {
    const Vcpu<D>& self = vm.vcpu[vcpu.index];
    k.require(self.has_run && !self.in_guest && !self.pebs.entering,
              {"guest_was_left", "a read of one of these MSRs is an exit"});
    each_msr<D>(Msrs{}, k, msr, [&]<class Msr>(Msr) {
      const Flag<D> exists = Msr::template exists<D>(self, msr);
      const Word<D, 64> wrong =
          (value ^ Msr::template value<D>(self, msr)) & Word<D, 64>(Msr::shown);
      k.require(iff(gp, !exists) && (gp || wrong == 0), Msr::reads);
    });
  }
};

// ioctl(vCPU, KVM_SET_MSRS, ...) with one MSR. It answers how many were set: 0 is a refusal. Of an
// MSR that the vCPU does not have, zero is taken.
template <class D>
struct SetMsr {
  static constexpr const char* name = "x86_set_msr";
  static constexpr const char* syntax = "ioctl(<vcpu>, KVM_SET_MSRS, {index=msr, data=value})";
  static constexpr const char* source = "api.rst 4.19; x86.c:msr_io, kvm_set_msr_common";
  static bool applies(const Profile& p) { return is_kernel(p); }
  static constexpr const char* constants = "msr=IA32_";
  VcpuId vcpu{};
  Word<D, 32> msr{};
  Word<D, 64> value{};
  static constexpr auto fields() { return members<&SetMsr::vcpu, &SetMsr::msr, &SetMsr::value>; }
  void apply(Step<D>& k, Vm<D>& vm) const {
    Vcpu<D>& self = vm.vcpu[vcpu.index];
    const MsrWrite<D> write{msr, value, MsrBy::userspace, k.profile()};
    gate<D>(k, vm);
    k.require(!self.in_guest && !self.pebs.entering && !self.pebs.pmi.due,
              {"no_run_is_under_way", "kvm_main.c:kvm_vcpu_ioctl: one at a time"});
    k.may_fail(Errno::fault, {"copy_in", "x86.c: copy_from_user"});
    k.may_fail(Errno::nomem, {"no_memory", "x86.c: memdup_user"});
    const Flag<D> not_taken =
        k.choose({"other_feature_decides", "SDM WRMSR: 57-bit addresses, transactional memory"});
    each_msr<D>(Msrs{}, k, msr, [&]<class Msr>(Msr) {
      const Flag<D> exists = Msr::template exists<D>(self, msr);
      const Faults<D> faults = Msr::template faults<D>(vm, self, write);
      const Flag<D> bad = faults.must || (faults.may && not_taken);
      const Flag<D> refused = (exists && bad) || (!exists && value != 0);
      k.returns(ite(refused, Word<D, 64>(0), Word<D, 64>(1)), Msr::set);
      k.when(exists && !refused, [&] { Msr::template write<D>(k, self, write); });
    });
  }
};

// ioctl(vCPU, KVM_GET_MSRS, ...) with one MSR.
template <class D>
struct GetMsr {
  static constexpr const char* name = "x86_get_msr";
  static constexpr const char* syntax = "ioctl(<vcpu>, KVM_GET_MSRS, {index=msr, data=value})";
  static constexpr const char* source = "api.rst 4.18; x86.c:msr_io, kvm_get_msr_common";
  static bool applies(const Profile& p) { return is_kernel(p); }
  static constexpr const char* constants = "msr=IA32_";
  VcpuId vcpu{};
  Word<D, 32> msr{};
  Word<D, 64> value{};
  static constexpr unsigned answers = 1;
  static constexpr auto fields() { return members<&GetMsr::vcpu, &GetMsr::msr, &GetMsr::value>; }
  void apply(Step<D>& k, Vm<D>& vm) const {
    const Vcpu<D>& self = vm.vcpu[vcpu.index];
    gate<D>(k, vm);
    k.may_fail(Errno::fault, {"copy_in", "x86.c: copy_from_user"});
    k.may_fail(Errno::nomem, {"no_memory", "x86.c: memdup_user"});
    each_msr<D>(Msrs{}, k, msr, [&]<class Msr>(Msr) {
      const Word<D, 64> wrong =
          (value ^ Msr::template value<D>(self, msr)) & Word<D, 64>(Msr::shown);
      k.require(wrong == 0, Msr::got);
    });
  }
};

}  // namespace assay::x86
