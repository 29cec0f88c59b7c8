// The tree of a state's names, and likeness of names.
#include "checker/prove/state_names.hpp"

#include <algorithm>
#include <charconv>

namespace assay::prove {
namespace {

struct Leaf {
  StateNode::Kind kind;
  unsigned width;
  u32 number;
  std::span<const NamedValue> values;
};

StateNode& child(StateNode& node, std::string_view name, u32 first) {
  for (StateNode& part : node.parts)
    if (part.name == name) return part;
  StateNode& part = node.parts.emplace_back();
  part.name = name;
  part.first = first;
  return part;
}

void insert(StateNode& node, std::string_view path, const Leaf& leaf) {
  if (path.starts_with('.')) path.remove_prefix(1);
  if (path.empty()) {
    node.kind = leaf.kind;
    node.width = leaf.width;
    node.values = leaf.values;
    return;
  }
  if (path[0] != '[') {
    const std::size_t end = std::min(path.find_first_of(".["), path.size());
    insert(child(node, path.substr(0, end), leaf.number), path.substr(end), leaf);
    return;
  }
  node.kind = StateNode::Kind::table;
  const std::size_t close = path.find(']');
  u32 index = 0;
  std::from_chars(path.data() + 1, path.data() + close, index);
  if (index == 1 && node.entries == 1) node.distance = leaf.number - node.first;
  node.entries = std::max(node.entries, index + 1);
  if (index == 0) insert(child(node, "", leaf.number), path.substr(close + 1), leaf);
}

// Damerau's distance, adjacent letters may swap.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i)
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        d[i][j] = i + j;
        continue;
      }
      const std::size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
    }
  return d[a.size()][b.size()];
}

std::string_view last_part(std::string_view name) { return name.substr(name.rfind('.') + 1); }

}  // namespace

const StateNode* StateNode::field(std::string_view wanted) const {
  if (kind != Kind::record) return nullptr;
  for (const StateNode& part : parts)
    if (part.name == wanted) return &part;
  return nullptr;
}

const StateNode& StateNode::entry() const { return parts.front(); }

void StateNames::add(const std::string& path, StateNode::Kind kind, unsigned width,
                     std::span<const NamedValue> values) {
  insert(root_, path, {kind, width, static_cast<u32>(paths_.size()), values});
  paths_.push_back(path);
}

// A name is compared as a whole and by its last part: "pmu.irq" is like "vcpu[0].pmu.irq".
std::vector<std::string> nearest(std::string_view wanted, const std::vector<std::string>& names,
                                 std::size_t most) {
  constexpr std::size_t compared_max = 64;  // letters; keeps hostile names cheap
  wanted = wanted.substr(0, compared_max);
  const std::string_view tail = last_part(wanted);
  std::vector<std::pair<std::size_t, std::string>> ranked;
  for (const std::string& name : names) {
    const std::size_t whole = distance(wanted, name);
    const std::size_t part = distance(tail, last_part(name)) + 1;
    const bool is_like = std::min(whole, part) <= (tail.size() + 2) / 3;
    const bool holds = wanted.size() >= 3 && name.find(wanted) != std::string::npos;
    if (is_like || holds) ranked.emplace_back(std::min(whole, part), name);
  }
  std::stable_sort(ranked.begin(), ranked.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::string> out;
  for (auto& [rank, name] : ranked)
    if (out.size() < most && std::find(out.begin(), out.end(), name) == out.end())
      out.push_back(std::move(name));
  return out;
}

}  // namespace assay::prove
