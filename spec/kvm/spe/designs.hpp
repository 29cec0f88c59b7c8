// The designs that followed v5 (SPE-5): v6, which pins a buffer when the guest enables it,
// and the stage 2 fault taken instead of pinning, as an event of the hypervisor's each.
//
// Of v6 only what was read of it is here: its attributes' numbers, and the layout of the exit, were
// never published, so 3 and 4 stand for the attributes in traces.
#pragma once
#include "spec/kvm/spe/switch.hpp"

namespace assay {

// PMBIDR_EL1.MaxBuffSize (D24.7): M in [8:0], Ex in [13:9]. Bytes; 0 means no limit.
template <class D>
Num<D> buffer_size_of(const Word<D, 16>& field) {
  const Num<D> m = to_number(field_bits<9>(field, 0));
  Num<D> size = m * page_bytes;
  for (u64 ex = 1; ex < 32; ++ex)
    size = ite(field_bits<5>(field, 9) == ex, (m + 512) * (u64{1} << (ex + 11)), size);
  return size;
}
// Whether some value of the field says this size.
template <class D>
Flag<D> can_be_told(const Num<D>& bytes) {
  Flag<D> some = is_multiple_of(bytes, page_bytes) && bytes < Num<D>(512 * page_bytes);
  for (u64 ex = 1; ex < 32; ++ex) {
    const u64 unit = u64{1} << (ex + 11);
    some = some || (is_multiple_of(bytes, unit) && Num<D>(512 * unit) <= bytes &&
                    bytes < Num<D>(1024 * unit));
  }
  return some;
}

// Pages that all buffers of the VM hold pinned.
template <class D>
Num<D> pinned_for_buffers(const Vm<D>& vm) {
  Num<D> sum(0);
  const auto& vcpus = vm.vcpu;
  vcpus.for_each([&](const auto& c, std::size_t) { sum = sum + c.spe.buffer.pinned; });
  return sum;
}

// KVM_ARM_VCPU_SPE_SPU of v6: which SPU, as the PMU's SET_PMU names a PMU.
struct SpeSpu : SpeCtrl<"KVM_ARM_VCPU_SPE_SPU"> {
  static constexpr AttributeCall sets{"spe_set_spu", "v6-12; SPE-5.3"};
  template <class D>
  using Value = FieldList<Field<"spu", 0, 32u>>;
  template <class D>
  static void set(Step<D>& k, Vm<D>& vm, const auto& call) {
    const auto& spu = field<"spu">(call);
    k.reject(Errno::nxio, !pins_buffer(k.profile()), {"unknown_attribute", "v4-20"});
    k.reject(Errno::busy, vm.has_ran_once, {"vm_has_run", "v6-12: EBUSY"});
    k.reject(Errno::fault, call.unreadable, {"copy_in", "v6-12: EFAULT"});
    k.reject(Errno::inval, vm.spe.spu != 0 && vm.spe.spu != spu + 1,
             {"another_spu_is_set", "v6-12: EINVAL"});
    k.may_fail(Errno::nxio, {"no_such_spu", "v6-12: ENXIO, which ids exist is the host's"});
    k.set(vm.spe.spu, spu + 1);
  }
};

// KVM_ARM_VCPU_MAX_BUFFER_SIZE of v6: what PMBIDR_EL1.MaxBuffSize tells the guest.
struct SpeBufferMax : SpeCtrl<"KVM_ARM_VCPU_MAX_BUFFER_SIZE"> {
  static constexpr AttributeCall sets{"spe_set_buffer_max", "v6-14, v6-33; SPE-5.3"};
  template <class D>
  using Value = FieldList<Field<"bytes", 0, &SpeVm<D>::buffer_max>>;
  template <class D>
  static void set(Step<D>& k, Vm<D>& vm, const auto& call) {
    const auto& bytes = field<"bytes">(call);
    k.reject(Errno::nxio, !pins_buffer(k.profile()), {"unknown_attribute", "v4-20"});
    k.reject(Errno::busy, vm.has_ran_once, {"vm_has_run", "v6-14: EBUSY"});
    k.reject(Errno::fault, call.unreadable, {"copy_in", "v6-14: EFAULT"});
    k.reject(Errno::dom, !can_be_told<D>(bytes),
             {"size_has_no_encoding", "v6-14: EDOM; D24.7 PMBIDR_EL1.MaxBuffSize"});
    k.reject(Errno::inval, vm.spe.buffer_max != 0 && vm.spe.buffer_max != bytes,
             {"another_size_is_set", "v6-14: EINVAL"});
    k.reject(Errno::nomem, !vm.host.ipc_lock && bytes > vm.host.memlock_pages * page_bytes,
             {"memlock_limit", "v6-33: RLIMIT_MEMLOCK without CAP_IPC_LOCK"});
    k.set(vm.spe.buffer_max, bytes);
    const Num<D> pages = bytes / page_bytes;
    k.set(vm.spe.locked_pages,
          ite(vm.spe.locked_pages < pages, pages, Num<D>(plain(vm.spe.locked_pages))));
  }
};

// v6 pins what a guest's buffer needs when the guest enables it: its pages, and those of the stage
// 1 tables that map it.
template <class D>
struct SpeBufferPinned {
  static constexpr const char* name = "spe_buffer_pinned";
  static constexpr const char* syntax = "kvm_spe_buffer_pinned: <vcpu> pages=pages";
  static constexpr const char* source = "v6-28, v6-29, v6-33; N01, N02, N05";
  static bool applies(const Profile& p) { return pins_buffer(p); }
  VcpuId vcpu{};
  Word<D, 32> pages{};
  static constexpr auto fields() {
    return members<&SpeBufferPinned::vcpu, &SpeBufferPinned::pages>;
  }
  void apply(Step<D>& k, Vm<D>& vm) const {
    SpeVcpu<D>& self = vm.vcpu[vcpu.index].spe;
    const SpeRegisters<D>& r = self.regs;
    const Num<D> count = to_number(pages);
    const Num<D> total = pinned_for_buffers<D>(vm) + count;
    k.require(is_out_of_guest<D>(vm, vcpu), {"guest_was_left", "a trap is an exit"});
    k.require(r.enable && self.buffer.pinned == 0, {"buffer_was_enabled", "v6-28"});
    k.require(count != 0, {"pins_something", "v6-28"});
    k.require(r.limit <= r.ptr + count * page_bytes, {"covers_the_buffer", "v6-29"});
    k.require(vm.spe.buffer_max == 0 || r.limit <= r.ptr + vm.spe.buffer_max,
              {"within_max_buffer_size", "v6-14; N02"});
    k.require(vm.host.ipc_lock || total <= vm.host.memlock_pages,
              {"within_memlock_limit", "v6-33; N04"});
    k.set(self.buffer.pinned, count);
    k.set(self.buffer.mapped, true);
    k.set(vm.spe.locked_pages,
          ite(vm.spe.locked_pages < total, total, Num<D>(plain(vm.spe.locked_pages))));
  }
};

// It would take more than RLIMIT_MEMLOCK allows: KVM_RUN returns 0 with KVM_EXIT_RLIMIT.
template <class D>
struct SpeRlimitExit {
  static constexpr const char* name = "spe_rlimit_exit";
  static constexpr const char* syntax = "kvm_spe_rlimit_exit: <vcpu> pages=pages";
  static constexpr const char* source = "v6-32, v6-33; N04";
  static bool applies(const Profile& p) { return pins_buffer(p); }
  VcpuId vcpu{};
  Word<D, 32> pages{};
  static constexpr auto fields() { return members<&SpeRlimitExit::vcpu, &SpeRlimitExit::pages>; }
  void apply(Step<D>& k, Vm<D>& vm) const {
    k.require(
        !vm.host.ipc_lock && pinned_for_buffers<D>(vm) + to_number(pages) > vm.host.memlock_pages,
        {"beyond_memlock_limit", "v6-33"});
  }
};

// A page of the buffer has no stage 1 translation: the guest gets the event that the SPU would have
// raised.
template <class D>
struct SpeStage1Missing {
  static constexpr const char* name = "spe_stage1_missing";
  static constexpr const char* syntax = "kvm_spe_stage1_missing: <vcpu>";
  static constexpr const char* source = "LIST-2025; SPE-5.3, N06";
  static bool applies(const Profile& p) { return pins_buffer(p); }
  VcpuId vcpu{};
  static constexpr auto fields() { return members<&SpeStage1Missing::vcpu>; }
  void apply(Step<D>& k, Vm<D>& vm) const {
    SpeVcpu<D>& self = vm.vcpu[vcpu.index].spe;
    k.require(self.regs.enable && !self.regs.service && !self.event_pending,
              {"buffer_was_enabled", "LIST-2025"});
    k.set(self.regs.service, true);
    k.set(self.regs.ec, Word<D, 6>(ec_stage1));
    k.set(self.regs.mss, Word<D, 16>(0x07));  // translation fault, level 3
    k.set(self.line, true);
  }
};

// MRS PMBIDR_EL1 of a guest: v6 traps it to tell the maximum that the VMM set.
template <class D>
struct SpeTrapBufferId {
  static constexpr const char* name = "spe_trap_pmbidr";
  static constexpr const char* syntax = "kvm_spe_trap_pmbidr: <vcpu> value=value";
  static constexpr const char* source = "v6-14; SPE-4.12, N03; D24.7 PMBIDR_EL1";
  static bool applies(const Profile& p) { return pins_buffer(p); }
  VcpuId vcpu{};
  Word<D, 64> value{};
  static constexpr unsigned answers = 1;
  static constexpr auto fields() {
    return members<&SpeTrapBufferId::vcpu, &SpeTrapBufferId::value>;
  }
  void apply(Step<D>& k, Vm<D>& vm) const {
    const Word<D, 16> size = field_bits<16>(value, 32);
    k.require(has_spe_feature<D>(vm.vcpu[vcpu.index]), {"vcpu_has_spe", "v6-14"});
    k.require(is_out_of_guest<D>(vm, vcpu), {"guest_was_left", "a trap is an exit"});
    k.require(size <= 0x3fff, {"size_is_defined", "D24.7 PMBIDR_EL1.MaxBuffSize[15:14]"});
    k.require(buffer_size_of<D>(size) == vm.spe.buffer_max, {"tells_the_maximum", "v6-14; N03"});
    k.require(!bit(value, 4),
              {"programming_is_allowed", "D24.7 PMBIDR_EL1.P: EL1 owns the buffer"});
  }
};

// The hypervisor maps what the SPU could not reach. To resume hides the fault from the guest; to
// discard tells it that data was lost.
template <class D>
struct SpeFaultServed {
  static constexpr const char* name = "spe_fault_served";
  static constexpr const char* syntax = "kvm_spe_fault_served: <vcpu>";
  static constexpr const char* source = "LIST-2022: options 2 and 4; SPE-5.1";
  static bool applies(const Profile& p) { return takes_faults(p); }
  VcpuId vcpu{};
  static constexpr auto fields() { return members<&SpeFaultServed::vcpu>; }
  void apply(Step<D>& k, Vm<D>& vm) const {
    SpeVcpu<D>& self = vm.vcpu[vcpu.index].spe;
    k.require(is_out_of_guest<D>(vm, vcpu), {"guest_was_left", "a fault is an exit"});
    // A guest whose line is up has its buffer disabled in hardware (W12).
    k.require(self.buffer.blackout && self.event_pending && !self.line,
              {"a_fault_is_pending", "SPE-5.1"});
    k.set(self.buffer.mapped, true);
    k.set(self.buffer.blackout, false);
    k.set(self.regs.mss, Word<D, 16>(0));
    if (k.is(Behaviour::spe_discards_on_fault)) {
      k.set(self.regs.ec, Word<D, 6>(ec_buffer));
      k.set(self.regs.data_loss, true);
    } else {
      k.set(self.buffer.untold, self.buffer.untold || self.regs.data_loss);
      k.set(self.event_pending, false);
      k.set(self.regs.service, false);
      k.set(self.regs.data_loss, false);
      k.set(self.regs.ec, Word<D, 6>(0));
    }
  }
};

}  // namespace assay
