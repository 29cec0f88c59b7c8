// KVM_SET_CPUID2, as far as it decides about the PMU (cpuid.c, pmu_intel.c).
#pragma once
#include "spec/x86/pebs/counters.hpp"

namespace assay::x86 {

// kvm_pmu_refresh(): series v3 keeps what IA32_MISC_ENABLE says of the PMU itself.
template <class D>
void refresh_pmu(Step<D>& k, PebsVcpu<D>& p) {
  if (!k.is(Behaviour::pmu_bits_kept_by_kvm)) return;
  k.set(p.msr.pebs_unavailable, !offers_pebs<D>(p));
  k.set(p.msr.emon, p.cpuid.version != 0);
}

// ioctl(vCPU, KVM_SET_CPUID2, ...): of its entries the registers of leaves 1 and 0xa.
template <class D>
struct SetCpuid2 {
  static constexpr const char* name = "x86_set_cpuid2";
  static constexpr const char* syntax =
      "ioctl(<vcpu>, KVM_SET_CPUID2, {cpuid_1=[leaf_1], cpuid_a=[leaf_a]})";
  static constexpr const char* source = "api.rst; cpuid.c:kvm_set_cpuid";
  static bool applies(const Profile& p) { return is_kernel(p); }
  VcpuId vcpu{};
  std::array<Word<D, 32>, 4> leaf_1{}, leaf_a{};  // EAX, EBX, ECX, EDX
  static constexpr auto fields() {
    return members<&SetCpuid2::vcpu, &SetCpuid2::leaf_1, &SetCpuid2::leaf_a>;
  }

  void apply(Step<D>& k, Vm<D>& vm) const {
    constexpr unsigned eax = 0, ecx = 2, edx = 3;
    Vcpu<D>& self = vm.vcpu[vcpu.index];
    PebsCpuid<D>& now = self.pebs.cpuid;
    const PebsHost<D>& host = vm.host.pebs;
    const auto least = [](const Word<D, 8>& a, const Word<D, 8>& b) { return ite(a < b, a, b); };
    const Word<D, 8> version = field_bits<8>(leaf_a[eax], 0);
    const Word<D, 8> none(0);
    const Word<D, 8> general =
        ite(version == 0, none, least(field_bits<8>(leaf_a[eax], 8), plain(host.general)));
    const Word<D, 8> fixed =
        ite(version <= 1, none,
            least(Word<D, 8>(3), least(field_bits<8>(leaf_a[edx], 0) & 0x1f, plain(host.fixed))));
    const Flag<D> dtes64 = bit(leaf_1[ecx], 2), pdcm = bit(leaf_1[ecx], 15),
                  ds = bit(leaf_1[edx], 21);
    const Flag<D> same_model = leaf_1[eax] == host.model;
    const Flag<D> same = now.version == version && now.general == general && now.fixed == fixed &&
                         iff(now.ds, ds) && iff(now.dtes64, dtes64) && iff(now.pdcm, pdcm) &&
                         iff(now.same_model, same_model);
    gate<D>(k, vm);
    k.may_fail(Errno::fault, {"copy_in", "cpuid.c: copy_from_user"});
    k.may_fail(Errno::nomem, {"no_memory", "cpuid.c: vmemdup_user"});
    k.may_fail(Errno::toobig, {"too_many_entries", "cpuid.c: KVM_MAX_CPUID_ENTRIES"});
    k.reject(Errno::inval, self.has_run && !same,
             {"vcpu_has_run", "cpuid.c:kvm_set_cpuid: only the same again"});
    k.may_fail(Errno::inval, {"other_leaf_is_bad", "cpuid.c:kvm_check_cpuid"});
    k.set(now.version, version);
    k.set(now.general, general);
    k.set(now.fixed, fixed);
    k.set(now.ds, ds);
    k.set(now.dtes64, dtes64);
    k.set(now.pdcm, pdcm);
    k.set(now.same_model, same_model);
    refresh_pmu<D>(k, self.pebs);
  }
};

}  // namespace assay::x86
