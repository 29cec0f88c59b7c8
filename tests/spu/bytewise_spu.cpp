// The SPU of the pseudocode (J1.1.1): one sample in flight, operation by operation, and a record
// goes out byte by byte, so that a fault leaves exactly what precedes it. Direct writes take effect
// whenever they are made, timestamps are taken at selection, a fault at a record's start leaves DL.
#include <optional>

#include "gen/random.hpp"
#include "tests/spu/spu.hpp"

namespace assay::spu {
namespace {

class BytewiseSpu final : public Spu {
 public:
  BytewiseSpu(const Design& design, Bug bug) : design_(design), bug_(bug), random_(design.seed) {}

  const Registers& registers() const override { return r_; }
  void apply(const Stimulus& stimulus, Memory& memory, EventSink& sink) override {
    memory_ = &memory;
    sink_ = &sink;
    std::visit([this](const auto& what) { on(what); }, stimulus);
  }

 private:
  struct Sample {
    Collected collected;
    unsigned cycles_left = 0;
  };
  bool has(Bug bug) const { return bug_ == bug; }

  template <class Write>
  void on(const Write& w) {
    flush_count();
    announce(w, *sink_);
    store(w, r_);
    if (sample_ && !r_.takes_records() && r_.fill != discard_mode) drop(false);
    drive_irq();
  }
  void on(const SetPage& p) { memory_->set_page(p.page, p.state); }
  void on(const Service&) {}  // software's, not the SPU's
  void on(const Run& run) {
    for (u32 i = 0; i < run.operations; ++i) operation(run.operation);
  }
  void on(const Synchronise&) {
    flush_count();
    if (design_.tells_barriers()) sink_->emit("isb", {});
    if (sample_) complete();
    flush_count();
    if (design_.tells_barriers())
      for (const char* barrier : {"psb", "dsb", "isb"}) sink_->emit(barrier, {});
    else sink_->emit("spe_drained", {});
    Registers shown = r_;
    if (has(Bug::status_reads_without_service)) shown.service = false;
    if (has(Bug::abort_without_ea)) shown.external_abort = false;
    if (has(Bug::counter_reads_as_zero)) shown.count = 0;
    PmuCounts said = counts_;
    if (has(Bug::feed_counts_collisions)) said.feed += said.collision;
    if (has(Bug::full_is_not_counted)) said.full = 0;
    announce_read(shown, said, *sink_);
    sink_->emit("spe_irq", {{"level", irq_}});
  }

  void on(const Peek&) {
    flush_count();
    sink_->emit("isb", {});
    Registers shown = r_;
    if (has(Bug::peek_shows_what_is_not_there)) shown.ptr += design_.record_max();
    announce_buffer_read(shown, *sink_);
  }

  // --- selection ---------------------------------------------------------------------------

  // StatisticalProfilingEnabled, conjunct by conjunct; `without` leaves one out.
  bool profiling_enabled(Bug without = Bug::none) const {
    if (!r_.buffer_enabled()) return false;
    if (r_.service && without != Bug::samples_while_stopped) return false;
    const unsigned owner = r_.owned_by_el2() ? 2 : 1;
    if (r_.context.el > owner) return false;
    if (owner == 1 && r_.context.tge) return false;
    if (without == Bug::level_control_ignored) return true;
    switch (r_.context.el) {
      case 0: return r_.context.tge ? r_.control2.e0h : r_.control.e0;
      case 1: return r_.control.e1;
      case 2: return r_.control2.e2;
      default: return false;
    }
  }

  void operation(const Operation& o) {
    ++ticks_;
    if (sample_ && --sample_->cycles_left == 0) complete();
    if (!profiling_enabled()) return while_disabled(o);
    ++counts_.population;
    if (pass_one_) {
      pass_one_ = false;  // the operation that finds COUNT at zero reloads it
      return;
    }
    if (r_.count == 0) return load();
    --r_.count;
    ++counted_;
    if (r_.count == 0) select(o);
  }

  void while_disabled(const Operation& o) {
    if (has(Bug::counter_runs_while_disabled) && r_.enable && r_.count > 1) {
      --r_.count;
      ++counted_;
    }
    const bool open = has(Bug::samples_while_stopped) || has(Bug::level_control_ignored);
    if (!open || sample_ || !profiling_enabled(bug_) || ++prescaler_ % 64 != 0) return;
    flush_count();
    sink_->emit("spe_sample", {{"el", r_.context.el}, {"reload", r_.count}});
    sample_ = collect(o);
  }

  u32 interval_count() {
    constexpr u32 unknown_interval = 64;  // INTERVAL 0 (D24.7 PMSIRR_EL1)
    if (r_.interval == 0) return unknown_interval;
    const u32 low = r_.random ? static_cast<u32>(random_.below(256)) : 0;
    return r_.interval << 8 | low;
  }
  void load() {
    r_.count = has(Bug::counter_loads_anything) ? 0x300 : interval_count();
    loaded_ = r_.count;
  }
  void flush_count() {
    if (counted_ != 0 || loaded_ != 0)
      sink_->emit("spe_count", {{"operations", counted_}, {"load", loaded_}});
    counted_ = loaded_ = 0;
  }

  void select(const Operation& o) {
    if (has(Bug::counter_passes_zero)) ++counted_;
    flush_count();
    r_.count = interval_count();
    if (has(Bug::counter_reload_wrong)) r_.count = (r_.count & 0xff) | (r_.interval + 1) << 8;
    pass_one_ = true;
    if (!sample_) {
      sink_->emit("spe_sample", {{"el", r_.context.el}, {"reload", r_.count}});
      sample_ = collect(o);
      return;
    }
    r_.collision = true;
    ++counts_.collision;
    if (has(Bug::collision_stops)) r_.service = true;
    sink_->emit("spe_collision", {{"reload", r_.count}});
    drive_irq();
  }

  Sample collect(const Operation& o) {
    Sample s;
    s.collected.operation = o;
    s.collected.el = r_.context.el;
    s.collected.ticks = ticks_;
    const bool low = r_.context.el <= 1 && !r_.context.tge;
    s.collected.context1 = low && (r_.control.cx || has(Bug::context_without_cx));
    s.collected.context2 = r_.control2.cx;
    s.cycles_left = o.latency;
    const bool el2 = r_.owned_by_el2();
    if (el2 ? r_.control2.ts : r_.control.ts) s.collected.clock = clock();
    if (has(Bug::timestamp_without_ts)) s.collected.clock = 1;
    const bool reads = (o.type & 6) != 0;
    const bool both = el2 ? r_.control2.pa : r_.control.pa && r_.control2.pa;
    const bool one = el2 ? r_.control2.pa : r_.control.pa;
    s.collected.physical_address = reads && (has(Bug::physical_address_though_gated) ? one : both);
    return s;
  }
  unsigned clock() const {
    const unsigned decides =
        r_.owned_by_el2() || r_.control2.pct != 1 ? r_.control2.pct : r_.control.pct;
    return decides == 0 ? 1 : decides == 1 ? 2 : 3;
  }

  // --- completion --------------------------------------------------------------------------

  bool rejected(const Operation& o) const {
    const WriteFilter& f = r_.filter;
    if (has(Bug::filters_without_control) && (o.events & 2) == 0) return true;
    if (has(Bug::filter_ignored)) return false;
    if (f.events && (o.events & f.set) != f.set) return true;
    if (f.not_events && (o.events & f.clear) != 0) return true;
    if (f.types && (o.type & f.type) == 0) return true;
    return f.latency && o.latency < f.minimum;
  }

  void drop(bool filtered) {
    sample_.reset();
    flush_count();
    sink_->emit("spe_drop", {{"filtered", filtered}});
    if (has(Bug::drops_twice)) sink_->emit("spe_drop", {{"filtered", filtered}});
  }

  void complete() {
    ++counts_.feed;
    if (has(Bug::filtrate_counts_rejected)) ++counts_.filtrate;
    if (rejected(sample_->collected.operation)) return drop(true);
    if (!has(Bug::filtrate_counts_rejected)) ++counts_.filtrate;
    if (r_.takes_records()) {
      write_record();
    } else {
      discard();
    }
    drive_irq();
  }
  void discard() {
    const bool discards = r_.buffer_enabled() && !r_.service && r_.fill == discard_mode;
    if (discards && has(Bug::discard_writes_records)) return write_record();
    if (discards && has(Bug::discard_moves_pointer)) r_.ptr += design_.record_max();
    if (discards && has(Bug::discard_raises_full)) raise(0, 1);
    drop(false);
  }

  void raise(unsigned ec, unsigned mss) {
    if (ec == 0) ++counts_.full;
    r_.service = true;
    r_.ec = ec;
    r_.mss = mss;
  }

  // SPEWriteToBuffer for each byte of the record.
  void write_record() {
    flush_count();
    const Collected& c = sample_->collected;
    std::vector<u8> bytes = record_of(c, design_);
    if (has(Bug::record_longer_than_max)) bytes.resize(design_.record_max() + 1);
    if (has(Bug::alignment_ignored) && design_.align > 1) bytes.pop_back();
    const u64 start = r_.ptr;
    const Operation& o = c.operation;
    for (const u8 byte : bytes) {
      Page page = memory_->page(r_.ptr);
      if (has(Bug::writes_without_translation)) page = Page::mapped;
      if (has(Bug::faults_though_mapped) && page == Page::mapped && o.latency == 2)
        page = Page::stage2;
      const bool aborts = design_.version < 4 || has(Bug::abort_reported_on_v1p3);
      if (page == Page::abort && aborts) return abort(start);
      if (page != Page::mapped && page != Page::abort) return fault(page, start);
      memory_->write(r_.ptr++, byte);
    }
    const auto say = [&] {
      sink_->emit("spe_record", {{"address", start},
                                 {"size", bytes.size()},
                                 {"events", o.events},
                                 {"type", o.type},
                                 {"latency", o.latency},
                                 {"time", c.clock},
                                 {"pa", c.physical_address},
                                 {"context1", c.context1},
                                 {"context2", c.context2}});
    };
    say();
    if (has(Bug::record_twice)) say();
    sample_.reset();
    if (has(Bug::gap_between_records)) r_.ptr += 8;
    if (!r_.takes_records()) return;
    const u64 room = design_.record_max() * (has(Bug::full_one_record_early) ? 2 : 1);
    if (r_.ptr + room <= r_.limit) return;
    raise(0, 1);
    if (has(Bug::full_sets_dl)) r_.data_loss = true;
  }

  void fault(Page page, u64 start) {
    const Refusal why = refusal_of(page, r_.owned_by_el2());
    bool lost = r_.data_loss || r_.ptr != start;
    if (has(Bug::dl_not_set_mid_record)) lost = r_.data_loss;
    if (has(Bug::dl_cleared_by_fault)) lost = r_.ptr != start;
    r_.data_loss = lost;
    raise(has(Bug::fault_class_wrong) ? 0x1f : why.ec, why.fsc);
    sample_.reset();
    sink_->emit("spe_fault",
                {{"address", r_.ptr}, {"ec", r_.ec}, {"fsc", r_.mss}, {"dl", r_.data_loss}});
    if (has(Bug::fault_pointer_is_record_start)) r_.ptr = start;
  }

  void abort(u64 start) {
    const Refusal why = refusal_of(Page::abort, r_.owned_by_el2());
    r_.external_abort = true;
    r_.data_loss = r_.data_loss || r_.ptr != start;
    raise(why.ec, why.fsc);
    sink_->emit("spe_abort", {{"address", r_.ptr}, {"ec", why.ec}, {"asynchronous", 0}});
    sample_.reset();
  }

  void drive_irq() {
    const bool level = r_.service && !has(Bug::irq_not_raised);
    if (level == irq_) return;
    irq_ = level;
    flush_count();
    sink_->emit("spe_irq", {{"level", irq_}});
  }

  const Design design_;
  const Bug bug_;
  gen::Random random_;  // of the interval
  Memory* memory_ = nullptr;
  EventSink* sink_ = nullptr;
  Registers r_;
  std::optional<Sample> sample_;
  PmuCounts counts_;
  bool irq_ = false;
  bool pass_one_ = false;
  u64 ticks_ = 1;
  u32 counted_ = 0, loaded_ = 0;  // not yet said
  u32 prescaler_ = 0;
};

}  // namespace

std::unique_ptr<Spu> make_bytewise_spu(const Design& design, Bug bug) {
  Design one = design;
  one.in_flight_max = 1;
  return std::make_unique<BytewiseSpu>(one, bug);
}

}  // namespace assay::spu
