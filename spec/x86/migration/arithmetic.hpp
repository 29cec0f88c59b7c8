// Arithmetic modulo 2^64 on numbers that do not wrap. There is no difference of two numbers here:
// what a difference is compared with is added on the other side.
#pragma once
#include "spec/x86/vm.hpp"

namespace assay::x86 {

// Both give the same word of 64 bits. Neither exceeds the other by more than 2^67.
template <class D>
Flag<D> is_same_word(const Num<D>& a, const Num<D>& b) {
  Flag<D> same = a == b;
  for (unsigned laps = 1; laps <= 7; ++laps)
    same = same || a + wrap_at<D>() * laps == b || a == b + wrap_at<D>() * laps;
  return same;
}

// `word` is what 64 bits keep of `number`.
template <class D>
Flag<D> is_low_word(const Num<D>& word, const Num<D>& number) {
  constexpr u64 half = u64{1} << 32;
  const Num<D> laps = number / half / half;
  return word < wrap_at<D>() && word + laps * half * half == number;
}

// The ticks of a guest's TSC in so many nanoseconds.
template <class D>
Num<D> times_rate(const MigrationHosts<D>& hosts, const Num<D>& ns) {
  Num<D> product = ns * migration_rates[0];
  for (unsigned i = 1; i < migration_rates.size(); ++i)
    product = ite(hosts.rate == i, ns * migration_rates[i], product);
  return product;
}
template <class D>
Num<D> ticks_of(const MigrationHosts<D>& hosts, const Num<D>& ns) {
  Num<D> ticks = ns * migration_rates[0] / 1000000;
  for (unsigned i = 1; i < migration_rates.size(); ++i)
    ticks = ite(hosts.rate == i, ns * migration_rates[i] / 1000000, ticks);
  return ticks;
}

// What the guest's TSC makes of the host's before the offset is added.
template <class D>
Num<D> scaled(const Profile& p, const Num<D>& host_tsc) {
  return p.is(Behaviour::migration_scales_guest) ? host_tsc * 13 / 10 : host_tsc;
}
// And what a VMM takes for it.
template <class D>
Num<D> scaled_by_vmm(const Profile& p, const Num<D>& host_tsc) {
  return p.is(Behaviour::migration_scales_difference) ? host_tsc * 13 / 10 : host_tsc;
}

}  // namespace assay::x86
