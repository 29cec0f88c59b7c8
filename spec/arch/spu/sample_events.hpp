// What a sample may tell, by version: the bits of its Events packet and of the filters that look at
// them, and how far its counters go (SPE-1.4, SPE-3.2).
#pragma once
#include "spec/arch/spu/enabled.hpp"

namespace assay {

// Bits `from` to `to`.
constexpr u64 event_bits(unsigned from, unsigned to) {
  return (to == 63 ? ~u64{0} : (u64{1} << (to + 1)) - 1) & ~((u64{1} << from) - 1);
}
// The events that every PE of the version has: retired, L1D refill, TLB walk, mispredicted;
// misaligned from SPEv1p1 on, not taken from SPEv1p2 on.
template <class D>
Word<D, 64> events_of_every_pe(const Pe<D>& pe) {
  const Flag<D> known = pe.spe != 0 && pe.spe != 0xff;
  const Word<D, 64> none(0);
  return Word<D, 64>(0xaa) | ite(known && pe.spe >= 2, Word<D, 64>(event_bits(11, 11)), none) |
         ite(known && pe.spe >= 3, Word<D, 64>(event_bits(6, 6)), none);
}
// Those that some PE of the version may have.
template <class D>
Word<D, 64> events_of_some_pe(const Pe<D>& pe) {
  constexpr u64 always =
      event_bits(0, 10) | event_bits(12, 16) | event_bits(24, 31) | event_bits(48, 63);
  const Word<D, 64> none(0);
  return Word<D, 64>(always) |
         ite(is_of_version<D>(pe, 2), Word<D, 64>(event_bits(11, 11) | event_bits(17, 18)), none) |
         ite(is_of_version<D>(pe, 5), Word<D, 64>(event_bits(19, 23)), none);
}
// What a latency counter of 12 bits can hold.
inline constexpr u64 latency_of_12_bits = 0xfff;

}  // namespace assay
