#include "checker/prove/ordinary.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "checker/invariants.hpp"

namespace assay::prove {
namespace {

using checker::Places;
using Op = Predicate::Op;

// The places that a predicate names.
Places named_by(const Predicate& predicate, const StateNames& names) {
  Places out;
  for (const Predicate::Node& node : predicate.nodes)
    if (node.op == Op::leaf) out.insert(checker::place_of_every_entry(names.paths()[node.value]));
  return out;
}
// With those that the invariants in it read.
Places read_by(const Predicate& predicate, const StateNames& names, const System& system) {
  const auto& reads = checker::reads_of_invariants(system);
  Places out = named_by(predicate, names);
  for (const Predicate::Node& node : predicate.nodes)
    if (node.op == Op::invariant && node.value < reads.size())
      out.insert(reads[node.value].places.begin(), reads[node.value].places.end());
  return out;
}

bool is_below(const std::string& place, std::string_view part) {
  return place.starts_with(part) && (part.empty() || place.size() == part.size() ||
                                     place[part.size()] == '.' || place[part.size()] == '[');
}

Predicate both(const Predicate& a, const Predicate& b) {
  Predicate out = a;
  const u32 first = static_cast<u32>(a.nodes.size());
  for (Predicate::Node node : b.nodes) {
    for (u32& operand : node.operands) operand += first;
    out.nodes.push_back(std::move(node));
  }
  const u32 last = static_cast<u32>(out.nodes.size());
  out.nodes.push_back({Op::both, Predicate::Type::flag, 0, 0, {first - 1, last - 1}, {}});
  out.variables = std::max(a.variables, b.variables);
  return out;
}

// The specification's own text: an error in it is one of ours.
Predicate condition_of(const OrdinaryState& state, const StateNames& names) {
  const auto read = read_predicate(state.condition, names);
  if (const auto* condition = std::get_if<Predicate>(&read)) return *condition;
  std::fprintf(stderr, "assay: internal error: '%s': %s\n", std::string(state.condition).c_str(),
               std::get<traces::ReadFailure>(read).why.message.c_str());
  std::abort();
}

}  // namespace

Ordinary of_ordinary_states(const Predicate& predicate, const StateNames& names,
                            const System& system) {
  Ordinary out{predicate, {}};
  const Places asked = named_by(predicate, names), read = read_by(predicate, names, system);
  for (const OrdinaryState& state : system.info().ordinary) {
    const bool concerns =
        state.about.empty() || std::any_of(read.begin(), read.end(), [&](const std::string& place) {
          return is_below(place, state.about);
        });
    if (!concerns || std::find(out.what.begin(), out.what.end(), state.what) != out.what.end())
      continue;
    const Predicate condition = condition_of(state, names);
    const Places its = named_by(condition, names);
    if (std::any_of(its.begin(), its.end(),
                    [&](const std::string& place) { return asked.contains(place); }))
      continue;
    out.predicate = both(out.predicate, condition);
    out.what.emplace_back(state.what);
  }
  return out;
}

}  // namespace assay::prove
