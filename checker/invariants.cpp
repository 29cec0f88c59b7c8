#include "checker/invariants.hpp"

#include <algorithm>
#include <map>
#include <mutex>

#include "checker/clauses.hpp"
#include "model/focus.hpp"
#include "spec/partial_state.hpp"

namespace assay::checker {
namespace {

// Of each table. Of three, what is said of each entry, of each pair and of all together are
// different things.
constexpr std::size_t entries = 3;

// The table of "slot[].pages" is "slot"; what is in no table has none.
std::string_view table_of(std::string_view place) {
  const std::size_t at = place.find("[]");
  return at == std::string_view::npos ? std::string_view() : place.substr(0, at);
}

// A state of which nothing is known.
class Unknowns {
 public:
  explicit Unknowns(const System& system)
      : in_(system.in<Partial>()), use_(terms_), state_(in_.blank()) {
    in_.use_entries(state_, entries);
    state_.each_named_leaf([&](const std::string& path, PartialValue& leaf) {
      leaf = terms_.unknown(leaf.width, "");
      leaf_.emplace_back(&leaf);
      path_.push_back(path);
    });
  }

  InvariantReads reads_of(const Invariant<Partial>& invariant) {
    const PartialFlag holds = invariant.holds(state_);
    InvariantReads out;
    std::vector<u32> symbols;
    terms_.symbols_of(holds.term, symbols);
    for (const u32 symbol : symbols) out.places.insert(place_of_every_entry(path_[symbol]));
    std::vector<ClauseReads> whole;
    for (const Clause& clause : clauses_of(terms_, holds))
      whole.push_back({clause, symbols_of(terms_, clause)});
    Places tables;
    for (const std::string& place : out.places) tables.emplace(table_of(place));
    for (const std::string& table : tables)
      if (!table.empty() && is_by_entry(invariant, whole, table)) out.tables.insert(table);
    return out;
  }

 private:
  struct ClauseReads {
    Clause clause;
    std::vector<u32> symbols;
  };

  // Whether the invariant, asked about one entry of the table, says all that it says of it.
  bool is_by_entry(const Invariant<Partial>& invariant, const std::vector<ClauseReads>& whole,
                   const std::string& table) {
    for (std::size_t i = 0; i < entries; ++i) {
      const std::string entry = table + "[" + std::to_string(i) + "]";
      const auto is_of_entry = [&](u32 leaf) { return path_[leaf].starts_with(entry); };
      Journal wrote;
      // Symbols were made in the order of the leaves.
      for (u32 leaf = 0; leaf < leaf_.size(); ++leaf)
        if (is_of_entry(leaf)) wrote.save(*leaf_[leaf]);
      Focus focus(wrote);
      const UseFocus use(&focus);
      const Clauses asked = clauses_of(terms_, invariant.holds(state_));
      for (const auto& [clause, symbols] : whole)
        if (std::any_of(symbols.begin(), symbols.end(), is_of_entry) && !asked.contains(clause))
          return false;
    }
    return true;
  }

  const SystemIn<Partial>& in_;
  Terms terms_;
  UseTerms use_;
  SystemState<Partial> state_;
  std::vector<PartialValue*> leaf_;  // by symbol
  std::vector<std::string> path_;
};

}  // namespace

std::string place_of_every_entry(std::string_view path) {
  std::string out;
  for (const char c : path)
    if (out.empty() || out.back() != '[' || c == ']') out += c;
  return out;
}

const std::vector<InvariantReads>& reads_of_invariants(const System& system) {
  static std::mutex mutex;
  static std::map<const System*, std::vector<InvariantReads>> all;
  const std::lock_guard lock(mutex);
  const auto [at, is_new] = all.try_emplace(&system);
  if (is_new) {
    Unknowns unknowns(system);
    for (const Invariant<Partial>& invariant : system.in<Partial>().claims.invariants)
      at->second.push_back(unknowns.reads_of(invariant));
  }
  return at->second;
}

InvariantsOf::InvariantsOf(const Profile& profile) {
  const System& system = system_of(profile);
  const auto& claims = system.in<Recorded>().claims.invariants;
  const std::vector<InvariantReads>& reads = reads_of_invariants(system);
  for (u32 i = 0; i < claims.size(); ++i)
    if (claims[i].applies(profile)) all_.push_back(i);
  of_rule_.resize(system.rules().size());
  for (const CatalogEntry& effect : system.catalog(profile)) {
    if (effect.kind != VerbKind::set) continue;
    std::vector<Touched>& touched = of_rule_[system.rule_named(effect.rule)];
    const std::string place = place_of_every_entry(effect.id);
    for (const u32 i : all_) {
      if (!reads[i].places.contains(place)) continue;
      const bool by_entry = reads[i].tables.contains(table_of(place));
      const auto known = std::find_if(touched.begin(), touched.end(),
                                      [i](const Touched& t) { return t.invariant == i; });
      if (known == touched.end()) touched.push_back({i, by_entry});
      else known->by_entry = known->by_entry && by_entry;
    }
  }
  for (std::vector<Touched>& touched : of_rule_)
    std::stable_partition(touched.begin(), touched.end(),
                          [](const Touched& t) { return t.by_entry; });
}

const InvariantsOf& invariants_of_rules(const Profile& profile) {
  static std::mutex mutex;
  static std::map<std::string, InvariantsOf, std::less<>> all;
  const std::lock_guard lock(mutex);
  auto at = all.find(profile.name);
  if (at == all.end()) at = all.try_emplace(std::string(profile.name), profile).first;
  return at->second;
}

}  // namespace assay::checker
