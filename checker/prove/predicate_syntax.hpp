// What the grammar of predicates makes, before names and types are looked up.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "model/bits.hpp"

namespace assay::prove {

struct Syntax;
using SyntaxPtr = std::shared_ptr<Syntax>;

// One expression. All texts point into the predicate, so they also say where things stand.
struct Syntax {
  enum class Kind : std::uint8_t { number, path, negation, operation, quantifier };
  struct Step {  // ".name" or "[index]"
    std::string_view text;
    bool is_index = false;
  };
  Kind kind = Kind::number;
  std::string_view text;            // the number, the operator, "any" or "all"
  std::vector<Step> path;           // of a path, or of a quantifier's table
  std::string_view variable;        // of a quantifier
  std::vector<SyntaxPtr> operands;  // of `=>` any number, else one or two
};

// Why a text is no predicate, and where.
struct PredicateError {
  const char* at;
  std::string message;
};

// The tree of a text. Throws PredicateError.
SyntaxPtr parse_syntax(std::string_view text);
// "'&&'", "'vcpu'", "end of the predicate": what stands there, for messages.
std::string found_at(std::string_view text, const char* at);

}  // namespace assay::prove
