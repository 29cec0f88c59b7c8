#include "gen/boundaries.hpp"

#include <algorithm>
#include <cstring>

namespace assay::gen {
namespace {

using probing::Probing;
}  // namespace

void probe(const Profile& profile, const Event& e, u32 handle, const RecordedVm& state,
           Probe& out) {
  SystemState<Probing> vm = state.system().in<Probing>().copied(state);
  Event event = e;
  event.handle = handle;
  StepContext context;
  context.profile = &profile;
  context.rule = e.rule;
  Step<Probing> k(context);
  out.edges.clear();
  out.checks.clear();
  probing::edge_log = &out.edges;
  apply_rule(event, k, vm);
  probing::edge_log = nullptr;
  for (const auto& c : k.checks)
    out.checks.push_back({c.id, c.condition.from & ~probing::of_state});
}

Boundaries::Boundaries(const Profile& profile)
    : checks_(checks_by_rule(profile)), edges_(checks_.size() * Event::values_max) {
  for (const auto& of_rule : checks_) depends_.emplace_back(of_rule.size(), 0);
}

std::size_t Boundaries::position(u32 rule, const char* id) const {
  const auto& of_rule = checks_[rule];
  if (id == nullptr) return of_rule.size();
  for (std::size_t i = 0; i < of_rule.size(); ++i)
    if (std::strcmp(of_rule[i].id.c_str(), id) == 0) return i;
  return of_rule.size();
}

void Boundaries::learn(const Event& e, const Probe& seen) {
  for (const Edge& edge : seen.edges) {
    auto& known = edge.argument == probing::no_argument
                      ? constants_[edge.width / 16]
                      : edges_[e.rule * Event::values_max + edge.argument];
    if (known.size() < edges_max && std::find(known.begin(), known.end(), edge) == known.end())
      known.push_back(edge);
  }
  for (const Probe::CheckSeen& c : seen.checks) {
    const std::size_t at = position(e.rule, c.id);
    if (at < depends_[e.rule].size()) depends_[e.rule][at] |= c.from;
  }
}

}  // namespace assay::gen
