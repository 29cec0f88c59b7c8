// A VM of which the trace does not tell everything: arguments behind opaque pointers, a host that
// is not described, calls without a rule. What is known stays a plain value, what is not is a term.
//
// Nothing is guessed: an answer violates only when no values of the unknowns, together with all
// earlier answers, explain it. What was learnt from earlier answers is kept within a budget;
// forgetting some of it only ever permits more. Bounds are in work, never in time.
#pragma once
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "checker/explain.hpp"
#include "checker/vm_states.hpp"
#include "traces/header.hpp"

namespace assay::checker {

using traces::HostPart;

class UnknownVm {
 public:
  struct Context {
    const Profile* profile;
    const Mutation* mutation = nullptr;
    u64 budget;  // of Z3's work on one VM, in its own units
  };
  enum class Outcome : std::uint8_t {
    possible,
    impossible,
    undecided,  // the solver gave up, or the budget is spent: the answer counts as permitted
  };
  // A call to judge: its event, and the rules that it may belong to. For more than one, the
  // arguments are unknown. `may_be_other`: or it is one that no rule describes and that changes
  // nothing here.
  struct Call {
    const Event& event;
    u32 line;
    std::span<const u32> rules;
    bool may_be_other = false;
  };

  // Continues from the states that explained the trace so far.
  UnknownVm(const std::vector<std::unique_ptr<RecordedVm>>& states, const Context& context);
  // A new VM on a host of which only a part is known.
  UnknownVm(const HostPart& host, const Context& context);
  ~UnknownVm();
  UnknownVm(UnknownVm&&) noexcept;

  // Applies an answered call. After `impossible` the VM is as before.
  Outcome step(const Call& call);
  // After `impossible`: why, for one choice of the unknown values that explains everything before.
  // Reasons whose values were not told say so.
  struct Refusal {
    Explanation why;
    std::vector<std::string> tried;  // the unknown values that the answer speaks of
    std::vector<Errno> permitted;    // every answer that some values explain
  };
  Refusal refusal(const Call& call);
  // After `impossible`: goes on as if this permitted answer had been given. False when it cannot.
  bool adopt(const Call& call, Errno answer);

  // Forgets parts of the state: `is_forgotten(path)` for each leaf ("slot[3].flags"). Of tables of
  // which something is forgotten, unused entries are unknown, too.
  void forget(u32 line, const std::function<bool(std::string_view path)>& is_forgotten);

  // What the last step that was possible changed: "vcpu[0].pmu.irq: 0 -> 23", "...: 0 -> ?".
  std::vector<std::string> changes() const;
  // Whether the last step that was possible may have changed a value.
  bool has_changed() const;
  // Whether this state breaks an invariant, by its number in SystemClaims, whatever the unknown
  // values are. Where the solver gives up it does not. `by_entry`: it is asked only about the
  // entries that the last step wrote.
  bool breaks(u32 invariant, bool by_entry);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace assay::checker
