// What the tests of the trace language share: reading one line, and saying what came out.
#pragma once
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <string_view>

#include "traces/text/grammar.hpp"
#include "traces/text/print.hpp"

namespace assay::traces::test {

inline std::filesystem::path source_root() { return SOURCE_ROOT; }

// Reads a line that has to be a call. `line` has to outlive the result.
inline Call read(std::string_view line) {
  Call call;
  Diagnostic why;
  const LineKind kind = read_line(line, 1, call, why);
  EXPECT_EQ(kind, LineKind::call) << render(why, "line", line);
  return call;
}

// "1:17: expected ')', found end of line"; "fine" when there is nothing to complain about.
inline std::string complaint(std::string_view line) {
  Call call;
  Diagnostic why;
  if (read_line(line, 1, call, why) != LineKind::malformed) return "fine";
  return std::to_string(why.line) + ":" + std::to_string(why.column) + ": expected " +
         std::string(why.expected) + ", " + why.message;
}

// The line after a trip through a Call; "" and a failure if the call does not survive it.
inline std::string round_trip(std::string_view line) {
  const Call call = read(line);
  const std::string text = print(call);
  const Call again = read(text);
  EXPECT_TRUE(same(call, again)) << line << "\n" << text << "\n" << print(again);
  return text;
}

// By value, so that the call may be a temporary; the texts are the line's.
inline Node argument(const Call& call, unsigned index) {
  const Node* node = call.argument(index);
  EXPECT_NE(node, nullptr) << "argument " << index << " of " << print(call);
  return node ? *node : Node{};
}

// A member of an argument, or of a member: "addr.base_event" of argument 2.
inline Node member(const Call& call, unsigned index, std::string_view path) {
  const Node* node = call.argument(index);
  while (node && !path.empty()) {
    const std::size_t dot = path.find('.');
    node = call.child(*node, path.substr(0, dot));
    path = dot == std::string_view::npos ? std::string_view{} : path.substr(dot + 1);
  }
  EXPECT_NE(node, nullptr) << path << " of " << print(call);
  return node ? *node : Node{};
}

}  // namespace assay::traces::test
