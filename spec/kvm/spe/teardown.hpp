// The end of a VM that has SPE, the interrupt on its way to the vGIC, and what a guest without SPE
// finds (SPE-4.3, SPE-4.9, SPE-4.11).
#pragma once
#include "spec/kvm/spe/one_reg.hpp"

namespace assay {

// kvm_arch_flush_shadow_all(): the stage 2 tables are freed. From here on no vCPU runs.
template <class D>
struct SpeTablesFreed {
  static constexpr const char* name = "spe_stage2_freed";
  static constexpr const char* syntax = "kvm_spe_stage2_freed: <vm>";
  static constexpr const char* source = "v4-07; SPE-4.3, L15, W21";
  static bool applies(const Profile& p) { return is_spe_series(p); }
  static constexpr auto fields() { return members<>; }
  void apply(Step<D>& k, Vm<D>& vm) const {
    k.require(all<D>(vm.spe_switch, [](const auto& sw) { return is_at<D>(sw, Switch::host); }),
              {"no_guest_is_loaded", "W21: no SPU holds the VM's addresses"});
    k.require(!any<D>(vm.vcpu, [](const auto& c) { return c.in_guest; }),
              {"no_vcpu_runs", "kvm_main.c:kvm_destroy_vm: every descriptor is closed"});
    each<D>(vm.slot, [&](auto& s) {
      k.set(s.lock.mapped, false);
      k.set(s.lock.stale, false);
    });
    each<D>(vm.vcpu, [&](auto& c) { k.set(c.spe.buffer.mapped, false); });
    k.set(vm.spe.tables_freed, true);
  }
};

// What was pinned is given back, last.
template <class D>
struct SpeUnpinned {
  static constexpr const char* name = "spe_unpinned";
  static constexpr const char* syntax = "kvm_spe_unpinned: <vm>";
  static constexpr const char* source = "v4-07; SPE-4.3, L15";
  static bool applies(const Profile& p) { return is_spe_series(p); }
  static constexpr auto fields() { return members<>; }
  void apply(Step<D>& k, Vm<D>& vm) const {
    k.require(plain(vm.spe.tables_freed),
              {"stage2_is_gone", "v4-07: pages are unpinned after the tables that map them"});
    each<D>(vm.slot, [&](auto& s) {
      k.set(s.lock.held, false);
      k.set(s.lock.write, false);
      k.set(s.lock.notified, false);
      k.set(s.lock.pinned, Num<D>(0));
    });
    each<D>(vm.vcpu, [&](auto& c) { k.set(c.spe.buffer.pinned, Num<D>(0)); });
    k.set(vm.spe.locked_pages, Num<D>(0));
  }
};

// kvm_vgic_inject_irq() of the buffer's interrupt: on a change of the virtual line only.
template <class D>
struct SpeInject {
  static constexpr const char* name = "spe_inject";
  static constexpr const char* syntax = "kvm_spe_inject: <vcpu> level=level";
  static constexpr const char* source = "v4-34; SPE-4.11, I07";
  static bool applies(const Profile& p) { return is_spe_series(p); }
  VcpuId vcpu{};
  Flag<D> level{};
  static constexpr auto fields() { return members<&SpeInject::vcpu, &SpeInject::level>; }
  void apply(Step<D>& k, Vm<D>& vm) const {
    SpeVcpu<D>& self = vm.vcpu[vcpu.index].spe;
    k.require(plain(self.initialized), {"interrupt_has_an_owner", "v4-35: set_owner at INIT"});
    k.require(iff(level, self.line), {"level_of_the_line", "v4-34: the vGIC sees the line"});
    k.require(!iff(level, self.injected), {"only_on_change", "v4-34; I07"});
    k.set(self.injected, level);
  }
};

// A guest without SPE is entered: the buffer stays the host's, and every SPE register traps.
template <class D>
struct SpeEnterWithout {
  static constexpr const char* name = "spe_enter_without";
  static constexpr const char* syntax = "kvm_spe_enter_without: <vcpu> cpu=cpu";
  static constexpr const char* source = "v4-26; SPE-4.9, W02";
  static bool applies(const Profile& p) { return is_spe_series(p); }
  VcpuId vcpu{};
  Word<D, 16> cpu{};
  static constexpr auto fields() { return members<&SpeEnterWithout::vcpu, &SpeEnterWithout::cpu>; }
  void apply(Step<D>& k, Vm<D>& vm) const {
    k.require(!has_spe_feature<D>(vm.vcpu[vcpu.index]), {"vcpu_has_no_spe", "W02"});
    on_switch<D>(k, vm, cpu, [&](auto& spu, const auto&, auto& sw) {
      k.require(is_at<D>(sw, Switch::host), {"no_guest_is_loaded", "SPE-4.10"});
      k.require(spu.e2pb == 0, {"buffer_stays_the_hosts", "SPE-4.9: E2PB 0b00"});
      k.require(plain(spu.tpms), {"registers_trap", "SPE-4.9: MDCR_EL2.TPMS"});
      // The host's buffer stays enabled: only these keep it from sampling the guest.
      k.require(!spu.e0spe && !spu.e1spe,
                {"guest_is_not_sampled", "SPE-5.4: PMSCR_EL1 is zero; efad60e46057"});
    });
  }
};

}  // namespace assay
