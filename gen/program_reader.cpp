// Traces read as programs: descriptors become logical handles, answers are kept apart.
#include <fmt/format.h>

#include <map>
#include <tuple>
#include <unordered_map>

#include "gen/program.hpp"
#include "spec/system.hpp"
#include "traces/header.hpp"
#include "traces/kernel_log.hpp"
#include "traces/text/grammar.hpp"

namespace assay::gen {
namespace {

using traces::TraceEvent;
using traces::TraceKind;

// Reads a trace as a program: descriptors become logical handles.
class Reader {
 public:
  explicit Reader(ProgramText& out) : out_(out) {}

  bool line(std::string_view text, u64 number) {
    if (text.starts_with('#')) return comment(text, number);
    traces::Diagnostic why;
    switch (read_line(text, number, call_, why)) {
      case traces::LineKind::malformed:
        out_.error = fmt::format("{}:{}: expected {}", number, why.column, why.expected);
        return false;
      case traces::LineKind::call: take(number); return true;
      default: return true;
    }
  }

 private:
  bool comment(std::string_view text, u64 number) {
    traces::Diagnostic why;
    if (!read_header_line(text, number, header_, why)) {
      out_.error = fmt::format("{}:{}: {}", number, why.column, why.message);
      return false;
    }
    out_.program.profile = find_profile(header_.profile);
    out_.program.host = header_.host;
    out_.expect = header_.expect;
    out_.tells_whole_host = traces::tells_whole_host(header_);
    rules_ = &rules_of(out_.program);
    auto number_after = [&](std::string_view key, int base, u64& value) {
      std::size_t at = text.find(key);
      if (at != std::string_view::npos)
        value = std::strtoull(std::string(text.substr(at + key.size())).c_str(), nullptr, base);
    };
    if (text.starts_with("# case ")) {
      number_after("seed=", 10, out_.program.seed);
      number_after("number=", 10, out_.program.number);
    } else if (text.starts_with("# arena ")) {
      number_after("base=", 16, out_.answers.arena);
      number_after("bytes=", 10, out_.answers.arena_bytes);
    }
    return true;
  }

  unsigned thread_of(u32 tid) {
    if (auto known = threads_.find(tid); known != threads_.end()) return known->second;
    // Planned numbers say which thread is meant; others count in order of appearance.
    const bool planned = tid >= planned_tid(0) && tid < planned_tid(threads_max);
    const unsigned t = planned ? tid - planned_tid(0) : next_thread_++ % threads_max;
    threads_.emplace(tid, t);
    return t;
  }
  void bind(std::int32_t fd, Object object) { handles_[fd] = object; }

  // A user address in the arena of the target that was traced, as the program names it.
  void unpatch(Event& e) const {
    if (out_.answers.arena == 0) return;
    const RuleInfo& info = rules_->info(e.rule);
    const int at = info.position("userspace_addr");
    if (at < 0) return;
    u64& value = e.value[static_cast<std::size_t>(at)];
    if (value - out_.answers.arena < out_.answers.arena_bytes) value -= out_.answers.arena;
  }

  void push(Operation op, const TraceEvent& e, bool executed) {
    Answer answer;
    answer.executed = executed;
    answer.cpu = e.cpu;
    answer.tid = e.tid;
    answer.event = e.event;
    answer.event.vm = op.event.vm;
    answer.event.handle = op.event.handle;
    out_.program.operations.push_back(op);
    out_.answers.of.push_back(answer);
    out_.lines.push_back(e.line);
  }

  void affinity() {
    TraceEvent e;
    e.tid = call_.tid;
    e.line = call_.line;
    const traces::Node* mask = call_.argument(2);
    if (mask == nullptr || mask->first_child < 0) return;
    Operation op;
    op.kind = Operation::Kind::affinity;
    op.thread = static_cast<std::uint8_t>(thread_of(call_.tid));
    op.cpu = static_cast<u32>(call_.nodes[static_cast<std::size_t>(mask->first_child)].value);
    push(op, e, call_.has_result);
  }

  // Something that hardware or a hypervisor did, on no descriptor.
  bool is_of_machine(const TraceEvent& e) const {
    return rules_->binder().pattern(e.event.rule).on.front() == HandleKind::machine;
  }
  void machine(const TraceEvent& e) {
    Operation op;
    op.on = HandleKind::machine;
    op.event = e.event;
    op.event.answered = false;
    const int cpu = rules_->facts(e.event.rule).cpu;
    if (cpu >= 0 && e.cpu >= 0)
      op.event.value[static_cast<std::size_t>(cpu)] = static_cast<u64>(e.cpu);
    push(op, e, true);
  }

  // A converted capture says in an event what a program's own text says in a comment.
  void arena() {
    for (const traces::Node& n : call_.nodes) {
      if (n.name == "arena") out_.answers.arena = n.value;
      if (n.name == "arena_bytes") out_.answers.arena_bytes = n.value;
    }
  }

  // It stands after the call that it is about.
  void logged(const TraceEvent& e) {
    const std::size_t calls = out_.program.operations.size();
    if (calls == 0) return;
    out_.answers.log_was_read = true;
    out_.answers.log.push_back({static_cast<u32>(calls - 1), traces::log_unescaped(e.name)});
  }

  void take(u64 number) {
    if (call_.name == "sched_setaffinity") return affinity();
    if (call_.kind == traces::CallKind::event && call_.name == "program") return arena();
    TraceEvent e;
    rules_->binder().bind(call_, e);
    if (e.kind == TraceKind::kernel_log) return logged(e);
    if (e.kind == TraceKind::rule && out_.program.profile != nullptr)
      rules_->binder().settle(*out_.program.profile, e);
    e.line = number;
    if (e.kind == TraceKind::open_kvm) {
      thread_of(e.tid);
      return bind(e.new_fd, {HandleKind::system, 0, 0});
    }
    if (e.kind == TraceKind::rule && is_of_machine(e)) return machine(e);
    auto known = handles_.find(e.fd);
    if (e.kind == TraceKind::dup && known != handles_.end()) return bind(e.new_fd, known->second);
    if ((e.kind != TraceKind::rule && e.kind != TraceKind::close) || known == handles_.end() ||
        known->second.kind == HandleKind::none || e.event.unknown != 0) {
      out_.left_out += e.kind != TraceKind::ignored;
      return;
    }
    Operation op;
    op.kind = e.kind == TraceKind::close ? Operation::Kind::close : Operation::Kind::call;
    op.on = known->second.kind;
    op.thread = static_cast<std::uint8_t>(thread_of(e.tid));
    op.event = e.event;
    op.event.vm = known->second.vm;
    op.event.handle = known->second.number;
    if (op.kind == Operation::Kind::close) {
      op.event.rule = Event::no_rule;
      handles_.erase(known);
      return push(op, e, e.event.answered);
    }
    unpatch(op.event);
    made(op, e);
    push(op, e, e.event.answered);
  }

  // Gives what the call makes, or was to make, the next number of its kind.
  void made(Operation& op, const TraceEvent& e) {
    const HandleKind makes = rules_->made_by(op.event);
    if (makes == HandleKind::vm) op.event.vm = vms_++;
    if (Rules::is_counted(makes)) op.event.handle = made_[{op.event.vm, makes}]++;
    // What the program chooses, without what was answered or comes from the environment.
    const RuleFacts& f = rules_->facts(op.event.rule);
    const Event blank = rules_->blank(op.event.rule);
    for (std::size_t i = f.answers_from; i < Event::values_max; ++i)
      op.event.value[i] = blank.value[i];
    for (int i : {f.task, f.cpu})
      if (i >= 0)
        op.event.value[static_cast<std::size_t>(i)] = blank.value[static_cast<std::size_t>(i)];
    op.event.answered = op.event.has_returned = false;
    op.event.answer = Errno::ok;
    op.event.returned = 0;
    if (makes != HandleKind::none && e.new_fd >= 0)
      bind(e.new_fd, Rules::object_of(makes, op.event));
  }

  ProgramText& out_;
  const Rules* rules_ = &Rules::of(default_system());
  traces::TraceHeader header_;
  traces::Call call_;
  std::unordered_map<std::int32_t, Object> handles_;
  std::unordered_map<u32, unsigned> threads_;
  unsigned next_thread_ = 0;
  u32 vms_ = 0;
  std::map<std::pair<u32, HandleKind>, u32> made_;  // by VM and kind: so far
};

}  // namespace

ProgramText read_program(std::string_view text) {
  ProgramText out;
  Reader reader(out);
  u64 number = 0;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    ++number;
    if (!line.empty() && !reader.line(line, number)) break;
  }
  return out;
}

void renumber(Program& p) {
  const Rules& rules = rules_of(p);
  std::unordered_map<u32, u32> vms;
  std::map<std::pair<u32, HandleKind>, u32> made;
  std::map<std::tuple<u32, HandleKind, u32>, u32> numbers;
  for (Operation& op : p.operations) {
    if (op.kind == Operation::Kind::affinity || op.on == HandleKind::none) continue;
    const HandleKind makes =
        op.kind == Operation::Kind::call ? rules.made_by(op.event) : HandleKind::none;
    if (op.on == HandleKind::system && makes != HandleKind::vm) continue;
    const u32 vm = op.event.vm;
    op.event.vm = vms.try_emplace(vm, static_cast<u32>(vms.size())).first->second;
    const HandleKind kind = Rules::is_counted(makes) ? makes : op.on;
    if (!Rules::is_counted(kind)) continue;
    auto [it, is_new] = numbers.try_emplace({vm, kind, op.event.handle}, 0);
    if (is_new) it->second = made[{vm, kind}]++;
    op.event.handle = it->second;
  }
}

}  // namespace assay::gen
