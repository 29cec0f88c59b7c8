// The vCPU's SPE attributes and its set of CPUs (SPE-4.6 to SPE-4.8).
#pragma once
#include "spec/kvm/attribute.hpp"
#include "spec/kvm/interrupt_owners.hpp"
#include "spec/kvm/spe/feature.hpp"
#include "spec/kvm/spe/lock.hpp"
#include "spec/kvm/spe/switch_stage.hpp"
#include "spec/kvm/vgic/numbers.hpp"

namespace assay {

// Whether some PE of the host has SPE, so that KVM offers it (v4-16, v5-16).
template <class D>
Flag<D> host_has_spe(const Vm<D>& vm) {
  return any<D>(vm.host.pe, [](const auto& pe) { return pe.spe != 0 && pe.spe != 0xff; });
}
// The set of PEs with SPE, as far as a mask of 64 tells.
template <class D>
Word<D, 64> cpus_with_spe(const Vm<D>& vm) {
  Word<D, 64> cpus(0);
  vm.host.pe.for_each([&](const auto& pe, std::size_t i) {
    if (i < 64)
      cpus = cpus | ite(pe.spe != 0 && pe.spe != 0xff, Word<D, 64>(u64{1} << i), Word<D, 64>(0));
  });
  return cpus;
}
template <class D>
Flag<D> has_spe_feature(const Vcpu<D>& cpu) {
  return bit(plain(cpu.features), static_cast<unsigned>(spe_feature));
}

// Another buffer, or none: v6 gives back what it pinned (v6-28).
template <class D>
void give_back(Step<D>& k, SpeVcpu<D>& self) {
  if (!pins_buffer(k.profile())) return;
  k.set(self.buffer.pinned, Num<D>(0));
  k.set(self.buffer.mapped, false);
}

// kvm_arm_support_spe() && kvm_vcpu_has_spe() && irqchip_in_kernel(): the gate of every attribute.
template <class D>
void spe_gate(Step<D>& k, Vm<D>& vm, VcpuId v) {
  gate<D>(k, vm);
  k.reject(Errno::nxio,
           !host_has_spe<D>(vm) || !has_spe_feature<D>(vm.vcpu[v.index]) || !vm.gic.created,
           {"no_spe", "v4-20: host, vCPU feature, in-kernel irqchip"});
}

struct SpeCtrlGroup : VcpuGroup<"KVM_ARM_VCPU_SPE_CTRL"> {
  static bool applies(const Profile& p) { return is_spe_series(p); }
  static constexpr AttributeCall has_call{"spe_has", "v4-20; SPE-4.7"};
  template <class D>
  static void has(Step<D>& k, Vm<D>& vm, const auto& call) {
    spe_gate<D>(k, vm, call.vcpu);
    const u64 last = pins_buffer(k.profile()) ? 4 : 2;
    k.reject(Errno::nxio, call.attr > last, {"unknown_attribute", "v4-20"});
  }
  template <class D>
  static void begin_set(Step<D>& k, Vm<D>& vm, const auto& call) {
    spe_gate<D>(k, vm, call.vcpu);
  }
  template <class D>
  static void begin_get(Step<D>& k, Vm<D>& vm, const auto& call) {
    spe_gate<D>(k, vm, call.vcpu);
  }
};
template <Name attribute>
using SpeCtrl = AttributeOf<SpeCtrlGroup, attribute>;

// KVM_ARM_VCPU_SPE_IRQ.
struct SpeIrq : SpeCtrl<"KVM_ARM_VCPU_SPE_IRQ"> {
  static constexpr AttributeCall sets{"spe_set_irq", "v4-21; SPE-4.7"};
  static constexpr AttributeCall gets{"spe_get_irq", "v4-21"};
  template <class D>
  using Value = FieldList<Field<"irq", 0, 32u>>;
  template <class D>
  static void set(Step<D>& k, Vm<D>& vm, const auto& call) {
    const auto& irq = field<"irq">(call);
    Vcpu<D>& cpu = call.of(vm);
    k.reject(Errno::busy, cpu.spe.initialized, {"already_initialized", "v4-21"});
    k.reject(Errno::busy, cpu.spe.irq != 0, {"irq_already_set", "v4-21"});
    k.reject(Errno::fault, call.unreadable, {"copy_in", "v4-21: get_user"});
    // The validity helper's bool holds -EINVAL, which is true: any number passes [inferred].
    if (!k.is(Behaviour::spe_irq_unchecked))
      k.reject(Errno::inval, !is_ppi<D>(irq), {"not_a_ppi", "v4-21 documentation: must be a PPI"});
    k.reject(Errno::inval,
             any<D>(vm.vcpu,
                    [&](const auto& c) {
                      return has_spe_feature<D>(c) && c.spe.irq != 0 && c.spe.irq != irq;
                    }),
             {"irq_differs", "v4-21: the same on all vCPUs"});
    k.set(cpu.spe.irq, irq);
  }
  template <class D>
  static void get(Step<D>& k, Vm<D>& vm, const auto& call) {
    const auto& irq = field<"irq">(call);
    const Vcpu<D>& cpu = call.of(vm);
    k.reject(Errno::nxio, cpu.spe.irq == 0, {"irq_not_set", "v4-21"});
    k.reject(Errno::fault, call.unreadable, {"copy_out", "v4-21: put_user"});
    k.require(irq == cpu.spe.irq, {"irq_as_set", "v4-21"});
  }
};

// KVM_ARM_VCPU_SPE_INIT.
struct SpeInit : SpeCtrl<"KVM_ARM_VCPU_SPE_INIT"> {
  static constexpr AttributeCall sets{"spe_init", "v4-22, v4-35; SPE-4.7"};
  template <class D>
  using Value = FieldList<>;
  template <class D>
  static void set(Step<D>& k, Vm<D>& vm, const auto& call) {
    Vcpu<D>& cpu = call.of(vm);
    k.reject(Errno::nxio, cpu.spe.irq == 0, {"irq_not_set", "v4-22"});
    k.reject(Errno::nxio, !vm.gic.initialized, {"vgic_not_initialized", "v4-22"});
    k.reject(Errno::busy, cpu.spe.initialized, {"already_initialized", "v4-35"});
    k.reject(Errno::nxio,
             cpu.spe.irq < 16 || is_owned_by_another<D>("spe", cpu, plain(cpu.spe.irq)),
             {"interrupt_has_owner", "v4-22: kvm_vgic_set_owner; an SGI has none"});
    k.set(cpu.spe.initialized, true);
  }
};

// KVM_ARM_VCPU_SPE_STOP: 1 TRAP, 2 EXIT, 4 RESUME.
struct SpeStop : SpeCtrl<"KVM_ARM_VCPU_SPE_STOP"> {
  static constexpr AttributeCall sets{"spe_stop", "v4-35, v4-36; SPE-4.7, SPE-4.8"};
  static constexpr AttributeCall gets{"spe_get_stop", "v4-35"};
  template <class D>
  using Value = FieldList<Field<"flags", 0, 32u>>;
  template <class D>
  static void set(Step<D>& k, Vm<D>& vm, const auto& call) {
    const auto& flags = field<"flags">(call);
    Vcpu<D>& cpu = call.of(vm);
    k.require(is_out_of_guest<D>(vm, call.vcpu) && !cpu.spe.event_pending,
              {"not_during_run", "kvm_main.c:kvm_vcpu_ioctl: KVM_RUN holds the vCPU's mutex"});
    k.reject(Errno::again, !cpu.spe.initialized, {"not_initialized", "v4-35"});
    k.reject(Errno::fault, call.unreadable, {"copy_in", "v4-35: get_user"});
    k.reject(Errno::inval, flags == 0, {"no_flag", "v4-35"});
    const Flag<D> known = (flags & Word<D, 32>(7)) != 0;
    const Flag<D> one = flags == 1 || flags == 2 || flags == 4;
    k.reject(Errno::inval, known && !one, {"flags_combined", "v4-35: one flag and nothing else"});
    // Only unknown bits: v4 and v5 answer success and change nothing [inferred].
    if (!k.is(Behaviour::spe_stop_ignores_unknown))
      k.reject(Errno::inval, !known, {"unknown_flags", "v4-35 documentation"});
    const Word<D, 2> wanted =
        ite(flags == 1, Word<D, 2>(spe_stopped_trap),
            ite(flags == 2, Word<D, 2>(spe_stopped_exit), Word<D, 2>(spe_running)));
    k.when(known, [&] { k.set(cpu.spe.stop, wanted); });
  }
  template <class D>
  static void get(Step<D>& k, Vm<D>& vm, const auto& call) {
    const auto& flags = field<"flags">(call);
    const Vcpu<D>& cpu = call.of(vm);
    k.reject(Errno::again, !cpu.spe.initialized, {"not_initialized", "v4-35"});
    k.reject(Errno::fault, call.unreadable, {"copy_out", "v4-35: put_user"});
    k.require(flags == zero_extend<32>(plain(cpu.spe.stop)), {"state_as_set", "v4-35"});
  }
};

// Any other attribute of the group.
struct SpeOther : OtherOf<SpeCtrlGroup, 5> {
  static constexpr AttributeCall sets{"spe_set_other", "v4-20"};
  template <class D>
  using Value = FieldList<>;
  template <class D>
  static void set(Step<D>& k, Vm<D>&, const auto&) {
    k.reject(Errno::nxio, true, {"unknown_attribute", "v4-20"});
  }
};

// ioctl(vCPU, KVM_ARM_VCPU_SUPPORTED_CPUS, "list"): v4 only. The list is read as a mask.
template <class D>
struct SpeSupportedCpus {
  static constexpr const char* name = "spe_supported_cpus";
  static constexpr const char* syntax =
      "ioctl(<vcpu>, KVM_ARM_VCPU_SUPPORTED_CPUS, unreadable:[cpus])";
  static constexpr const char* source = "v4-12; SPE-4.6";
  static bool applies(const Profile& p) { return is_spe_series(p) && !p.is(Behaviour::spe_v5); }
  VcpuId vcpu{};
  Flag<D> unreadable{};
  Word<D, 64> cpus{};
  static constexpr auto fields() {
    return members<&SpeSupportedCpus::vcpu, &SpeSupportedCpus::unreadable, &SpeSupportedCpus::cpus>;
  }
  void apply(Step<D>& k, Vm<D>& vm) const {
    auto& cpu = vm.vcpu[vcpu.index];
    gate<D>(k, vm);
    k.reject(Errno::noexec, cpu.runner != 0, {"has_run", "v4-12: has_run_once"});
    k.reject(Errno::fault, unreadable, {"copy_in", "v4-12: strndup_user"});
    k.may_fail(Errno::inval, {"not_a_list", "v4-12: cpulist_parse"});
    k.may_fail(Errno::nomem, {"no_memory", "v4-12: strndup_user"});
    k.set(cpu.spe.cpus, cpus);
  }
};

}  // namespace assay
