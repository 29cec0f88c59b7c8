// The Statistical Profiling Unit of one PE (Arm ARM DDI 0487 M.a.a, D17 and D24.7).
//
// Registers are kept as the fields that software and the SPU give a meaning; addresses and sizes
// are numbers, so that proofs range over all 64-bit pointers. Below them stand facts that no
// register shows and that the architecture speaks of: the end of the last complete record, the
// highest byte written, what stopped profiling.
#pragma once
#include "model/fields.hpp"
#include "model/value_names.hpp"

namespace assay {

// PMBLIMITR_EL1.FM.
inline constexpr u64 fill_mode = 0, discard_mode = 2;
inline constexpr std::array fill_mode_names{NamedValue{fill_mode, "fill"},
                                            NamedValue{discard_mode, "discard"}};

// PMBSR_EL1.EC (D24.7).
inline constexpr u64 ec_buffer = 0x00, ec_granule_protection = 0x1e, ec_implementation = 0x1f,
                     ec_stage1 = 0x24, ec_stage2 = 0x25;
inline constexpr std::array spu_ec_names{
    NamedValue{ec_buffer, "buffer"}, NamedValue{ec_granule_protection, "granule_protection"},
    NamedValue{ec_implementation, "implementation"}, NamedValue{ec_stage1, "stage1"},
    NamedValue{ec_stage2, "stage2"}};
// PMBSR_EL1.MSS with EC 0: BSC.
inline constexpr u64 bsc_not_allowed = 0, bsc_full = 1;

// What the SPU reported last; `none` once software has written PMBSR_EL1.
enum class SpuEvent : unsigned { none, full, fault, abort, not_allowed, implementation };

// The registers that a warm reset leaves UNKNOWN, as bits of Spu::unknown (D24.7).
enum class SpuRegister : unsigned {
  pmscr_el1,
  pmsnevfr,
  pmsicr,
  pmsirr,
  pmsfcr,
  pmsevfr,
  pmslatfr,
  pmblimitr,
  pmbptr,
  pmbsr,
  pmsdsfr,
  pmbmar,
  pmscr_el2,
  pmbsr_el2,
  pmbsr_el3,
  count
};

// What the PMU events of the SPU have counted. Some samples end in a way that leaves open whether
// an event counts them: then the count lies between a least and a most.
template <class D>
struct SpuCounts {
  WordCell<D, 32> population_least{}, population_most{};  // SAMPLE_POP
  WordCell<D, 32> feed_least{}, feed_most{};              // SAMPLE_FEED
  WordCell<D, 32> filtrate_least{}, filtrate_most{};      // SAMPLE_FILTRATE
  WordCell<D, 32> collisions_least{}, collisions_most{};  // SAMPLE_COLLISION
  FlagCell<D> disturbed{};                    // by an SPU that could do anything for a while
  WordCell<D, 32> full_least{}, full_most{};  // SAMPLE_BUFFER_FULL
  static constexpr auto fields() {
    return members<&SpuCounts::population_least, &SpuCounts::population_most,
                   &SpuCounts::feed_least, &SpuCounts::feed_most, &SpuCounts::filtrate_least,
                   &SpuCounts::filtrate_most, &SpuCounts::collisions_least,
                   &SpuCounts::collisions_most, &SpuCounts::disturbed, &SpuCounts::full_least,
                   &SpuCounts::full_most>;
  }
};

// What a write of the SPU meets in a translation table (D17.8.3). `clean` is writable once the SPU
// has set the dirty state.
enum class SpuAccessTo : unsigned { writable, absent, read_only, clean };
// Addresses [from, to) that one stage translates otherwise than to memory that can be written.
template <class D>
struct SpuRange {
  NumCell<D> from{}, to{};
  WordCell<D, 2> access{};  // SpuAccessTo; writable: there is no such range
  static constexpr auto fields() {
    return members<&SpuRange::from, &SpuRange::to, &SpuRange::access>;
  }
};
// One stage of translation of the current context, as far as a trace tells: what is in no range can
// be written. Of two ranges, the second is met when the first has been served.
template <class D>
struct SpuStage {
  FlagCell<D> told{};   // whether a trace tells
  FlagCell<D> whole{};  // of every address, and not only of those from PTR on
  SpuRange<D> first{}, second{};
  static constexpr auto fields() {
    return members<&SpuStage::told, &SpuStage::whole, &SpuStage::first, &SpuStage::second>;
  }
};
template <class D>
struct SpuTranslations {
  SpuStage<D> stage1{}, stage2{};
  static constexpr auto fields() {
    return members<&SpuTranslations::stage1, &SpuTranslations::stage2>;
  }
};

// How far software has synchronised with the SPU (D17.9), and what a direct read may show before it
// has. A trace that holds no barriers is taken to drain wherever it says spe_drained, and to read
// only then.
enum class Synchronised : unsigned { nothing, context, profiling, memory };
template <class D>
struct SpuBarriers {
  FlagCell<D> told{};        // the trace holds the barriers of this PE
  WordCell<D, 2> reached{};  // Synchronised
  WordCell<D, 8> covered{};  // samples in flight that the barriers are about
  FlagCell<D> behind{};      // PMBPTR_EL1 and PMBSR_EL1 may read as follows, or as the SPU has them
  NumCell<D> ptr{};
  FlagCell<D> service{}, data_loss{}, external_abort{}, collision{};
  static constexpr auto fields() {
    return members<&SpuBarriers::told, &SpuBarriers::reached, &SpuBarriers::covered,
                   &SpuBarriers::behind, &SpuBarriers::ptr, &SpuBarriers::service,
                   &SpuBarriers::data_loss, &SpuBarriers::external_abort, &SpuBarriers::collision>;
  }
};

// PMBSR_EL2 or PMBSR_EL3. With FEAT_SPE_EXC, PMSCR_EL2.EE and MDCR_EL3.PMSEE say which events are
// recorded there and not in PMBSR_EL1 (RHJXHT).
template <class D>
struct SpuStatus {
  FlagCell<D> service{}, data_loss{}, external_abort{}, collision{};
  WordCell<D, 6> ec{};
  WordCell<D, 16> mss{};
  WordCell<D, 24> mss2{};
  FlagCell<D> lost{};  // a record was lost or cut since software last wrote the register
  static constexpr auto fields() {
    return members<&SpuStatus::service, &SpuStatus::data_loss, &SpuStatus::external_abort,
                   &SpuStatus::collision, &SpuStatus::ec, &SpuStatus::mss, &SpuStatus::mss2,
                   &SpuStatus::lost>;
  }
};
// In which of the three an event was recorded.
enum class SpuRecordedAt : unsigned { el1, el2, el3 };

// MDCR_EL3.PMSEE with its low bit inverted, so that zero is what firmware does of which nothing is
// told: it leaves events to EL2 and EL1.
enum class SpuFirmware : unsigned { delegates, disables, takes_all, takes_faults };

template <class D>
struct Spu {
  // PMBPTR_EL1, PMBLIMITR_EL1
  NumCell<D> ptr{};
  NumCell<D> limit{};  // LIMIT:Zeros(12)
  FlagCell<D> enable{};
  WordCell<D, 2> fill{};   // FM as the SPU takes it: fill_mode or discard_mode
  FlagCell<D> freeze{};    // PMFZ: the PMU may stop counting while S is set
  FlagCell<D> physical{};  // nVM
  // PMBSR_EL1
  FlagCell<D> service{}, data_loss{}, external_abort{}, collision{};
  WordCell<D, 6> ec{};
  WordCell<D, 16> mss{};
  WordCell<D, 24> mss2{};
  // PMBSR_EL2, PMBSR_EL3, MDCR_EL3.PMSEE
  SpuStatus<D> at_el2{}, at_el3{};
  WordCell<D, 2> firmware{};  // SpuFirmware
  // PMSCR_EL1, PMSCR_EL2
  FlagCell<D> e0spe{}, e1spe{}, cx1{}, pa1{}, ts1{}, ke1{}, envm1{};
  WordCell<D, 2> pct1{}, ee1{};
  FlagCell<D> e0hspe{}, e2spe{}, cx2{}, pa2{}, ts2{}, ke2{}, envm2{};
  WordCell<D, 2> pct2{}, ee2{};
  // MDCR_EL2.E2PB and TPMS, and where the PE executes
  WordCell<D, 2> e2pb{};
  FlagCell<D> tpms{};
  FlagCell<D> tge{};
  WordCell<D, 2> el{};
  FlagCell<D> excluded{};  // AArch32, Debug state or another Security state: never profiled
  // PMSIRR_EL1, PMSICR_EL1
  WordCell<D, 24> interval{};
  FlagCell<D> random{};
  WordCell<D, 32> count{};
  WordCell<D, 8> ecount{};
  // PMSFCR_EL1, PMSEVFR_EL1, PMSNEVFR_EL1, PMSLATFR_EL1, PMSDSFR_EL1, PMBMAR_EL1
  FlagCell<D> filter_events{}, filter_not_events{}, filter_types{}, filter_latency{};
  FlagCell<D> filter_source{};
  WordCell<D, 5> types{}, type_mask{};  // B, LD, ST, FP, SIMD
  WordCell<D, 64> events_set{}, events_clear{};
  WordCell<D, 16> latency_min{};
  WordCell<D, 64> sources{};
  WordCell<D, 10> attributes{};
  // What no register shows
  WordCell<D, 8> in_flight{};      // samples selected, neither written nor dropped
  NumCell<D> start{};              // PTR when the buffer was enabled
  NumCell<D> records_end{};        // first byte after the last complete record
  NumCell<D> bytes_end{};          // end of the highest byte written since the buffer was enabled
  WordCell<D, 3> event{};          // SpuEvent
  WordCell<D, 2> recorded_at{};    // SpuRecordedAt: the register that shows it
  WordCell<D, 8> event_flight{};   // samples in flight when it was reported
  FlagCell<D> lost{};              // a record was lost or cut since software last wrote PMBSR_EL1
  FlagCell<D> torn{};              // below PTR are bytes of no complete record
  FlagCell<D> wrote{};             // the SPU has written to memory since the reset
  FlagCell<D> low_flight{};        // some sample in flight is of EL1, or of EL0 without TGE
  FlagCell<D> late{};              // E was cleared with samples in flight that nobody had drained
  NumCell<D> late_limit{};         // LIMIT, for their records
  FlagCell<D> irq{};               // the level of PMBIRQ
  FlagCell<D> controls_changed{};  // with samples in flight: the old or the new values count
  FlagCell<D> unpredictable{};     // a programming rule is broken: the SPU may do anything
  WordCell<D, 16> unknown{};       // registers not written since a reset: bits of SpuRegister
  WordCell<D, 16> res0_ones{};     // registers of which RES0 bits were last written as ones
  WordCell<D, 16> told{};          // registers that were written since the trace begins
  SpuCounts<D> counts{};
  SpuTranslations<D> translations{};
  SpuBarriers<D> barriers{};

  static constexpr auto fields() {
    return members<
        &Spu::ptr, &Spu::limit, &Spu::enable, &Spu::fill, &Spu::freeze, &Spu::physical,
        &Spu::service, &Spu::data_loss, &Spu::external_abort, &Spu::collision, &Spu::ec, &Spu::mss,
        &Spu::mss2, &Spu::at_el2, &Spu::at_el3, &Spu::firmware, &Spu::e0spe, &Spu::e1spe, &Spu::cx1,
        &Spu::pa1, &Spu::ts1, &Spu::ke1, &Spu::envm1, &Spu::pct1, &Spu::ee1, &Spu::e0hspe,
        &Spu::e2spe, &Spu::cx2, &Spu::pa2, &Spu::ts2, &Spu::ke2, &Spu::envm2, &Spu::pct2, &Spu::ee2,
        &Spu::e2pb, &Spu::tpms, &Spu::tge, &Spu::el, &Spu::excluded, &Spu::interval, &Spu::random,
        &Spu::count, &Spu::ecount, &Spu::filter_events, &Spu::filter_not_events, &Spu::filter_types,
        &Spu::filter_latency, &Spu::filter_source, &Spu::types, &Spu::type_mask, &Spu::events_set,
        &Spu::events_clear, &Spu::latency_min, &Spu::sources, &Spu::attributes, &Spu::in_flight,
        &Spu::start, &Spu::records_end, &Spu::bytes_end, &Spu::event, &Spu::recorded_at,
        &Spu::event_flight, &Spu::lost, &Spu::torn, &Spu::wrote, &Spu::low_flight, &Spu::late,
        &Spu::late_limit, &Spu::irq, &Spu::controls_changed, &Spu::unpredictable, &Spu::unknown,
        &Spu::res0_ones, &Spu::told, &Spu::counts, &Spu::translations, &Spu::barriers>;
  }
};

}  // namespace assay
