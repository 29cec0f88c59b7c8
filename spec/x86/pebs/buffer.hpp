// The DS area in the guest's memory: what the guest writes there, and the records that hardware
// writes (Intel SDM, volume 3B).
#pragma once
#include "spec/x86/pebs/counters.hpp"

namespace assay::x86 {

// The buffer holds no records any more.
template <class D>
void forget_records(Step<D>& k, PebsVcpu<D>& p) {
  k.set(p.buffer.records, Word<D, 16>(0));
  k.set(p.buffer.first_truth, Word<D, 8>(0));
  k.set(p.buffer.first_shown, Word<D, 8>(0));
  k.set(p.buffer.later_wrong, false);
  k.set(p.pmi.announced, false);
  k.set(p.pmi.ignored, false);
}

// The guest writes the buffer's fields of the DS management area (or userspace, which restores the
// memory of a guest that was migrated). Lawful: in order, whole records from the base on, room for
// one, and with no counter enabled meanwhile.
template <class D>
struct PebsProgram {
  static constexpr const char* name = "pebs_program";
  static constexpr const char* syntax =
      "pebs_program: <vcpu> base=base index=index maximum=maximum threshold=threshold";
  static constexpr const char* source = "SDM PEBS: PEBS buffer base to interrupt threshold";
  static bool applies(const Profile& p) { return is_kernel(p); }
  VcpuId vcpu{};
  Num<D> base{}, index{}, maximum{}, threshold{};
  static constexpr auto fields() {
    return members<&PebsProgram::vcpu, &PebsProgram::base, &PebsProgram::index,
                   &PebsProgram::maximum, &PebsProgram::threshold>;
  }
  void apply(Step<D>& k, Vm<D>& vm) const {
    PebsVcpu<D>& p = vm.vcpu[vcpu.index].pebs;
    const auto whole = [](const Num<D>& n) { return is_multiple_of(n, pebs_record_bytes); };
    const Flag<D> ordered = base <= index && index < threshold && threshold <= maximum;
    const Flag<D> lawful = k.guard(ordered && whole(base) && whole(index) && whole(maximum) &&
                                       whole(threshold) && armed_counters<D>(p) == 0,
                                   {"is_programmed_lawfully", "SDM PEBS"});
    k.set(p.buffer.base, base);
    k.set(p.buffer.index, index);
    k.set(p.buffer.maximum, maximum);
    k.set(p.buffer.threshold, threshold);
    k.set(p.buffer.lawful, lawful);
    forget_records<D>(k, p);
  }
};

// The guest writes the value that a counter is reloaded with after each record: as Linux does,
// while no counter is enabled.
template <class D>
struct PebsReset {
  static constexpr const char* name = "pebs_reset";
  static constexpr const char* syntax = "pebs_reset: <vcpu> counter=counter value=value";
  static constexpr const char* source = "SDM PEBS: PEBS counter reset";
  static bool applies(const Profile& p) { return is_kernel(p); }
  VcpuId vcpu{};
  Word<D, 8> counter{};
  Word<D, 48> value{};
  static constexpr auto fields() {
    return members<&PebsReset::vcpu, &PebsReset::counter, &PebsReset::value>;
  }
  void apply(Step<D>& k, Vm<D>& vm) const {
    PebsVcpu<D>& p = vm.vcpu[vcpu.index].pebs;
    k.require(counter < host_pmcs, {"is_a_counter", "SDM PEBS"});
    for (unsigned i = 0; i < host_pmcs; ++i)
      k.when(counter == i, [&] { k.set(p.buffer.reset[i], value); });
    for (unsigned i = 0; i < pebs_counters; ++i)
      k.when(counter == i, [&] { k.set(p.buffer.wanted[i], value); });
    k.when(armed_counters<D>(p) != 0, [&] { k.set(p.buffer.lawful, false); });
  }
};

// The guest's page tables lead the address of its DS area to another page: memory is unmapped and
// allocated anew. No sane guest does so while PEBS is enabled.
template <class D>
struct PebsMoved {
  static constexpr const char* name = "pebs_moved";
  static constexpr const char* syntax = "pebs_moved: <vcpu>";
  static constexpr const char* source = "PEBS-v3: the guest may reallocate while PEBS is disabled";
  static bool applies(const Profile& p) { return is_kernel(p); }
  VcpuId vcpu{};
  static constexpr auto fields() { return members<&PebsMoved::vcpu>; }
  void apply(Step<D>& k, Vm<D>& vm) const {
    PebsVcpu<D>& p = vm.vcpu[vcpu.index].pebs;
    k.require(p.msr.enable == 0, {"pebs_is_disabled", "PEBS-v3"});
    k.when(p.slow.cached, [&] { k.set(p.slow.stale, true); });
  }
};

// What hardware needs to write a record, and the guest counters that it is of.
template <class D>
void check_overflow(Step<D>& k, const Vcpu<D>& cpu, const Word<D, 8>& counters) {
  k.require(plain(cpu.in_guest), {"in_the_guest", "records go to the DS area of who runs"});
  k.require(counters != 0 && (counters & ~cpu.pebs.hardware) == 0,
            {"enabled_in_hardware", "SDM PEBS: IA32_PEBS_ENABLE"});
}
template <class D>
Word<D, 8> overflowed_counters(const PebsVcpu<D>& p, const Word<D, 8>& counters) {
  return guest_counters<D>(p, counters, Word<D, 8>(0xff));
}

// Hardware writes a record: `counters` is its field "applicable counters", of host counters.
template <class D>
struct PebsRecord {
  static constexpr bool by_hardware = true;
  static constexpr const char* name = "pebs_record";
  static constexpr const char* syntax = "pebs_record: <vcpu> counters=counters";
  static constexpr const char* source = "SDM PEBS: PEBS index, interrupt threshold";
  static bool applies(const Profile& p) { return is_kernel(p); }
  VcpuId vcpu{};
  Word<D, 8> counters{};
  static constexpr auto fields() { return members<&PebsRecord::vcpu, &PebsRecord::counters>; }
  void apply(Step<D>& k, Vm<D>& vm) const {
    Vcpu<D>& self = vm.vcpu[vcpu.index];
    PebsVcpu<D>& p = self.pebs;
    PebsBuffer<D>& b = p.buffer;
    const Num<D> end = b.index + Num<D>(pebs_record_bytes);
    check_overflow<D>(k, self, counters);
    k.require(!b.lawful || end <= b.maximum,
              {"room_for_a_record", "SDM PEBS: PEBS absolute maximum"});
    k.require(b.records < 0xffff, {"few_records", "a buffer of two megabytes"});
    const Word<D, 8> truth = overflowed_counters<D>(p, counters);
    k.when(b.records == 0, [&] {
      k.set(b.first_truth, truth);
      k.set(b.first_shown, counters);
      k.set(b.later_wrong, false);
    });
    k.when(b.records != 0, [&] { k.set(b.later_wrong, b.later_wrong || counters != truth); });
    k.set(b.records, b.records + 1);
    k.set(p.pmi.due, p.pmi.due || b.threshold <= end);
    k.set(b.index, end);
  }
};

// A counter with PEBS overflowed, and the buffer is full: nothing is written, nothing is signalled.
template <class D>
struct PebsFull {
  static constexpr bool by_hardware = true;
  static constexpr const char* name = "pebs_full";
  static constexpr const char* syntax = "pebs_full: <vcpu> counters=counters";
  static constexpr const char* source = "SDM PEBS: PEBS absolute maximum";
  static bool applies(const Profile& p) { return is_kernel(p); }
  VcpuId vcpu{};
  Word<D, 8> counters{};
  static constexpr auto fields() { return members<&PebsFull::vcpu, &PebsFull::counters>; }
  void apply(Step<D>& k, Vm<D>& vm) const {
    const Vcpu<D>& self = vm.vcpu[vcpu.index];
    const PebsBuffer<D>& b = self.pebs.buffer;
    check_overflow<D>(k, self, counters);
    k.require(!b.lawful || b.maximum < b.index + Num<D>(pebs_record_bytes),
              {"no_room_for_a_record", "SDM PEBS: PEBS absolute maximum"});
  }
};

// A counter that the guest has enabled with PEBS overflowed while it ran, and hardware had no PEBS
// for it: there is no record.
template <class D>
struct PebsMissed {
  static constexpr bool by_hardware = true;
  static constexpr const char* name = "pebs_missed";
  static constexpr const char* syntax = "pebs_missed: <vcpu> counter=counter";
  static constexpr const char* source = "SDM PEBS: IA32_PEBS_ENABLE";
  static bool applies(const Profile& p) { return is_kernel(p); }
  VcpuId vcpu{};
  Word<D, 8> counter{};
  static constexpr auto fields() { return members<&PebsMissed::vcpu, &PebsMissed::counter>; }
  void apply(Step<D>& k, Vm<D>& vm) const {
    const Vcpu<D>& self = vm.vcpu[vcpu.index];
    const PebsVcpu<D>& p = self.pebs;
    k.require(plain(self.in_guest), {"in_the_guest", "a guest counter counts in the guest"});
    Flag<D> armed = false, has_pebs = false;
    for (unsigned i = 0; i < pebs_counters; ++i) {
      const Flag<D> is_it = counter == i;
      armed = armed || (is_it && bit(armed_counters<D>(p), i) && p.host_of[i] != 0);
      has_pebs = has_pebs || (is_it && (host_bit<D>(plain(p.host_of[i])) & p.hardware) != 0);
    }
    k.require(armed, {"counter_counts", "perf has scheduled its event"});
    k.require(!has_pebs, {"hardware_has_no_pebs_for_it", "SDM PEBS: IA32_PEBS_ENABLE"});
  }
};

// The guest reads the records from the base to the index and starts again at the base: at an
// interrupt, or where it changes tasks. An interrupt that is due comes before its next step.
template <class D>
struct PebsDrain {
  static constexpr const char* name = "pebs_drain";
  static constexpr const char* syntax = "pebs_drain: <vcpu>";
  static constexpr const char* source = "ds.c:intel_pmu_drain_pebs_icl; PEBS-v3";
  static bool applies(const Profile& p) { return is_kernel(p); }
  VcpuId vcpu{};
  static constexpr auto fields() { return members<&PebsDrain::vcpu>; }
  void apply(Step<D>& k, Vm<D>& vm) const {
    Vcpu<D>& self = vm.vcpu[vcpu.index];
    k.require(plain(self.in_guest), {"in_the_guest", "software of the guest drains"});
    k.require(!self.pebs.pmi.due, {"interrupt_comes_first", "B-19: it ends the guest's run"});
    k.set(self.pebs.buffer.index, self.pebs.buffer.base);
    forget_records<D>(k, self.pebs);
  }
};

}  // namespace assay::x86
