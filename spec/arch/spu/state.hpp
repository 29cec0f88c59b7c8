// The Statistical Profiling Unit of one PE (Arm ARM DDI 0487 M.a.a, D17 and D24.7).
//
// Registers are kept as the fields that software and the SPU give a meaning; addresses and sizes
// are numbers, so that proofs range over all 64-bit pointers. Below them stand facts that no
// register shows and that the architecture speaks of: the end of the last complete record, the
// highest byte written, what stopped profiling.
#pragma once
#include "spec/kvm/host.hpp"

namespace assay {

// PMBLIMITR_EL1.FM.
inline constexpr u64 fill_mode = 0, discard_mode = 2;

// PMBSR_EL1.EC (D24.7).
inline constexpr u64 ec_buffer = 0x00, ec_granule_protection = 0x1e, ec_implementation = 0x1f,
                     ec_stage1 = 0x24, ec_stage2 = 0x25;
// PMBSR_EL1.MSS with EC 0: BSC.
inline constexpr u64 bsc_not_allowed = 0, bsc_full = 1;

// What the SPU reported last; `none` once software has written PMBSR_EL1.
enum class SpuEvent : unsigned { none, full, fault, abort, not_allowed };

template <class D>
struct Spu {
  // PMBPTR_EL1, PMBLIMITR_EL1
  NumCell<D> ptr{};
  NumCell<D> limit{};  // LIMIT:Zeros(12)
  FlagCell<D> enable{};
  WordCell<D, 2> fill{};
  // PMBSR_EL1
  FlagCell<D> service{}, data_loss{}, external_abort{}, collision{};
  WordCell<D, 6> ec{};
  WordCell<D, 16> mss{};
  // PMSCR_EL1, PMSCR_EL2
  FlagCell<D> e0spe{}, e1spe{}, pa1{}, ts1{};
  WordCell<D, 2> pct1{};
  FlagCell<D> e0hspe{}, e2spe{}, pa2{}, ts2{};
  WordCell<D, 2> pct2{};
  // MDCR_EL2.E2PB, and where the PE executes
  WordCell<D, 2> e2pb{};
  FlagCell<D> tge{};
  WordCell<D, 2> el{};
  FlagCell<D> excluded{};  // AArch32, Debug state or another Security state: never profiled
  // PMSIRR_EL1, PMSICR_EL1
  WordCell<D, 24> interval{};
  FlagCell<D> random{};
  WordCell<D, 32> count{};
  // PMSFCR_EL1, PMSEVFR_EL1, PMSNEVFR_EL1, PMSLATFR_EL1
  FlagCell<D> filter_events{}, filter_not_events{}, filter_types{}, filter_latency{};
  WordCell<D, 3> types{};  // B, LD, ST
  WordCell<D, 64> events_set{}, events_clear{};
  WordCell<D, 16> latency_min{};
  // What no register shows
  WordCell<D, 8> in_flight{};     // samples selected, neither written nor dropped
  NumCell<D> start{};             // PTR when the buffer was enabled
  NumCell<D> records_end{};       // first byte after the last complete record
  NumCell<D> bytes_end{};         // end of the highest byte written since the buffer was enabled
  WordCell<D, 3> event{};         // SpuEvent
  WordCell<D, 8> event_flight{};  // samples in flight when it was reported
  FlagCell<D> lost{};             // data was lost since software last cleared DL
  FlagCell<D> irq{};              // the level of PMBIRQ
  FlagCell<D> mixed{};            // a control changed with samples in flight: either value counts
  FlagCell<D> unpredictable{};    // a programming rule is broken: the SPU may do anything

  static constexpr auto fields() {
    return std::tuple{field("ptr", &Spu::ptr),
                      field("limit", &Spu::limit),
                      field("enable", &Spu::enable),
                      field("fill", &Spu::fill),
                      field("service", &Spu::service),
                      field("data_loss", &Spu::data_loss),
                      field("external_abort", &Spu::external_abort),
                      field("collision", &Spu::collision),
                      field("ec", &Spu::ec),
                      field("mss", &Spu::mss),
                      field("e0spe", &Spu::e0spe),
                      field("e1spe", &Spu::e1spe),
                      field("pa1", &Spu::pa1),
                      field("ts1", &Spu::ts1),
                      field("pct1", &Spu::pct1),
                      field("e0hspe", &Spu::e0hspe),
                      field("e2spe", &Spu::e2spe),
                      field("pa2", &Spu::pa2),
                      field("ts2", &Spu::ts2),
                      field("pct2", &Spu::pct2),
                      field("e2pb", &Spu::e2pb),
                      field("tge", &Spu::tge),
                      field("el", &Spu::el),
                      field("excluded", &Spu::excluded),
                      field("interval", &Spu::interval),
                      field("random", &Spu::random),
                      field("count", &Spu::count),
                      field("filter_events", &Spu::filter_events),
                      field("filter_not_events", &Spu::filter_not_events),
                      field("filter_types", &Spu::filter_types),
                      field("filter_latency", &Spu::filter_latency),
                      field("types", &Spu::types),
                      field("events_set", &Spu::events_set),
                      field("events_clear", &Spu::events_clear),
                      field("latency_min", &Spu::latency_min),
                      field("in_flight", &Spu::in_flight),
                      field("start", &Spu::start),
                      field("records_end", &Spu::records_end),
                      field("bytes_end", &Spu::bytes_end),
                      field("event", &Spu::event),
                      field("event_flight", &Spu::event_flight),
                      field("lost", &Spu::lost),
                      field("irq", &Spu::irq),
                      field("mixed", &Spu::mixed),
                      field("unpredictable", &Spu::unpredictable)};
  }
};

}  // namespace assay
