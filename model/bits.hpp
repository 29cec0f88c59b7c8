// Concrete values: Bits<N>, a word of N bits, and Number, an address or a size.
//
// Two kinds because proof needs two: masks and register fields are bit-vectors, addresses and
// sizes are integers (sums of 64-bit bit-vectors stall Z3, the same sums as integers take
// milliseconds). A rule therefore says which it means, and the two never mix silently.
#pragma once
#include <compare>
#include <cstdint>
#include <type_traits>

namespace assay {

using u64 = std::uint64_t;
using u32 = std::uint32_t;
__extension__ using u128 = unsigned __int128;

// A value that does not fit its word is a bug in the model, never a silent wrap: a 3-bit id for
// eight vCPUs once made an invariant contradictory, and every proof vacuous.
[[noreturn]] void constant_does_not_fit(u64 value, u64 mask);
constexpr u64 fits(u64 value, u64 mask) {
  if (value > mask) constant_does_not_fit(value, mask);
  return value;
}

// An N-bit unsigned word. Arithmetic wraps at N bits, exactly as a bit-vector of that width does.
template <unsigned N>
class Bits {
  static_assert(N >= 1 && N <= 64);

 public:
  using Rep = std::conditional_t<
      N <= 8, std::uint8_t,
      std::conditional_t<N <= 16, std::uint16_t, std::conditional_t<N <= 32, u32, u64>>>;
  static constexpr unsigned width = N;
  static constexpr u64 mask = N == 64 ? ~0ull : (1ull << (N % 64)) - 1;

  constexpr Bits() = default;
  constexpr Bits(u64 value) : v_(static_cast<Rep>(fits(value, mask))) {}
  static constexpr Bits wrap(u64 value) { return Bits(value & mask); }
  constexpr u64 value() const { return v_; }

  friend constexpr bool operator==(Bits a, Bits b) { return a.v_ == b.v_; }
  friend constexpr bool operator!=(Bits a, Bits b) { return a.v_ != b.v_; }
  friend constexpr bool operator<(Bits a, Bits b) { return a.v_ < b.v_; }
  friend constexpr bool operator<=(Bits a, Bits b) { return a.v_ <= b.v_; }
  friend constexpr bool operator>(Bits a, Bits b) { return a.v_ > b.v_; }
  friend constexpr bool operator>=(Bits a, Bits b) { return a.v_ >= b.v_; }
  friend constexpr Bits operator+(Bits a, Bits b) { return wrap(u64{a.v_} + b.v_); }
  friend constexpr Bits operator-(Bits a, Bits b) { return wrap(u64{a.v_} - b.v_); }
  friend constexpr Bits operator&(Bits a, Bits b) { return wrap(u64{a.v_} & b.v_); }
  friend constexpr Bits operator|(Bits a, Bits b) { return wrap(u64{a.v_} | b.v_); }
  friend constexpr Bits operator^(Bits a, Bits b) { return wrap(u64{a.v_} ^ b.v_); }
  friend constexpr Bits operator~(Bits a) { return wrap(~u64{a.v_}); }

 private:
  Rep v_ = 0;
};

// An address, a size or a count of pages. Sums are exact (never wrap): a rule that means "wraps
// at 2^64" writes the comparison, and it means the same when run and when proved.
class Number {
 public:
  constexpr Number() = default;
  constexpr Number(u64 value) : v_(value) {}
  static constexpr Number exact(u128 value) {
    Number n;
    n.v_ = value;
    return n;
  }
  // The low 64 bits; a stored Number always fits them.
  constexpr u64 value() const { return static_cast<u64>(v_); }
  constexpr u128 wide() const { return v_; }

  friend constexpr bool operator==(Number a, Number b) { return a.v_ == b.v_; }
  friend constexpr bool operator!=(Number a, Number b) { return a.v_ != b.v_; }
  friend constexpr bool operator<(Number a, Number b) { return a.v_ < b.v_; }
  friend constexpr bool operator<=(Number a, Number b) { return a.v_ <= b.v_; }
  friend constexpr bool operator>(Number a, Number b) { return a.v_ > b.v_; }
  friend constexpr bool operator>=(Number a, Number b) { return a.v_ >= b.v_; }
  friend constexpr Number operator+(Number a, Number b) { return exact(a.v_ + b.v_); }
  // Multiplication and division by constants only: they stay linear in proof.
  friend constexpr Number operator*(Number a, u64 k) { return exact(a.v_ * k); }
  friend constexpr Number operator/(Number a, u64 k) { return exact(a.v_ / k); }
  friend constexpr bool is_multiple_of(Number a, u64 k) { return a.v_ % k == 0; }

 private:
  u128 v_ = 0;
};

// 2^n as a Number; n up to 64. "Beyond the IPA size" compares with this.
constexpr Number two_to_the(unsigned n) { return Number::exact(u128{1} << n); }

}  // namespace assay
