// The set of states of one VM that explain its trace so far, and one step of it.
//
// Usually the set has one member, stepped in place and taken back through the journal when the
// answer does not match. Only a free choice that the trace does not show widens it; equal members
// are merged, and a set that would grow beyond its bound makes the VM inconclusive, never wrong.
#pragma once
#include <memory>
#include <optional>
#include <vector>

#include "checker/kept_events.hpp"
#include "checker/properties.hpp"
#include "checker/state_before.hpp"

namespace assay::checker {

class VmStates {
 public:
  enum class Outcome : std::uint8_t { matches, contradicts, too_wide };
  struct Context {
    const Profile* profile;
    Coverage* coverage;
    Journal* journal;  // shared scratch of the checker
    const Mutation* mutation;
    unsigned states_max;
    const PropertiesOf* properties = nullptr;  // null: none speaks of this event
    Claims claims = Claims::promises;
  };

  // Of a VM that begins in this state.
  explicit VmStates(RecordedVm state);
  VmStates(const VmStates& other);

  // Applies an answered event. On a mismatch the set is as before.
  Outcome step(const Event& e, u32 line, const Context& c);
  // After a contradiction: takes the specification's own answer, goes on with it and returns it.
  Errno adopt(const Event& e, u32 line, const Context& c);
  std::size_t size() const { return states_.size(); }
  const RecordedVm& front() const { return *states_.front(); }
  const std::vector<std::unique_ptr<RecordedVm>>& all() const { return states_; }
  // The properties that the last matching step breaks whichever of the states was the true one; for
  // steps that were asked.
  const std::vector<BrokenProperty>& broken() const { return broken_; }
  // The states before the last matching step, where the journal does not tell; else empty.
  const std::vector<std::unique_ptr<RecordedVm>>& before() const { return before_; }
  // Whether the last matching step may have changed a value.
  bool has_changed() const { return has_changed_; }
  // Whether the context's journal holds all that the last matching step wrote.
  bool is_journalled() const { return is_journalled_; }
  // Whether the last matching step needed a choice that is not the default one.
  bool took_choice() const { return took_choice_; }
  // The freedoms without which it would not match, by their ids; where several ways explain it and
  // have none in common, those of one way.
  const std::vector<const char*>& freedoms() const { return freedoms_; }
  // The check that gave the error; null: none did, or not the same in every state.
  const char* decided_by() const { return decided_by_; }

 private:
  Outcome step_all_choices(const Event& e, u32 line, const Context& c);
  // What the step just taken breaks; and what the next step is compared with catches up.
  void judge_properties(const Event& e, const Context& c);
  // Of broken_ what this step breaks too; all of it for the first.
  void keep_common(const std::vector<BrokenProperty>& broken, bool is_first);
  // Of freedoms_ what these choices took, too; all of it for the first way.
  void keep_common_freedoms(const Choices& choices, bool is_first);
  void add(std::vector<std::unique_ptr<RecordedVm>>& to, std::unique_ptr<RecordedVm> state);

  std::vector<std::unique_ptr<RecordedVm>> states_, before_;
  // Of the only state, once properties asked: what it was before the step, and which events keep
  // all of them in it.
  struct Asked {
    explicit Asked(const RecordedVm& state) : before(state) {}
    StateBefore before;
    KeptEvents kept;
  };
  std::unique_ptr<Asked> asked_;
  std::vector<BrokenProperty> broken_;
  bool took_choice_ = false;
  std::vector<const char*> freedoms_;
  const char* decided_by_ = nullptr;
  bool has_changed_ = false, is_journalled_ = false;
};

}  // namespace assay::checker
