// The migration algorithm of devices/vcpu.rst 4.1, step by step. The events are what a test bench
// that sees both hosts writes; `time` is its own clock's. What VMMs do wrong with it are behaviours
// of profiles.
#pragma once
#include "spec/x86/migration/arithmetic.hpp"

namespace assay::x86 {

// 2^61 ns are 73 years: CLOCK_REALTIME until 2043. Twice as long, and half of the TSC's range is
// less than what passes of it.
template <class D>
Flag<D> is_early(const Num<D>& ns) {
  return ns < Num<D>(u64{1} << 61);
}
// CLOCK_REALTIME shows a time, as far as its host's is right.
template <class D>
Flag<D> shows(const MigrationHosts<D>& hosts, const Num<D>& realtime, const Num<D>& time) {
  return realtime <= time + hosts.clock_error && time <= realtime + hosts.clock_error;
}

// Steps 1 to 3, on the source: KVM_GET_CLOCK and the offset. The guest does not run any more.
template <class D>
struct MigrationSource {
  static constexpr const char* name = "migration_source";
  static constexpr const char* syntax =
      "migration_source: <vm> time=time host_tsc=host_tsc clock=clock realtime=realtime "
      "offset=offset";
  static constexpr const char* source = "vcpu.rst 4.1: steps 1 to 3";
  static constexpr bool by_hardware = true;
  static bool applies(const Profile& p) { return has_migration(p); }
  Num<D> time{}, host_tsc{}, clock{}, realtime{}, offset{};
  static constexpr auto fields() {
    return members<&MigrationSource::time, &MigrationSource::host_tsc, &MigrationSource::clock,
                   &MigrationSource::realtime, &MigrationSource::offset>;
  }

  void apply(Step<D>& k, Vm<D>& vm) const {
    auto& m = vm.migration;
    k.require(m.steps == 0, {"comes_first", "vcpu.rst 4.1: steps 1 to 3"});
    k.require(is_early<D>(time) && is_early<D>(clock) && is_early<D>(realtime),
              {"no_clock_ends", "vcpu.rst 4.1: time is finite"});
    k.require(shows<D>(vm.host.migration, realtime, time),
              {"source_clock_is_right", "vcpu.rst 4.1: step 4, CLOCK_REALTIME is synchronized"});
    k.set(m.source_time, time);
    k.set(m.source_tsc, host_tsc);
    k.set(m.source_clock, clock);
    k.set(m.source_realtime, realtime);
    k.set(m.source_offset, offset);
    k.set(m.steps, Word<D, 3>(1));
  }
};

// Step 4, on the destination: KVM_SET_CLOCK, and what kvmclock shows at that moment.
template <class D>
struct MigrationSetClock {
  static constexpr const char* name = "migration_set_clock";
  static constexpr const char* syntax =
      "migration_set_clock: <vm> time=time realtime=realtime clock=clock";
  static constexpr const char* source = "vcpu.rst 4.1: step 4; api.rst 4.30";
  static constexpr bool by_hardware = true;
  static bool applies(const Profile& p) { return has_migration(p); }
  Num<D> time{}, realtime{}, clock{};
  static constexpr auto fields() {
    return members<&MigrationSetClock::time, &MigrationSetClock::realtime,
                   &MigrationSetClock::clock>;
  }

  void apply(Step<D>& k, Vm<D>& vm) const {
    auto& m = vm.migration;
    k.require(m.steps == 1, {"follows_source", "vcpu.rst 4.1: step 4"});
    k.require(is_early<D>(time) && m.source_time <= time,
              {"time_passes", "vcpu.rst 4.1: time is finite"});
    k.require(shows<D>(vm.host.migration, realtime, time),
              {"destination_clock_is_right", "vcpu.rst 4.1: step 4"});
    const Flag<D> as_recorded = clock == m.source_clock;
    if (k.is(Behaviour::migration_forgets_realtime)) {
      k.require(as_recorded, {"clock_as_recorded", "api.rst 4.30"});
    } else {
      const Flag<D> has_passed = realtime > m.source_realtime;
      k.require(!has_passed || clock + m.source_realtime == m.source_clock + realtime,
                {"clock_is_advanced", "api.rst 4.30: KVM_CLOCK_REALTIME"});
      k.require(has_passed || as_recorded,
                {"clock_never_goes_back", "x86.c:kvm_vm_ioctl_set_clock: now_real_ns"});
    }
    k.set(m.set_time, time);
    k.set(m.set_clock, clock);
    k.set(m.steps, Word<D, 3>(2));
  }
};

// Step 5, on the destination: KVM_GET_CLOCK.
template <class D>
struct MigrationReadClock {
  static constexpr const char* name = "migration_read_clock";
  static constexpr const char* syntax =
      "migration_read_clock: <vm> time=time host_tsc=host_tsc clock=clock";
  static constexpr const char* source = "vcpu.rst 4.1: step 5";
  static constexpr bool by_hardware = true;
  static bool applies(const Profile& p) { return has_migration(p); }
  Num<D> time{}, host_tsc{}, clock{};
  static constexpr auto fields() {
    return members<&MigrationReadClock::time, &MigrationReadClock::host_tsc,
                   &MigrationReadClock::clock>;
  }

  void apply(Step<D>& k, Vm<D>& vm) const {
    auto& m = vm.migration;
    k.require(m.steps == 2, {"follows_set_clock", "vcpu.rst 4.1: step 5"});
    k.require(is_early<D>(time) && m.set_time <= time,
              {"time_passes", "vcpu.rst 4.1: time is finite"});
    k.require(clock + m.set_time == m.set_clock + time,
              {"clock_runs", "api.rst 4.29: CLOCK_MONOTONIC plus a constant"});
    k.set(m.read_time, time);
    k.set(m.read_tsc, host_tsc);
    k.set(m.read_clock, clock);
    k.set(m.steps, Word<D, 3>(3));
  }
};

// Steps 6 and 7, on the destination: the offset is computed and written. `elapsed` is
// guest_dest - guest_src in ns, `ticks` what the VMM makes of it.
template <class D>
struct MigrationWriteOffset {
  static constexpr const char* name = "migration_write_offset";
  static constexpr const char* syntax =
      "migration_write_offset: <vm> elapsed=elapsed ticks=ticks offset=offset";
  static constexpr const char* source = "vcpu.rst 4.1: steps 6 and 7";
  static constexpr bool by_hardware = true;
  static bool applies(const Profile& p) { return has_migration(p); }
  Num<D> elapsed{}, ticks{}, offset{};
  static constexpr auto fields() {
    return members<&MigrationWriteOffset::elapsed, &MigrationWriteOffset::ticks,
                   &MigrationWriteOffset::offset>;
  }

  void apply(Step<D>& k, Vm<D>& vm) const {
    auto& m = vm.migration;
    k.require(m.steps == 3, {"follows_read_clock", "vcpu.rst 4.1: step 6"});
    k.require(m.source_clock + elapsed == m.read_clock,
              {"elapsed_by_kvmclock", "vcpu.rst 4.1: step 6, guest_dest - guest_src"});
    k.require(ticks_are_right(k, vm), {"ticks_at_rate", "vcpu.rst 4.1: step 6, freq"});
    k.require(offset_is_right(k, vm), {"offset_by_formula", "vcpu.rst 4.1: step 6"});
    k.set(m.offset, offset);
    k.set(m.steps, Word<D, 3>(4));
  }

 private:
  // freq is in kHz and `elapsed` in ns: a tick is 10^6 of their product.
  Flag<D> ticks_are_right(const Step<D>& k, const Vm<D>& vm) const {
    const auto& hosts = vm.host.migration;
    const Num<D> product = times_rate<D>(hosts, elapsed);
    if (k.is(Behaviour::migration_multiplies_only)) return is_low_word<D>(ticks, product);
    if (k.is(Behaviour::migration_takes_khz_for_hz)) return ticks == product / 1000000000;
    // What is left of the product, and in the other case of its negative, is divided: a quotient q
    // of x by 10^6 has 10^6 q <= x < 10^6 (q + 1).
    const Num<D> low = ticks * 1000000, high = low + Num<D>(1000000);
    const Num<D> laps = product / (u64{1} << 32) / (u64{1} << 32);
    const Num<D> whole = laps * (u64{1} << 32) * (u64{1} << 32);
    if (k.is(Behaviour::migration_product_wraps))
      return whole + low <= product && product < whole + high;
    if (k.is(Behaviour::migration_divides_unsigned)) {
      const Num<D> next = whole + wrap_at<D>();
      return ite(product == whole, ticks == Num<D>(0),
                 product + low <= next && next < product + high);
    }
    return ticks == ticks_of<D>(hosts, elapsed);
  }

  // ofs_dst = ofs_src - (guest_src - guest_dest) * freq + (tsc_src - tsc_dest), all modulo 2^64.
  Flag<D> offset_is_right(const Step<D>& k, const Vm<D>& vm) const {
    const auto& m = vm.migration;
    const Profile& p = k.profile();
    const Num<D> at_source = scaled_by_vmm<D>(p, m.source_tsc);
    const Num<D> at_destination =
        k.is(Behaviour::migration_has_no_host_tsc) ? Num<D>(0) : scaled_by_vmm<D>(p, m.read_tsc);
    // The write makes KVM choose the offset: what is written is the guest's TSC of that moment.
    if (k.is(Behaviour::migration_writes_tsc))
      return is_same_word<D>(offset + at_destination, m.source_offset + at_source);
    const bool is_swapped = k.is(Behaviour::migration_swaps_hosts);
    const Num<D> left = offset + (is_swapped ? at_source : at_destination);
    const Num<D> right = m.source_offset + (is_swapped ? at_destination : at_source);
    const bool is_taken_away =
        k.is(Behaviour::migration_adds_difference) || k.is(Behaviour::migration_divides_unsigned);
    if (is_taken_away) return is_same_word<D>(left + ticks, right);
    return is_same_word<D>(left, right + ticks);
  }
};

}  // namespace assay::x86
