// The names of a state: records with fields, tables with entries, and at the end leaves.
//
// Made from the names that named_leaves() prints ("vcpu[1].pmu.irq"), so whatever the
// specification adds to its field lists has a name here. All entries of a table look alike: one is
// kept, with the distance from one entry's leaves to the next one's.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/value_names.hpp"

namespace assay::prove {

struct StateNode {
  enum class Kind : std::uint8_t { flag, word, number, record, table };
  Kind kind = Kind::record;
  unsigned width = 0;                  // bits of a word
  u32 first = 0;                       // the first leaf below, with every table's index 0
  u32 entries = 0, distance = 0;       // table: how many, and in leaves from one to the next
  std::string name;                    // of a field
  std::span<const NamedValue> values;  // of a leaf: what its values are called, if they are
  std::vector<StateNode> parts;        // fields; of a table its entry, unnamed

  bool is_leaf() const { return kind != Kind::record && kind != Kind::table; }
  // A field of a record by name, null when there is none.
  const StateNode* field(std::string_view wanted) const;
  // A table's.
  const StateNode& entry() const;
};

class StateNames {
 public:
  // Leaves are added in the order of leaves(), with their paths.
  void add(const std::string& path, StateNode::Kind kind, unsigned width,
           std::span<const NamedValue> values = {});

  const StateNode& root() const { return root_; }
  // Paths by leaf number.
  const std::vector<std::string>& paths() const { return paths_; }

  std::string shape;                    // "vcpus=3,...", for messages
  std::vector<std::string> invariants;  // by number, as Encoding::invariants() gives them

 private:
  StateNode root_;
  std::vector<std::string> paths_;
};

// The names most like `wanted`, the nearest first, at most `most`; fewer when the rest is nothing
// like it. Likeness is the number of letters to insert, delete, change or swap.
std::vector<std::string> nearest(std::string_view wanted, const std::vector<std::string>& names,
                                 std::size_t most);

}  // namespace assay::prove
