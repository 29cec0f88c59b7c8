// Programs as text of the trace language; program_reader.cpp is the other way.
#include <fmt/format.h>

#include "gen/program.hpp"
#include "traces/header.hpp"
#include "traces/kernel_log.hpp"

namespace assay::gen {
namespace {

// A maker's call without an answer shows the descriptor planned for it.
std::string planned_result(const Program& p, const Descriptors& d, std::size_t i) {
  const Operation& op = p.operations[i];
  const RuleFacts& facts = rules_of(p).facts(op.event.rule);
  if (!facts.returns_it) return {};
  const auto id =
      facts.id < 0 ? -1
                   : static_cast<std::int32_t>(op.event.value[static_cast<std::size_t>(facts.id)]);
  std::string link;
  traces::append_link({facts.makes, id}, link);
  return fmt::format(" = {}<{}>", d.made_by(i), link);
}

bool is_cut_short(const Answers& answers) {
  return answers.end == Answers::End::crashed || answers.end == Answers::End::hung ||
         answers.end == Answers::End::garbled;
}

// The task that made the operation, or its thread's other ones.
u32 tid_of(const Program& p, const Answers* answers, std::size_t i) {
  if (answers != nullptr) {
    const auto told = [&](std::size_t k) {
      return answers->of[k].executed ? answers->of[k].tid : 0;
    };
    if (told(i) != 0) return told(i);
    for (std::size_t k = 0; k < answers->of.size(); ++k)
      if (told(k) != 0 && p.operations[k].thread == p.operations[i].thread) return told(k);
  }
  return planned_tid(p.operations[i].thread);
}

// What the kernel said, also of the call that was under way when it died.
std::string logged_during(const Answers& answers, std::size_t operation) {
  std::string out;
  const auto add = [&](std::string_view text) {
    for (const traces::KernelReport& report : traces::reports_of(text))
      out += fmt::format("kernel_log: text=\"{}\"\n", traces::log_escaped(report.text));
  };
  for (const Logged& logged : answers.log)
    if (logged.at == operation) add(logged.text);
  if (is_cut_short(answers) && answers.at == operation) add(answers.note);
  return out;
}

std::string body(const Program& p, const Answers* answers) {
  const traces::Binder& binder = rules_of(p).binder();
  Descriptors d(p);
  std::string out;
  bool opened = false;
  auto open = [&](u32 tid) {
    if (opened) return;
    opened = true;
    out += fmt::format("{} openat(AT_FDCWD, \"/dev/kvm\", O_RDWR|O_CLOEXEC) = {}</dev/kvm>\n", tid,
                       Descriptors::system);
  };
  for (std::size_t i = 0; i < p.operations.size(); ++i) {
    if (answers != nullptr && i >= answers->of.size()) break;  // it did not run
    const Operation& op = p.operations[i];
    const Answer* answer = answers == nullptr ? nullptr : &answers->of[i];
    const u32 tid = tid_of(p, answers, i);
    open(tid);
    // What hung or crashed has no answer, and is what the program is kept for.
    const bool fatal = answers != nullptr && is_cut_short(*answers) && i == answers->at;
    Answer unanswered;
    if (fatal) {
      unanswered.tid = tid;
      unanswered.executed = true;
      unanswered.event = op.event;
      unanswered.event.answered = false;
      answer = &unanswered;
    }
    if (answer != nullptr && !answer->executed) continue;
    if (op.kind == Operation::Kind::affinity) {
      out += fmt::format("{} sched_setaffinity({}, 128, [{}]){}\n", tid, tid, op.cpu,
                         answer == nullptr || fatal ? "" : " = 0");
      continue;
    }
    if (d.of(i) < 0) continue;
    out += binder.text(trace_event(p, d, i, answer));
    if (answers == nullptr && op.kind == Operation::Kind::call) out += planned_result(p, d, i);
    out += '\n';
    if (answers != nullptr) out += logged_during(*answers, i);
  }
  return out;
}

std::string head(const Program& p, std::string_view expect) {
  traces::TraceHeader header;
  if (p.profile != nullptr) header.profile = p.profile->name;
  if (!p.host.is_blank()) set_host(header, p.host);
  header.expect = expect;
  return write_header(header) + fmt::format("# case seed={} number={}\n", p.seed, p.number);
}

}  // namespace

std::string text_of(const Program& p) { return head(p, {}) + body(p, nullptr); }

std::string text_of(const Program& p, const Answers& answers, std::string_view expect) {
  std::string out = head(p, expect);
  if (answers.arena != 0)
    out += fmt::format("# arena base=0x{:x} bytes={}\n", answers.arena, answers.arena_bytes);
  if (is_cut_short(answers))
    out += fmt::format("# {} in operation {}\n",
                       answers.end == Answers::End::hung ? "hung" : "crashed", answers.at);
  return out + body(p, &answers);
}

}  // namespace assay::gen
