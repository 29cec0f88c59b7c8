#include "gen/performer.hpp"

#include <fmt/format.h>

#include <cstring>

#include "traces/abi/arm64/encode.hpp"
#include "traces/capture_reader.hpp"
#include "traces/kernel_log.hpp"
#include "traces/text/grammar.hpp"

namespace assay::gen {
namespace {

constexpr u64 arena_bytes = u64{8} << 30;  // what the performer reserves where memory allows
constexpr u32 tag_open = 0xffffff;         // of the operation that opens /dev/kvm

void control(perform_kind kind, u64 argument, std::uint16_t flags, std::vector<std::uint8_t>& out) {
  traces::Operation op;
  op.kind = kind;
  op.flags = flags;
  op.argument = argument;
  traces::append(op, {}, out);
}

std::int32_t slot_of(std::int32_t descriptor) {
  return descriptor < Descriptors::system ? -1 : descriptor - Descriptors::system;
}

// A page-aligned user address is an offset into the performer's arena as long as the region stays
// inside it. Any other address is passed on as it is: it is there to be refused.
void patch_address(const Rules& rules, const Event& e, traces::Operation& op) {
  if (op.address_at < 0) return;
  const RuleInfo& info = rules.info(e.rule);
  const int size_at = info.position("memory_size");
  u64 address;
  std::memcpy(&address, op.payload.data() + op.address_at, sizeof address);
  const u64 size = size_at < 0 ? 0 : e.value[static_cast<std::size_t>(size_at)];
  if (address % rules.system().info().page_bytes == 0 && address < arena_bytes &&
      size <= arena_bytes - address)
    op.flags |= PERFORM_ARENA_PATCH;
}

// Appends the program; which of its operations are performed.
std::vector<u32> encode_program(const Program& p, std::uint16_t run_limit_ms,
                                std::vector<std::uint8_t>& out) {
  std::vector<u32> performed;
  const Rules& rules = rules_of(p);
  const traces::Abi abi = traces::abi_of_machine(rules.system().info().machines.front());
  Descriptors d(p);
  traces::Call call;
  traces::Operation op;
  traces::Diagnostic why;
  traces::Operation open;
  open.kind = PERFORM_OPEN;
  traces::append(open, {-1, 0, tag_open, 0, 0}, out);
  for (std::size_t i = 0; i < p.operations.size(); ++i) {
    const Operation& o = p.operations[i];
    traces::Placement place;
    place.tag = static_cast<u32>(i);
    place.thread = o.thread;
    place.limit_ms = run_limit_ms;
    std::string line;
    if (o.kind == Operation::Kind::affinity) {
      line = fmt::format("sched_setaffinity(0, 8, [{}]) = 0", o.cpu);
    } else {
      place.slot = slot_of(d.of(i));
      if (place.slot < 0 || place.slot >= PERFORM_SLOTS) continue;
      line = rules.binder().text(trace_event(p, d, i, nullptr));
    }
    if (read_line(line, 1, call, why) != traces::LineKind::call) continue;
    if (traces::encode(call, nullptr, op, why, abi) != traces::Encoding::operation) continue;
    if (o.kind == Operation::Kind::call) {
      patch_address(rules, o.event, op);
      const std::int32_t made = slot_of(d.made_by(i));
      if (made < PERFORM_SLOTS) place.result_slot = made;
    }
    traces::append(op, place, out);
    performed.push_back(place.tag);
  }
  return performed;
}

// One program's records, as they come in.
class Decoder {
 public:
  Decoder(std::span<const Program> batch, std::span<Answers> out) : batch_(batch), out_(out) {}

  void take(const traces::Call& call) {
    if (call.name == "program") return begin(call);
    if (call.name == "program_end") return end(call);
    if (at_ >= batch_.size() || call.tag >= batch_[at_].operations.size()) return;
    if (call.name == "kernel_log") return logged(call);
    if (call.kind == traces::CallKind::event) return;
    answer(call);
  }
  // The stream broke off. Under way was the operation after the last that answered, or, without
  // stepping, one that is up to the performer's last 10 ms later.
  void broken(bool machine_died) {
    if (at_ >= batch_.size() || !running_) return;
    Answers& a = out_[at_];
    a.end = machine_died ? Answers::End::crashed : Answers::End::hung;
    std::vector<std::uint8_t> ignored;
    a.at = static_cast<u32>(a.of.size());  // while its descriptors were closed
    for (const u32 performed : encode_program(batch_[at_], 0, ignored))
      if (performed >= next_) a.at = std::min(a.at, performed);
    ++ended_;
  }
  std::size_t ended() const { return ended_; }

 private:
  static u64 member(const traces::Call& call, std::string_view name) {
    for (const traces::Node& n : call.nodes)
      if (n.name == name) return n.value;
    return 0;
  }
  void begin(const traces::Call& call) {
    at_ = member(call, "number");
    if (at_ >= batch_.size()) return;
    running_ = true;
    next_ = 0;
    Answers& a = out_[at_];
    a.arena = member(call, "arena");
    a.arena_bytes = member(call, "arena_bytes");
    a.of.assign(batch_[at_].operations.size(), Answer{});
    for (std::size_t i = 0; i < a.of.size(); ++i) a.of[i].event = batch_[at_].operations[i].event;
  }
  void end(const traces::Call& call) {
    if (at_ >= batch_.size()) return;
    running_ = false;
    ++ended_;
    const u64 status = member(call, "status");
    Answers& a = out_[at_];
    a.at = static_cast<u32>(member(call, "last_tag"));
    a.log_was_read = member(call, "log_was_read") != 0;
    constexpr u64 killed = 9;  // the performer's own doing: the program took too long
    const bool hung = (status & 0x7f) == killed && member(call, "in_flight") != 0;
    a.end = status == 0 ? Answers::End::completed
            : hung      ? Answers::End::hung
                        : Answers::End::crashed;
  }
  void logged(const traces::Call& call) {
    for (const traces::Node& n : call.nodes)
      if (n.name == "text") out_[at_].log.push_back({call.tag, traces::log_unescaped(n.text)});
  }
  void answer(const traces::Call& call) {
    const Operation& op = batch_[at_].operations[call.tag];
    Answer& a = out_[at_].of[call.tag];
    next_ = call.tag + 1;
    // The operation's own record is the last with its tag; the descriptor it would act on may not
    // exist, and then it says nothing about the specification.
    a.tid = call.tid;
    a.cpu = call.cpu;
    constexpr std::int32_t bad_descriptor = 9;
    a.executed = call.has_result && call.error != bad_descriptor;
    if (op.kind != Operation::Kind::call || !a.executed) return;
    traces::TraceEvent bound;
    const traces::Binder& binder = rules_of(batch_[at_]).binder();
    binder.bind(call, bound);
    if (bound.kind == traces::TraceKind::rule) binder.settle(*batch_[at_].profile, bound);
    Event& e = a.event;
    e = op.event;
    if (bound.kind == traces::TraceKind::rule && bound.event.rule == op.event.rule)
      for (unsigned i = 0; i < Event::values_max; ++i)
        if ((bound.event.unknown >> i & 1) == 0) e.value[i] = bound.event.value[i];
    e.answered = true;
    e.answer = errno_of(call.error);
    e.has_returned = call.error == 0;
    e.returned = call.error == 0 ? static_cast<u64>(call.result) : 0;
  }

  std::span<const Program> batch_;
  std::span<Answers> out_;
  std::size_t at_ = ~std::size_t{0};
  std::size_t next_ = 0;  // after the last operation that answered
  bool running_ = false;
  std::size_t ended_ = 0;
};

}  // namespace

std::vector<std::uint8_t> performer_stream(std::span<const Program> batch,
                                           std::uint16_t run_limit_ms, bool step) {
  std::vector<std::uint8_t> out;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    control(PERFORM_PROGRAM, i, step ? PERFORM_STEP : 0, out);
    encode_program(batch[i], run_limit_ms, out);
  }
  control(PERFORM_FINISH, 0, 0, out);
  return out;
}

std::size_t read_capture(const std::string& path, std::span<const Program> batch, bool machine_died,
                         std::span<Answers> out) {
  traces::CaptureReader reader;
  traces::Diagnostic why;
  if (!reader.open(path, why)) return 0;
  Decoder decoder(batch, out);
  traces::Call call;
  while (reader.next(call, why) == traces::CaptureReader::Answer::call) decoder.take(call);
  decoder.broken(machine_died);
  return decoder.ended();
}

}  // namespace assay::gen
