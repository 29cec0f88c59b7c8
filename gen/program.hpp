// A program: calls to be made, in order, on logical handles, and what a target answered.
//
// Handles are numbers that never shift: VM n is what the create operation that carries `vm == n`
// makes, vCPU m of it (or what else there are several of) what the one that carries `handle == m`
// makes, and the vGIC is the VM's one.
// When such an operation fails or is deleted, operations on its handle have nothing to act on:
// targets skip them, and nobody judges them.
//
// A program's text is a trace whose calls have no answers, except that a call that makes a
// descriptor shows the one planned for it; with its Answers it is an ordinary trace.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "gen/rules.hpp"
#include "spec/system.hpp"
#include "traces/bind/trace_event.hpp"

namespace assay::gen {

inline constexpr unsigned threads_max = 4;

struct Operation {
  enum class Kind : std::uint8_t {
    call,      // of event.rule on the handle `on` of event.vm and event.handle
    close,     // that handle is closed
    affinity,  // `thread` moves to the CPU `cpu`
  };
  Kind kind = Kind::call;
  HandleKind on = HandleKind::none;
  std::uint8_t thread = 0;
  u32 cpu = 0;
  Event event;  // unanswered; task and cpu arguments are left initial
};

struct Program {
  const Profile* profile = nullptr;
  SystemHost host;
  u64 seed = 0;
  u64 number = 0;  // of the case
  std::vector<Operation> operations;
};

// What happened to one operation.
struct Answer {
  bool executed = false;
  std::int32_t cpu = -1;  // where, -1 not told
  u32 tid = 0;            // 0 not told
  Event event;            // as performed: addresses may differ from the program's
};

// What the target's kernel logged while an operation was carried out.
struct Logged {
  u32 at = 0;        // the operation
  std::string text;  // one message a line, "<severity>text"
};

struct Answers {
  // garbled: the target answered with what is no trace, and nothing it says of the program counts.
  enum class End : std::uint8_t { completed, crashed, hung, garbled, not_run };
  End end = End::not_run;
  u32 at = 0;     // crashed, hung: the operation begun last
  u64 arena = 0;  // where the target put the program's user addresses; 0 = unchanged
  u64 arena_bytes = 0;
  std::vector<Answer> of;
  std::string note;  // what a dying target said
  bool log_was_read = false;
  std::vector<Logged> log;
};

// The rules of a program's system: that of its profile, or of its host where it has none.
const Rules& rules_of(const Program& p);

bool same_operation(const Operation& a, const Operation& b);
// A hash of what a program does, for caches. Not of seed and number.
u64 hash_of(const Program& p);

// Takes out operations whose handle no remaining operation makes. VMs and vCPUs have one maker; a
// vGIC may have several, of which any will do.
void drop_orphans(Program& p);
// Numbers VMs and vCPUs in the order of their makers, without gaps: as text reads back.
void renumber(Program& p);

// The descriptors a program's text shows: 3 is /dev/kvm, then one for each operation that makes
// something, in order.
class Descriptors {
 public:
  static constexpr std::int32_t system = 3;
  static constexpr std::int32_t machine = 0;  // of events that are on no descriptor; not shown
  explicit Descriptors(const Program& p);
  std::int32_t made_by(std::size_t operation) const { return made_[operation]; }
  // On which descriptor an operation acts; -1 when nothing makes its handle.
  std::int32_t of(std::size_t operation) const { return on_[operation]; }
  std::int32_t id_of(std::size_t operation) const { return id_[operation]; }

 private:
  std::vector<std::int32_t> made_, on_, id_;
};

// The number a thread has in text that no real thread gave one.
constexpr u32 planned_tid(unsigned thread) { return 1000 + thread; }

// The events of a program in the form that checkers take. With answers: only what was executed.
template <class F>
void each_trace_event(const Program& p, const Answers* answers, F&& f);

// Text in both directions.
std::string text_of(const Program& p);
std::string text_of(const Program& p, const Answers& answers, std::string_view expect = {});

struct ProgramText {
  Program program;
  Answers answers;                // of the calls that had any
  std::vector<u64> lines;         // where each operation stands
  std::size_t left_out = 0;       // calls that no program can make: not KVM's, no rule, hidden
  bool tells_whole_host = false;  // its header does
  std::string expect;             // as its header says: "violates CHECK"; empty: it does not
  std::string error;              // not empty: "12:7: expected ..."
};
// Reads native, strace and ftrace text. Without a header: profile null, host blank.
ProgramText read_program(std::string_view text);

// --- implementation of the template ----------------------------------------------------------
traces::TraceEvent trace_event(const Program& p, const Descriptors& d, std::size_t operation,
                               const Answer* answer);

template <class F>
void each_trace_event(const Program& p, const Answers* answers, F&& f) {
  Descriptors d(p);
  traces::TraceEvent open;
  open.kind = traces::TraceKind::open_kvm;
  open.new_fd = Descriptors::system;
  open.tid = planned_tid(0);
  if (answers != nullptr && !answers->of.empty())
    for (const Answer& a : answers->of)
      if (a.tid != 0) {
        open.tid = a.tid;
        break;
      }
  open.line = 1;
  f(open);
  for (std::size_t i = 0; i < p.operations.size(); ++i) {
    if (answers != nullptr && i >= answers->of.size()) return;  // it did not run
    const Answer* answer = answers == nullptr ? nullptr : &answers->of[i];
    if (p.operations[i].kind == Operation::Kind::affinity) continue;
    if (d.of(i) < 0 || (answer != nullptr && !answer->executed)) continue;
    f(trace_event(p, d, i, answer));
  }
}

}  // namespace assay::gen
