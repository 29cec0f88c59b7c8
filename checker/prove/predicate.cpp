// Names and types of a predicate.
#include "checker/prove/predicate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "checker/prove/predicate_syntax.hpp"

namespace assay::prove {
namespace {

using Op = Predicate::Op;
using Type = Predicate::Type;
using Kind = StateNode::Kind;

// An expression whose names are known.
struct Typed {
  u32 node = 0;
  Type type = Type::flag;
  unsigned width = 64;      // of a word, as its leaf has it
  bool is_literal = false;  // a number as written
  bool is_leaf = false;     // one that numbers are checked against
  const Syntax* syntax = nullptr;
  std::span<const NamedValue> values{};  // of a leaf: what its values are called, if they are
};

struct Variable {
  std::string_view name;
  const StateNode* table = nullptr;
  u32 first = 0;                          // leaf of the table's first entry
  std::vector<Predicate::Index> indices;  // of the tables around it
};

// Where a path has led to so far.
struct Place {
  const StateNode* node = nullptr;
  u32 leaf = 0;  // of the first leaf below
  std::vector<Predicate::Index> indices;
  std::string spelled;
};

const char* const digits_wanted = "expected a number below 2^64, decimal or 0x...";

u64 number_of(std::string_view text) {
  const bool is_hex = text.starts_with("0x") || text.starts_with("0X");
  const char* first = text.data() + (is_hex ? 2 : 0);
  const char* const last = text.data() + text.size();
  u64 value = 0;
  auto [end, error] = std::from_chars(first, last, value, is_hex ? 16 : 10);
  if (error != std::errc{} || end != last)
    throw PredicateError{text.data(),
                         std::string(digits_wanted) + ", found '" + std::string(text) + "'"};
  return value;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string joined(const std::vector<std::string>& names) {
  return fmt::format("{}", fmt::join(names, ", "));
}

std::string join_name(const std::string& prefix, const std::string& name) {
  return prefix.empty() ? name : prefix + "." + name;
}

// Every name below a node, tables at index 0.
void names_below(const StateNode& node, const std::string& prefix, std::vector<std::string>& out) {
  for (const StateNode& part : node.parts) {
    const std::string name =
        node.kind == Kind::table ? prefix + "[0]" : join_name(prefix, part.name);
    if (node.kind != Kind::table) out.push_back(name);
    names_below(part, name, out);
  }
}

std::string spelling(const std::vector<Syntax::Step>& path) {
  std::string out;
  for (const Syntax::Step& s : path)
    out = s.is_index ? out + "[" + std::string(s.text) + "]" : join_name(out, std::string(s.text));
  return out;
}

std::string describe(const Typed& t) {
  if (t.is_literal)
    return (t.syntax->kind == Syntax::Kind::number ? "the number " : "the value ") +
           std::string(t.syntax->text);
  switch (t.type) {
    case Type::flag: return "a condition";
    case Type::word:
      return t.width < 64 ? "a word of " + std::to_string(t.width) + " bits" : "a word";
    case Type::number: return "an address or size";
  }
  return "?";
}

class Resolver {
 public:
  Resolver(const StateNames& names, Predicate& out) : names_(names), out_(out) {}

  void resolve(const Syntax& s) { flag(condition(s)); }

 private:
  // --- names ---------------------------------------------------------------------------------
  Place place_of(const std::vector<Syntax::Step>& path) {
    Place p{&names_.root(), 0, {}, ""};
    std::size_t at = 0;
    for (const Variable& v : variables_)
      if (v.name == path[0].text) {
        p = {&v.table->entry(), v.first, v.indices, std::string(v.name)};
        at = 1;
      }
    for (; at < path.size(); ++at) {
      if (path[at].is_index) enter(p, path[at].text);
      else descend(p, path, at);
    }
    return p;
  }

  void descend(Place& p, const std::vector<Syntax::Step>& path, std::size_t at) {
    const std::string_view name = path[at].text;
    const StateNode* field = p.node->field(name);
    if (field == nullptr) unknown(p, path, at);
    p.leaf += field->first - p.node->first;
    p.node = field;
    p.spelled = join_name(p.spelled, std::string(name));
  }

  void enter(Place& p, std::string_view index) {
    if (p.node->kind != Kind::table)
      throw PredicateError{index.data(), p.spelled + " is no table and has no index"};
    const StateNode& table = *p.node;
    if (is_digit(index[0])) {
      const u64 n = number_of(index);
      if (n >= table.entries)
        throw PredicateError{index.data(), "index " + std::string(index) + " is beyond " +
                                               extent(p.spelled, table) + " in the shape " +
                                               names_.shape};
      p.leaf += static_cast<u32>(n) * table.distance;
    } else {
      p.indices.push_back({variable_number(index, p.spelled, table), table.distance});
    }
    p.spelled += "[" + std::string(index) + "]";
    p.node = &table.entry();
  }

  static std::string extent(const std::string& name, const StateNode& table) {
    return name + "[0] to " + name + "[" + std::to_string(table.entries - 1) + "]";
  }

  u32 variable_number(std::string_view name, const std::string& table, const StateNode& node) {
    for (std::size_t i = 0; i < variables_.size(); ++i) {
      if (variables_[i].name != name) continue;
      if (variables_[i].table->entries > node.entries)
        throw PredicateError{name.data(), std::string(name) + " counts to " +
                                              std::to_string(variables_[i].table->entries - 1) +
                                              ", beyond " + extent(table, node)};
      return static_cast<u32>(i);
    }
    throw PredicateError{name.data(),
                         "expected a number or a variable of any/all as index, "
                         "found '" +
                             std::string(name) + "'"};
  }

  [[noreturn]] void unknown(const Place& p, const std::vector<Syntax::Step>& path,
                            std::size_t at) const {
    const std::string_view name = path[at].text;
    if (p.node->kind == Kind::table)
      throw PredicateError{name.data() - 1, "expected an index: " + p.spelled + " is a table, " +
                                                extent(p.spelled, *p.node)};
    if (p.node->is_leaf())
      throw PredicateError{name.data() - 1, p.spelled + " is a value and has no fields"};
    std::vector<std::string> known, fields;
    for (const StateNode& part : p.node->parts) fields.push_back(part.name);
    names_below(*p.node, p.spelled, known);
    std::string wanted = join_name(p.spelled, std::string(name));
    if (p.spelled.empty()) {
      for (const Variable& v : variables_) known.emplace_back(v.name);
      known.insert(known.end(), names_.invariants.begin(), names_.invariants.end());
      wanted = spelling(path);
    }
    std::vector<std::string> near = nearest(wanted, known, 3);
    if (near.empty()) near = nearest(name, known, 3);
    const std::string what = p.spelled.empty()
                                 ? "nothing is called '" + std::string(name) + "'"
                                 : p.spelled + " has no field '" + std::string(name) + "'";
    throw PredicateError{name.data(), what + (near.empty() ? "; there are " + joined(fields)
                                                           : "; nearest: " + joined(near))};
  }

  // --- nodes ---------------------------------------------------------------------------------
  u32 add(Predicate::Node node) {
    out_.nodes.push_back(std::move(node));
    return static_cast<u32>(out_.nodes.size()) - 1;
  }
  u32 add(Op op, Type type, std::vector<u32> operands) {
    return add({op, type, 0, 0, std::move(operands), {}});
  }

  // As a condition.
  u32 flag(const Typed& t) {
    if (t.type == Type::flag) return t.node;
    throw PredicateError{start_of(*t.syntax), "expected a condition, found " + describe(t) +
                                                  "; compare it, as in '... != 0'"};
  }
  // As a value of a type that it can become: flag, word, number in this order.
  u32 as(const Typed& t, Type type) {
    u32 node = t.node;
    if (t.is_literal) {
      out_.nodes[node].type = type;
      return node;
    }
    if (t.type == Type::flag && type != Type::flag) node = add(Op::widen, Type::word, {node});
    if (t.type != Type::number && type == Type::number) node = add(Op::widen, type, {node});
    return node;
  }

  static const char* start_of(const Syntax& s) {
    const Syntax* left = &s;
    while (left->kind == Syntax::Kind::operation) left = left->operands.front().get();
    return left->text.data();
  }

  // --- expressions ---------------------------------------------------------------------------
  Typed condition(const Syntax& s) {
    switch (s.kind) {
      case Syntax::Kind::number: {
        Typed t{add({Op::constant, Type::word, number_of(s.text), 0, {}, {}}),
                Type::word,
                64,
                true,
                false,
                &s};
        return t;
      }
      case Syntax::Kind::path: return path(s);
      case Syntax::Kind::negation:
        return {add(Op::negation, Type::flag, {flag(condition(*s.operands[0]))}),
                Type::flag,
                1,
                false,
                false,
                &s};
      case Syntax::Kind::quantifier: return quantifier(s);
      case Syntax::Kind::operation: return operation(s);
    }
    return {};
  }

  Typed path(const Syntax& s) {
    if (s.path.size() == 1 && is_invariant(s.text)) return invariant(s);
    if (s.path.size() == 1)
      for (std::size_t i = 0; i < variables_.size(); ++i)
        if (variables_[i].name == s.text && !variables_[i].table->entry().is_leaf())
          return {add({Op::index, Type::word, i, 0, {}, {}}), Type::word, 64, false, false, &s};
    const Place p = place_of(s.path);
    if (p.node->kind == Kind::table)
      throw PredicateError{s.text.data(), p.spelled + " is a table: expected an index, " +
                                              extent(p.spelled, *p.node) + ", or any(" + p.spelled +
                                              ", x: ...)"};
    if (p.node->kind == Kind::record) {
      std::vector<std::string> fields;
      for (const StateNode& part : p.node->parts) fields.push_back(part.name);
      throw PredicateError{s.text.data(),
                           "expected a value: " + p.spelled + " has the fields " + joined(fields)};
    }
    const Type type = p.node->kind == Kind::flag   ? Type::flag
                      : p.node->kind == Kind::word ? Type::word
                                                   : Type::number;
    return {add({Op::leaf, type, p.leaf, 0, {}, p.indices}),
            type,
            p.node->width,
            false,
            true,
            &s,
            p.node->values};
  }

  // A field or a variable of that name hides an invariant.
  bool is_invariant(std::string_view name) const {
    for (const Variable& v : variables_)
      if (v.name == name) return false;
    return names_.root().field(name) == nullptr &&
           std::find(names_.invariants.begin(), names_.invariants.end(), name) !=
               names_.invariants.end();
  }
  Typed invariant(const Syntax& s) {
    const auto at = std::find(names_.invariants.begin(), names_.invariants.end(), s.text);
    const u64 number = static_cast<u64>(at - names_.invariants.begin());
    return {add({Op::invariant, Type::flag, number, 0, {}, {}}), Type::flag, 1, false, false, &s};
  }

  Typed quantifier(const Syntax& s) {
    const Place p = place_of(s.path);
    if (p.node->kind != Kind::table)
      throw PredicateError{s.path[0].text.data(), "expected a table, " + p.spelled + " is none"};
    for (const Variable& v : variables_)
      if (v.name == s.variable)
        throw PredicateError{s.variable.data(),
                             "'" + std::string(s.variable) + "' is a variable already"};
    if (variables_.size() == predicate_variables_max)
      throw PredicateError{s.text.data(), "any and all nest at most " +
                                              std::to_string(predicate_variables_max) + " deep"};
    const u32 number = static_cast<u32>(variables_.size());
    Variable v{s.variable, p.node, p.leaf, p.indices};
    v.indices.push_back({number, p.node->distance});
    variables_.push_back(std::move(v));
    out_.variables = std::max(out_.variables, number + 1);
    const u32 body = flag(condition(*s.operands[0]));
    variables_.pop_back();
    const Op op = s.text == "any" ? Op::any : Op::all;
    return {add({op, Type::flag, p.node->entries, number, {body}, {}}),
            Type::flag,
            1,
            false,
            false,
            &s};
  }

  Typed operation(const Syntax& s) {
    if (s.operands.size() == 1) return condition(*s.operands[0]);
    if (s.text == "=>") return implication(s);
    if (is_comparison(s.text))
      for (const std::size_t side : {1u, 0u})
        if (is_bare_name(*s.operands[side])) {
          const Typed other = condition(*s.operands[1 - side]);
          const Typed named = value_named(*s.operands[side], other);
          return side == 1 ? comparison(s, other, named) : comparison(s, named, other);
        }
    const Typed a = condition(*s.operands[0]), b = condition(*s.operands[1]);
    if (s.text == "&&" || s.text == "||") {
      const Op op = s.text == "&&" ? Op::both : Op::either;
      const u32 left = flag(a), right = flag(b);
      return {add(op, Type::flag, {left, right}), Type::flag, 1, false, false, &s};
    }
    return is_comparison(s.text) ? comparison(s, a, b) : arithmetic(s, a, b);
  }

  // A name by itself that nothing in the state has: a value's, if the other side has values with
  // names.
  bool is_bare_name(const Syntax& s) const {
    if (s.kind != Syntax::Kind::path || s.path.size() != 1 || s.path[0].is_index) return false;
    const std::string_view name = s.path[0].text;
    const auto is_it = [&](const Variable& v) { return v.name == name; };
    const StateNode* field = names_.root().field(name);
    return std::none_of(variables_.begin(), variables_.end(), is_it) && !is_invariant(name) &&
           (field == nullptr || !field->is_leaf());
  }
  Typed value_named(const Syntax& s, const Typed& other) {
    if (other.values.empty()) return condition(s);
    const std::string_view name = s.path[0].text;
    std::vector<std::string> known;
    for (const NamedValue& v : other.values) {
      if (v.name == name)
        return {
            add({Op::constant, Type::word, v.value, 0, {}, {}}), Type::word, 64, true, false, &s};
      known.emplace_back(v.name);
    }
    throw PredicateError{name.data(), "no value of " + spelling(other.syntax->path) +
                                          " is called '" + std::string(name) + "'; there are " +
                                          joined(known)};
  }

  static bool is_comparison(std::string_view op) {
    return op == "==" || op == "!=" || op[0] == '<' || op[0] == '>';
  }

  Typed implication(const Syntax& s) {
    std::vector<u32> operands;
    for (const SyntaxPtr& o : s.operands) operands.push_back(flag(condition(*o)));
    u32 node = operands.back();
    for (std::size_t i = operands.size() - 1; i-- > 0;)
      node = add(Op::implies, Type::flag, {operands[i], node});
    return {node, Type::flag, 1, false, false, &s};
  }

  Typed comparison(const Syntax& s, const Typed& a, const Typed& b) {
    const bool is_equality = s.text == "==" || s.text == "!=";
    Type type = std::max(a.type, b.type);
    if (type == Type::flag && !is_equality) type = Type::word;
    must_fit(a, b);
    must_fit(b, a);
    u32 left = as(a, type), right = as(b, type);
    if (s.text[0] == '>') std::swap(left, right);
    const Op op = s.text == "=="       ? Op::equal
                  : s.text == "!="     ? Op::differs
                  : s.text.size() == 2 ? Op::less_equal
                                       : Op::less;
    return {add(op, Type::flag, {left, right}), Type::flag, 1, false, false, &s};
  }

  // A number that a leaf can never hold is a mistake, not a condition.
  static void must_fit(const Typed& literal, const Typed& leaf) {
    if (!literal.is_literal || !leaf.is_leaf || leaf.width >= 64) return;
    if (literal.syntax->kind != Syntax::Kind::number) return;  // a value's name
    if (number_of(literal.syntax->text) >> leaf.width == 0) return;
    throw PredicateError{literal.syntax->text.data(),
                         std::string(literal.syntax->text) + " does not fit " +
                             spelling(leaf.syntax->path) + ", " +
                             (leaf.type == Type::flag ? std::string("a flag") : describe(leaf))};
  }

  Typed arithmetic(const Syntax& s, const Typed& a, const Typed& b) {
    const Type type = std::max({a.type, b.type, Type::word});
    if (type == Type::number && s.text != "+")
      throw PredicateError{s.text.data(),
                           "'" + std::string(s.text) +
                               "' takes words; addresses and sizes can be added and compared"};
    const Op op = s.text == "+"   ? Op::plus
                  : s.text == "-" ? Op::minus
                  : s.text == "&" ? Op::mask
                                  : Op::join;
    const u32 left = as(a, type), right = as(b, type);
    return {add(op, type, {left, right}), type, 64, false, false, &s};
  }

  const StateNames& names_;
  Predicate& out_;
  std::vector<Variable> variables_;
};

// Line, column and text of the line where something is wrong.
traces::ReadFailure failure_at(std::string_view text, const PredicateError& e) {
  const std::size_t at = static_cast<std::size_t>(e.at - text.data());
  const std::string_view before = text.substr(0, at);
  const std::size_t begin = before.rfind('\n') + 1;  // npos + 1 is 0
  traces::ReadFailure f;
  f.why.line = 1 + static_cast<u64>(std::count(before.begin(), before.end(), '\n'));
  f.why.column = static_cast<u32>(at - begin + 1);
  f.why.message = e.message;
  f.source_line = text.substr(begin, text.find('\n', begin) - begin);
  return f;
}

}  // namespace

std::variant<Predicate, traces::ReadFailure> read_predicate(std::string_view text,
                                                            const StateNames& names) {
  try {
    const SyntaxPtr tree = parse_syntax(text);
    Predicate p;
    Resolver(names, p).resolve(*tree);
    return p;
  } catch (const PredicateError& e) { return failure_at(text, e); }
}

}  // namespace assay::prove
