// Building a Call's argument tree from something that is not text. Nodes get no source text and no
// column; names and texts have to outlive the Call.
#pragma once
#include <array>
#include <cassert>
#include <string_view>

#include "traces/call/call.hpp"

namespace assay::traces {

class NodeWriter {
 public:
  explicit NodeWriter(Call& call) : call_(call) {}

  Node& add(NodeKind kind, std::string_view name) {
    const auto index = static_cast<std::int32_t>(call_.nodes.size());
    Frame& frame = frames_[depth_];
    if (frame.last >= 0) {
      call_.nodes[static_cast<std::size_t>(frame.last)].next = index;
    } else if (frame.parent >= 0) {
      call_.nodes[static_cast<std::size_t>(frame.parent)].first_child = index;
    } else {
      call_.first_arg = index;
    }
    frame.last = index;
    Node& node = call_.nodes.emplace_back();
    node.kind = kind;
    node.name = name;
    return node;
  }
  Node& add_value(NodeKind kind, std::string_view name, std::uint64_t value) {
    Node& node = add(kind, name);
    node.value = value;
    node.has_value = true;
    return node;
  }
  Node& number(std::string_view name, std::uint64_t value) {
    return add_value(NodeKind::number, name, value);
  }
  Node& hexadecimal(std::string_view name, std::uint64_t value) {
    Node& node = number(name, value);
    if (value != 0) node.marks = mark_hexadecimal;
    return node;
  }
  Node& symbol(std::string_view name, std::string_view text, std::uint64_t value) {
    Node& node = add_value(NodeKind::symbol, name, value);
    node.text = text;
    return node;
  }

  // What is added until close() are its children.
  void open(NodeKind kind, std::string_view name, std::uint8_t marks = 0) {
    assert(depth_ < nesting_max);
    add(kind, name).marks = marks;
    const std::int32_t parent = frames_[depth_].last;
    frames_[++depth_] = Frame{parent, -1};
  }
  void close() {
    assert(depth_ > 0);
    --depth_;
  }

 private:
  struct Frame {
    std::int32_t parent = -1;
    std::int32_t last = -1;
  };
  Call& call_;
  std::array<Frame, nesting_max + 1> frames_{};
  unsigned depth_ = 0;
};

}  // namespace assay::traces
