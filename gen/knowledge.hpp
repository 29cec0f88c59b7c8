// What the specification taught the generator before the first case: where guards tip over, and an
// example event for every outcome of every rule that was reached.
//
// A pure function of profile and host, shared by all threads of a campaign.
#pragma once
#include <array>
#include <memory>
#include <optional>
#include <set>

#include "gen/boundaries.hpp"
#include "gen/random.hpp"

namespace assay::gen {

// One way a rule can end: a check that decides, or (position == number of checks) success.
struct Goal {
  u32 rule = 0;
  std::size_t outcome = 0;
};

class Knowledge {
 public:
  static constexpr std::size_t samples_max = 6;

  explicit Knowledge(const Profile& profile);
  Boundaries boundaries;
  const Rules& rules() const { return rules_; }

  void keep_sample(const Event& e, std::size_t outcome);
  const std::vector<Event>& samples(const Goal& g) const { return samples_[g.rule][g.outcome]; }
  // The shortest way known to a goal: operations on one VM, numbered from 0, that each changed its
  // state, and the call that ends in the goal. Empty when none is known.
  using Recipe = std::vector<Operation>;
  void keep_recipe(const Goal& g, const Recipe& r, const SystemHost& host);
  const Recipe& recipe(const Goal& g) const { return recipes_[g.rule][g.outcome]; }
  // Ways to states that hold a number with which the specification compares its state somewhere:
  // no goal by themselves, but a step on the way to some.
  void keep_oddity(const Event& e, const Recipe& r);
  const std::vector<Recipe>& oddities() const { return oddities_; }
  // The host on which it was found; null when none is known.
  const SystemHost* host_of(const Goal& g) const {
    const auto& h = hosts_[g.rule][g.outcome];
    return h ? &*h : nullptr;
  }
  // Every outcome that a caller can aim at: not those of the implementation's own choosing.
  const std::vector<Goal>& goals() const { return goals_; }
  // Whether a rule has effects, so that a call of it may bring a goal nearer.
  bool changes_state(u32 rule) const { return changes_state_[rule]; }
  std::size_t success(u32 rule) const { return boundaries.checks()[rule].size(); }

 private:
  const Rules& rules_;
  std::vector<std::vector<std::vector<Event>>> samples_;
  std::vector<std::vector<Recipe>> recipes_;
  std::vector<std::vector<std::optional<SystemHost>>> hosts_;
  std::vector<Recipe> oddities_;
  std::set<std::tuple<u32, unsigned, u64>> odd_;  // rule, argument, value
  std::vector<Goal> goals_;
  std::vector<bool> changes_state_;  // by rule
};

// A few values seen lately in the program, by width: the neighbourhood of the states it reached.
class Pool {
 public:
  void clear() { count_.fill(0); }
  void add(unsigned width, u64 value) {
    const unsigned c = kind(width);
    value_[c][count_[c]++ % size] = value;
  }
  // 0 when nothing of that width was seen.
  u64 pick(unsigned width, Random& random) const {
    const unsigned c = kind(width);
    const u64 n = count_[c] < size ? count_[c] : size;
    return n == 0 ? 0 : value_[c][random.below(n)];
  }

 private:
  static constexpr unsigned size = 24;
  static constexpr unsigned kind(unsigned width) {
    return width <= 8 ? 0 : width <= 16 ? 1 : width <= 32 ? 2 : 3;
  }
  std::array<std::array<u64, size>, 4> value_{};
  std::array<unsigned, 4> count_{};
};

// Draws values for one argument.
struct ArgumentSource {
  const Knowledge& knowledge;
  const Pool& pool;
  const std::vector<Edge>* nearby = nullptr;  // edges of the very state, when it was probed

  u64 draw(const Event& e, unsigned argument, Random& random) const;

 private:
  bool edge(const Event& e, unsigned argument, Random& random, Edge& out) const;
};

}  // namespace assay::gen
