// The edges of a rule's guards, by argument, and which arguments each check depends on.
#pragma once
#include "gen/world.hpp"
#include "model/probing.hpp"

namespace assay::gen {

using probing::Edge;

// What one evaluation of a rule on a state showed.
struct Probe {
  struct CheckSeen {
    const char* id;
    Arguments from;
  };
  std::vector<Edge> edges;
  std::vector<CheckSeen> checks;
};
void probe(const Profile& profile, const Event& e, u32 handle, const RecordedVm& state, Probe& out);

// Collected over many states.
class Boundaries {
 public:
  static constexpr std::size_t edges_max = 96;  // per argument

  explicit Boundaries(const Profile& profile);
  void learn(const Event& e, const Probe& seen);
  const std::vector<Edge>& edges(u32 rule, unsigned argument) const {
    return edges_[rule * Event::values_max + argument];
  }
  // Numbers with which words of the state of this width were compared.
  const std::vector<Edge>& constants(unsigned width) const { return constants_[width / 16]; }
  // Positions are those of checks_by_rule; the outcome after the last check is success.
  Arguments depends(u32 rule, std::size_t check) const { return depends_[rule][check]; }
  std::size_t position(u32 rule, const char* id) const;
  const std::vector<std::vector<Check>>& checks() const { return checks_; }

 private:
  std::vector<std::vector<Check>> checks_;
  std::vector<std::vector<Edge>> edges_;
  std::vector<std::vector<Arguments>> depends_;
  std::array<std::vector<Edge>, 5> constants_;
};

}  // namespace assay::gen
