// KVM_ARM_VCPU_INIT (api.rst 4.82), in the two ways Linux has implemented it.
#pragma once
#include "spec/kvm/stages.hpp"
#include "spec/kvm/vcpu/mp_state.hpp"

namespace assay {

// ioctl(vCPU, KVM_ARM_VCPU_INIT, {target, features}).
template <class D>
struct VcpuInit {
  static constexpr const char* name = "vcpu_init";
  static constexpr const char* syntax =
      "ioctl(<vcpu>, KVM_ARM_VCPU_INIT, unreadable:{target=target, features=[features]})";
  static constexpr const char* source = "api.rst 4.82; arm.c:kvm_arch_vcpu_ioctl_vcpu_init";
  VcpuId vcpu{};
  Flag<D> unreadable{};
  Word<D, 32> target{};
  std::array<Word<D, 32>, 7> features{};
  Word<D, 16> cpu = Word<D, 16>(0xffff);  // CPU that executed the call; 0xffff = not told
  static constexpr auto fields() {
    return members<&VcpuInit::vcpu, &VcpuInit::unreadable, &VcpuInit::target, &VcpuInit::features,
                   &VcpuInit::cpu>;
  }

  static constexpr u64 generic_target = 5;  // KVM_ARM_TARGET_GENERIC_V8

  void apply(Step<D>& k, Vm<D>& vm) const {
    gate<D>(k, vm);
    k.reject(Errno::fault, unreadable, {"copy_in", "arm.c: copy_from_user"});
    Flag<D> known_target = target == vm.host.target;
    if (k.is(Behaviour::generic_target_accepted))
      known_target = known_target || target == generic_target;
    k.reject(Errno::inval, !known_target, {"unknown_target", "api.rst 4.82: EINVAL"});
    if (k.is(Behaviour::features_belong_to_vm)) init_for_vm(k, vm);
    else init_for_vcpu(k, vm);
    // Before Linux 6.7 a bit that was asked for once stays.
    Vcpu<D>& self = vm.vcpu[vcpu.index];
    Flag<D> is_off = asks(Feature::power_off);
    if (!k.is(Behaviour::features_belong_to_vm)) is_off = bit(plain(self.features), 0);
    k.set(self.mp_state, ite(is_off, Word<D, 4>(mp_stopped), Word<D, 4>(mp_runnable)));
    run_stage<after_init<D>>(k, vm, NewFeatures<D>{vcpu, features[0], cpu});
  }

 private:
  Flag<D> asks(Feature f) const { return bit(features[0], static_cast<unsigned>(f)); }
  Flag<D> beyond_first_word() const {
    Flag<D> some = false;
    for (unsigned i = 1; i < 7; ++i) some = some || features[i] != 0;
    return some;
  }

  // Linux 6.7 and later: all checks first; the set then belongs to the VM.
  void init_for_vm(Step<D>& k, Vm<D>& vm) const {
    const bool nested = k.is(Behaviour::nested_features_known);
    const u64 known_bits = nested ? 0x1ff : 0x7f;
    const Word<D, 16> wanted = truncate<16>(features[0] & Word<D, 32>(known_bits & ~u64{1}));
    auto& self = vm.vcpu[vcpu.index];
    k.reject(Errno::noent, (features[0] & ~Word<D, 32>(known_bits)) != 0 || beyond_first_word(),
             {"unknown_feature", "api.rst 4.82: ENOENT; arm.c:kvm_vcpu_init_check_features"});
    k.reject(Errno::inval,
             (asks(Feature::el1_32bit) && !vm.host.el1_32bit) ||
                 (asks(Feature::pmu_v3) && !vm.host.pmu_v3) ||
                 (asks(Feature::sve) && !vm.host.sve) ||
                 ((asks(Feature::ptrauth_address) || asks(Feature::ptrauth_generic)) &&
                  !vm.host.ptrauth) ||
                 (asks(Feature::has_el2) && !vm.host.nested),
             {"feature_unsupported", "arm.c:system_supported_vcpu_features"});
    k.reject(Errno::inval, !iff(asks(Feature::ptrauth_address), asks(Feature::ptrauth_generic)),
             {"half_of_ptrauth", "api.rst 4.82: both PTRAUTH features or none"});
    k.reject(Errno::inval, asks(Feature::el1_32bit) && asks(Feature::has_el2),
             {"el2_with_32bit", "arm.c:kvm_vcpu_init_check_features"});
    k.reject(Errno::inval, vm.features_fixed && vm.features != wanted,
             {"features_differ", "api.rst 4.82: same features; arm.c:kvm_vcpu_init_changed"});
    k.set(vm.features, wanted);
    k.when(!self.initialized, [&] {
      run_stage<at_first_init<D>>(k, vm, NewFeatures<D>{vcpu, features[0], cpu});
    });
    k.set(vm.features_fixed, true);
    k.set(self.initialized, true);
  }

  // Before Linux 6.7: the bitmap is scanned upwards from bit 0 and stored on the way, the target
  // is stored, then a reset validates the set; a failing reset forgets both.
  void init_for_vcpu(Step<D>& k, Vm<D>& vm) const {
    auto& self = vm.vcpu[vcpu.index];
    const u64 known_bits = k.is(Behaviour::spe_series) ? 0xff : 0x7f;
    const Word<D, 16> wanted = truncate<16>(features[0] & Word<D, 32>(known_bits));
    const Flag<D> again = self.initialized;
    k.reject(Errno::inval, again && self.features != wanted,
             {"features_differ", "api.rst 4.82: same features; arm.c:kvm_vcpu_set_target"});
    // Not undone when an unknown feature follows: the next call starts from these bits.
    k.set(self.features, self.features | wanted);
    k.reject(Errno::noent, (features[0] & ~Word<D, 32>(known_bits)) != 0 || beyond_first_word(),
             {"unknown_feature", "api.rst 4.82: ENOENT; arm.c:kvm_vcpu_set_target"});
    k.set(self.initialized, true);
    const Word<D, 16> set = self.features;
    const Reset<D> resets{self, set, vcpu};
    reset(k, vm, resets);
    run_stage<after_reset<D>>(k, vm, resets);
  }

  void reset(Step<D>& k, Vm<D>& vm, const Reset<D>& r) const {
    Vcpu<D>& self = r.self;
    const Flag<D> is_32bit = r.has(Feature::el1_32bit);
    const Flag<D> fixed = vm.width_fixed;
    r.fails(k, fixed && !iff(is_32bit, vm.is_32bit),
            {"width_differs", "reset.c:kvm_set_vm_width: one register width for a VM"});
    r.fails(k, !fixed && is_32bit && !vm.host.el1_32bit,
            {"no_32bit_el1", "reset.c:kvm_set_vm_width: ARM64_HAS_32BIT_EL1"});
    k.set(vm.width_fixed, true);
    k.set(vm.is_32bit, is_32bit);
    const Flag<D> enables_sve = !self.sve_finalized && r.has(Feature::sve);
    r.fails(k, enables_sve && !vm.host.sve, {"no_sve", "reset.c:kvm_vcpu_enable_sve"});
    k.set(self.has_sve, self.has_sve || enables_sve);
    const Flag<D> address = r.has(Feature::ptrauth_address);
    const Flag<D> generic = r.has(Feature::ptrauth_generic);
    r.fails(k, (address || generic) && !(address && generic && vm.host.ptrauth),
            {"ptrauth", "reset.c:kvm_vcpu_enable_ptrauth: both or none, and supported"});
    run_stage<at_reset<D>>(k, vm, r);
  }
};

}  // namespace assay
