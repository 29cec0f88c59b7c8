// Random numbers that are a function of (seed, case) and nothing else.
//
// SplitMix64: output n of a stream is mix(start + n * gamma), so a stream is a counter and a case
// can be repeated on its own, whatever thread ran it and whatever ran before.
#pragma once
#include "model/bits.hpp"

namespace assay::gen {

constexpr u64 mix(u64 z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
  return z ^ (z >> 31);
}

class Random {
 public:
  static constexpr u64 gamma = 0x9e3779b97f4a7c15ull;
  constexpr explicit Random(u64 start) : at_(start) {}
  // Case `number` of a campaign; neighbouring numbers give unrelated streams.
  constexpr Random(u64 seed, u64 number) : at_(mix(seed + gamma) ^ mix(mix(number) + seed)) {}

  constexpr u64 next() { return mix(at_ += gamma); }
  // 0 .. n-1, n not 0. Multiplication instead of division; the bias is below n / 2^64.
  constexpr u64 below(u64 n) { return static_cast<u64>((u128{next()} * n) >> 64); }
  constexpr bool one_in(u64 n) { return below(n) == 0; }
  constexpr u64 between(u64 low, u64 high) { return low + below(high - low + 1); }

 private:
  u64 at_;
};

}  // namespace assay::gen
