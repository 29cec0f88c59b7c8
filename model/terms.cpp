#include "model/terms.hpp"

#include <algorithm>
#include <unordered_set>

namespace assay {
namespace {

// Terms of a state stay below this many nodes when written out. Terms share parts, so that the
// memory is far less; what it bounds is the work of a solver on one of them.
constexpr u32 weight_max = 500;

PartialValue known_flag(bool v) { return {v ? u128{1} : u128{0}, 0, flag_width, 0}; }

unsigned operands(TermOp op) {
  switch (op) {
    case TermOp::symbol:
    case TermOp::constant: return 0;
    case TermOp::negation:
    case TermOp::bit_not:
    case TermOp::extract:
    case TermOp::times:
    case TermOp::divided_by:
    case TermOp::multiple_of:
    case TermOp::power_of_two:
    case TermOp::to_number: return 1;
    case TermOp::ite: return 3;
    default: return 2;
  }
}

bool is_commutative(TermOp op) {
  switch (op) {
    case TermOp::conjunction:
    case TermOp::disjunction:
    case TermOp::equal:
    case TermOp::add:
    case TermOp::bit_and:
    case TermOp::bit_or:
    case TermOp::bit_xor: return true;
    default: return false;
  }
}

}  // namespace

std::size_t Terms::Hash::operator()(const Node& n) const {
  u64 h = 0xcbf29ce484222325ull;
  auto mix = [&](u64 v) { h = (h ^ v) * 0x9e3779b97f4a7c15ull, h ^= h >> 29; };
  mix(static_cast<u64>(n.k));
  mix(static_cast<u64>(n.k >> 64));
  mix(u64{n.a} << 32 | n.b);
  mix(u64{n.c} << 32 | u64{static_cast<std::uint8_t>(n.op)} << 8 | n.width);
  return h;
}

Terms::Terms() {
  nodes_.emplace_back();  // 0 is no term
  value_.push_back(0);
  weight_.push_back(0);
  fact_.push_back(Fact::none);
}

Terms::Id Terms::intern(const Node& n) {
  const auto [at, is_new] = known_.try_emplace(n, static_cast<Id>(nodes_.size()));
  if (!is_new) return at->second;
  nodes_.push_back(n);
  value_.push_back(n.op == TermOp::symbol
                       ? symbols_[static_cast<std::size_t>(n.k)].witness
                       : evaluate(n.op, n.width, value_[n.a], value_[n.b], value_[n.c], n.k));
  const u64 weight = u64{1} + weight_[n.a] + weight_[n.b] + weight_[n.c];
  weight_.push_back(static_cast<u32>(std::min<u64>(weight, 0xffffffffu)));
  fact_.push_back(Fact::none);
  return at->second;
}

PartialValue Terms::unknown(std::uint8_t width, std::string name, u128 witness) {
  u32 number = static_cast<u32>(symbols_.size());
  if (free_symbols_.empty()) {
    symbols_.emplace_back();
  } else {
    number = free_symbols_.back();
    free_symbols_.pop_back();
  }
  symbols_[number] = {std::move(name), line_, witness};
  Node n;
  n.op = TermOp::symbol;
  n.width = width;
  n.k = number;
  return {0, intern(n), width, 0};
}

Terms::Id Terms::operand(const PartialValue& v) {
  if (!v.is_known()) return v.term;
  Node n;
  n.op = TermOp::constant;
  n.width = v.width;
  n.k = v.known;
  return intern(n);
}

// A flag that has become a fact is known.
PartialValue Terms::of_term(Id t) const {
  const Node& n = nodes_[t];
  if (n.op == TermOp::constant) return {n.k, 0, n.width, 0};
  if (fact_[t] != Fact::none) return known_flag(fact_[t] == Fact::is_true);
  return {0, t, n.width, 0};
}

bool Terms::is_negation_of(const PartialValue& a, const PartialValue& b) const {
  if (a.is_known() || b.is_known()) return false;
  const Node& x = nodes_[a.term];
  const Node& y = nodes_[b.term];
  return (x.op == TermOp::negation && x.a == b.term) || (y.op == TermOp::negation && y.a == a.term);
}

std::optional<PartialValue> Terms::fold_ite(std::uint8_t width, const PartialValue& a,
                                            const PartialValue& b, const PartialValue& c) {
  if (a.is_known()) return a.known != 0 ? b : c;
  if (b.term == c.term && b.known == c.known) return b;
  if (width != flag_width) return std::nullopt;
  if (b.is_known()) {
    if (b.known != 0) return apply(TermOp::disjunction, flag_width, a, c);
    return apply(TermOp::conjunction, flag_width, apply(TermOp::negation, flag_width, a), c);
  }
  if (!c.is_known()) return std::nullopt;
  if (c.known == 0) return apply(TermOp::conjunction, flag_width, a, b);
  return apply(TermOp::disjunction, flag_width, apply(TermOp::negation, flag_width, a), b);
}

// A choice between known values compared with a known value is a condition on the choice alone.
std::optional<PartialValue> Terms::fold_equal(const PartialValue& a, const PartialValue& b) {
  if (a.term == b.term) return known_flag(true);
  if (!a.is_known() && !b.is_known()) return std::nullopt;
  const PartialValue& known = a.is_known() ? a : b;
  const PartialValue& other = a.is_known() ? b : a;
  if (other.width == flag_width)
    return known.known != 0 ? other : apply(TermOp::negation, flag_width, other);
  const Node n = nodes_[other.term];
  if (n.op != TermOp::ite) return std::nullopt;
  const PartialValue then = of_term(n.b), otherwise = of_term(n.c);
  if (!then.is_known() && !otherwise.is_known()) return std::nullopt;
  return apply(TermOp::ite, flag_width, of_term(n.a), apply(TermOp::equal, flag_width, then, known),
               apply(TermOp::equal, flag_width, otherwise, known));
}

std::optional<PartialValue> Terms::fold(TermOp op, std::uint8_t width, const PartialValue& a,
                                        const PartialValue& b, const PartialValue& c, u128 k) {
  const bool same = a.term == b.term && !a.is_known();
  switch (op) {
    case TermOp::negation:
      if (const Node& n = nodes_[a.term]; n.op == TermOp::negation) return of_term(n.a);
      return std::nullopt;
    case TermOp::conjunction:
      if (a.is_known()) return a.known != 0 ? b : a;
      if (b.is_known()) return b.known != 0 ? a : b;
      if (same) return a;
      if (is_negation_of(a, b)) return known_flag(false);
      return std::nullopt;
    case TermOp::disjunction:
      if (a.is_known()) return a.known != 0 ? a : b;
      if (b.is_known()) return b.known != 0 ? b : a;
      if (same) return a;
      if (is_negation_of(a, b)) return known_flag(true);
      return std::nullopt;
    case TermOp::ite: return fold_ite(width, a, b, c);
    case TermOp::equal: return fold_equal(a, b);
    case TermOp::less: return same ? std::optional(known_flag(false)) : std::nullopt;
    case TermOp::less_or_equal: return same ? std::optional(known_flag(true)) : std::nullopt;
    case TermOp::extract: return k == 0 && a.width == width ? std::optional(a) : std::nullopt;
    default: return std::nullopt;
  }
}

PartialValue Terms::apply(TermOp op, std::uint8_t width, const PartialValue& a,
                          const PartialValue& b, const PartialValue& c, u128 k) {
  if (a.is_known() && b.is_known() && c.is_known())
    return {evaluate(op, width, a.known, b.known, c.known, k), 0, width, 0};
  if (const auto simpler = fold(op, width, a, b, c, k)) return *simpler;
  Node n;
  n.op = op;
  n.width = width;
  n.k = k;
  n.a = operand(a);
  if (operands(op) > 1) n.b = operand(b);
  if (operands(op) > 2) n.c = operand(c);
  if (is_commutative(op) && n.b < n.a) std::swap(n.a, n.b);
  return of_term(intern(n));
}

void Terms::set_witness(std::span<const std::pair<u32, u128>> symbols) {
  for (const auto& [number, value] : symbols) symbols_[number].witness = value;
  for (std::size_t t = 1; t < nodes_.size(); ++t) {
    const Node& n = nodes_[t];
    value_[t] = n.op == TermOp::symbol
                    ? symbols_[static_cast<std::size_t>(n.k)].witness
                    : evaluate(n.op, n.width, value_[n.a], value_[n.b], value_[n.c], n.k);
  }
}

void Terms::assume(const PartialValue& flag) {
  if (!flag.is_known()) assume(flag.term, true);
}

// A conjunction that is true is so in both parts, a disjunction that is false likewise.
void Terms::assume(Id flag, bool value) {
  std::vector<std::pair<Id, bool>> open{{flag, value}};
  while (!open.empty()) {
    const auto [t, is_true] = open.back();
    open.pop_back();
    if (fact_[t] != Fact::none) continue;
    const Node& n = nodes_[t];
    if (n.op == TermOp::constant) continue;
    fact_[t] = is_true ? Fact::is_true : Fact::is_false;
    if (n.op == TermOp::negation) open.emplace_back(n.a, !is_true);
    if (n.op == (is_true ? TermOp::conjunction : TermOp::disjunction)) {
      open.emplace_back(n.a, is_true);
      open.emplace_back(n.b, is_true);
    }
  }
}

PartialValue Terms::resolved(const PartialValue& v) {
  if (v.is_known()) return v;
  std::unordered_map<Id, PartialValue> done;
  std::vector<Id> open{v.term};
  while (!open.empty()) {
    const Id t = open.back();
    const PartialValue now = of_term(t);
    const Node n = nodes_[t];
    if (now.is_known() || n.op == TermOp::symbol) {
      done[t] = now;
      open.pop_back();
      continue;
    }
    bool is_ready = true;
    for (const Id part : {n.a, n.b, n.c})
      if (part != 0 && !done.contains(part)) open.push_back(part), is_ready = false;
    if (!is_ready) continue;
    auto part = [&](Id p) { return p == 0 ? PartialValue{} : done.at(p); };
    done[t] = apply(n.op, n.width, part(n.a), part(n.b), part(n.c), n.k);
    open.pop_back();
  }
  PartialValue out = done.at(v.term);
  out.by = v.by;
  return out;
}

PartialValue Terms::bounded(const PartialValue& v) {
  if (v.is_known() || weight_[v.term] <= weight_max) return v;
  PartialValue out = unknown(v.width, "", value(v));
  out.by = v.by;
  return out;
}

void Terms::symbols_of(Id t, std::vector<u32>& out) const {
  std::vector<Id> open{t};
  std::unordered_set<Id> seen;
  while (!open.empty()) {
    const Id at = open.back();
    open.pop_back();
    if (at == 0 || !seen.insert(at).second) continue;
    const Node& n = nodes_[at];
    if (n.op == TermOp::symbol) out.push_back(static_cast<u32>(n.k));
    for (const Id part : {n.a, n.b, n.c}) open.push_back(part);
  }
}

// Parts stand before what they are part of, so one pass over the terms marks and another moves.
void Terms::keep_only(std::span<PartialValue* const> live) {
  std::vector<bool> is_live(nodes_.size(), false);
  for (const PartialValue* v : live) is_live[v->term] = true;
  for (std::size_t t = nodes_.size(); --t > 0;) {
    if (!is_live[t]) continue;
    for (const Id part : {nodes_[t].a, nodes_[t].b, nodes_[t].c}) is_live[part] = true;
  }
  std::vector<Id> moved(nodes_.size(), 0);
  Id next = 1;
  known_.clear();
  for (Id t = 1; t < nodes_.size(); ++t) {
    if (!is_live[t]) continue;
    Node n = nodes_[t];
    n.a = moved[n.a], n.b = moved[n.b], n.c = moved[n.c];
    nodes_[next] = n;
    value_[next] = value_[t];
    weight_[next] = weight_[t];
    fact_[next] = fact_[t];
    known_.emplace(n, next);
    moved[t] = next++;
  }
  nodes_.resize(next);
  value_.resize(next);
  weight_.resize(next);
  fact_.resize(next);
  for (PartialValue* v : live) v->term = moved[v->term];
  std::vector<bool> is_named(symbols_.size(), false);
  for (const Node& n : nodes_)
    if (n.op == TermOp::symbol) is_named[static_cast<std::size_t>(n.k)] = true;
  free_symbols_.clear();
  for (u32 s = 0; s < symbols_.size(); ++s)
    if (!is_named[s]) free_symbols_.push_back(s);
}

}  // namespace assay
