#include "traces/text/print.hpp"

#include <charconv>

#include "traces/abi/arm64/errno_names.hpp"

namespace assay::traces {
namespace {

void append_unsigned(std::uint64_t value, int base, std::string& out) {
  char text[24];
  const auto end = std::to_chars(text, text + sizeof text, value, base);
  out.append(text, end.ptr);
}

void append_signed(std::int64_t value, std::string& out) {
  char text[24];
  const auto end = std::to_chars(text, text + sizeof text, value);
  out.append(text, end.ptr);
}

// Microseconds as strace prints them, nanoseconds only where there are some.
void append_seconds(std::uint64_t ns, std::string& out) {
  constexpr std::uint64_t second_ns = 1'000'000'000;
  append_unsigned(ns / second_ns, 10, out);
  out += '.';
  const bool micro = ns % 1000 == 0;
  std::uint64_t fraction = micro ? ns % second_ns / 1000 : ns % second_ns;
  char digits[9];
  const int count = micro ? 6 : 9;
  for (int i = count; i-- > 0; fraction /= 10) digits[i] = static_cast<char>('0' + fraction % 10);
  out.append(digits, static_cast<std::size_t>(count));
}

void append_number(const Node& node, std::string& out) {
  if (!node.text.empty()) {
    out += node.text;
  } else if (node.kind == NodeKind::pointer && node.value == 0) {
    out += "NULL";
  } else if (node.kind == NodeKind::pointer || (node.marks & mark_hexadecimal)) {
    out += "0x";
    append_unsigned(node.value, 16, out);
  } else {
    append_signed(static_cast<std::int64_t>(node.value), out);
  }
  if (node.marks & mark_unreadable) out += " /* unreadable */";
}

void append_handle(const Node& node, std::string& out) {
  constexpr auto here = static_cast<std::uint64_t>(-100);
  if (node.value == here) {
    out += "AT_FDCWD";
  } else {
    append_signed(static_cast<std::int64_t>(node.value), out);
  }
  out += '<';
  out += node.text;
  out += '>';
  if (node.marks & mark_deleted) out += "(deleted)";
}

void append_node(const Call& call, const Node& node, unsigned depth, std::string& out);

void append_chain(const Call& call, std::int32_t at, std::string_view separator, unsigned depth,
                  std::string& out) {
  for (bool first = true; at >= 0; first = false) {
    const Node& node = call.nodes[static_cast<std::size_t>(at)];
    if (!first) out += separator;
    append_node(call, node, depth, out);
    at = node.next;
  }
}

void append_bracketed(const Call& call, const Node& node, unsigned depth, std::string& out) {
  const bool structure = node.kind == NodeKind::structure;
  const std::string_view separator = node.marks & mark_spaced ? " " : ", ";
  if (node.marks & mark_inverted) out += '~';
  out += structure ? '{' : '[';
  append_chain(call, node.first_child, separator, depth + 1, out);
  if (node.marks & mark_truncated) {
    if (node.first_child >= 0) out += separator;
    out += "...";
  }
  out += structure ? '}' : ']';
}

// Nesting is bounded by every reader; a Call that breaks the bound is cut, not followed.
void append_node(const Call& call, const Node& node, unsigned depth, std::string& out) {
  if (!node.name.empty()) {
    out += node.name;
    out += '=';
  }
  switch (node.kind) {
    case NodeKind::number:
    case NodeKind::pointer: append_number(node, out); break;
    case NodeKind::symbol: out += node.text; break;
    case NodeKind::string:
      out += node.marks & mark_abstract ? "@\"" : "\"";
      out += node.text;
      out += node.marks & mark_truncated ? "\"..." : "\"";
      break;
    case NodeKind::handle: append_handle(node, out); break;
    case NodeKind::unknown: out += node.text.empty() ? "?" : node.text; break;
    case NodeKind::structure:
    case NodeKind::array:
      if (depth <= nesting_max) append_bracketed(call, node, depth, out);
      break;
    case NodeKind::change:
      if (depth <= nesting_max) append_chain(call, node.first_child, " => ", depth + 1, out);
      break;
  }
}

void append_columns(const Call& call, bool with_cpu, std::string& out) {
  if (call.tid != 0) {
    append_unsigned(call.tid, 10, out);
    if (!call.comm.empty()) {
      out += '<';
      out += call.comm;
      out += '>';
    }
    out += ' ';
  }
  if (with_cpu) {
    out += '[';
    if (call.cpu < 100) out += '0';
    if (call.cpu < 10) out += '0';
    append_unsigned(static_cast<std::uint64_t>(call.cpu), 10, out);
    out += "] ";
  }
  if (call.time_ns != 0) {
    append_seconds(call.time_ns, out);
    out += ' ';
  }
}

void append_outcome(const Call& call, std::string& out) {
  out += " = ";
  if (!call.has_result) {
    out += '?';
  } else if (call.name == "mmap" && call.result != -1) {
    out += "0x";
    append_unsigned(static_cast<std::uint64_t>(call.result), 16, out);
  } else {
    append_signed(call.result, out);
  }
  if (!call.result_link.empty()) {
    out += '<';
    out += call.result_link;
    out += '>';
  }
  if (!call.errno_name.empty()) {
    out += ' ';
    out += call.errno_name;
  }
  if (!call.remark.empty()) {
    out += " (";
    out += call.remark;
    out += ')';
  }
}

// Whether cpu= of an event or of KVM_RUN says it already, so that it needs no column.
bool cpu_is_an_argument(const Call& call) {
  constexpr std::uint64_t request_run = 0xae80;
  std::int32_t at = call.first_arg;
  if (call.kind == CallKind::syscall) {
    const Node* request = call.argument(1);
    const Node* structure = call.argument(2);
    if (!structure || structure->kind != NodeKind::structure) return false;
    if (call.name != "ioctl" || !request->has_value || request->value != request_run) return false;
    at = structure->first_child;
  }
  while (at >= 0) {
    const Node* node = &call.nodes[static_cast<std::size_t>(at)];
    at = node->next;
    if (node->name != "cpu") continue;
    if (node->kind == NodeKind::change) {
      node = &call.nodes[static_cast<std::size_t>(node->first_child)];
    }
    if (node->has_value) return node->value == static_cast<std::uint64_t>(call.cpu);
    if (call.kind == CallKind::syscall) return false;
  }
  return false;
}

void append_event(const Call& call, std::string& out) {
  if (call.kernel_columns) {
    out += call.comm;
    out += '-';
    append_unsigned(call.tid, 10, out);
    out += call.cpu < 10 ? " [00" : call.cpu < 100 ? " [0" : " [";
    append_unsigned(static_cast<std::uint64_t>(call.cpu), 10, out);
    out += "] ";
    append_seconds(call.time_ns, out);
    out += ": ";
  } else {
    append_columns(call, call.cpu >= 0 && !cpu_is_an_argument(call), out);
  }
  out += call.name;
  out += ':';
  if (!call.body.empty()) {
    out += ' ';
    out += call.body;
  } else if (call.first_arg >= 0) {
    out += ' ';
    append_chain(call, call.first_arg, " ", 0, out);
  }
}

}  // namespace

void print_node(const Call& call, const Node& node, std::string& out) {
  append_node(call, node, 0, out);
}

void print(const Call& call, std::string& out) {
  if (call.kind == CallKind::event) return append_event(call, out);
  append_columns(call, call.cpu >= 0 && !cpu_is_an_argument(call), out);
  if (call.kind == CallKind::exit || call.kind == CallKind::signal) {
    const std::string_view fence = call.kind == CallKind::exit ? "+++" : "---";
    out.append(fence).append(" ").append(call.name).append(" ");
    if (call.first_arg >= 0) {
      append_chain(call, call.first_arg, " ", 0, out);
    } else {
      out += call.body;
    }
    if (out.back() != ' ') out += ' ';
    out += fence;
    return;
  }
  if (call.part == CallPart::resumed) {
    out.append("<... ").append(call.name).append(" resumed>").append(call.body);
    return;
  }
  out.append(call.name).append("(");
  if (call.part == CallPart::unfinished) {
    out.append(call.body).append("<unfinished ...>");
    return;
  }
  append_chain(call, call.first_arg, ", ", 0, out);
  out += ')';
  append_outcome(call, out);
  if (call.duration_ns == 0) return;
  out += " <";
  append_seconds(call.duration_ns, out);
  out += '>';
}

std::string print(const Call& call) {
  std::string out;
  print(call, out);
  return out;
}

}  // namespace assay::traces
