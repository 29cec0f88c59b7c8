// The life of a sample before it is a record: the interval counter, selection, collision, filters
// (D17.2 to D17.5).
#pragma once
#include "spec/arch/spu/sample_events.hpp"

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

// PMBLIMITR_EL1.PMFZ stops counters of the PMU while PMBSR_EL1.S is set: those that PMCR_EL0.FZS
// and MDCR_EL2.HPMFZS select, which a trace does not tell.
template <class D>
Flag<D> may_be_frozen(const Spu<D>& s) {
  return s.freeze && is_stopped<D>(s);
}

// Operations of the population passed. That one more did, which found COUNT at zero and loaded it
// without counting down, a trace does not say.
template <class D>
void count_population(Step<D>& k, Spu<D>& s, const Word<D, 32>& operations, const Flag<D>& loaded) {
  SpuCounts<D>& c = s.counts;
  k.when(!may_be_frozen<D>(s), [&] { k.set(c.population_least, c.population_least + operations); });
  k.set(c.population_most,
        c.population_most + operations + ite(loaded, Word<D, 32>(1), Word<D, 32>(0)));
}

// Operations of the population pass and none is selected: the counter goes down, after it was
// loaded if software had left it at zero (D17.3.4).
template <class D>
struct SpuCount {
  static constexpr bool by_hardware = true;
  static constexpr const char* name = "spe_count";
  static constexpr const char* source = "D17.3.4; ASL SPEToCollectSample";
  Word<D, 16> cpu{};
  Word<D, 32> operations{};
  Word<D, 32> load{};  // what a COUNT of zero was loaded with first; 0: it was not
  static constexpr auto fields() {
    return members<&SpuCount::cpu, &SpuCount::operations, &SpuCount::load>;
  }
  void apply(Step<D>& k, Spu<D>& spu, const Pe<D>& pe) const {
    k.require(spu.unpredictable || sampled_late<D>(spu, pe) || profiling_enabled<D>(spu),
              {"profiling_enabled", "D17.3.5: the counter holds while profiling is disabled"});
    const Flag<D> unknown = spu.unpredictable || has_no_interval<D>(spu);
    k.require(unknown || load == 0 || (spu.count == 0 && is_interval<D>(spu, load)),
              {"loaded_with_interval", "D17.3.4: a COUNT of zero is loaded with INTERVAL"});
    const Word<D, 32> from = ite(load == 0, Word<D, 32>(plain(spu.count)), Word<D, 32>(load));
    k.require(unknown || operations <= from,
              {"counter_does_not_pass_zero", "D17.3.4: an operation is selected at zero"});
    k.set(spu.count, ite(operations <= from, from - operations, Word<D, 32>(0)));
    count_population<D>(k, spu, operations, load != 0);
    moves_registers<D>(k, spu);
  }
};

// The counter reached zero: an operation is selected as a sample and the counter is loaded again.
template <class D>
struct SpuSample {
  static constexpr bool by_hardware = true;
  static constexpr const char* name = "spe_sample";
  static constexpr const char* source = "D17.3, D17.4; ASL SPEStartSample";
  Word<D, 16> cpu{};
  Word<D, 2> el{};
  Word<D, 32> reload{};  // PMSICR_EL1.COUNT afterwards
  static constexpr auto fields() {
    return members<&SpuSample::cpu, &SpuSample::el, &SpuSample::reload>;
  }
  void apply(Step<D>& k, Spu<D>& spu, const Pe<D>& pe) const {
    const Lawful<D> lawful{k, spu.unpredictable};
    lawful(sampled_late<D>(spu, pe) || profiling_enabled<D>(spu),
           {"profiling_enabled", "D17.4: enabled, not stopped, not above the owner"});
    lawful(el == spu.el, {"at_the_current_level", "D17.4"});
    const Flag<D> any_count = spu.unpredictable || has_no_interval<D>(spu);
    // With ERnd the counter was reloaded when it reached zero, and ECOUNT went on from there.
    const Flag<D> extended = pe.spe_ernd && spu.random;
    k.require(any_count || extended || spu.count == 0,
              {"counter_is_zero", "D17.3.4: selection when COUNT reaches zero"});
    // The pseudocode leaves COUNT at zero, and the next operation loads it.
    k.require(any_count || extended || reload == 0 || holds_interval<D>(spu, reload),
              {"reloaded_with_interval", "D17.3.4: COUNT[31:8] is INTERVAL"});
    k.require(any_count || spu.random || field_bits<8>(reload, 0) == 0,
              {"low_byte_zero_without_rnd", "D17.3.4: COUNT[7:0] is zero unless RND"});
    k.require(pe.spe_in_flight_max == 0 || spu.in_flight < pe.spe_in_flight_max,
              {"room_in_flight", "D17.3.7: more samples than the PE can hold collide"});
    k.require(spu.in_flight < 255, {"few_in_flight", "D17.3.7"});
    k.set(spu.controls_changed, spu.controls_changed && spu.in_flight != 0);
    const Flag<D> of_el1 = el <= 1 && !spu.tge;
    k.set(spu.low_flight, (spu.low_flight && spu.in_flight != 0) || of_el1);
    k.set(spu.in_flight, spu.in_flight + 1);
    k.set(spu.count, reload);
    count_population<D>(k, spu, Word<D, 32>(0), true);
    moves_registers<D>(k, spu);
  }
};

// A selection found the PE unable to hold one more sample: PMBSR_EL1.COLL, and nothing else.
template <class D>
struct SpuCollision {
  static constexpr bool by_hardware = true;
  static constexpr const char* name = "spe_collision";
  static constexpr const char* source = "D17.3.7";
  Word<D, 16> cpu{};
  Word<D, 32> reload{};
  static constexpr auto fields() { return members<&SpuCollision::cpu, &SpuCollision::reload>; }
  static SpuEventKind<D> kind() { return {}; }
  void apply(Step<D>& k, Spu<D>& spu, const Pe<D>& pe, const Word<D, 2>&) const {
    k.require(spu.unpredictable || sampled_late<D>(spu, pe) || profiling_enabled<D>(spu),
              {"profiling_enabled", "D17.3.7, D17.4"});
    const Flag<D> any_count =
        spu.unpredictable || has_no_interval<D>(spu) || (pe.spe_ernd && spu.random);
    k.require(any_count || spu.count == 0,
              {"counter_is_zero", "D17.3.4: selection when COUNT reaches zero"});
    k.require(any_count || reload == 0 || is_interval<D>(spu, reload),
              {"reloaded_with_interval", "D17.3.4: COUNT[31:8] is INTERVAL"});
    k.require(pe.spe_in_flight_max == 0 || spu.in_flight == pe.spe_in_flight_max,
              {"none_free", "D17.3.7: a collision needs a sample in flight"});
    k.require(spu.in_flight != 0, {"one_in_flight", "D17.3.7"});
    k.set(spu.collision, true);
    moves_registers<D>(k, spu);
    k.set(spu.count, reload);
    count_population<D>(k, spu, Word<D, 32>(0), true);
    SpuCounts<D>& c = spu.counts;
    k.when(!may_be_frozen<D>(spu), [&] { k.set(c.collisions_least, c.collisions_least + 1); });
    k.set(c.collisions_most, c.collisions_most + 1);
  }
};

// What decides whether a sample passes the filters.
template <class D>
struct SampleFacts {
  Word<D, 64> events{};   // the Events packet
  Word<D, 5> type{};      // bit 0 B, 1 LD, 2 ST, 3 FP, 4 SIMD
  Word<D, 16> latency{};  // the total latency counter
  Word<D, 8> source{};    // DS[5:0] of the Data Source packet, plus one; 0: there is none
};

// Of the types selected one must match; those that are masked (FEAT_SPE_EFT) must all match.
// Without FEAT_SPE_EFT, which SPEv1p4 brought, FP and SIMD are no types.
template <class D>
Flag<D> passes_types(const Spu<D>& s, const Pe<D>& pe, const Word<D, 5>& type) {
  constexpr u64 basic = 0b00111, all_types = 0b11111;
  const Word<D, 5> known = ite(is_of_version<D>(pe, 5), Word<D, 5>(all_types), Word<D, 5>(basic));
  const Word<D, 5> mask = s.type_mask & known, one_of = s.types & known & ~mask;
  const Flag<D> masked = ((type ^ s.types) & mask) == 0;
  return masked && (one_of == 0 || (type & one_of) != 0);
}
// Loads that say where their data came from must have come from a selected source (FEAT_SPE_FDS).
template <class D>
Flag<D> passes_sources(const Spu<D>& s, const SampleFacts<D>& sample) {
  constexpr unsigned kinds = 64, load = 1;
  Flag<D> selected = sample.source == 0 || sample.source > kinds || !bit(sample.type, load);
  for (unsigned ds = 0; ds < kinds; ++ds)
    selected = selected || (sample.source == ds + 1 && bit(plain(s.sources), ds));
  return selected;
}

// Whether filter bits count that are RES0 on some PEs: of events that a PE need not have, of
// latencies beyond 12 bits.
enum class Optional : bool { ignored, counted };

// The conjunction of all enabled filters (D17.5). A filter that selects nothing is CONSTRAINED
// UNPREDICTABLE per sample: it never decides.
template <class D>
Flag<D> passes_filters(const Spu<D>& s, const Pe<D>& pe, const SampleFacts<D>& sample,
                       Optional optional) {
  const bool all = optional == Optional::counted;
  const Word<D, 64> events = all ? Word<D, 64>(~u64{0}) : events_of_every_pe<D>(pe);
  const Flag<D> both =
      s.filter_events && s.filter_not_events && (s.events_set & s.events_clear) != 0;
  const Flag<D> set = !s.filter_events || both || (~sample.events & s.events_set & events) == 0;
  const Flag<D> clear =
      !s.filter_not_events || both || (sample.events & s.events_clear & events) == 0;
  const Flag<D> type = !s.filter_types || passes_types<D>(s, pe, sample.type);
  const Word<D, 16> least = s.latency_min & Word<D, 16>(latency_of_12_bits);
  const Flag<D> latency =
      !s.filter_latency || sample.latency >= s.latency_min || (!all && sample.latency >= least);
  const Flag<D> source = !s.filter_source || passes_sources<D>(s, sample);
  return set && clear && type && latency && source;
}

// An enabled filter selects nothing, or two contradict each other: whether a sample is collected is
// CONSTRAINED UNPREDICTABLE (D17.5).
template <class D>
Flag<D> is_up_to_the_pe(const Spu<D>& s) {
  return (s.filter_events && s.events_set == 0) || (s.filter_not_events && s.events_clear == 0) ||
         (s.filter_events && s.filter_not_events && (s.events_set & s.events_clear) != 0) ||
         (s.filter_types && (s.types & ~s.type_mask) == 0) ||
         (s.filter_latency && s.latency_min == 0);
}

// Whether some filter may reject samples at all, or is programmed so that it may.
template <class D>
Flag<D> filters(const Spu<D>& s) {
  return s.filter_events || s.filter_not_events || s.filter_types || s.filter_latency ||
         s.filter_source;
}

// A sample was completed: SAMPLE_FEED counts it, and SAMPLE_FILTRATE if it passed the filters.
// One that was dropped without being completed may be counted or not.
template <class D>
void count_sample(Step<D>& k, Spu<D>& s, const Flag<D>& completed, const Flag<D>& rejected) {
  const auto plus = [](const auto& cell, const Flag<D>& one) {
    return ite(one, cell + 1, Word<D, 32>(plain(cell)));
  };
  SpuCounts<D>& c = s.counts;
  k.when(!may_be_frozen<D>(s), [&] {
    k.set(c.feed_least, plus(c.feed_least, completed));
    k.set(c.filtrate_least, plus(c.filtrate_least, completed && !rejected));
  });
  k.set(c.feed_most, c.feed_most + 1);
  k.set(c.filtrate_most, plus(c.filtrate_most, !rejected));
}

// A sample ends without a record: rejected by a filter, or with nowhere to go (discard mode, the
// buffer disabled or stopped).
template <class D>
struct SpuDrop {
  static constexpr bool by_hardware = true;
  static constexpr const char* name = "spe_drop";
  static constexpr const char* source = "D17.4, D17.5; ASL SPECompleteSample";
  Word<D, 16> cpu{};
  Flag<D> filtered{};
  Flag<D> told{};  // whether the event tells what the filters saw of the sample
  Word<D, 64> events{};
  Word<D, 5> type{};
  Word<D, 16> latency{};
  Word<D, 8> ds{};  // as of a record
  static constexpr auto fields() {
    return members<&SpuDrop::cpu, &SpuDrop::filtered, &SpuDrop::told, &SpuDrop::events,
                   &SpuDrop::type, &SpuDrop::latency, &SpuDrop::ds>;
  }
  void apply(Step<D>& k, Spu<D>& spu, const Pe<D>& pe) const {
    const Lawful<D> lawful{k, spu.unpredictable};
    k.require(spu.in_flight != 0, {"one_in_flight", "a sample that was selected"});
    lawful(is_undecided<D>(spu) || !filtered || filters<D>(spu),
           {"a_filter_rejects", "D17.5: only an enabled filter rejects"});
    lawful(is_undecided<D>(spu) || !filtered || !told || is_up_to_the_pe<D>(spu) ||
               !passes_filters<D>(spu, pe, {events, type, latency, ds}, Optional::counted),
           {"fails_a_filter", "D17.5: a sample that passes every filter is kept"});
    lawful(filtered || !takes_records<D>(spu),
           {"nowhere_to_go", "D17.4: records are dropped when the buffer takes none"});
    leaves_flight<D>(k, spu);
    count_sample<D>(k, spu, filtered, filtered);
  }
};

// The PMU's counters of SPE events, read after a drain; from zero, modulo 2^32.
template <class D>
struct SpuReadCounts {
  static constexpr const char* name = "spe_pmu";
  static constexpr const char* source =
      "D17.3, D17.5, D17.8: SAMPLE_POP, SAMPLE_FEED, SAMPLE_FILTRATE, SAMPLE_COLLISION, "
      "SAMPLE_BUFFER_FULL";
  Word<D, 16> cpu{};
  Word<D, 32> population{}, feed{}, filtrate{}, collision{}, full{};
  static constexpr unsigned answers = 5;
  static constexpr auto fields() {
    return members<&SpuReadCounts::cpu, &SpuReadCounts::population, &SpuReadCounts::feed,
                   &SpuReadCounts::filtrate, &SpuReadCounts::collision, &SpuReadCounts::full>;
  }
  void apply(Step<D>& k, Spu<D>& spu, const Pe<D>&) const {
    const SpuCounts<D>& c = spu.counts;
    // Samples in flight may be counted or not.
    const Flag<D> any = c.disturbed || spu.unpredictable || spu.in_flight != 0;
    const auto between = [](const auto& least, const auto& x, const auto& most) {
      return x - least <= most - least;  // modulo 2^32
    };
    k.require(any || between(c.population_least, population, c.population_most),
              {"population_is_counted", "D17.3: SAMPLE_POP"});
    k.require(any || between(c.feed_least, feed, c.feed_most),
              {"feed_is_counted", "ASL SPECompleteSample: SAMPLE_FEED"});
    k.require(any || between(c.filtrate_least, filtrate, c.filtrate_most),
              {"filtrate_is_counted", "D17.5: SAMPLE_FILTRATE"});
    k.require(any || between(c.collisions_least, collision, c.collisions_most),
              {"collisions_are_counted", "D17.3.7: SAMPLE_COLLISION"});
    k.require(any || between(c.full_least, full, c.full_most),
              {"full_is_counted", "D17.8.2: SAMPLE_BUFFER_FULL"});
  }
};

}  // namespace assay
