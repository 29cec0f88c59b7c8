// Judging a trace: events in, a report out.
//
//   Checker checker(binder, options);
//   for each event: checker.feed(event);
//   Report report = checker.finish();
//
// Memory grows with the live VMs of the trace, not with its length. Nothing is printed here.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>

#include "checker/handles.hpp"
#include "checker/invariants.hpp"
#include "checker/rule_facts.hpp"
#include "checker/unknown_vm.hpp"
#include "checker/verdict.hpp"
#include "traces/bind/binder.hpp"

namespace assay::checker {

// What became of a judged event.
struct EventNotes {
  std::vector<std::string> changes;   // of the state: "vcpu[0].pmu.irq: 0 -> 23"
  std::vector<std::string> learnt;    // of values of which several were possible: fewer are left
  std::string decided_by;             // the check that gave the error; empty: none did, or it is
                                      // not known which
  std::vector<std::string> freedoms;  // that the answer needed: "R.write_while_enabled_ignored"
  std::size_t states = 1;             // that explain the trace from here on
};

struct CheckOptions {
  const Profile* profile = nullptr;  // required
  std::optional<SystemHost> host;    // all of it is known
  HostPart host_part;                // else: what is known of it
  // Of Z3's work on one VM with unknown values, in Z3's own units; about ten seconds.
  u64 budget = 200'000'000;
  const Mutation* mutation = nullptr;
  bool explain = false;      // keep the state changes of every event
  bool questions = false;    // findings for what nobody promised, too
  unsigned states_max = 64;  // per VM
  unsigned findings_max = 1000;
  // Called for each judged event, when `explain`.
  std::function<void(const traces::TraceEvent&, const EventNotes&)> on_event;
  // Called for each finding as it is made, also beyond findings_max. It may add what it knows of
  // the line: the report gets the finding as it is then.
  std::function<void(Finding&)> on_finding;
};

// What a header tells of its host.
void take_host(const traces::TraceHeader& header, CheckOptions& options);

class Checker {
 public:
  // The binder is that of the profile's system: Binder::of(system_of(*options.profile)).
  Checker(const traces::Binder& binder, CheckOptions options);
  ~Checker();
  void feed(const traces::TraceEvent& e);
  // The verdict on everything fed. To be called once.
  Report finish();
  // Says that the input ended early or was damaged: no longer conforming, at best inconclusive.
  void incomplete(const std::string& reason);

 private:
  struct Vm;
  void feed_rule(const traces::TraceEvent& e);
  void feed_opaque(const traces::TraceEvent& e);
  void pass_over(const traces::TraceEvent& e, const Handle& on, std::string_view name,
                 const char* why);
  void feed_unanswered(std::string_view name, const Handle& on,
                       std::span<const std::uint32_t> rules);
  // A VM of which too little is known to go on.
  void lose(Vm& vm, const std::string& why);
  bool is_lost(Vm& vm);
  // What the model did in answer to an event: whether the object that the call makes now exists.
  enum class Made : unsigned char { nothing, object };
  static Made made_by(Errno answer);
  Made judge(const traces::TraceEvent& e, std::uint32_t vm);
  Claims claims() const { return options_.questions ? Claims::all : Claims::promises; }
  void add_claim(const char* name, std::string observed, std::string kept, std::string call);
  void add_broken_invariant(const Invariant<Recorded>& invariant, std::string call);
  void add_broken_properties(const traces::TraceEvent& e, const Vm& vm);
  void judge_invariants(const traces::TraceEvent& e, Vm& vm);
  void judge_unknown_invariants(const traces::TraceEvent& e, Vm& vm,
                                std::span<const std::uint32_t> rules);
  void note_judged(u32 invariant, bool broken, const traces::TraceEvent& e, Vm& vm);
  Made judge_unknown(const traces::TraceEvent& e, Vm& vm, std::span<const std::uint32_t> rules,
                     bool may_be_other);
  UnknownVm::Context unknown_context() const;
  Finding finding_of(const traces::TraceEvent& e, Explanation why, Vm& vm);
  Made contradiction(const traces::TraceEvent& e, Vm& vm);
  void note_log(const traces::TraceEvent& e);
  void add_finding(Finding finding);
  void bind_result(const traces::TraceEvent& e, std::uint32_t vm, Made made);
  void skip(std::string_view what, const char* why);
  const Handle& resolve(const traces::TraceEvent& e);
  void note_run(std::uint32_t tid, const Handle& on);
  Handle machine();
  std::size_t live_vms() const { return vms_.size() - 1 - free_vms_.size(); }
  std::uint32_t new_vm();
  void release(const Handle& handle);
  void make_unknown(Vm& vm);
  void check_invariants_at_end(Vm& vm);
  std::uint32_t line_of(const traces::TraceEvent& e) const;
  void note_event(const traces::TraceEvent& e, const Vm& vm);
  std::vector<std::string> changes_in_journal(const RecordedVm& state) const;

  const traces::Binder& binder_;
  const System* system_ = nullptr;  // whose rules the binder has
  CheckOptions options_;
  Handles handles_;
  std::vector<std::unique_ptr<Vm>> vms_;
  std::vector<std::uint32_t> free_vms_;
  bool machine_used_ = false, machine_had_vm_ = false;  // by events of the hardware
  std::vector<unsigned> checks_of_rule_;                // how many checks each rule has
  const PropertiesOf* properties_ = nullptr;            // of steps, under the profile
  const InvariantsOf* invariants_ = nullptr;            // of states, likewise
  std::vector<RuleFacts> facts_;                        // by rule
  traces::TraceEvent bound_;  // the event that is judged, completed; kept for its memory only
  // Which vCPU a task ran last: trace events (kvm_entry) name the task only.
  std::unordered_map<std::uint32_t, Handle> last_run_;
  // Where the last one was written; a task mostly goes on with what it did.
  std::uint32_t last_runner_ = 0;
  Handle* last_run_of_it_ = nullptr;
  Journal journal_;
  Report report_;
  std::uint64_t number_ = 0;
  std::uint32_t last_line_ = 0;
  std::string incomplete_;
};

}  // namespace assay::checker
