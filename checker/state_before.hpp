// The state as it was before the last step, kept beside the state that steps change.
//
// Properties of steps look at both. Copying a state for each event costs far more than most steps
// do, so the copy is made once and then follows: after each step the places that the step's journal
// names are copied over.
#pragma once
#include <cstddef>
#include <optional>
#include <vector>

#include "model/journal.hpp"
#include "spec/system.hpp"

namespace assay::checker {

using RecordedVm = SystemState<Recorded>;

class StateBefore {
 public:
  // Begins to follow `state`, which must outlive this object and stay where it is.
  explicit StateBefore(const RecordedVm& state) : state_(&state), before_(state) {}

  // The followed state before the steps since the last follow().
  const RecordedVm& get() const { return before_; }
  // Whose steps are followed.
  const RecordedVm* followed() const { return state_; }
  // Catches up with the steps that the journal holds. What they wrote without changing it may be
  // left out: nobody asks the copy who wrote a value.
  void follow(const Journal& journal);

 private:
  // A stretch of memory of the followed state, and where its copy lies.
  struct Stretch {
    const std::byte* begin;
    const std::byte* end;
    std::byte* copy;
  };
  // Null where the place lies in none that is listed.
  const Stretch* find(const void* place);
  // Lists the state and the entries of its tables that are in use. Those that the copy lacks are
  // made: all that is written to them since is in the journal.
  void list_stretches();

  const RecordedVm* state_;
  RecordedVm before_;
  std::vector<Stretch> stretches_;  // by address
  std::size_t last_ = 0;            // the stretch that was found last
};

}  // namespace assay::checker
