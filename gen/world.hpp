// The states that the specification predicts for a program's VMs, and steps on them.
//
// A World is both an implementation (the model target: what would the specification answer?) and
// a judge (do these answers follow from it?). Steps happen in place and can be taken back, so
// trying out an argument costs one evaluation of the rule.
#pragma once
#include <memory>

#include "gen/program.hpp"

namespace assay::gen {

using RecordedVm = SystemState<Recorded>;

// How one step is to be evaluated.
struct StepOptions {
  Choices* choices = nullptr;
  const Mutation* mutation = nullptr;
  Coverage* coverage = nullptr;
  Errno observed = Errno::ok;
  bool knows_observed = false;
};

struct StepResult {
  bool ok = false;
  bool legal = true;  // every require() holds
  Errno code = Errno::ok;
  const char* decided_by = nullptr;
  bool explains = false;  // the answer that was observed
  bool has_returned = false;
  u64 returned = 0;
};

class World {
 public:
  World(const Profile& profile, const SystemHost& host);
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  // Back to no VM at all; a host given here replaces the one before.
  void reset();
  void reset(const SystemHost& host);
  const Profile& profile() const { return *profile_; }
  const Rules& rules() const { return rules_; }

  // Whether the operation's handle exists and is open.
  bool usable(const Operation& op) const;
  // Evaluates the call `e` as operation `op`, which must be usable. Until keep() or undo() the
  // effects are in place but provisional. (The event's handle becomes the specification's number.)
  StepResult step(const Operation& op, Event& e, const StepOptions& options);
  void undo() { journal_.undo(); }
  // Whether the provisional step changed any leaf of the state.
  bool changed() const;
  const Journal& journal() const { return journal_; }
  // Settles the step: `made` says whether the call gave what it makes.
  void keep(const Operation& op, bool made);
  void close(const Operation& op);

  // The state an operation acts on (for create calls: the one being made).
  RecordedVm& state_of(const Operation& op);
  // By creation order, what rules call the object that this operation is called on.
  u32 index_of(const Operation& op) const;

  std::size_t vm_count() const { return vms_used_; }
  bool vm_open(u32 vm) const { return vm < vms_used_ && vms_[vm].open; }
  // The objects of a kind that a VM has or had, by the program's number: the specification's
  // number; -1 where there is none (any more).
  const std::vector<std::int32_t>& objects(u32 vm, HandleKind kind) const;
  // Whether some object of the kind is open. Of a VM itself: whether it is.
  bool has_open(u32 vm, HandleKind kind) const;

 private:
  struct Objects {
    std::vector<std::int32_t> number;
    u32 made = 0;  // so far
  };
  struct Entry {
    std::unique_ptr<RecordedVm> state;
    bool open = false;
    std::vector<Objects> of;  // by kind
  };
  Entry& entry(u32 vm);
  Objects& objects_of(u32 vm, HandleKind kind);
  bool makes_vm(const Operation& op) const;

  const Rules& rules_;
  const Profile* profile_;
  RecordedVm system_;       // a VM never created: what /dev/kvm itself acts on
  std::vector<Entry> vms_;  // the first vms_used_ are of this program
  std::size_t vms_used_ = 0;
  std::unique_ptr<RecordedVm> next_;  // the state a create call works on
  Journal journal_;
};

// The task number the specification sees for a thread of a program.
constexpr u32 task_of(unsigned thread) { return 1 + thread; }

// The event of an operation with what its environment supplies.
Event event_at(const Rules& rules, const Operation& op, u32 task, std::int32_t cpu);

// Follows a program's answers. Nothing: every answer is one that the specification gives when no
// freedom is used; else the first operation where that is not so. A caller then asks a judge that
// knows all freedoms: this one only clears.
struct Doubt {
  std::size_t operation;
  std::string check;  // the id of what decided, "rule.check"
};
std::optional<Doubt> first_doubt(World& world, const Program& p, const Answers& answers,
                                 Coverage* coverage);

}  // namespace assay::gen
