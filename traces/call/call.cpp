#include "traces/call/call.hpp"

namespace assay::traces {
namespace {

// Chains are compared element by element; only nesting recurses, and nesting is bounded.
bool same_chain(const Call& a, std::int32_t at_a, const Call& b, std::int32_t at_b, unsigned depth);

bool same_node(const Call& a, const Node& x, const Call& b, const Node& y, unsigned depth) {
  constexpr std::uint8_t spelling = mark_hexadecimal | mark_spaced;
  if (x.kind != y.kind || x.name != y.name) return false;
  if ((x.marks & ~spelling) != (y.marks & ~spelling)) return false;
  const bool composite =
      x.kind == NodeKind::structure || x.kind == NodeKind::array || x.kind == NodeKind::change;
  if (composite) return same_chain(a, x.first_child, b, y.first_child, depth + 1);
  if (x.has_value != y.has_value || (x.has_value && x.value != y.value)) return false;
  if (x.kind == NodeKind::unknown) return true;
  const bool number = x.kind == NodeKind::number || x.kind == NodeKind::pointer;
  return (number && x.has_value) || x.text == y.text;
}

bool same_chain(const Call& a, std::int32_t at_a, const Call& b, std::int32_t at_b,
                unsigned depth) {
  if (depth > nesting_max + 2) return false;
  while (at_a >= 0 && at_b >= 0) {
    const Node& x = a.nodes[static_cast<std::size_t>(at_a)];
    const Node& y = b.nodes[static_cast<std::size_t>(at_b)];
    if (!same_node(a, x, b, y, depth)) return false;
    at_a = x.next;
    at_b = y.next;
  }
  return at_a < 0 && at_b < 0;
}

}  // namespace

void Call::clear() {
  std::vector<Node> kept = std::move(nodes);
  kept.clear();
  *this = Call{};
  nodes = std::move(kept);
}

const Node* Call::argument(unsigned index) const {
  std::int32_t at = first_arg;
  while (at >= 0 && index > 0) {
    at = nodes[static_cast<std::size_t>(at)].next;
    --index;
  }
  return at < 0 ? nullptr : &nodes[static_cast<std::size_t>(at)];
}

const Node* Call::child(const Node& of, std::string_view name) const {
  for (std::int32_t at = of.first_child; at >= 0;) {
    const Node& node = nodes[static_cast<std::size_t>(at)];
    if (node.name == name) return &node;
    at = node.next;
  }
  return nullptr;
}

bool same(const Call& a, const Call& b) {
  // An event that was read keeps its text as `body`, one that was made has none.
  const bool spelling_only = a.kind == CallKind::event && a.part == CallPart::whole;
  if (!spelling_only && a.body != b.body) return false;
  return a.kind == b.kind && a.part == b.part && a.name == b.name && a.tid == b.tid &&
         a.cpu == b.cpu && a.time_ns == b.time_ns && a.duration_ns == b.duration_ns &&
         a.comm == b.comm && a.has_result == b.has_result && a.result == b.result &&
         a.errno_name == b.errno_name && a.error == b.error && a.result_link == b.result_link &&
         a.remark == b.remark && same_chain(a, a.first_arg, b, b.first_arg, 0);
}

}  // namespace assay::traces
