// The SPU of a fast core: several samples in flight, finished ones written in batches, accesses of
// 64 bytes to 2 KB out of order and some of them speculative, timestamps taken at completion, and
// late news: drops, asynchronous aborts and accesses not allowed are reported when something else
// makes it look. It ignores direct writes to a running buffer (R24557), and writes an arbitrary DL
// for a fault at a record's start (RMYXZK).
#include <algorithm>

#include "gen/random.hpp"
#include "tests/arm64.hpp"
#include "tests/spu/spu.hpp"

namespace assay::spu {
namespace {

class WideSpu final : public Spu {
 public:
  WideSpu(const Design& design, Bug bug) : design_(design), bug_(bug), random_(design.seed) {
    granule_ = u64{64} << random_.below(6);
    batch_ = 1 + random_.below(design.in_flight_max);
    shows_accesses_ = !random_.one_in(4);
    decode();
  }

  const Registers& registers() const override { return r_; }
  void apply(const Stimulus& stimulus, Memory& memory, EventSink& sink) override {
    memory_ = &memory;
    sink_ = &sink;
    std::visit([this](const auto& what) { on(what); }, stimulus);
  }

 private:
  struct Sample {
    Operation operation;
    unsigned el = 0;
    u64 finishes = 0;  // cycle
  };
  bool has(Bug bug) const { return bug_ == bug; }
  std::size_t in_flight() const { return flying_.size() + finished_.size(); }

  // --- stimuli -----------------------------------------------------------------------------

  template <class Write>
  void on(const Write& w) {
    settle();
    announce(w, *sink_);
    if (!ignores(w)) store(w, r_), store(w, seen_);
    late_left_ = 0;
    pass_one_ = false;
    if (!r_.buffer_enabled() && !r_.service && in_flight() != 0 && random_.one_in(2))
      refuse_access();
    decode();
  }
  bool running() const { return r_.takes_records(); }
  bool ignores(const WritePointer&) const { return running(); }
  bool ignores(const WriteStatus&) const { return running(); }
  bool ignores(const WriteLimit& w) const { return running() && w.enable; }
  template <class Write>
  bool ignores(const Write&) const {
    return false;
  }
  void on(const SetPage& p) { memory_->set_page(p.page, p.state); }
  void on(const Service&) {}  // software's, not the SPU's

  void on(const Run& run) {
    u32 left = run.operations;
    while (left != 0) {
      u64 step = left;
      for (const Sample& s : flying_) step = std::min(step, s.finishes - now_);
      const bool counts = open_ || selects_late();
      if (counts && (pass_one_ || r_.count == 0)) {
        if (!pass_one_) load();
        pass_one_ = false;
        step = 1;
      } else if (counts) {
        const u32 early = has(Bug::counter_selects_early) && r_.count > 1 ? 1 : 0;
        step = std::min<u64>(step, r_.count - early);
        r_.count -= static_cast<u32>(step);
        counted_ += static_cast<u32>(step);
        if (r_.count == early) select(run.operation);
      }
      if (counts) counts_.population += static_cast<u32>(step);
      select_out_of_turn(run.operation, step);
      now_ += step;
      left -= static_cast<u32>(step);
      retire();
    }
  }

  void on(const Synchronise&) {
    flush_count();
    const bool tells = design_.tells_barriers();
    if (tells) sink_->emit("isb", {});
    if (!has(tells ? Bug::dsb_does_not_wait : Bug::drained_too_early)) drain();
    flush_count();
    if (tells)
      for (const char* barrier : {"psb", "dsb", "isb"}) sink_->emit(barrier, {});
    else sink_->emit("spe_drained", {});
    seen_ = r_;
    Registers shown = r_;
    if (has(Bug::pointer_read_stale)) shown.ptr = ptr_before_;
    announce_read(shown, counts_, *sink_);
    sink_->emit("spe_irq", {{"level", irq_}});
  }
  // Direct reads without a drain show each register as it is, or as it was after the last one.
  void on(const Peek&) {
    flush_count();
    sink_->emit("isb", {});
    Registers shown = random_.one_in(2) ? seen_ : r_;
    shown.ptr = random_.one_in(2) ? seen_.ptr : r_.ptr;
    if (has(Bug::peek_tears_status)) {
      shown = r_;
      shown.ec = seen_.ec;
      shown.mss = seen_.mss;
    }
    announce_buffer_read(shown, *sink_);
  }
  void drain() {
    late_left_ = 0;
    std::sort(flying_.begin(), flying_.end(),
              [](const Sample& a, const Sample& b) { return a.finishes < b.finishes; });
    finished_.insert(finished_.end(), flying_.begin(), flying_.end());
    flying_.clear();
    write_batch();
    report_abort();
  }

  // --- selection ---------------------------------------------------------------------------

  // Which levels are sampled, decoded when a register changes.
  void decode() {
    const bool el2 = r_.owned_by_el2(), tge = r_.context.tge;
    const bool lets = r_.buffer_enabled() && !r_.service;
    const bool low[] = {tge ? r_.control2.e0h : r_.control.e0, r_.control.e1};
    const bool high[] = {r_.control2.e2, false};
    const unsigned el = r_.context.el;
    gate_ =
        r_.buffer_enabled() && (el2 ? el < 3 : el < 2 && !tge) && (el < 2 ? low[el] : high[el - 2]);
    open_ = gate_ && !r_.service;
    ajar_ = false;
    if (has(Bug::samples_above_owner)) ajar_ = lets && !open_ && el == 2 && high[0];
    if (has(Bug::tge_ignored)) ajar_ = lets && !open_ && el < 2 && tge && low[el];
    drive_irq();
  }
  // SPEv1p5: a few more after a fault, to be dropped.
  bool selects_late() const { return design_.version == 6 && late_left_ != 0 && gate_; }
  void select_out_of_turn(const Operation& o, u64 operations) {
    if (ajar_ && operations > 16 && in_flight() < design_.in_flight_max) begin_sample(o, r_.count);
  }

  u32 interval_count() {
    constexpr u32 unknown_interval = 96;  // INTERVAL 0 (D24.7 PMSIRR_EL1)
    if (r_.interval == 0) return unknown_interval;
    const bool noise = r_.random || has(Bug::counter_noise_without_rnd);
    const u32 low = noise ? static_cast<u32>(random_.below(256)) : 0;
    return r_.interval << 8 | low;
  }
  void load() {
    r_.count = r_.interval == 0 ? interval_count()
               : r_.random      ? r_.interval << 8 | static_cast<u32>(random_.below(256))
                                : r_.interval << 8;
    loaded_ = r_.count;
  }
  void flush_count() {
    if (counted_ != 0 || loaded_ != 0)
      sink_->emit("spe_count", {{"operations", counted_}, {"load", loaded_}});
    counted_ = loaded_ = 0;
  }

  void select(const Operation& o) {
    const std::size_t room = design_.in_flight_max + (has(Bug::too_many_in_flight) ? 1 : 0);
    const bool shy = has(Bug::collides_with_room) && in_flight() != 0;
    pass_one_ = true;
    const u32 reload = interval_count();
    if (r_.service) --late_left_;
    if (in_flight() < room && !shy) {
      begin_sample(o, reload);
    } else {
      flush_count();
      ++counts_.collision;
      r_.collision = !has(Bug::collision_not_recorded);
      sink_->emit("spe_collision", {{"reload", reload}});
    }
    r_.count = reload;
  }
  void begin_sample(const Operation& o, u32 reload) {
    flush_count();
    const unsigned el = has(Bug::level_recorded_late) ? el_before_ : r_.context.el;
    sink_->emit("spe_sample", {{"el", el}, {"reload", reload}});
    el_before_ = r_.context.el;
    flying_.push_back({o, r_.context.el, now_ + o.latency});
  }

  // --- completion --------------------------------------------------------------------------

  void retire() {
    for (std::size_t i = 0; i < flying_.size();) {
      if (flying_[i].finishes > now_) {
        ++i;
        continue;
      }
      finished_.push_back(flying_[i]);
      flying_.erase(flying_.begin() + static_cast<std::ptrdiff_t>(i));
    }
    if (finished_.size() >= batch_) write_batch();
  }

  bool passes(const Operation& o) const {
    const WriteFilter& f = r_.filter;
    const bool events = !f.events || (~o.events & f.set) == 0;
    const bool clear = !f.not_events || (o.events & f.clear) == 0 || has(Bug::not_events_ignored);
    const bool type = !f.types || (f.type & o.type) != 0;
    bool latency = !f.latency || o.latency >= f.minimum;
    if (has(Bug::latency_filter_inverted)) latency = !f.latency || o.latency < f.minimum;
    return events && clear && type && latency;
  }

  void drop(bool filtered) {
    flush_count();
    sink_->emit("spe_drop", {{"filtered", filtered}});
  }

  void write_batch() {
    std::vector<Sample> batch;
    batch.swap(finished_);
    if (batch.empty()) return;
    flush_count();
    for (const Sample& s : batch) write(s);
    decode();
  }

  void write(const Sample& s) {
    ++counts_.feed;
    if (!passes(s.operation)) return drop(true);
    ++counts_.filtrate;
    if (r_.takes_records()) {
      if (has(Bug::drops_silently) && s.operation.type == 1) return drop(false);
      if (has(Bug::not_allowed_though_enabled) && s.operation.type == 1) return refuse();
      return write_record(s);
    }
    const bool stopped = r_.buffer_enabled() && r_.service && r_.fill != discard_mode;
    if (stopped && has(Bug::fault_after_event)) return fault(Page::stage1, r_.ptr, r_.ptr);
    if (stopped && has(Bug::not_allowed_twice)) return refuse();
    if (stopped && has(Bug::stores_after_event)) access(r_.ptr, 8);
    if (stopped && has(Bug::abort_after_event)) {
      sink_->emit("spe_abort", {{"address", r_.ptr}, {"ec", 0x24}, {"asynchronous", 0}});
    }
    drop(false);
  }

  void access(u64 address, u64 size) {
    sink_->emit("spe_store", {{"address", address}, {"size", size}});
  }

  // Where the first byte lies that memory refuses; `end` if there is none.
  u64 first_refused(u64 address, u64 end) const {
    while (address < end) {
      const Page page = memory_->page(address);
      if (page != Page::mapped && page != Page::abort) return address;
      address = (address / Memory::page_bytes + 1) * Memory::page_bytes;
    }
    return end;
  }

  // An access ahead of the record, which leaves garbage behind the pointer.
  void speculate() {
    u64 size = std::min(granule_, r_.limit - r_.ptr);
    if (has(Bug::stores_across_limit)) size = granule_;
    if (has(Bug::store_wider_than_granule)) size = std::min<u64>(4096, r_.limit - r_.ptr);
    if (first_refused(r_.ptr, r_.ptr + size) != r_.ptr + size) return;
    const std::vector<u8> garbage(size, static_cast<u8>(random_.next()));
    memory_->write(r_.ptr, garbage);
    if (shows_accesses_) access(r_.ptr, size);
  }

  void write_record(const Sample& s) {
    if (random_.one_in(3)) speculate();
    const Collected c = collect(s);
    const std::vector<u8> bytes = record_of(c, design_);
    const u64 start = r_.ptr, end = start + bytes.size(), good = first_refused(start, end);
    if (shows_accesses_ && has(Bug::rewrites_completed_record) && start >= 8) access(start - 8, 16);
    // The later granules first, and none that a translation refuses.
    for (u64 at = (end - 1) / granule_ * granule_;; at -= granule_) {
      const u64 from = std::max(at, start), to = std::min(at + granule_, end);
      if (to <= good && !has(Bug::record_bytes_lost)) {
        memory_->write(from, std::span(bytes).subspan(from - start, to - from));
        if (shows_accesses_) access(from, to - from);
      }
      if (at <= start) break;
    }
    if (good != end) return fault(memory_->page(good), good, start);
    if (memory_->page(start) == Page::abort && design_.version < 4) abort_pending_ = true;
    ptr_before_ = start;
    r_.ptr = end;
    sink_->emit("spe_record", {{"address", start},
                               {"size", bytes.size()},
                               {"events", s.operation.events},
                               {"type", s.operation.type},
                               {"latency", s.operation.latency},
                               {"time", c.clock},
                               {"pa", c.physical_address},
                               {"context1", c.context1},
                               {"context2", c.context2}});
    if (r_.limit - r_.ptr >= design_.record_max()) return;
    if (has(Bug::full_one_record_late) && !overdue_) {
      overdue_ = true;
      return;
    }
    overdue_ = false;
    ++counts_.full;
    raise(0, 1);
  }

  Collected collect(const Sample& s) const {
    static constexpr unsigned clocks[] = {1, 2, 2, 3};
    const bool el2 = r_.owned_by_el2();
    Collected c{s.operation, s.el, 0, now_, false, false, false};
    c.context1 = r_.control.cx && s.el < 2 && !r_.context.tge;
    c.context2 = r_.control2.cx;
    if (el2 ? r_.control2.ts : r_.control.ts) {
      c.clock = clocks[r_.control2.pct];
      if (!el2 && r_.control2.pct == 1) c.clock = clocks[r_.control.pct];
      if (has(Bug::physical_time_though_virtual)) c.clock = 2;
    }
    const bool gated = r_.control2.pa && (el2 || r_.control.pa);
    c.physical_address = gated && s.operation.type >= 2;
    return c;
  }

  // --- events ------------------------------------------------------------------------------

  void raise(unsigned ec, unsigned mss) {
    r_.service = true;
    r_.ec = ec;
    r_.mss = mss;
    decode();
  }

  void fault(Page page, u64 address, u64 start) {
    const Refusal why = refusal_of(page, r_.owned_by_el2());
    const bool boundary = address == start;
    if (has(Bug::fault_pointer_is_page))
      address = address / Memory::page_bytes * Memory::page_bytes;
    if (has(Bug::fault_far_ahead)) address += design_.record_max();
    r_.data_loss = r_.data_loss || !boundary || random_.one_in(2) || address != start;
    r_.ptr = address;
    const unsigned fsc = has(Bug::fault_looks_asynchronous) ? 0x11 : why.fsc;
    sink_->emit("spe_fault",
                {{"address", address}, {"ec", why.ec}, {"fsc", fsc}, {"dl", r_.data_loss}});
    late_left_ = 2;
    raise(why.ec, fsc);
  }

  // Tells what earlier writes to a bus that aborts led to; they may have been overtaken.
  void report_abort() {
    if (!abort_pending_) return;
    abort_pending_ = false;
    flush_count();
    const unsigned asynchronous_abort = 0x11, ec = refusal_of(Page::abort, r_.owned_by_el2()).ec;
    sink_->emit("spe_abort", {{"address", ptr_before_}, {"ec", ec}, {"asynchronous", 1}});
    r_.external_abort = r_.data_loss = true;
    if (!r_.service || has(Bug::abort_overwrites_syndrome)) raise(ec, asynchronous_abort);
    drop_if_stopped();
  }

  // The buffer was taken away with samples in hand.
  void refuse_access() {
    std::vector<Sample>& from = finished_.empty() ? flying_ : finished_;
    from.erase(from.begin());
    refuse();
  }
  void refuse() {
    flush_count();
    sink_->emit("spe_not_allowed", {});
    r_.data_loss = !has(Bug::not_allowed_without_dl);
    raise(0, 0);
  }

  void settle() {
    report_abort();
    drop_if_stopped();
    flush_count();
  }
  void drop_if_stopped() {
    if (r_.takes_records()) return;
    if (!finished_.empty() && r_.service) write_batch();  // to nowhere
    for (std::size_t n = in_flight(); n != 0; --n) drop(false);
    flying_.clear();
    finished_.clear();
  }

  void drive_irq() {
    const bool level = r_.service || (irq_ && has(Bug::irq_stuck));
    if (level == irq_) return;
    irq_ = level;
    flush_count();
    sink_->emit("spe_irq", {{"level", irq_}});
  }

  const Design design_;
  const Bug bug_;
  gen::Random random_;
  u64 granule_ = 64, batch_ = 1;
  bool shows_accesses_ = true;  // a trace need not show them
  Memory* memory_ = nullptr;
  EventSink* sink_ = nullptr;
  Registers r_;
  PmuCounts counts_;
  std::vector<Sample> flying_, finished_;
  bool gate_ = false, open_ = false, ajar_ = false;
  bool irq_ = false;
  bool pass_one_ = false, overdue_ = false, abort_pending_ = false;
  unsigned late_left_ = 0, el_before_ = 0;
  Registers seen_;  // as of the last drain
  u64 now_ = 0, ptr_before_ = 0;
  u32 counted_ = 0, loaded_ = 0;  // not yet said
};

}  // namespace

std::unique_ptr<Spu> make_wide_spu(const Design& design, Bug bug) {
  return std::make_unique<WideSpu>(design, bug);
}

}  // namespace assay::spu
