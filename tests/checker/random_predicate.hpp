// Random well-typed predicates over the names of a state.
#pragma once
#include <random>
#include <string>

#include "checker/prove/state_names.hpp"

namespace assay::tests {

class RandomPredicate {
 public:
  RandomPredicate(const prove::StateNames& names, std::mt19937_64& random)
      : names_(names), random_(random) {}

  std::string text() { return condition(4); }

 private:
  using Node = prove::StateNode;
  using Kind = Node::Kind;
  struct Place {
    std::string path;
    const Node* node;
  };

  u64 below(u64 n) { return random_() % n; }
  std::string pick(std::initializer_list<const char*> list) {
    return list.begin()[below(list.size())];
  }

  std::string condition(unsigned depth) {
    if (depth == 0) return atom();
    switch (below(7)) {
      case 0: return "!(" + condition(depth - 1) + ")";
      case 1:
        return "(" + condition(depth - 1) + pick({" && ", "||", " => "}) + condition(depth - 1) +
               ")";
      case 2: return condition(depth - 1) + pick({"&&", " || ", "=>"}) + condition(depth - 1);
      case 3:
      case 4: return quantifier(depth);
      case 5:
        return "(" + condition(depth - 1) + pick({") == (", ") != ("}) + condition(depth - 1) + ")";
      default: return atom();
    }
  }

  std::string atom() {
    const std::string compares = pick({" == ", "!=", " < ", "<=", " > ", ">="});
    switch (below(5)) {
      case 0: return leaf(Kind::flag).path;
      case 1: return names_.invariants[below(names_.invariants.size())];
      case 2: return number(2) + compares + number(2);
      default: return word(2) + compares + word(2);
    }
  }

  // 0 and 1 fit every leaf; what is larger must not stand beside one.
  std::string literal() {
    switch (below(4)) {
      case 0: return "(0x" + std::string(1 + below(16), 'f') + "+0)";
      case 1: return "(" + std::to_string(below(70000)) + " + 0)";
      default: return std::to_string(below(2));
    }
  }

  std::string word(unsigned depth) {
    if (depth > 0 && below(3) == 0)
      return "(" + word(depth - 1) + pick({" + ", " - ", "&", " | "}) + word(depth - 1) + ")";
    if (!scope_.empty() && below(4) == 0) {
      const Place& variable = scope_[below(scope_.size())];
      if (!variable.node->is_leaf()) return variable.path;
    }
    return below(3) == 0 ? literal() : leaf(below(6) == 0 ? Kind::flag : Kind::word).path;
  }

  std::string number(unsigned depth) {
    if (depth > 0 && below(3) == 0) return number(depth - 1) + " + " + number(depth - 1);
    return below(4) == 0 ? word(1) : leaf(Kind::number).path;
  }

  std::string quantifier(unsigned depth) {
    if (scope_.size() == 3) return atom();
    const Place table = leaf(Kind::table);
    const std::string variable = "x" + std::to_string(scope_.size());
    scope_.push_back({variable, &table.node->entry()});
    std::string body = condition(depth - 1);
    scope_.pop_back();
    return pick({"any(", "all("}) + table.path + ", " + variable + ": " + body + ")";
  }

  // A random place of a kind, below the state or below a variable.
  Place leaf(Kind kind) {
    for (;;) {
      Place p{"", &names_.root()};
      if (!scope_.empty() && below(2) == 0) p = scope_[below(scope_.size())];
      while (p.node->kind != kind && !p.node->is_leaf()) {
        if (p.node->kind == Kind::table) {
          p = {p.path + "[" + std::to_string(below(p.node->entries)) + "]", &p.node->entry()};
          continue;
        }
        const Node& part = p.node->parts[below(p.node->parts.size())];
        p = {p.path.empty() ? part.name : p.path + "." + part.name, &part};
      }
      if (p.node->kind == kind) return p;
    }
  }

  const prove::StateNames& names_;
  std::mt19937_64& random_;
  std::vector<Place> scope_;
};

}  // namespace assay::tests
