#include "tests/spu/bench.hpp"

#include <fmt/format.h>

#include <unordered_map>

#include "tests/arm64.hpp"
#include "traces/spe/buffer.hpp"

namespace assay::spu {
namespace {

// Events as the checker takes them.
class Recorder final : public EventSink {
 public:
  explicit Recorder(std::vector<traces::TraceEvent>& out) : out_(out) {}
  void emit(std::string_view event, std::initializer_list<Argument> arguments) override {
    const Known& known = rules().at(event);
    traces::TraceEvent& e = out_.emplace_back();
    e.kind = traces::TraceKind::rule;
    e.event.rule = known.rule;
    e.event.answered = true;
    e.event.value = known.initial;
    for (const Argument& a : arguments)
      e.event.value[static_cast<std::size_t>(position(known, a.name))] = a.value;
  }

 private:
  struct Known {
    u32 rule = 0;
    std::array<u64, Event::values_max> initial{};
  };
  static int position(const Known& known, std::string_view name) {
    for (const traces::PatternNode& n : binder().pattern(known.rule).arguments)
      if (n.name == name) return n.argument;
    std::abort();  // a misspelt argument
  }
  static const std::unordered_map<std::string_view, Known>& rules() {
    static const std::unordered_map<std::string_view, Known> all = [] {
      std::unordered_map<std::string_view, Known> out;
      for (u32 r = 0; r < binder().rule_count(); ++r) {
        const RuleInfo& info = binder().rule(r);
        Known known{r, {}};
        for (std::size_t i = 0; i < info.arguments.size(); ++i)
          known.initial[i] = info.arguments[i].initial;
        out.emplace(info.name, known);
      }
      return out;
    }();
    return all;
  }
  std::vector<traces::TraceEvent>& out_;
};

// What drives an SPU: software with its handler, and a look at the buffer after every drain.
class Driver {
 public:
  Driver(const Design& design, Spu& spu, Performance& out)
      : design_(design), spu_(spu), out_(out), sink_(out.events) {}

  void apply(const Stimulus& s) {
    if (const auto* service = std::get_if<Service>(&s)) return serve(*service);
    do_now(s);
    // A restart where the buffer stopped, made without looking.
    const auto* status = std::get_if<WriteStatus>(&s);
    if (status != nullptr && !status->service) overtaken_ = true;
  }

 private:
  void do_now(const Stimulus& s) {
    spu_.apply(s, memory_, sink_);
    const Registers& r = spu_.registers();
    const bool status = std::holds_alternative<WriteStatus>(s);
    if (std::holds_alternative<WritePointer>(s) || std::holds_alternative<WriteLimit>(s)) {
      base_ = r.ptr;
      overtaken_ = r.service;
    }
    if (status) overtaken_ = r.service;
    if (status || base_ == r.ptr) data_loss_before_ = r.data_loss;
    if (std::holds_alternative<SetPage>(s) || std::holds_alternative<Synchronise>(s))
      tell_translations();
    if (std::holds_alternative<Synchronise>(s)) look();
  }

  void serve(const Service& s) {
    do_now(Synchronise{});
    const Registers r = spu_.registers();
    WriteStatus clear;
    clear.data_loss = s.keep_data_loss;
    const bool sound = r.service && !overtaken_ && r.enable && !r.data_loss && !r.external_abort;
    const bool faulted = r.ec == 0x24 || r.ec == 0x25 || r.ec == 0x1e;
    const bool room = r.ptr + design_.record_max() <= r.limit;
    const bool full = r.ec == 0 && r.mss == 1 && r.limit + Memory::page_bytes <= Memory::size;
    if (s.how == Service::How::retry && sound && faulted && room) return do_now(WriteStatus{});
    if (s.how == Service::How::raise_limit && sound && full) {
      do_now(WriteLimit{r.limit + Memory::page_bytes, r.fill, true});
      return do_now(WriteStatus{});
    }
    if (s.how == Service::How::in_place && r.service) {
      do_now(WritePointer{s.ptr});
      do_now(WriteLimit{s.limit, s.fill, true});
      return do_now(clear);
    }
    do_now(WriteLimit{r.limit, r.fill, false});
    do_now(WritePointer{s.ptr});
    do_now(clear);
    do_now(WriteLimit{s.limit, s.fill, true});
  }

  // The first range from PTR on that a stage does not map.
  void tell_translations() {
    constexpr u64 page = Memory::page_bytes, end = u64{1} << 48;
    const bool one_stage = spu_.registers().owned_by_el2();
    for (const Page state : {Page::stage1, Page::stage2}) {
      if (one_stage && state == Page::stage2) continue;
      const auto is_missing = [&](u64 at) {
        const Page found = memory_.page(at);
        return found == state || (one_stage && found == Page::stage2);
      };
      u64 from = spu_.registers().ptr / page * page;
      while (from < end && !is_missing(from)) from = next(from, end);
      u64 to = from;
      while (to < end && is_missing(to)) to = next(to, end);
      sink_.emit("spe_unmapped",
                 {{"stage", state == Page::stage1 ? 1u : 2u}, {"from", from}, {"to", to}});
    }
  }
  // The next page; behind the last one all are alike.
  static u64 next(u64 page, u64 end) {
    return page >= Memory::size ? end : page + Memory::page_bytes;
  }

  // Nothing is promised of a buffer without room for a record, and an event that software made, or
  // that was there before the buffer, says nothing of it.
  void look() {
    const Registers& r = spu_.registers();
    const bool sound = r.fill == discard_mode || base_ + design_.record_max() <= r.limit;
    if (overtaken_ || !sound || base_ > Memory::size || !out_.image_said.empty()) return;
    traces::spe::BufferState state;
    state.bytes = memory_.bytes().subspan(base_);
    state.base = base_;
    state.pmbptr = r.ptr;
    state.pmblimitr = r.pmblimitr();
    state.pmbsr = r.pmbsr();
    state.align = design_.align;
    state.max_size = design_.max_size;
    traces::spe::BufferRules rules;
    rules.data_loss_before = data_loss_before_;
    const traces::spe::BufferJudgement said = traces::spe::judge_buffer(state, rules);
    ++out_.images;
    // An asynchronous abort may come on top of a fault: EA, and a status code of no abort.
    const bool on_top = r.external_abort && r.ec != 0 && r.mss < 0x10;
    const bool fine = on_top || said.outcome == traces::spe::BufferOutcome::asynchronous ||
                      answer_of(said.outcome) == traces::spe::BufferAnswer::conforms;
    if (!fine || said.faults.content != 0)
      out_.image_said = fmt::format("{}: {}", name_of(said.outcome), said.why);
  }

  const Design& design_;
  Spu& spu_;
  Performance& out_;
  Recorder sink_;
  Memory memory_;
  u64 base_ = 0;  // PMBPTR_EL1 when software last programmed the buffer
  bool data_loss_before_ = false;
  bool overtaken_ = false;  // what PMBSR_EL1 says is not of what the SPU did since then
};

Design design_of(const Program& program, Implementation implementation) {
  Design d = program.design;
  if (implementation == Implementation::bytewise) d.in_flight_max = 1;
  return d;
}

}  // namespace

const traces::Binder& binder() {
  static const traces::Binder bound(default_system());
  return bound;
}

Performance perform(const Program& program, Implementation implementation, Bug bug) {
  const Design design = design_of(program, implementation);
  const std::unique_ptr<Spu> spu = implementation == Implementation::bytewise
                                       ? make_bytewise_spu(design, bug)
                                       : make_wide_spu(design, bug);
  Performance out;
  Driver driver(design, *spu, out);
  for (const Stimulus& s : program.stimuli) driver.apply(s);
  return out;
}

traces::TraceHeader header_of(const Program& program, Implementation implementation) {
  const Design design = design_of(program, implementation);
  traces::TraceHeader header;
  header.version = traces::trace_version;
  header.profile = "documented";
  header.host_known = header.host_rest_is_zero = true;
  header.host = arm64_kvm().info().blank_host();
  Pe<Concrete>& pe = host_of(header.host).pe[0];
  pe.spe = Word<Concrete, 8>(design.version);
  pe.spe_record_max = Num<Concrete>(design.record_max());
  pe.spe_in_flight_max = Word<Concrete, 8>(design.in_flight_max);
  pe.spe_align = Word<Concrete, 8>(design.align);
  return header;
}

checker::Report judge(const Program& program, Implementation implementation,
                      const Performance& performance) {
  const traces::TraceHeader header = header_of(program, implementation);
  checker::CheckOptions options;
  options.profile = find_profile(header.profile);
  options.host = header.host;
  checker::Checker checker(binder(), options);
  for (const traces::TraceEvent& e : performance.events) checker.feed(e);
  return checker.finish();
}

std::string first_complaint(const checker::Report& report, const Performance& performance) {
  if (!report.findings.empty()) return report.findings[0].check;
  if (!report.skipped.empty()) return "skipped";
  return performance.image_said.empty() ? "" : "buffer.image";
}

std::string complaint_of(const Program& program, Implementation implementation, Bug bug) {
  const Performance performance = perform(program, implementation, bug);
  return first_complaint(judge(program, implementation, performance), performance);
}

std::string trace_text(const Program& program, const SeededBug& bug) {
  traces::TraceHeader header = header_of(program, bug.in);
  header.expect = fmt::format("violates {}", bug.check);
  std::string out = write_header(header);
  out += fmt::format("# An SPU that is wrong on purpose: {}.\n", bug.what);
  for (const traces::TraceEvent& e : perform(program, bug.in, bug.bug).events)
    out += binder().text(e) + "\n";
  return out;
}

Program minimised(Program program, const std::function<bool(const Program&)>& fails) {
  for (std::size_t run = program.stimuli.size(); run != 0;) {
    bool shrunk = false;
    for (std::size_t at = 0; at < program.stimuli.size();) {
      Program smaller = without(program, at, run);
      if (fails(smaller)) {
        program = std::move(smaller);
        shrunk = true;
      } else {
        at += run;
      }
    }
    if (!shrunk || run > 1) run = shrunk ? run : run / 2;
    if (run > program.stimuli.size()) run = program.stimuli.size();
  }
  return program;
}

}  // namespace assay::spu
