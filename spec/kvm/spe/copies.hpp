// KVM's copies of the SPU's registers: which member keeps which, written once. From this and the
// registers' layouts come what the world switch saves and compares, and what KVM_GET_ONE_REG and
// KVM_SET_ONE_REG of a register tell and store.
#pragma once
#include "spec/arch/spu/registers.hpp"
#include "spec/kvm/spe/state.hpp"

namespace assay {

// `copy` keeps what the member `of` of an SPU holds.
template <auto of, auto copy>
struct Copy {};
template <class... C>
struct CopyList {};

// --- the table
// ---------------------------------------------------------------------------------------

template <class D>
using BufferCopies = CopyList<
    Copy<&Spu<D>::ptr, &SpeRegisters<D>::ptr>, Copy<&Spu<D>::limit, &SpeRegisters<D>::limit>,
    Copy<&Spu<D>::enable, &SpeRegisters<D>::enable>, Copy<&Spu<D>::fill, &SpeRegisters<D>::fill>,
    Copy<&Spu<D>::service, &SpeRegisters<D>::service>,
    Copy<&Spu<D>::data_loss, &SpeRegisters<D>::data_loss>,
    Copy<&Spu<D>::external_abort, &SpeRegisters<D>::external_abort>,
    Copy<&Spu<D>::collision, &SpeRegisters<D>::collision>, Copy<&Spu<D>::ec, &SpeRegisters<D>::ec>,
    Copy<&Spu<D>::mss, &SpeRegisters<D>::mss>, Copy<&Spu<D>::e0spe, &SpeRegisters<D>::e0spe>,
    Copy<&Spu<D>::e1spe, &SpeRegisters<D>::e1spe>,
    Copy<&Spu<D>::events_clear, &SpeRegisters<D>::events_clear>>;
template <class D>
using SamplingCopies =
    CopyList<Copy<&Spu<D>::cx1, &SpeSampling<D>::cx>, Copy<&Spu<D>::pa1, &SpeSampling<D>::pa>,
             Copy<&Spu<D>::ts1, &SpeSampling<D>::ts>, Copy<&Spu<D>::pct1, &SpeSampling<D>::pct>,
             Copy<&Spu<D>::count, &SpeSampling<D>::count>,
             Copy<&Spu<D>::ecount, &SpeSampling<D>::ecount>,
             Copy<&Spu<D>::interval, &SpeSampling<D>::interval>,
             Copy<&Spu<D>::random, &SpeSampling<D>::random>,
             Copy<&Spu<D>::filter_events, &SpeSampling<D>::by_events>,
             Copy<&Spu<D>::filter_types, &SpeSampling<D>::by_type>,
             Copy<&Spu<D>::filter_latency, &SpeSampling<D>::by_latency>,
             Copy<&Spu<D>::types, &SpeSampling<D>::types>,
             Copy<&Spu<D>::events_set, &SpeSampling<D>::events_set>,
             Copy<&Spu<D>::latency_min, &SpeSampling<D>::latency_min>,
             Copy<&Spu<D>::unknown, &SpeSampling<D>::unknown>>;

// --- all of them
// ---------------------------------------------------------------------------------------

template <class D, class To, auto... of, auto... copy>
void save_copies(Step<D>& k, To& to, const Spu<D>& from, CopyList<Copy<of, copy>...>) {
  (k.set(to.*copy, from.*of), ...);
}
template <class D>
void save_sampling(Step<D>& k, SpeSampling<D>& to, const Spu<D>& from) {
  save_copies<D>(k, to, from, SamplingCopies<D>{});
}
template <class D>
void save_registers(Step<D>& k, SpeRegisters<D>& to, const Spu<D>& from) {
  save_copies<D>(k, to, from, BufferCopies<D>{});
  save_sampling<D>(k, to.sampling, from);
}

// Runs body(Register{}) for the registers of which KVM keeps copies, but for the three of the
// buffer: of those each has a rule of its own.
template <class Body>
void each_kept_register(Body&& body) {
  [&]<class... Register>(std::tuple<Register...>*) {
    (body(Register{}), ...);
  }(static_cast<std::tuple<PmscrEl1, Pmsnevfr, Pmsicr, Pmsirr, Pmsfcr, Pmsevfr, Pmslatfr>*>(
      nullptr));
}

// --- those of one register
// --------------------------------------------------------------------------

// The member of a list that keeps `wanted`.
template <auto wanted, class List>
struct CopyOf {
  static constexpr bool exists = false;
};
template <auto wanted, auto copy, class... Rest>
struct CopyOf<wanted, CopyList<Copy<wanted, copy>, Rest...>> {
  static constexpr bool exists = true;
  static constexpr auto member = copy;
};
template <auto wanted, class Other, class... Rest>
struct CopyOf<wanted, CopyList<Other, Rest...>> : CopyOf<wanted, CopyList<Rest...>> {};

// Runs body(field, kept) for each field of a register that KVM keeps, in the order of the layout;
// `kept` is a reference to the copy.
template <class D, class Register, class Registers, class Body>
void each_copy(Registers& r, Body&& body) {
  const auto one = [&]<class F>(F field) {
    using InBuffer = CopyOf<F::kept, BufferCopies<D>>;
    using InSampling = CopyOf<F::kept, SamplingCopies<D>>;
    if constexpr (InBuffer::exists) body(field, r.*InBuffer::member);
    else if constexpr (InSampling::exists) body(field, r.sampling.*InSampling::member);
  };
  [&]<class... F>(FieldList<F...>) { (one(F{}), ...); }(typename Register::template Fields<D>{});
}

template <class W>
struct WordWidth;
template <template <unsigned> class W, unsigned bits>
struct WordWidth<W<bits>> {
  static constexpr unsigned value = bits;
};

// A field of a register's value. An address stands where it lies, without the bits below it.
template <class D, class F>
auto field_of(const Word<D, 64>& value) {
  using Value = typename FieldValue<D, F::kept>::type;
  if constexpr (std::is_same_v<Value, Flag<D>>) return bit(value, F::low);
  else if constexpr (!std::is_same_v<Value, Num<D>>)
    return field_bits<WordWidth<Value>::value>(value, F::low);
  else if constexpr (F::low == 0) return to_number(value);
  else return to_number(value) / (u64{1} << F::low) * (u64{1} << F::low);
}

// A register's value is the one that KVM keeps; what it keeps nothing of is not judged.
template <class D, class Register>
Flag<D> is_kept_value(const SpeRegisters<D>& r, const Word<D, 64>& value) {
  Flag<D> same = true;
  each_copy<D, Register>(r, [&]<class F>(F, const auto& kept) {
    same = same && is_same_value<D>(field_of<D, F>(value), plain(kept));
  });
  return same;
}
template <class D, class Register>
void keep_value(Step<D>& k, SpeRegisters<D>& r, const Word<D, 64>& value) {
  each_copy<D, Register>(r, [&]<class F>(F, auto& kept) { k.set(kept, field_of<D, F>(value)); });
}

// The SPU's fields of a register are as the copy of the sampling registers has them.
template <class D, class Register>
Flag<D> has_sampling_of(const Spu<D>& s, const SpeSampling<D>& kept) {
  Flag<D> same = true;
  const auto one = [&]<class F>(F) {
    using In = CopyOf<F::kept, SamplingCopies<D>>;
    if constexpr (In::exists)
      same = same && is_same_value<D>(plain(s.*F::kept), plain(kept.*In::member));
  };
  [&]<class... F>(FieldList<F...>) { (one(F{}), ...); }(typename Register::template Fields<D>{});
  return same;
}

}  // namespace assay
