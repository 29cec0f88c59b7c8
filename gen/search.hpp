// The search for arguments that make a call end in a chosen way.
#pragma once
#include "gen/knowledge.hpp"

namespace assay::gen {

// Where an operation would run.
struct Where {
  u32 task = 1;
  std::int32_t cpu = -1;
};

class Search {
 public:
  Search(const Knowledge& knowledge, World& world, const Pool& pool)
      : rules_(world.rules()),
        knowledge_(knowledge),
        world_(world),
        pool_(pool),
        positions_(rules_.count()) {}

  // Fills in op.event's inputs so that the call ends in `outcome`. True when it does; then, and
  // when `result` of the last try is wanted, the step's effects are provisional in the world.
  bool run(Operation& op, const Where& where, std::size_t outcome, unsigned tries, Random& random);
  // Evaluates op.event as it stands.
  std::size_t evaluate(const Operation& op, const Where& where);
  // After run(): the outcome of what is now provisional.
  std::size_t outcome() const { return outcome_; }
  bool ok() const { return ok_; }

  // Edges of the state itself are looked up too: dearer, for goals that are hard to reach.
  void look_closely(const Operation& op, const Where& where);
  void look_normally() { nearby_ = nullptr; }
  // An example that worked lately in this program.
  void remember(const Event& e);
  void forget();

 private:
  void start(Operation& op, std::size_t outcome, Random& random) const;
  unsigned choose_argument(const Operation& op, std::size_t outcome, Random& random) const;

  std::size_t position(u32 rule, const char* id);

  const Rules& rules_;
  const Knowledge& knowledge_;
  World& world_;
  const Pool& pool_;
  Probe probe_;
  const std::vector<Edge>* nearby_ = nullptr;
  std::vector<Event> last_good_;
  // By rule: ids met so far, by their address, which is cheaper to compare than their text.
  std::vector<std::vector<std::pair<const char*, std::size_t>>> positions_;
  std::size_t outcome_ = 0;
  bool ok_ = false;
};

// Makes an event safe for a real machine and sayable in text; false when it cannot be.
bool harmless(const Rules& rules, Event& e, Random& random);

}  // namespace assay::gen
