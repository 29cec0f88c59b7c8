// Which invariants an event can break, and how little of the state they must be asked about then.
//
// An event can break the invariants that read what its rule may write. Reads are found by
// evaluating each invariant once in the Partial domain on a state of which nothing is known: the
// unknowns of the resulting term are what it reads. Writes are the effects that the catalog of the
// profile lists. Both are places of all entries ("vcpu[].pmu.irq").
//
// Most invariants say one thing of each entry of a table, or of each pair of entries. After an
// event that wrote to entries only, those entries need be asked about and no others, or a VM with
// many slots would be judged slowly. Which invariants are of this form is found out, too: asked
// about one entry, the invariant must still say all that it says of the entry.
#pragma once
#include <set>
#include <span>
#include <string>
#include <vector>

#include "spec/system.hpp"

namespace assay::checker {

// Where every table is shorter, finding the entries that an event wrote takes longer than asking
// about all.
inline constexpr std::size_t long_table = 4;

using Places = std::set<std::string, std::less<>>;

// "vcpu[3].pmu.irq" -> "vcpu[].pmu.irq"
std::string place_of_every_entry(std::string_view path);

struct InvariantReads {
  Places places;
  Places tables;  // "slot": it says one thing of each entry of this table, or of each pair
};

// Of each invariant of a system, by its number in SystemClaims::invariants. Found out once.
const std::vector<InvariantReads>& reads_of_invariants(const System& system);

class InvariantsOf {
 public:
  // An invariant that an event of some rule can break. `by_entry`: it held before the event, so it
  // need be asked only about the entries that the event wrote (Focus of model/focus.hpp).
  struct Touched {
    u32 invariant;
    bool by_entry;
  };

  explicit InvariantsOf(const Profile& profile);

  // By number: those that say something about the profile's implementation.
  const std::vector<u32>& all() const { return all_; }
  // Those by entry come first.
  std::span<const Touched> touched_by(u32 rule) const { return of_rule_[rule]; }

 private:
  std::vector<u32> all_;
  std::vector<std::vector<Touched>> of_rule_;
};

// Made when a profile is asked for first; lives to the end.
const InvariantsOf& invariants_of_rules(const Profile& profile);

}  // namespace assay::checker
