// The life of a sample before it is a record: the interval counter, selection, collision, filters
// (D17.2 to D17.5).
#pragma once
#include "spec/arch/spu/enabled.hpp"

namespace assay {

// COUNT[31:8] is INTERVAL, and COUNT[7:0] is zero unless RND (D17.3.4).
template <class D>
Flag<D> holds_interval(const Spu<D>& s, const Word<D, 32>& count) {
  return zero_extend<32>(field_bits<24>(count, 8)) ==
         zero_extend<32>(field_bits<24>(plain(s.interval), 0));
}
template <class D>
Flag<D> is_interval(const Spu<D>& s, const Word<D, 32>& count) {
  return holds_interval<D>(s, count) && (s.random || field_bits<8>(count, 0) == 0);
}

// Operations of the population pass and none is selected: the counter goes down, after it was
// loaded if software had left it at zero (D17.3.4).
template <class D>
struct SpuCount {
  static constexpr bool by_hardware = true;
  static constexpr const char* name = "spe_count";
  static constexpr const char* syntax = "spe_count: cpu=cpu operations=operations load=load";
  static constexpr const char* source = "D17.3.4; ASL SPEToCollectSample";
  Word<D, 16> cpu{};
  Word<D, 32> operations{};
  Word<D, 32> load{};  // what a COUNT of zero was loaded with first; 0: it was not
  static constexpr auto fields() {
    return std::tuple{field("cpu", &SpuCount::cpu), field("operations", &SpuCount::operations),
                      field("load", &SpuCount::load)};
  }
  void apply(Step<D>& k, Vm<D>& vm) const {
    on_spu<D>(k, vm, cpu, [&](auto& spu, const auto& pe) {
      const Flag<D> late = sampled_late<D>(spu, pe);
      k.require(spu.unpredictable || late || profiling_enabled<D>(spu),
                {"profiling_enabled", "D17.3.5: the counter holds while profiling is disabled"});
      const Flag<D> unknown = spu.unpredictable || spu.interval == 0;
      k.require(unknown || load == 0 || (spu.count == 0 && is_interval<D>(spu, load)),
                {"loaded_with_interval", "D17.3.4: a COUNT of zero is loaded with INTERVAL"});
      const Word<D, 32> from = ite(load == 0, Word<D, 32>(plain(spu.count)), Word<D, 32>(load));
      k.require(unknown || operations <= from,
                {"counter_does_not_pass_zero", "D17.3.4: an operation is selected at zero"});
      k.set(spu.count, ite(operations <= from, from - operations, Word<D, 32>(0)));
    });
  }
};

// The counter reached zero: an operation is selected as a sample and the counter is loaded again.
template <class D>
struct SpuSample {
  static constexpr bool by_hardware = true;
  static constexpr const char* name = "spe_sample";
  static constexpr const char* syntax = "spe_sample: cpu=cpu el=el reload=reload";
  static constexpr const char* source = "D17.3, D17.4; ASL SPEStartSample";
  Word<D, 16> cpu{};
  Word<D, 2> el{};
  Word<D, 32> reload{};  // PMSICR_EL1.COUNT afterwards
  static constexpr auto fields() {
    return std::tuple{field("cpu", &SpuSample::cpu), field("el", &SpuSample::el),
                      field("reload", &SpuSample::reload)};
  }
  void apply(Step<D>& k, Vm<D>& vm) const {
    on_spu<D>(k, vm, cpu, [&](auto& spu, const auto& pe) {
      const Flag<D> free = spu.unpredictable;
      const Flag<D> late = sampled_late<D>(spu, pe);
      k.require(free || late || profiling_enabled<D>(spu),
                {"profiling_enabled", "D17.4: enabled, not stopped, not above the owner"});
      k.require(free || el == spu.el, {"at_the_current_level", "D17.4"});
      k.require(free || spu.interval == 0 || spu.count == 0,
                {"counter_is_zero", "D17.3.4: selection when COUNT reaches zero"});
      k.require(free || spu.interval == 0 || holds_interval<D>(spu, reload),
                {"reloaded_with_interval", "D17.3.4: COUNT[31:8] is INTERVAL"});
      k.require(free || spu.interval == 0 || spu.random || field_bits<8>(reload, 0) == 0,
                {"low_byte_zero_without_rnd", "D17.3.4: COUNT[7:0] is zero unless RND"});
      k.require(pe.spe_in_flight_max == 0 || spu.in_flight < pe.spe_in_flight_max,
                {"room_in_flight", "D17.3.7: more samples than the PE can hold collide"});
      k.require(spu.in_flight < 255, {"few_in_flight", "D17.3.7"});
      k.set(spu.mixed, spu.mixed && spu.in_flight != 0);
      k.set(spu.in_flight, spu.in_flight + 1);
      k.set(spu.count, reload);
    });
  }
};

// A selection found the PE unable to hold one more sample: PMBSR_EL1.COLL, and nothing else.
template <class D>
struct SpuCollision {
  static constexpr bool by_hardware = true;
  static constexpr const char* name = "spe_collision";
  static constexpr const char* syntax = "spe_collision: cpu=cpu reload=reload";
  static constexpr const char* source = "D17.3.7";
  Word<D, 16> cpu{};
  Word<D, 32> reload{};
  static constexpr auto fields() {
    return std::tuple{field("cpu", &SpuCollision::cpu), field("reload", &SpuCollision::reload)};
  }
  void apply(Step<D>& k, Vm<D>& vm) const {
    on_spu<D>(k, vm, cpu, [&](auto& spu, const auto& pe) {
      const Flag<D> free = spu.unpredictable;
      k.require(free || sampled_late<D>(spu, pe) || profiling_enabled<D>(spu),
                {"profiling_enabled", "D17.3.7, D17.4"});
      k.require(free || spu.interval == 0 || spu.count == 0,
                {"counter_is_zero", "D17.3.4: selection when COUNT reaches zero"});
      k.require(free || spu.interval == 0 || is_interval<D>(spu, reload),
                {"reloaded_with_interval", "D17.3.4: COUNT[31:8] is INTERVAL"});
      k.require(pe.spe_in_flight_max == 0 || spu.in_flight == pe.spe_in_flight_max,
                {"none_free", "D17.3.7: a collision needs a sample in flight"});
      k.require(spu.in_flight != 0, {"one_in_flight", "D17.3.7"});
      k.set(spu.collision, true);
      k.set(spu.count, reload);
    });
  }
};

// What decides whether a sample passes the filters.
template <class D>
struct SampleFacts {
  Word<D, 64> events{};   // the Events packet
  Word<D, 3> type{};      // bit 0 B, 1 LD, 2 ST
  Word<D, 16> latency{};  // the total latency counter
};

// The conjunction of all enabled filters (D17.5). A filter that selects nothing is CONSTRAINED
// UNPREDICTABLE per sample: it never decides.
template <class D>
Flag<D> passes_filters(const Spu<D>& s, const SampleFacts<D>& sample) {
  const Flag<D> both =
      s.filter_events && s.filter_not_events && (s.events_set & s.events_clear) != 0;
  const Flag<D> set = !s.filter_events || both || (sample.events & s.events_set) == s.events_set;
  const Flag<D> clear = !s.filter_not_events || both || (sample.events & s.events_clear) == 0;
  const Flag<D> type = !s.filter_types || s.types == 0 || (sample.type & s.types) != 0;
  const Flag<D> latency = !s.filter_latency || sample.latency >= s.latency_min;
  return set && clear && type && latency;
}

// Whether some filter may reject samples at all, or is programmed so that it may.
template <class D>
Flag<D> filters(const Spu<D>& s) {
  return s.filter_events || s.filter_not_events || s.filter_types || s.filter_latency;
}

// A sample ends without a record: rejected by a filter, or with nowhere to go (discard mode, the
// buffer disabled or stopped).
template <class D>
struct SpuDrop {
  static constexpr bool by_hardware = true;
  static constexpr const char* name = "spe_drop";
  static constexpr const char* syntax = "spe_drop: cpu=cpu filtered=filtered";
  static constexpr const char* source = "D17.4, D17.5; ASL SPECompleteSample";
  Word<D, 16> cpu{};
  Flag<D> filtered{};
  static constexpr auto fields() {
    return std::tuple{field("cpu", &SpuDrop::cpu), field("filtered", &SpuDrop::filtered)};
  }
  void apply(Step<D>& k, Vm<D>& vm) const {
    on_spu<D>(k, vm, cpu, [&](auto& spu, const auto&) {
      k.require(spu.in_flight != 0, {"one_in_flight", "a sample that was selected"});
      k.require(spu.unpredictable || spu.mixed || !filtered || filters<D>(spu),
                {"a_filter_rejects", "D17.5: only an enabled filter rejects"});
      k.require(spu.unpredictable || filtered || !takes_records<D>(spu),
                {"nowhere_to_go", "D17.4: records are dropped when the buffer takes none"});
      k.set(spu.in_flight, spu.in_flight - 1);
    });
  }
};

}  // namespace assay
