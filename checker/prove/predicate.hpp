// Predicates on states, as `assay find` reads them: text in, a typed tree out.
//
//   vcpu[0].pmu.irq == 23        a leaf by its path, as states are printed
//   dead, !memslots_never_overlap    a flag and an invariant are conditions by themselves
//   any(vcpu, c: c.in_guest && c.on_pe == 1)     some entry of a table; all(...) every entry
//   any(vcpu, c: any(vcpu, d: c != d && c.id == d.id))
//
// From loosest to tightest: `=>` (groups to the right), `||`, `&&`, one of `== != < <= > >=`, `|`,
// `&`, `+ -`, `!`. Unlike C, `a & 1 == 0` means `(a & 1) == 0`. Numbers are decimal or 0x...
//
// Values are of three kinds. A flag is a condition, and counts as 0 or 1 beside a word. A word is
// an unsigned value: words of any width are widened to 64 bits, where + and - wrap. An address or
// size is a number of its own kind: it can be added and compared exactly, but not subtracted or
// masked; a word beside it becomes such a number. A variable of any/all by itself is the entry's
// index (of a table of plain values: the value), and may index a table that is large enough.
// Entries that do not exist read as zeros, like all blank state.
//
// Beside a leaf whose values have names (SystemInfo::named_leaves) a name that nothing in the state
// has is such a value: any(spu, s: s.event == full).
//
// One evaluator (predicate_value.hpp) gives a predicate its meaning in every value domain.
#pragma once
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "checker/prove/state_names.hpp"
#include "traces/trace_file.hpp"

namespace assay::prove {

struct Predicate {
  enum class Type : std::uint8_t { flag, word, number };
  enum class Op : std::uint8_t {
    constant,    // value
    leaf,        // of number value + sum of index * distance
    index,       // of the entry that variable `value` stands for
    invariant,   // of number value
    widen,       // a flag as a word, or a word as a number
    negation,    // of a flag
    both,        // the operators on two operands
    either,      //
    implies,     //
    equal,       // comparisons have two operands of one type, and are flags
    differs,     //
    less,        //
    less_equal,  //
    plus,        // values
    minus,       //
    mask,        //
    join,        //
    any,         // over `value` entries, bound to variable `variable`
    all,         //
  };
  struct Index {
    u32 variable = 0, distance = 0;
  };
  struct Node {
    Op op = Op::constant;
    Type type = Type::word;
    u64 value = 0;
    u32 variable = 0;
    std::vector<u32> operands;   // positions in `nodes`
    std::vector<Index> indices;  // of a leaf inside entries of any/all
  };
  std::vector<Node> nodes;  // operands first, the whole predicate last
  u32 variables = 0;        // bound at once, at most
};

// Longest predicate in characters and deepest nesting of parentheses, quantifiers and negations:
// far more than anyone writes, and too little to exhaust a stack.
inline constexpr std::size_t predicate_length_max = 4096;
inline constexpr unsigned predicate_nesting_max = 64;
// Quantifiers inside one another; each multiplies the work by the size of its table.
inline constexpr unsigned predicate_variables_max = 4;

// The predicate, or where and why the text is none: the column, what was expected and the line.
std::variant<Predicate, traces::ReadFailure> read_predicate(std::string_view text,
                                                            const StateNames& names);

}  // namespace assay::prove
