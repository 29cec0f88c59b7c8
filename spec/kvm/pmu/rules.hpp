// KVM_ARM_VCPU_PMU_V3_CTRL: the vCPU attribute group of the PMU (devices/vcpu.rst 1).
#pragma once
#include "spec/kvm/attribute.hpp"
#include "spec/kvm/interrupt_owners.hpp"
#include "spec/kvm/pmu/default_pmu.hpp"
#include "spec/kvm/vgic/numbers.hpp"

namespace assay {

// What every SET of the group checks first (KVM-2.1; pmu-emul.c:kvm_arm_pmu_v3_set_attr).
template <class D>
void pmu_set_checks(Step<D>& k, Vm<D>& vm, VcpuId v) {
  auto& cpu = vm.vcpu[v.index];
  gate<D>(k, vm);
  k.reject(Errno::nodev, !has(k, vm, cpu, Feature::pmu_v3),
           {"no_pmu_feature", "vcpu.rst 1.1-1.4: ENODEV, PMUv3 not supported"});
  k.reject(Errno::busy, cpu.pmu.created,
           {"pmu_already_initialized", "vcpu.rst 1.1-1.4: EBUSY, PMUv3 already initialized"});
  if (!k.is(Behaviour::default_pmu_at_init))
    k.when(vm.pmu.arm_pmu == 0, [&] {
      pick_default_pmu<D>(k, vm, Word<D, 16>(0xffff),
                          {"no_default_pmu", "pmu-emul.c:kvm_pmu_probe_armpmu: ENODEV"});
    });
}

struct PmuV3Ctrl : VcpuGroup<"KVM_ARM_VCPU_PMU_V3_CTRL"> {
  template <class D>
  static void begin_set(Step<D>& k, Vm<D>& vm, const auto& call) {
    pmu_set_checks<D>(k, vm, call.vcpu);
  }
  static constexpr AttributeCall has_call{"pmu_has",
                                          "api.rst 4.81; pmu-emul.c:kvm_arm_pmu_v3_has_attr"};
  template <class D>
  static void has(Step<D>& k, Vm<D>& vm, const auto& call) {
    gate<D>(k, vm);
    const u64 last = k.is(Behaviour::pmu_nr_counters) ? 4 : 3;
    k.reject(Errno::nxio, call.attr > last, {"unknown_attribute", "api.rst 4.81: ENXIO"});
    k.reject(Errno::nxio, !assay::has(k, vm, call.of(vm), Feature::pmu_v3),
             {"no_pmu_feature", "pmu-emul.c:kvm_arm_pmu_v3_has_attr"});
  }
};

template <Name attribute>
using PmuV3 = AttributeOf<PmuV3Ctrl, attribute>;

// KVM_ARM_VCPU_PMU_V3_IRQ: the overflow interrupt, a PPI or an SPI.
struct PmuIrq : PmuV3<"KVM_ARM_VCPU_PMU_V3_IRQ"> {
  static constexpr AttributeCall sets{"pmu_set_irq",
                                      "vcpu.rst 1.1; pmu-emul.c:kvm_arm_pmu_v3_set_attr"};
  static constexpr AttributeCall gets{"pmu_get_irq",
                                      "vcpu.rst 1.1; pmu-emul.c:kvm_arm_pmu_v3_get_attr"};
  template <class D>
  using Value = FieldList<Field<"irq", 0, 32u>>;
  template <class D>
  static void set(Step<D>& k, Vm<D>& vm, const auto& call) {
    const auto& irq = field<"irq">(call);
    Vcpu<D>& cpu = call.of(vm);
    k.reject(Errno::inval, !vm.gic.created, {"no_irqchip", "vcpu.rst 1.1: in-kernel irqchip"});
    k.reject(Errno::fault, call.unreadable, {"copy_in", "vcpu.rst 1.1: EFAULT"});
    k.reject(Errno::inval, !is_ppi<D>(irq) && !is_spi<D>(irq),
             {"not_ppi_or_spi", "vcpu.rst 1.1: EINVAL, invalid PMU overflow interrupt number"});
    k.reject(Errno::inval,
             is_ppi<D>(irq) &&
                 any<D>(vm.vcpu, [&](const auto& c) { return c.pmu.irq != 0 && c.pmu.irq != irq; }),
             {"ppi_differs", "vcpu.rst 1.1: a PPI must be the same for all vCPUs"});
    k.reject(Errno::inval,
             !is_ppi<D>(irq) && any<D>(vm.vcpu, [&](const auto& c) { return c.pmu.irq == irq; }),
             {"spi_shared", "vcpu.rst 1.1: an SPI must be a separate number per vCPU"});
    k.reject(Errno::busy, cpu.pmu.irq != 0, {"irq_already_set", "vcpu.rst 1.1: EBUSY"});
    k.set(cpu.pmu.irq, irq);
  }
  template <class D>
  static void get(Step<D>& k, Vm<D>& vm, const auto& call) {
    const auto& irq = field<"irq">(call);
    const Vcpu<D>& cpu = call.of(vm);
    k.reject(Errno::inval, !vm.gic.created, {"no_irqchip", "pmu-emul.c:kvm_arm_pmu_v3_get_attr"});
    k.reject(Errno::nodev, !assay::has(k, vm, cpu, Feature::pmu_v3),
             {"no_pmu_feature", "pmu-emul.c:kvm_arm_pmu_v3_get_attr"});
    k.reject(Errno::nxio, cpu.pmu.irq == 0, {"irq_not_set", "vcpu.rst 1.1: ENXIO"});
    k.reject(Errno::fault, call.unreadable, {"copy_out", "vcpu.rst 1.1: EFAULT"});
    k.require(irq == cpu.pmu.irq, {"irq_as_set", "vcpu.rst 1.1"});
  }
};

// KVM_ARM_VCPU_PMU_V3_INIT.
struct PmuInit : PmuV3<"KVM_ARM_VCPU_PMU_V3_INIT"> {
  static constexpr AttributeCall sets{"pmu_init", "vcpu.rst 1.2; pmu-emul.c:kvm_arm_pmu_v3_init"};
  template <class D>
  using Value = FieldList<>;
  template <class D>
  static void set(Step<D>& k, Vm<D>& vm, const auto& call) {
    Vcpu<D>& cpu = call.of(vm);
    const Flag<D> irqchip = vm.gic.created;
    k.reject(Errno::nodev, irqchip && !vm.gic.initialized,
             {"vgic_not_initialized", "vcpu.rst 1.2: ENODEV, GIC not initialized"});
    k.reject(Errno::nxio, irqchip && cpu.pmu.irq == 0,
             {"irq_not_set", "vcpu.rst 1.2: ENXIO, interrupt number not set"});
    k.reject(Errno::inval,
             irqchip && !is_ppi<D>(cpu.pmu.irq) && !is_valid_spi<D>(vm, plain(cpu.pmu.irq)),
             {"spi_beyond_vgic", "vgic.c:kvm_vgic_set_owner"});
    k.reject(Errno::exist, irqchip && is_owned_by_another<D>("pmu", cpu, plain(cpu.pmu.irq)),
             {"interrupt_has_owner", "vcpu.rst 1.2: EEXIST, interrupt number already used"});
    k.when(irqchip && vm.timers_moved, [&] {
      k.may_fail(Errno::exist, {"moved_timer_has_it", "vcpu.rst 1.2: EEXIST; vcpu.rst 2"});
    });
    k.set(cpu.pmu.created, true);
  }
};

// KVM_ARM_VCPU_PMU_V3_FILTER: allows or denies a range of events for the whole VM.
struct PmuFilter : PmuV3<"KVM_ARM_VCPU_PMU_V3_FILTER"> {
  static constexpr AttributeCall sets{"pmu_set_filter",
                                      "vcpu.rst 1.3; pmu-emul.c:kvm_arm_pmu_v3_set_attr"};
  static constexpr const char* constants = "action=KVM_PMU_EVENT_";
  template <class D>
  using Value =
      FieldList<Field<"base_event", 0, 16u>, Field<"nevents", 16, 16u>, Field<"action", 32, 8u>>;
  template <class D>
  static void set(Step<D>& k, Vm<D>& vm, const auto& call) {
    const auto& base_event = field<"base_event">(call);
    const auto& nevents = field<"nevents">(call);
    const auto& action = field<"action">(call);
    k.reject(Errno::fault, call.unreadable, {"copy_in", "pmu-emul.c: copy_from_user"});
    k.reject(Errno::inval,
             zero_extend<32>(base_event) + zero_extend<32>(nevents) > vm.host.pmu_event_space,
             {"range_beyond_events", "vcpu.rst 1.3: EINVAL, invalid filter range"});
    k.reject(Errno::inval, action > 1, {"unknown_action", "vcpu.rst 1.3: EINVAL, invalid action"});
    k.reject(Errno::busy, vm.has_ran_once, {"vm_has_run", "vcpu.rst 1.3: EBUSY, a VCPU has run"});
    k.may_fail(Errno::nomem, {"no_memory", "pmu-emul.c: bitmap_alloc"});
    k.when(!vm.pmu.filter, [&] { k.set(vm.pmu.filter_allows, action == 0); });
    k.set(vm.pmu.filter, true);
  }
};

// KVM_ARM_VCPU_PMU_V3_SET_PMU: the VM uses this host PMU and runs only on its CPUs.
struct PmuSelected : PmuV3<"KVM_ARM_VCPU_PMU_V3_SET_PMU"> {
  static constexpr AttributeCall sets{"pmu_set_pmu",
                                      "vcpu.rst 1.4; pmu-emul.c:kvm_arm_pmu_v3_set_pmu"};
  template <class D>
  using Value = FieldList<Field<"pmu", 0, 32u>>;
  template <class D>
  static void set(Step<D>& k, Vm<D>& vm, const auto& call) {
    const auto& pmu = field<"pmu">(call);
    k.reject(Errno::fault, call.unreadable, {"copy_in", "vcpu.rst 1.4: EFAULT"});
    k.reject(Errno::nxio,
             pmu == 0 || !any<D>(vm.host.pmu, [&](const auto& p) { return p.type == pmu; }),
             {"unknown_pmu", "vcpu.rst 1.4: ENXIO, PMU not found"});
    k.reject(Errno::busy, vm.has_ran_once, {"vm_has_run", "vcpu.rst 1.4: EBUSY, a VCPU has run"});
    Flag<D> filtered = vm.pmu.filter;
    if (!k.is(Behaviour::documented_alternatives)) filtered = filtered && vm.pmu.arm_pmu != pmu;
    k.reject(Errno::busy, filtered,
             {"filter_set", "vcpu.rst 1.4: EBUSY, event filter already set"});
    k.set(vm.pmu.arm_pmu, pmu);
    k.set(vm.pmu.narrowed, true);
    k.set(vm.pmu.counters, Word<D, 8>(0));
  }
};

// Any other attribute of the group, and on kernels that have it SET_NR_COUNTERS (4).
struct PmuOther : OtherOf<PmuV3Ctrl, 4> {
  static constexpr AttributeCall sets{"pmu_set_other",
                                      "vcpu.rst 1; pmu-emul.c:kvm_arm_pmu_v3_set_attr"};
  template <class D>
  using Value = FieldList<Field<"value", 0, 32u>>;
  template <class D>
  static void set(Step<D>& k, Vm<D>& vm, const auto& call) {
    const auto& value = field<"value">(call);
    if (!k.is(Behaviour::pmu_nr_counters)) {
      k.reject(Errno::nxio, true, {"unknown_attribute", "vcpu.rst: ENXIO"});
      return;
    }
    k.reject(Errno::nxio, call.attr != 4, {"unknown_attribute_beyond_counters", "vcpu.rst: ENXIO"});
    k.reject(Errno::fault, call.unreadable, {"copy_in", "pmu-emul.c: get_user"});
    k.reject(Errno::inval, vm.pmu.arm_pmu == 0,
             {"no_pmu_selected", "pmu-emul.c:kvm_arm_pmu_v3_set_nr_counters"});
    k.reject(Errno::inval, value > zero_extend<32>(plain(vm.host.pmu_counters_max)),
             {"too_many_counters", "vcpu.rst 1.5: EINVAL, number of counters out of range"});
    k.set(vm.pmu.counters, truncate<8>(value));
  }
};

}  // namespace assay
