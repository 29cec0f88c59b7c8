// KVM_ARM_VCPU_TIMER_CTRL: the interrupts of a vCPU's timers (vcpu.rst 2). What they are once one
// was moved is not followed.
#pragma once
#include "spec/kvm/attribute.hpp"
#include "spec/kvm/vcpu/timers.hpp"
#include "spec/kvm/vgic/numbers.hpp"

namespace assay {

struct TimerCtrl : VcpuGroup<"KVM_ARM_VCPU_TIMER_CTRL"> {
  template <class D>
  static Flag<D> is_timer(const Step<D>& k, const Word<D, 64>& attr) {
    return attr < u64{k.is(Behaviour::timer_interrupts_of_vm) ? 4u : 2u};
  }
  static constexpr AttributeCall has_call{"timer_has",
                                          "api.rst 4.81; arch_timer.c:kvm_arm_timer_has_attr"};
  template <class D>
  static void has(Step<D>& k, Vm<D>& vm, const auto& call) {
    gate<D>(k, vm);
    k.reject(Errno::nxio, !is_timer<D>(k, call.attr), {"unknown_attribute", "api.rst 4.81: ENXIO"});
  }
};

// All attributes of the group: the virtual and the physical timer, then those of EL2.
struct TimerIrq : OtherOf<TimerCtrl, 0> {
  static constexpr AttributeCall sets{"timer_set_irq",
                                      "vcpu.rst 2; arch_timer.c:kvm_arm_timer_set_attr"};
  static constexpr AttributeCall gets{"timer_get_irq",
                                      "vcpu.rst 2; arch_timer.c:kvm_arm_timer_get_attr"};
  template <class D>
  using Value = FieldList<Field<"irq", 0, 32u>>;
  template <class D>
  static Word<D, 32> usual(const Word<D, 64>& attr) {
    constexpr u64 of_el2_virtual = 28, of_el2_physical = 26;
    return ite(attr == 0, Word<D, 32>(vtimer_ppi),
               ite(attr == 1, Word<D, 32>(ptimer_ppi),
                   ite(attr == 2, Word<D, 32>(of_el2_virtual), Word<D, 32>(of_el2_physical))));
  }
  // No vCPU may have checked its timers at a first run: of the VM, before 6.4 this one.
  template <class D>
  static Flag<D> are_fixed(const Step<D>& k, const Vm<D>& vm, const Vcpu<D>& cpu) {
    if (!k.is(Behaviour::timer_interrupts_of_vm)) return cpu.runner != 0;
    return any<D>(vm.vcpu, [](const auto& c) { return c.runner != 0; });
  }
  template <class D>
  static Flag<D> may_be_fixed(const Step<D>& k, const Vm<D>& vm) {
    if (!k.is(Behaviour::timer_interrupts_of_vm)) return Flag<D>(true);
    return vm.timers_moved ||
           any<D>(vm.vcpu, [](const auto& c) { return c.ptimer_claimed || c.runner != 0; });
  }
  template <class D>
  static void set(Step<D>& k, Vm<D>& vm, const auto& call) {
    const auto& irq = field<"irq">(call);
    const Vcpu<D>& cpu = call.of(vm);
    k.reject(Errno::inval, !vm.gic.created, {"no_irqchip", "arch_timer.c:kvm_arm_timer_set_attr"});
    k.reject(Errno::fault, call.unreadable, {"copy_in", "arch_timer.c: get_user"});
    k.reject(Errno::inval, !is_ppi<D>(irq), {"not_a_ppi", "vcpu.rst 2: EINVAL"});
    k.reject(Errno::busy, are_fixed<D>(k, vm, cpu), {"vcpu_has_run", "vcpu.rst 2: EBUSY"});
    k.when(may_be_fixed<D>(k, vm), [&] {
      k.may_fail(Errno::busy, {"run_has_failed", "arch_timer.c:kvm_timer_enable"});
    });
    k.reject(Errno::nxio, !is_timer<D>(k, call.attr), {"unknown_attribute", "vcpu.rst 2: ENXIO"});
    k.when(call.attr < 2 && (irq != usual<D>(call.attr)), [&] { k.set(vm.timers_moved, true); });
  }
  template <class D>
  static void get(Step<D>& k, Vm<D>& vm, const auto& call) {
    const auto& irq = field<"irq">(call);
    k.reject(Errno::nxio, !is_timer<D>(k, call.attr), {"unknown_attribute", "vcpu.rst 2: ENXIO"});
    k.reject(Errno::fault, call.unreadable, {"copy_out", "arch_timer.c: put_user"});
    k.require(vm.timers_moved || call.attr > 1 || irq == usual<D>(call.attr),
              {"usual_interrupt", "arch_timer.c; kvm_timer_vcpu_init"});
  }
};

}  // namespace assay
