// What a guest may expect of its time when it is moved.
#pragma once
#include "spec/x86/migration/rules.hpp"
#include "spec/x86_subject.hpp"

namespace assay::x86 {

// What passed since the source's record by kvmclock, and by true time, differs by what two wall
// clocks can be wrong by: CLOCK_REALTIME of either host by clock_error.
template <class D>
Flag<D> clock_is_not_ahead(const Vm<D>& vm, const Num<D>& clock, const Num<D>& time) {
  const auto& m = vm.migration;
  return clock + m.source_time <= time + m.source_clock + vm.host.migration.clock_error * 2;
}
template <class D>
Flag<D> clock_is_not_behind(const Vm<D>& vm, const Num<D>& clock, const Num<D>& time) {
  const auto& m = vm.migration;
  return time + m.source_clock <= clock + m.source_time + vm.host.migration.clock_error * 2;
}

// Steps come in order, and times grow with them.
template <class D>
Flag<D> migration_times_are_ordered(const Vm<D>& vm) {
  const auto& m = vm.migration;
  return m.steps <= 4 &&
         (m.steps < 2 || (m.source_time <= m.set_time && is_early<D>(m.set_time))) &&
         (m.steps < 3 || (m.set_time <= m.read_time && is_early<D>(m.read_time)));
}
template <class D>
Flag<D> migration_source_is_sane(const Vm<D>& vm) {
  const auto& m = vm.migration;
  return m.steps < 1 || (is_early<D>(m.source_time) && is_early<D>(m.source_clock) &&
                         is_early<D>(m.source_realtime) &&
                         shows<D>(vm.host.migration, m.source_realtime, m.source_time));
}

// What a counter or an offset shows has 64 bits.
template <class D>
Flag<D> migration_words_fit(const Vm<D>& vm) {
  const auto& m = vm.migration;
  const Num<D> end = wrap_at<D>();
  return m.source_tsc < end && m.source_offset < end && m.read_tsc < end && m.offset < end;
}

// kvmclock as the guest finds it is not behind where the source left it.
template <class D>
Flag<D> kvmclock_never_goes_backwards(const Vm<D>& vm) {
  const auto& m = vm.migration;
  return (m.steps < 2 || m.source_clock <= m.set_clock) &&
         (m.steps < 3 || m.source_clock <= m.read_clock);
}
// And has counted the time between, up to the error of two wall clocks.
template <class D>
Flag<D> kvmclock_is_ahead_of_true_time_by_at_most_the_bound(const Vm<D>& vm) {
  const auto& m = vm.migration;
  return (m.steps < 2 || clock_is_not_ahead<D>(vm, m.set_clock, m.set_time)) &&
         (m.steps < 3 || clock_is_not_ahead<D>(vm, m.read_clock, m.read_time));
}
template <class D>
Flag<D> kvmclock_is_behind_true_time_by_at_most_the_bound(const Vm<D>& vm) {
  const auto& m = vm.migration;
  return (m.steps < 2 || clock_is_not_behind<D>(vm, m.set_clock, m.set_time)) &&
         (m.steps < 3 || clock_is_not_behind<D>(vm, m.read_clock, m.read_time));
}

// How far the guest's TSC has come from the source's record to the destination's, as what a guest
// sees: modulo 2^64. f(laps) is asked of each multiple of 2^64 that can make the difference one.
template <class D, class F>
Flag<D> of_guest_advance(const Profile& p, const Migration<D>& m, F&& holds) {
  const Num<D> before = scaled<D>(p, m.source_tsc) + m.source_offset;
  const Num<D> after = scaled<D>(p, m.read_tsc) + m.offset;
  Flag<D> some = false;
  for (unsigned laps = 0; laps <= 5; ++laps) {  // after + (laps - 2) * 2^64 - before
    const Num<D> from = before + wrap_at<D>() * 2, to = after + wrap_at<D>() * laps;
    some = some || (from <= to && to < from + wrap_at<D>() && holds(from, to));
  }
  return some;
}

// A later value of a counter is less than half of its range ahead.
template <class D>
Flag<D> guest_tsc_went_forward(const Profile& p, const Migration<D>& m) {
  return of_guest_advance<D>(
      p, m, [](const Num<D>& from, const Num<D>& to) { return to < from + Num<D>(u64{1} << 63); });
}

// In ticks, of what two wall clocks can be wrong by, and two for rounding.
template <class D>
Num<D> bound_of_guest_tsc(const MigrationHosts<D>& hosts) {
  return ticks_of<D>(hosts, hosts.clock_error * 2) + Num<D>(2);
}
template <class D>
Flag<D> guest_tsc_follows_time(const Profile& p, const Vm<D>& vm) {
  const auto& m = vm.migration;
  const auto& hosts = vm.host.migration;
  const Num<D> bound = bound_of_guest_tsc<D>(hosts);
  const Num<D> then = ticks_of<D>(hosts, m.source_time), now = ticks_of<D>(hosts, m.read_time);
  return of_guest_advance<D>(p, m, [&](const Num<D>& from, const Num<D>& to) {
    return to + then <= from + now + bound && from + now <= to + then + bound;
  });
}

}  // namespace assay::x86
