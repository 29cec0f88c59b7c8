// Interrupts that userspace injects or routes: KVM_CREATE_IRQCHIP, KVM_IRQ_LINE, KVM_IRQFD,
// KVM_SET_GSI_ROUTING, KVM_SIGNAL_MSI (api.rst 4.24, 4.25, 4.52, 4.71, 4.75).
#pragma once
#include "spec/kvm/vgic/rules.hpp"

namespace assay {

// ioctl(VM, KVM_CREATE_IRQCHIP): a GICv2, the way it was made before there were devices.
template <class D>
struct CreateIrqchip {
  static constexpr const char* name = "create_irqchip";
  static constexpr const char* syntax = "ioctl(<vm>, KVM_CREATE_IRQCHIP)";
  static constexpr const char* source = "api.rst 4.24; arm.c:kvm_arch_vm_ioctl";
  static constexpr auto fields() { return members<>; }

  void apply(Step<D>& k, Vm<D>& vm) const {
    gate<D>(k, vm);
    k.reject(Errno::nxio, !vm.host.gic_v2 && !vm.host.gic_v3,
             {"no_vgic", "arm.c:kvm_arch_vm_ioctl: ENXIO"});
    k.reject(Errno::nodev, !vm.host.gic_v2, {"no_gicv2", "vgic-init.c:kvm_vgic_create: ENODEV"});
    create_vgic<D>(k, vm, Flag<D>(true));
  }
};

// Which interrupts there are to inject: those of the distributor, and LPIs, of which no rule says
// which are mapped.
template <class D>
void finds_interrupt(Step<D>& k, const Vm<D>& vm, const Word<D, 32>& number) {
  constexpr u64 first_lpi = 8192;
  const Word<D, 32> end = zero_extend<32>(plain(vm.gic.spis)) + 32;
  k.reject(Errno::inval, number >= end && number < first_lpi,
           {"no_such_interrupt", "vgic.c:vgic_get_irq"});
  k.when(number >= first_lpi && number >= end, [&] {
    k.may_fail(Errno::inval, {"no_such_lpi", "vgic.c:vgic_get_irq"});
  });
}

// A GICv2 that nobody initialised is initialised by the first injection; a GICv3 must have been
// (vgic-init.c:vgic_lazy_init).
template <class D>
void initializes_vgic(Step<D>& k, Vm<D>& vm, const Flag<D>& injects) {
  k.reject(Errno::busy, injects && !vm.gic.initialized && !vm.gic.v2,
           {"vgic_not_initialized", "vgic-init.c:vgic_lazy_init: EBUSY"});
  k.when(injects && !vm.gic.initialized, [&] {
    k.may_fail(Errno::nomem, {"no_memory", "vgic-init.c:vgic_init"});
    initialize_vgic<D>(k, vm);
  });
}

// The level of an interrupt from userspace, in the request that answers nothing and in the one that
// copies its structure back.
struct Silently {
  static constexpr const char* name = "irq_line";
  static constexpr const char* syntax =
      "ioctl(<vm>, KVM_IRQ_LINE, unreadable:{irq=irq, level=level})";
};
struct WithStatus {
  static constexpr const char* name = "irq_line_status";
  static constexpr const char* syntax =
      "ioctl(<vm>, KVM_IRQ_LINE_STATUS, unreadable:{irq=irq, level=level})";
};
// ioctl(VM, KVM_IRQ_LINE, {irq, level}). What the interrupt does then is no part of the state.
template <class D, class Request>
struct IrqLine {
  static constexpr const char* name = Request::name;
  static constexpr const char* syntax = Request::syntax;
  static constexpr const char* source = "api.rst 4.25; arm.c:kvm_vm_ioctl_irq_line";
  Flag<D> unreadable{};
  Word<D, 32> irq{};  // [31:28] and [23:16] vCPU, [27:24] type, [15:0] number
  Word<D, 32> level{};
  static constexpr auto fields() {
    return members<&IrqLine::unreadable, &IrqLine::irq, &IrqLine::level>;
  }
  static constexpr u64 of_cpu = 0, of_spi = 1, of_ppi = 2;  // KVM_ARM_IRQ_TYPE_*

  void apply(Step<D>& k, Vm<D>& vm) const {
    const Word<D, 4> type = field_bits<4>(irq, 24);
    const Word<D, 32> number = zero_extend<32>(field_bits<16>(irq, 0));
    const Flag<D> to_cpu = type == of_cpu, to_spi = type == of_spi, to_ppi = type == of_ppi;
    gate<D>(k, vm);
    k.reject(Errno::fault, unreadable, {"copy_in", "kvm_main.c: copy_from_user"});
    k.reject(Errno::inval, !to_cpu && !to_spi && !to_ppi,
             {"unknown_type", "api.rst 4.25; arm.c:kvm_vm_ioctl_irq_line"});
    k.reject(Errno::nxio, to_cpu && vm.gic.created,
             {"irqchip_in_kernel", "api.rst 4.25: the CPU type is for a GIC in userspace"});
    k.reject(Errno::nxio, !to_cpu && !vm.gic.created,
             {"no_irqchip", "api.rst 4.25: SPIs and PPIs need a GIC in the kernel"});
    // From 7.2 on before the numbers are looked at.
    const bool first = k.is(Behaviour::nested_features_known);
    if (first) initializes_vgic(k, vm, !to_cpu);
    k.reject(Errno::inval, !to_spi && !has_target(k, vm),
             {"no_such_vcpu", "arm.c:kvm_vm_ioctl_irq_line"});
    k.reject(Errno::inval, to_cpu && number > 1, {"neither_irq_nor_fiq", "api.rst 4.25"});
    k.reject(Errno::inval, to_ppi && (number < 16 || number >= 32), {"no_ppi", "api.rst 4.25"});
    k.reject(Errno::inval, to_spi && number < 32, {"no_spi", "api.rst 4.25"});
    if (!first) initializes_vgic(k, vm, !to_cpu);
    if (!k.is(Behaviour::features_belong_to_vm))
      k.reject(Errno::inval, to_ppi && !id_is_an_index(vm),
               {"id_is_no_index", "vgic.c:kvm_vgic_inject_irq: the id is looked up as an index"});
    k.when(to_spi, [&] { finds_interrupt(k, vm, number); });
    if (std::is_same_v<Request, WithStatus>)
      k.may_fail(Errno::fault, {"copy_out", "kvm_main.c: copy_to_user"});
  }

 private:
  // 256 * vcpu2 + vcpu: a vCPU by its id. Before Linux 6.7 it is an index, in order of creation.
  Num<D> target() const {
    return to_number(field_bits<4>(irq, 28)) * 256 + to_number(field_bits<8>(irq, 16));
  }
  Flag<D> has_target(Step<D>& k, const Vm<D>& vm) const {
    const Flag<D> by_id = any<D>(
        vm.vcpu, [&](const auto& c) { return c.created && to_number(plain(c.id)) == target(); });
    const Flag<D> by_index = target() < to_number(plain(vm.online));
    if (k.is(Behaviour::documented_alternatives)) {
      const Flag<D> index = k.choose({"target_is_an_index", "api.rst 4.25: vcpu_index"});
      return ite(index, by_index, by_id);
    }
    return k.is(Behaviour::features_belong_to_vm) ? by_id : by_index;
  }
  Flag<D> id_is_an_index(const Vm<D>& vm) const {
    return any<D>(vm.vcpu, [&](const auto& c, std::size_t i) {
      return target() == Num<D>(i) && c.id < vm.online;
    });
  }
};

// ioctl(VM, KVM_IRQFD, {fd, gsi, flags, resamplefd}). Which eventfds are attached is no part of the
// state.
template <class D>
struct Irqfd {
  static constexpr const char* name = "irqfd";
  static constexpr const char* syntax = "ioctl(<vm>, KVM_IRQFD, unreadable:{flags=flags})";
  static constexpr const char* source = "api.rst 4.75; eventfd.c:kvm_irqfd";
  static constexpr const char* constants = "flags=KVM_IRQFD_FLAG_";
  static constexpr unsigned deassign = 0;
  static constexpr u64 known_flags = 3;
  Flag<D> unreadable{};
  Word<D, 32> flags{};
  static constexpr auto fields() { return members<&Irqfd::unreadable, &Irqfd::flags>; }

  void apply(Step<D>& k, Vm<D>& vm) const {
    const Flag<D> assigns = !bit(flags, deassign);
    gate<D>(k, vm);
    k.reject(Errno::fault, unreadable, {"copy_in", "kvm_main.c: copy_from_user"});
    k.reject(Errno::inval, (flags & Word<D, 32>(~known_flags & 0xffffffff)) != 0,
             {"unknown_flags", "eventfd.c:kvm_irqfd"});
    k.reject(Errno::again, assigns && !vm.gic.initialized,
             {"vgic_not_initialized", "eventfd.c:kvm_irqfd_assign: EAGAIN"});
    k.may_fail(Errno::badf, {"no_such_file", "eventfd.c: eventfd_ctx_fileget"});
    k.may_fail(Errno::inval, {"no_eventfd", "eventfd.c: eventfd_ctx_fileget"});
    k.when(assigns, [&] {
      k.may_fail(Errno::busy, {"already_assigned", "eventfd.c:kvm_irqfd_assign: EBUSY"});
      k.may_fail(Errno::nomem, {"no_memory", "eventfd.c:kvm_irqfd_assign"});
    });
  }
};

// ioctl(VM, KVM_SET_GSI_ROUTING, {nr, flags, entries}). The entries lie behind the structure and
// are not told.
template <class D>
struct SetGsiRouting {
  static constexpr const char* name = "set_gsi_routing";
  static constexpr const char* syntax =
      "ioctl(<vm>, KVM_SET_GSI_ROUTING, unreadable:{nr=entries, flags=flags})";
  static constexpr const char* source = "api.rst 4.52; irqchip.c:kvm_set_irq_routing";
  static constexpr u64 entries_max = 4096;  // KVM_MAX_IRQ_ROUTES
  Flag<D> unreadable{};
  Word<D, 32> entries{}, flags{};
  static constexpr auto fields() {
    return members<&SetGsiRouting::unreadable, &SetGsiRouting::entries, &SetGsiRouting::flags>;
  }

  void apply(Step<D>& k, Vm<D>& vm) const {
    gate<D>(k, vm);
    k.reject(Errno::fault, unreadable, {"copy_in", "kvm_main.c: copy_from_user"});
    k.reject(Errno::inval, entries > entries_max, {"too_many_entries", "kvm_main.c:kvm_vm_ioctl"});
    k.reject(Errno::inval, flags != 0, {"flags_not_zero", "api.rst 4.52"});
    k.when(entries != 0, [&] {
      k.may_fail(Errno::fault, {"entries_unreadable", "kvm_main.c: vmemdup_user"});
      k.may_fail(Errno::inval, {"bad_entry", "irqchip.c:kvm_set_irq_routing"});
    });
    k.may_fail(Errno::nomem, {"no_memory", "irqchip.c:kvm_set_irq_routing"});
  }
};

// ioctl(VM, KVM_SIGNAL_MSI, {address, data, flags, devid}). Which devices and events an ITS maps is
// no part of the state.
template <class D>
struct SignalMsi {
  static constexpr const char* name = "signal_msi";
  static constexpr const char* syntax = "ioctl(<vm>, KVM_SIGNAL_MSI, unreadable:{flags=flags})";
  static constexpr const char* source = "api.rst 4.71; irqchip.c:kvm_send_userspace_msi";
  static constexpr const char* constants = "flags=KVM_MSI_";
  Flag<D> unreadable{};
  Word<D, 32> flags{};
  static constexpr auto fields() { return members<&SignalMsi::unreadable, &SignalMsi::flags>; }

  void apply(Step<D>& k, Vm<D>& vm) const {
    gate<D>(k, vm);
    k.reject(Errno::fault, unreadable, {"copy_in", "kvm_main.c: copy_from_user"});
    k.reject(Errno::inval, !vm.gic.created,
             {"no_irqchip", "irqchip.c:kvm_send_userspace_msi: EINVAL"});
    k.reject(Errno::inval, flags > 1, {"unknown_flags", "irqchip.c:kvm_send_userspace_msi"});
    k.may_fail(Errno::nodev, {"no_its", "vgic-irqfd.c:kvm_set_msi: ENODEV"});
    k.may_fail(Errno::inval, {"no_doorbell_there", "vgic-its.c:vgic_msi_to_its"});
    k.may_fail(Errno::busy, {"its_is_off", "vgic-its.c:vgic_its_resolve_lpi: EBUSY"});
  }
};

}  // namespace assay
