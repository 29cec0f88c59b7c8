// Register writes and records: what every SPU has in common.
#include "tests/spu/spu.hpp"
#include "traces/spe/packet.hpp"

namespace assay::spu {

namespace spe = traces::spe;

u64 Registers::pmbsr() const {
  return u64{mss} | u64{collision} << 16 | u64{service} << 17 | u64{external_abort} << 18 |
         u64{data_loss} << 19 | u64{ec} << 26;
}
u64 Registers::pmblimitr() const { return limit | u64{fill} << 1 | u64{enable}; }

void announce(const WritePointer& w, EventSink& sink) {
  sink.emit("spe_write_pmbptr", {{"ptr", w.ptr}});
}
void announce(const WriteLimit& w, EventSink& sink) {
  sink.emit("spe_write_pmblimitr", {{"limit", w.limit}, {"fm", w.fill}, {"e", w.enable}});
}
void announce(const WriteStatus& w, EventSink& sink) {
  sink.emit("spe_write_pmbsr", {{"s", w.service},
                                {"dl", w.data_loss},
                                {"ea", w.external_abort},
                                {"coll", w.collision},
                                {"ec", w.ec},
                                {"mss", w.mss}});
}
void announce(const WriteControl& w, EventSink& sink) {
  sink.emit(
      "spe_write_pmscr_el1",
      {{"e0spe", w.e0}, {"e1spe", w.e1}, {"cx", w.cx}, {"pa", w.pa}, {"ts", w.ts}, {"pct", w.pct}});
}
void announce(const WriteControl2& w, EventSink& sink) {
  sink.emit("spe_write_pmscr_el2", {{"e0hspe", w.e0h},
                                    {"e2spe", w.e2},
                                    {"cx", w.cx},
                                    {"pa", w.pa},
                                    {"ts", w.ts},
                                    {"pct", w.pct}});
}
void announce(const SetContext& w, EventSink& sink) {
  sink.emit("spe_context",
            {{"el", w.el}, {"tge", w.tge}, {"e2pb", w.e2pb}, {"excluded", w.excluded}});
}
void announce(const WriteInterval& w, EventSink& sink) {
  sink.emit("spe_write_pmsirr", {{"interval", w.interval}, {"rnd", w.random}});
  sink.emit("spe_write_pmsicr", {{"count", w.count}});
}
void announce(const WriteFilter& w, EventSink& sink) {
  sink.emit("spe_write_pmsevfr", {{"value", w.set}});
  if (w.clear != 0 || w.not_events) sink.emit("spe_write_pmsnevfr", {{"value", w.clear}});
  sink.emit("spe_write_pmslatfr", {{"value", w.minimum}});
  sink.emit("spe_write_pmsfcr", {{"fe", w.events},
                                 {"ft", w.types},
                                 {"fl", w.latency},
                                 {"fne", w.not_events},
                                 {"type", w.type}});
}
void announce(const Reset& w, EventSink& sink) {
  sink.emit("spe_reset", {{"s", w.service},
                          {"e0spe", w.control.e0},
                          {"e1spe", w.control.e1},
                          {"e0hspe", w.control2.e0h},
                          {"e2spe", w.control2.e2}});
}

void store(const WritePointer& w, Registers& r) { r.ptr = w.ptr; }
void store(const WriteLimit& w, Registers& r) {
  r.limit = w.limit;
  r.fill = w.fill;
  r.enable = w.enable;
}
void store(const WriteStatus& w, Registers& r) {
  r.service = w.service;
  r.data_loss = w.data_loss;
  r.external_abort = w.external_abort;
  r.collision = w.collision;
  r.ec = w.ec;
  r.mss = w.mss;
}
void store(const WriteControl& w, Registers& r) { r.control = w; }
void store(const WriteControl2& w, Registers& r) { r.control2 = w; }
void store(const SetContext& w, Registers& r) { r.context = w; }
void store(const WriteInterval& w, Registers& r) {
  r.interval = w.interval;
  r.random = w.random;
  r.count = w.count;
}
void store(const WriteFilter& w, Registers& r) { r.filter = w; }
void store(const Reset& w, Registers& r) {
  const u64 ptr = r.ptr;
  r = Registers{};
  r.ptr = ptr;  // anything will do
  r.service = w.service;
  r.control = w.control;
  r.control2 = w.control2;
  r.context.el = 2;
}

void announce_buffer_read(const Registers& shown, EventSink& sink) {
  sink.emit("spe_read_pmbptr", {{"ptr", shown.ptr}});
  sink.emit("spe_read_pmbsr", {{"s", shown.service},
                               {"dl", shown.data_loss},
                               {"ea", shown.external_abort},
                               {"coll", shown.collision},
                               {"ec", shown.ec},
                               {"mss", shown.mss}});
}

void announce_read(const Registers& shown, const PmuCounts& counts, EventSink& sink) {
  announce_buffer_read(shown, sink);
  sink.emit("spe_read_pmblimitr",
            {{"limit", shown.limit}, {"fm", shown.fill}, {"e", shown.enable}});
  sink.emit("spe_read_pmsicr", {{"count", shown.count}});
  sink.emit("spe_read_pmslatfr", {{"value", shown.filter.minimum}});
  sink.emit("spe_pmu", {{"population", counts.population},
                        {"feed", counts.feed},
                        {"filtrate", counts.filtrate},
                        {"collision", counts.collision},
                        {"full", counts.full}});
}

Refusal refusal_of(Page page, bool owner_is_el2) {
  constexpr unsigned translation_level_3 = 0x07, address_size_level_0 = 0x00, external_abort = 0x10;
  switch (page) {
    case Page::stage2: return {owner_is_el2 ? 0x24u : 0x25u, translation_level_3};
    case Page::granule: return {0x1e, address_size_level_0};
    case Page::abort: return {0x24, external_abort};
    case Page::mapped:
    case Page::stage1: break;
  }
  return {0x24, translation_level_3};
}

namespace {

spe::Body operation_packet(unsigned type) {
  constexpr unsigned branch = 1, load = 2, store = 4;
  if (type == branch) return spe::Branch{};
  if (type == (load | store)) return spe::LoadStoreExtended{true, true, false, false};
  if (type == load || type == store) return spe::LoadStore{{}, type == store};
  return spe::OtherOperation{};
}

std::vector<spe::Body> packets_of(const Collected& sample, unsigned detail) {
  const Operation& o = sample.operation;
  constexpr u64 address_mask = (u64{1} << 56) - 1;
  const u64 code = o.address & address_mask;
  const u8 el = static_cast<u8>(sample.el);
  const u8 bytes = o.events >> 32 ? 8 : o.events >> 16 ? 4 : o.events >> 8 ? 2 : 1;
  const std::vector<spe::Body> optional = {
      spe::CodeAddress{spe::CodeAddress::Of::pc, code, el, true, false, false},
      spe::Counter{spe::Counter::issue, 2, false},
      spe::DataVirtualAddress{code ^ 0xff8, 0, false},
      spe::Counter{spe::Counter::translation, 1, false},
      spe::DataSource{1, 8},
      spe::CodeAddress{spe::CodeAddress::Of::branch_target, code ^ 0x40, el, true, false, false},
  };
  std::vector<spe::Body> out;
  out.push_back(spe::Events{bytes, o.events});
  out.push_back(operation_packet(o.type));
  out.push_back(spe::Counter{spe::Counter::total, static_cast<std::uint16_t>(o.latency), false});
  if (sample.physical_address)
    out.push_back(spe::DataPhysicalAddress{code & 0xffffffffff, true, false, false, 0, false});
  if (sample.context1) out.push_back(spe::Context{1, 0x1234});
  if (sample.context2) out.push_back(spe::Context{2, 0x77});
  for (unsigned i = 0; i < detail && i < optional.size(); ++i) out.push_back(optional[i]);
  if (sample.clock != 0) out.push_back(spe::Timestamp{sample.ticks});
  else out.push_back(spe::End{});
  return out;
}

}  // namespace

std::vector<u8> record_of(const Collected& sample, const Design& design) {
  std::vector<u8> out;
  for (unsigned detail = sample.operation.detail;; --detail) {
    const spe::Encoded done =
        spe::encode_record(packets_of(sample, detail), design.align, design.record_max(), out);
    if (done == spe::Encoded::fine || detail == 0) return out;
  }
}

}  // namespace assay::spu
