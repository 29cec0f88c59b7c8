// Which counters write PEBS records, by the guest's numbers and by the host's.
#pragma once
#include "spec/x86/vm.hpp"

namespace assay::x86 {

// IA32_PERF_CAPABILITIES.
inline constexpr u64 caps_lbr_format = 0x3f, caps_pebs_format = 0xf00, caps_baseline = u64{1} << 14;
inline constexpr u64 caps_pebs = u64{1} << 6 | u64{1} << 7 | caps_pebs_format | caps_baseline;
inline constexpr unsigned eventsel_enable = 22;

template <class D>
Flag<D> offers_pebs(const PebsVcpu<D>& p) {
  return p.cpuid.pdcm && (p.msr.capabilities & caps_pebs_format) != 0;
}
template <class D>
Flag<D> offers_baseline(const PebsVcpu<D>& p) {
  return offers_pebs<D>(p) && (p.msr.capabilities & caps_baseline) != 0;
}

// The lowest `count` bits.
template <class D>
Word<D, 64> low_bits(const Word<D, 8>& count, unsigned most) {
  Word<D, 64> mask(0);
  for (unsigned i = 0; i < most; ++i)
    mask = mask | ite(count > i, Word<D, 64>(u64{1} << i), Word<D, 64>(0));
  return mask;
}
// The counters of a vCPU, as bits of IA32_PERF_GLOBAL_CTRL: the fixed ones from bit 32 on.
template <class D>
Word<D, 64> general_counters(const PebsVcpu<D>& p) {
  return low_bits<D>(plain(p.cpuid.general), host_pmcs);
}
template <class D>
Word<D, 64> all_counters(const PebsVcpu<D>& p) {
  Word<D, 64> mask = general_counters<D>(p);
  for (unsigned i = 0; i < 3; ++i)
    mask = mask | ite(p.cpuid.fixed > i, Word<D, 64>(u64{1} << (32 + i)), Word<D, 64>(0));
  return mask;
}
// Those that IA32_PEBS_ENABLE may name.
template <class D>
Word<D, 64> pebs_capable(const PebsVcpu<D>& p) {
  const Word<D, 64> none(0);
  return ite(offers_baseline<D>(p), all_counters<D>(p),
             ite(offers_pebs<D>(p), general_counters<D>(p), none));
}

// The guest's counters that are to write records: enabled in IA32_PEBS_ENABLE, in
// IA32_PERF_GLOBAL_CTRL and by their event select.
template <class D>
Word<D, 8> armed_counters(const PebsVcpu<D>& p) {
  Word<D, 8> counting(0);
  for (unsigned i = 0; i < pebs_counters; ++i)
    counting = counting | ite(bit(plain(p.msr.event_select[i]), eventsel_enable),
                              Word<D, 8>(u64{1} << i), Word<D, 8>(0));
  return field_bits<8>(plain(p.msr.enable), 0) & field_bits<8>(plain(p.msr.global_ctrl), 0) &
         counting;
}

// A host counter + 1 as a bit; 0 is none.
template <class D>
Word<D, 8> host_bit(const Word<D, 4>& host) {
  Word<D, 8> mask(0);
  for (unsigned j = 0; j < host_pmcs; ++j)
    mask = mask | ite(host == j + 1, Word<D, 8>(u64{1} << j), Word<D, 8>(0));
  return mask;
}
// The guest's counters among `of` that run on host counters of a mask.
template <class D>
Word<D, 8> guest_counters(const PebsVcpu<D>& p, const Word<D, 8>& host, const Word<D, 8>& of) {
  Word<D, 8> mask(0);
  for (unsigned i = 0; i < pebs_counters; ++i)
    mask = mask | ite(bit(of, i) && (host_bit<D>(plain(p.host_of[i])) & host) != 0,
                      Word<D, 8>(u64{1} << i), Word<D, 8>(0));
  return mask;
}
// The host counters that guest counters of a mask run on; `straight`: only where the numbers are
// the same.
template <class D>
Word<D, 8> host_counters(const PebsVcpu<D>& p, const Word<D, 8>& of, bool straight) {
  Word<D, 8> mask(0);
  for (unsigned i = 0; i < pebs_counters; ++i) {
    const Word<D, 8> here = host_bit<D>(plain(p.host_of[i]));
    const Flag<D> counts = bit(of, i) && (!straight || here == (u64{1} << i));
    mask = mask | ite(counts, here, Word<D, 8>(0));
  }
  return mask;
}
// Some counter of a mask runs on a host counter of another number, or on none.
template <class D>
Flag<D> is_cross_mapped(const PebsVcpu<D>& p, const Word<D, 8>& of) {
  Flag<D> crossed = false;
  for (unsigned i = 0; i < pebs_counters; ++i)
    crossed = crossed || (bit(of, i) && p.host_of[i] != i + 1);
  return crossed;
}

// Some record names counters that are not those of the guest that overflowed.
template <class D>
Flag<D> names_wrong_counters(const PebsVcpu<D>& p) {
  return p.buffer.records != 0 &&
         (p.buffer.first_shown != p.buffer.first_truth || p.buffer.later_wrong);
}

// The guest has been interrupted for what the buffer holds, or will be.
template <class D>
Flag<D> is_announced(const PebsVcpu<D>& p) {
  return p.pmi.due || p.pmi.asked || p.pmi.announced;
}

// PEBS of a guest by series v3, as it was posted or as its cover letter says it works.
constexpr bool has_slow_path(const Profile& p) { return p.is(Behaviour::pebs_slow_path); }
constexpr bool is_merged_pebs(const Profile& p) { return is_kernel(p) && !has_slow_path(p); }
constexpr bool is_pebs_as_meant(const Profile& p) {
  return p.is(Behaviour::pebs_slow_path_as_meant);
}

}  // namespace assay::x86
