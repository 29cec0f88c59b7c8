// What the grammar's actions write to: the Call under construction and the reason for a failure.
// Only grammar*.cpp include this.
//
// Nodes go straight into the flat vector. A frame per open bracket remembers which node to link the
// next one to; frames are a fixed array, which is also the bound on nesting.
#pragma once
#include <array>
#include <string_view>

#include "traces/call/call.hpp"

namespace assay::traces::text {

// A piece of the line.
struct Span {
  const char* begin = nullptr;
  const char* end = nullptr;
  std::string_view view() const { return {begin, static_cast<std::size_t>(end - begin)}; }
};

// A number and how it was spelt.
struct Number {
  Span span;
  std::uint64_t value = 0;
  bool hexadecimal = false;
  bool exact = true;  // false: it does not fit 64 bits, or has a fraction
};

// A sum of names and numbers: A|B|0x10, 1<<3, WIFEXITED(s).
struct Symbol {
  Span span;
  std::uint64_t value = 0;
  bool known = false;
};

class Builder {
 public:
  Builder(Call& call, std::string_view line) : call_(call), line_(line.data()) {}

  Call& call() { return call_; }

  // Forgets what an alternative that failed has made of the line so far.
  void start_over();

  // --- nodes ---
  void name_next(Span name) { name_ = name.view(); }
  std::string_view next_name() const { return name_; }
  Node& add(NodeKind kind, Span text);
  void add_number(const Number& number);
  void add_symbol(const Symbol& symbol);
  void add_handle(Span descriptor, std::uint64_t value, Span link);
  Node& last() { return call_.nodes[static_cast<std::size_t>(frames_[depth_].last)]; }
  void mark_last(Mark mark) { last().marks = static_cast<std::uint8_t>(last().marks | mark); }
  void mark_parent(Mark mark);
  // Of the open bracket: whether blanks separate its elements, whether it has two already.
  bool spaced() const { return (parent().marks & mark_spaced) != 0; }
  bool separated() const {
    const std::int32_t first = parent().first_child;
    return first >= 0 && call_.nodes[static_cast<std::size_t>(first)].next >= 0;
  }

  // Opens a bracket; false when there are too many.
  bool enter(NodeKind kind, const char* at);
  void leave(const char* end);
  // What was added last becomes the "before" of a change, what follows its "after".
  bool enter_change(const char* at);

  // --- failure: the deepest one wins, and of those the first ---
  void fail(const char* at, std::string_view expected);
  bool failed() const { return failed_at_ != nullptr; }
  const char* failed_at() const { return failed_at_; }
  std::string_view expected() const { return expected_; }

  // --- brackets in events: in a kernel's message they may not be ours to understand ---
  void tolerate_brackets() { brackets_tolerant_ = true; }
  bool brackets_given_up() const { return brackets_given_up_; }
  // Before a bracketed value of an event; give_up_brackets goes back to here.
  void try_brackets();
  // False: they have to be understood.
  bool give_up_brackets();

 private:
  struct Frame {
    std::int32_t parent = -1;
    std::int32_t last = -1;
  };

  const Node& parent() const {
    return call_.nodes[static_cast<std::size_t>(frames_[depth_].parent)];
  }

  Call& call_;
  const char* line_;
  std::string_view name_;
  std::array<Frame, nesting_max + 1> frames_{};
  unsigned depth_ = 0;
  bool brackets_tolerant_ = false;
  bool brackets_given_up_ = false;
  std::string_view tried_name_;
  std::size_t tried_nodes_ = 0;
  std::int32_t tried_last_ = -1;
  const char* failed_at_ = nullptr;
  std::string_view expected_;
};

inline Node& Builder::add(NodeKind kind, Span text) {
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
  node.name = name_;
  node.text = text.view();
  node.column = static_cast<std::uint32_t>(text.begin - line_) + 1;
  name_ = {};
  return node;
}

inline void Builder::add_number(const Number& number) {
  Node& node = add(NodeKind::number, number.span);
  node.value = number.value;
  node.has_value = number.exact;
  if (number.hexadecimal) node.marks = mark_hexadecimal;
}

inline void Builder::fail(const char* at, std::string_view expected) {
  if (failed_at_ && at <= failed_at_) return;
  failed_at_ = at;
  expected_ = expected;
}

}  // namespace assay::traces::text
