#include "traces/text/grammar_builder.hpp"

namespace assay::traces::text {

void Builder::start_over() {
  const std::uint64_t line = call_.line;
  call_.clear();
  call_.line = line;
  name_ = {};
  depth_ = 0;
  frames_[0] = Frame{};
}

void Builder::add_symbol(const Symbol& symbol) {
  Node& node = add(NodeKind::symbol, symbol.span);
  node.value = symbol.value;
  node.has_value = symbol.known;
}

void Builder::add_handle(Span descriptor, std::uint64_t value, Span link) {
  Node& node = add(NodeKind::handle, descriptor);
  node.text = link.view();
  node.value = value;
  node.has_value = true;
}

void Builder::mark_parent(Mark mark) {
  const std::int32_t parent = frames_[depth_].parent;
  if (parent < 0) return;
  Node& node = call_.nodes[static_cast<std::size_t>(parent)];
  node.marks = static_cast<std::uint8_t>(node.marks | mark);
}

bool Builder::enter(NodeKind kind, const char* at) {
  if (depth_ == nesting_max) {
    fail(at, "at most 32 levels of nesting");
    return false;
  }
  add(kind, {at, at});
  const std::int32_t parent = frames_[depth_].last;
  frames_[++depth_] = Frame{parent, -1};
  return true;
}

void Builder::leave(const char* end) {
  Node& node = call_.nodes[static_cast<std::size_t>(frames_[depth_].parent)];
  node.text = {node.text.data(), static_cast<std::size_t>(end - node.text.data())};
  --depth_;
}

bool Builder::enter_change(const char* at) {
  if (depth_ == nesting_max) {
    fail(at, "at most 32 levels of nesting");
    return false;
  }
  const std::int32_t index = frames_[depth_].last;
  const Node before = call_.nodes[static_cast<std::size_t>(index)];
  const auto moved = static_cast<std::int32_t>(call_.nodes.size());
  call_.nodes.push_back(before);
  call_.nodes.back().name = {};
  call_.nodes.back().next = -1;
  Node& change = call_.nodes[static_cast<std::size_t>(index)];
  change = Node{};
  change.kind = NodeKind::change;
  change.name = before.name;
  change.text = before.text;
  change.column = before.column;
  change.first_child = moved;
  frames_[++depth_] = Frame{index, moved};
  return true;
}

void Builder::try_brackets() {
  tried_name_ = name_;
  tried_nodes_ = call_.nodes.size();
  tried_last_ = frames_[0].last;
}

bool Builder::give_up_brackets() {
  if (!brackets_tolerant_) return false;
  brackets_given_up_ = true;
  depth_ = 0;
  name_ = tried_name_;
  call_.nodes.resize(tried_nodes_);
  frames_[0].last = tried_last_;
  if (tried_last_ >= 0) {
    call_.nodes[static_cast<std::size_t>(tried_last_)].next = -1;
  } else {
    call_.first_arg = -1;
  }
  return true;
}

}  // namespace assay::traces::text
