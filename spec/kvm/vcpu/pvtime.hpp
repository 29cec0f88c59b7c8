// KVM_ARM_VCPU_PVTIME_CTRL: where a vCPU's stolen time is told to the guest (vcpu.rst 3).
#pragma once
#include "spec/kvm/attribute.hpp"

namespace assay {

struct PvtimeCtrl : VcpuGroup<"KVM_ARM_VCPU_PVTIME_CTRL"> {
  // Whether the host tells stolen time no trace says: it has a scheduler that counts.
  template <class D>
  static void host_tells_time(Step<D>& k) {
    k.may_fail(Errno::nxio, {"host_lacks_stolen_time", "pvtime.c:kvm_arm_pvtime_supported"});
  }
  static constexpr AttributeCall has_call{"pvtime_has",
                                          "api.rst 4.81; pvtime.c:kvm_arm_pvtime_has_attr"};
  template <class D>
  static void has(Step<D>& k, Vm<D>& vm, const auto& call) {
    gate<D>(k, vm);
    k.reject(Errno::nxio, call.attr != 0, {"unknown_attribute", "api.rst 4.81: ENXIO"});
    host_tells_time<D>(k);
  }
};

// KVM_ARM_VCPU_PVTIME_IPA.
struct PvtimeIpa : AttributeOf<PvtimeCtrl, "KVM_ARM_VCPU_PVTIME_IPA"> {
  static constexpr AttributeCall sets{"pvtime_set", "vcpu.rst 3; pvtime.c:kvm_arm_pvtime_set_attr"};
  static constexpr AttributeCall gets{"pvtime_get", "vcpu.rst 3; pvtime.c:kvm_arm_pvtime_get_attr"};
  template <class D>
  using Value = FieldList<Field<"ipa", 0, &Vcpu<D>::pvtime_base>>;
  template <class D>
  static void set(Step<D>& k, Vm<D>& vm, const auto& call) {
    const Num<D> ipa = field<"ipa">(call);
    const Num<D> gfn = ipa / page_bytes;
    auto& cpu = call.of(vm);
    host_tells_time<D>(k);
    k.reject(Errno::fault, call.unreadable, {"copy_in", "pvtime.c: get_user"});
    k.reject(Errno::inval, !is_multiple_of(ipa, 64), {"unaligned", "vcpu.rst 3: EINVAL"});
    k.reject(Errno::exist, cpu.pvtime_set, {"already_set", "vcpu.rst 3: EEXIST"});
    k.reject(Errno::inval,
             !any<D>(vm.slot,
                     [&](const auto& s) {
                       return s.pages != 0 && !s.readonly && gfn >= s.base_gfn &&
                              gfn < s.base_gfn + s.pages;
                     }),
             {"outside_of_memory", "pvtime.c:kvm_arm_pvtime_set_attr; gfn_to_hva"});
    k.set(cpu.pvtime_set, true);
    k.set(cpu.pvtime_base, ipa);
  }
  template <class D>
  static void get(Step<D>& k, Vm<D>& vm, const auto& call) {
    const Num<D> ipa = field<"ipa">(call);
    const auto& cpu = call.of(vm);
    host_tells_time<D>(k);
    k.reject(Errno::fault, call.unreadable, {"copy_out", "pvtime.c: put_user"});
    k.require(!cpu.pvtime_set || ipa == cpu.pvtime_base, {"ipa_as_set", "vcpu.rst 3"});
  }
};
// Any other attribute of the group.
struct PvtimeOther : OtherOf<PvtimeCtrl, 1> {
  static constexpr AttributeCall sets{"pvtime_set_other",
                                      "vcpu.rst 3; pvtime.c:kvm_arm_pvtime_set_attr"};
  static constexpr AttributeCall gets{"pvtime_get_other",
                                      "vcpu.rst 3; pvtime.c:kvm_arm_pvtime_get_attr"};
  template <class D>
  using Value = FieldList<>;
  template <class D>
  static void set(Step<D>& k, Vm<D>&, const auto&) {
    k.reject(Errno::nxio, true, {"unknown_attribute", "vcpu.rst 3: ENXIO"});
  }
  template <class D>
  static void get(Step<D>& k, Vm<D>&, const auto&) {
    k.reject(Errno::nxio, true, {"unknown_attribute", "vcpu.rst 3: ENXIO"});
  }
};

}  // namespace assay
