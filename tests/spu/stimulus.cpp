#include "tests/spu/stimulus.hpp"

#include <fmt/format.h>

#include "gen/random.hpp"
#include "tests/arm64.hpp"

namespace assay::spu {
namespace {

template <class T, std::size_t N>
T pick(gen::Random& r, const T (&from)[N]) {
  return from[r.below(N)];
}

// Knows what software knows: the buffer that it programmed last.
class Generator {
 public:
  Generator(u64 seed, u64 number, const GeneratorOptions& options)
      : options_(options), r_(seed, number) {}

  Program run() {
    design();
    set_up();
    const u64 actions = 4 + r_.below(options_.actions_max);
    for (u64 i = 0; i < actions; ++i) act();
    add(Synchronise{});
    return std::move(p_);
  }

 private:
  void add(Stimulus s) { p_.stimuli.push_back(std::move(s)); }
  bool coin() { return r_.one_in(2); }

  void design() {
    Design& d = p_.design;
    d.version = static_cast<unsigned>(r_.between(1, 6));
    d.max_size = pick(r_, {6u, 6u, 6u, 7u, 8u, 10u});
    d.align = pick(r_, {0u, 0u, 2u, 4u, 6u});
    d.in_flight_max = pick(r_, {1u, 2u, 3u, 4u, 6u});
    d.seed = r_.next();
  }

  void set_up() {
    if (r_.one_in(8)) add(reset());
    add(context());
    add(control());
    if (coin()) add(control2());
    if (coin()) add(filter());
    add(interval());
    choose_buffer();
    if (r_.one_in(4)) add(break_page());
    if (coin()) {
      add(Service{Service::How::fresh, ptr_, limit_, fill_, false});
      return;
    }
    add(WritePointer{ptr_});
    add(WriteLimit{limit_, fill_, true});
  }

  void act() {
    const u64 kind = r_.below(100);
    if (kind < 50) return add(execute());
    if (kind < 57) return add(context());
    if (kind < 61) return add(control());
    if (kind < 63) return add(control2());
    if (kind < 66) return add(interval());
    if (kind < 70) return add(filter());
    if (kind < 77) return add(break_page());
    if (kind < 79) return add(SetPage{page(), Page::mapped});
    if (kind < 82) return add(Synchronise{});
    if (kind < 84 && p_.design.tells_barriers()) return add(Peek{});
    if (kind < 83) return add(Synchronise{});
    if (kind < 94) {
      add(service());
      if (r_.one_in(3)) add(break_page());
      return;
    }
    if (kind < 96) return add(WriteLimit{limit_highest_, fill_, false});  // with samples in flight
    if (!options_.lawful) return break_rules();
    if (options_.writes_while_running) write_while_running();
  }

  // Small buffers, most of them with little room and many with a page boundary close by.
  void choose_buffer() {
    const u64 record = p_.design.record_max(), unit = u64{1} << p_.design.align;
    const u64 pages = r_.between(1, 3);
    limit_ = Memory::page_bytes * r_.between(pages + 1, Memory::pages - 4);
    const u64 lowest = limit_ - pages * Memory::page_bytes, highest = limit_ - record;
    switch (r_.below(4)) {
      case 0: ptr_ = r_.between(lowest, highest); break;
      case 1: ptr_ = highest - r_.below(std::min(3 * record, highest - lowest)); break;
      case 2: ptr_ = lowest + Memory::page_bytes - r_.below(2 * record); break;
      default: ptr_ = highest; break;
    }
    ptr_ = std::clamp(ptr_ / unit * unit, lowest, highest);
    limit_highest_ = limit_;
    const bool discards = p_.design.version >= 3 && r_.one_in(6);
    fill_ = discards ? discard_mode : fill_mode;
  }

  unsigned page() {
    const bool near_the_end = ptr_ % Memory::page_bytes + 2 * p_.design.record_max() > 4096;
    const u64 next = near_the_end && !r_.one_in(4) ? 1 : r_.below(2);
    return static_cast<unsigned>(ptr_ / Memory::page_bytes + next);
  }
  SetPage break_page() {
    return {page(), pick(r_, {Page::stage1, Page::stage1, Page::stage2, Page::granule, Page::abort,
                              Page::abort})};
  }

  Service service() {
    using How = Service::How;
    const How how =
        pick(r_, {How::fresh, How::in_place, How::in_place, How::retry, How::raise_limit});
    if (how == How::raise_limit) limit_highest_ += Memory::page_bytes;
    if (how == How::fresh || how == How::in_place) choose_buffer();
    return {how, ptr_, limit_, fill_, r_.one_in(6)};
  }

  // Mostly a guest that owns the buffer.
  SetContext context() {
    SetContext c{static_cast<unsigned>(r_.below(2)), false, 3, false};
    if (!r_.one_in(3)) return c;
    c.el = pick(r_, {0u, 0u, 0u, 1u, 1u, 2u, 2u, 3u});
    c.tge = r_.one_in(5);
    c.e2pb = pick(r_, {0u, 2u, 3u, 3u});
    if (c.el == 1) c.e2pb = 3;  // its accesses would trap otherwise
    c.excluded = r_.one_in(16);
    return c;
  }
  WriteControl control() {
    return {!r_.one_in(5), !r_.one_in(5), coin(), coin(), coin(), pick(r_, {0u, 1u, 3u})};
  }
  WriteControl2 control2() {
    return {!r_.one_in(5), !r_.one_in(5), coin(), coin(), coin(), pick(r_, {0u, 0u, 1u, 3u})};
  }
  unsigned mode() { return p_.design.version >= 3 && coin() ? discard_mode : fill_mode; }
  Reset reset() { return {coin(), control(), control2()}; }
  WriteInterval interval() {
    const u32 count = pick(r_, {0u, 0u, 1u, 2u, 17u, 255u, 256u, 300u});
    return {pick(r_, {1u, 1u, 1u, 1u, 2u, 0u}), r_.one_in(3), count};
  }

  u64 some_events() {
    u64 bits = 0;
    for (const unsigned bit : {1u, 3u, 5u, 7u, 11u, 17u, 24u, 48u})
      if (r_.one_in(4)) bits |= u64{1} << bit;
    // Misaligned accesses and predicates are events from SPEv1p1 on.
    if (p_.design.version < 2) bits &= ~(u64{1} << 11 | u64{1} << 17);
    return bits;
  }
  WriteFilter filter() {
    WriteFilter f;
    if (r_.one_in(4)) return f;
    f.events = r_.one_in(3);
    f.not_events = p_.design.version >= 3 && r_.one_in(3);
    f.types = r_.one_in(3);
    f.latency = r_.one_in(3);
    f.type = static_cast<unsigned>(r_.below(8));
    f.set = u64{1} << pick(r_, {1u, 3u, 5u, 7u});
    if (p_.design.version >= 3) f.clear = u64{1} << pick(r_, {1u, 3u, 5u, 7u});
    f.minimum = pick(r_, {0u, 2u, 40u, 300u});
    return f;
  }

  Run execute() {
    Run run;
    run.operations = pick(r_, {1u, 17u, 255u, 256u, 257u, 300u, 520u, 1100u, 1600u});
    Operation& o = run.operation;
    o.events = some_events();
    o.type = pick(r_, {0u, 1u, 2u, 4u, 6u});
    o.latency = pick(r_, {1u, 2u, 3u, 40u, 200u, 299u, 600u, 1500u});
    o.detail = static_cast<unsigned>(r_.below(12));
    o.address = r_.next() >> 16;
    return run;
  }

  // The PE may ignore these or heed them (R24557); either way the pointers stay sound.
  void write_while_running() {
    const u64 unit = u64{1} << p_.design.align;
    switch (r_.below(3)) {
      case 0: {
        const u64 below = std::min(limit_ - p_.design.record_max(), 2 * Memory::page_bytes);
        return add(WritePointer{(limit_ - p_.design.record_max() - r_.below(below)) / unit * unit});
      }
      case 1:
        limit_highest_ += Memory::page_bytes * r_.below(2);
        return add(WriteLimit{limit_highest_, fill_, true});
      default: return add(WriteStatus{true, coin(), false, coin(), 0, 1});
    }
  }

  void break_rules() {
    switch (r_.below(4)) {
      case 0: return add(WritePointer{r_.below(Memory::size)});
      case 1: {
        const u64 limit = Memory::page_bytes * r_.below(Memory::pages);
        return add(WriteLimit{limit, mode(), coin()});
      }
      case 2: return add(WriteStatus{false, coin(), coin(), coin(), 0, 0});
      default: return add(WriteStatus{coin(), coin(), coin(), coin(), 0x24, 7});
    }
  }

  GeneratorOptions options_;
  gen::Random r_;
  Program p_;
  u64 ptr_ = 0, limit_ = 0;
  u64 limit_highest_ = 0;  // no write has raised the limit above this
  unsigned fill_ = fill_mode;
};

struct Writer {
  std::string operator()(const WritePointer& w) const {
    return fmt::format("write_pointer ptr={:#x}", w.ptr);
  }
  std::string operator()(const WriteLimit& w) const {
    return fmt::format("write_limit limit={:#x} fill={} enable={:d}", w.limit, w.fill, w.enable);
  }
  std::string operator()(const WriteStatus& w) const {
    return fmt::format("write_status s={:d} dl={:d} ea={:d} coll={:d} ec={:#x} mss={:#x}",
                       w.service, w.data_loss, w.external_abort, w.collision, w.ec, w.mss);
  }
  std::string operator()(const WriteControl& w) const {
    return fmt::format("write_control e0={:d} e1={:d} cx={:d} pa={:d} ts={:d} pct={}", w.e0, w.e1,
                       w.cx, w.pa, w.ts, w.pct);
  }
  std::string operator()(const WriteControl2& w) const {
    return fmt::format("write_control_2 e0h={:d} e2={:d} cx={:d} pa={:d} ts={:d} pct={}", w.e0h,
                       w.e2, w.cx, w.pa, w.ts, w.pct);
  }
  std::string operator()(const SetContext& w) const {
    return fmt::format("context el={} tge={:d} e2pb={} excluded={:d}", w.el, w.tge, w.e2pb,
                       w.excluded);
  }
  std::string operator()(const WriteInterval& w) const {
    return fmt::format("write_interval interval={} random={:d} count={}", w.interval, w.random,
                       w.count);
  }
  std::string operator()(const WriteFilter& w) const {
    return fmt::format(
        "write_filter fe={:d} fne={:d} ft={:d} fl={:d} type={} set={:#x} clear={:#x} minimum={}",
        w.events, w.not_events, w.types, w.latency, w.type, w.set, w.clear, w.minimum);
  }
  std::string operator()(const Run& w) const {
    const Operation& o = w.operation;
    return fmt::format("run operations={} events={:#x} type={} latency={} detail={}", w.operations,
                       o.events, o.type, o.latency, o.detail);
  }
  std::string operator()(const SetPage& w) const {
    constexpr const char* names[] = {"mapped", "stage1", "stage2", "granule", "abort"};
    return fmt::format("page {} is {}", w.page, names[static_cast<unsigned>(w.state)]);
  }
  std::string operator()(const Synchronise&) const { return "synchronise"; }
  std::string operator()(const Peek&) const { return "peek"; }
  std::string operator()(const Reset& w) const {
    return fmt::format("reset s={:d}, {}, {}", w.service, (*this)(w.control), (*this)(w.control2));
  }
  std::string operator()(const Service& w) const {
    constexpr const char* names[] = {"fresh", "in_place", "retry", "raise_limit"};
    return fmt::format("service {} ptr={:#x} limit={:#x} fill={} keep_dl={:d}",
                       names[static_cast<unsigned>(w.how)], w.ptr, w.limit, w.fill,
                       w.keep_data_loss);
  }
};

}  // namespace

Program generate(u64 seed, u64 number, const GeneratorOptions& options) {
  return Generator(seed, number, options).run();
}

Program without(const Program& p, std::size_t at, std::size_t count) {
  Program out{p.design, {}};
  for (std::size_t i = 0; i < p.stimuli.size(); ++i)
    if (i < at || i >= at + count) out.stimuli.push_back(p.stimuli[i]);
  return out;
}

std::string text_of(const Stimulus& s) { return std::visit(Writer{}, s); }

std::string text_of(const Program& p) {
  const Design& d = p.design;
  std::string out = fmt::format("version={} max_size={} align={} in_flight_max={} seed={:#x}\n",
                                d.version, d.max_size, d.align, d.in_flight_max, d.seed);
  for (const Stimulus& s : p.stimuli) out += text_of(s) + "\n";
  return out;
}

}  // namespace assay::spu
