#include "traces/text/grammar_finish.hpp"

#include <cstdio>

namespace assay::traces::text {
namespace {

constexpr std::string_view request_set_device_addr = "KVM_ARM_SET_DEVICE_ADDR";
constexpr std::uint64_t request_run = 0xae80;

Span trimmed(const char* begin, const char* end) {
  begin = skip_blanks(begin, end);
  while (end != begin && is(end[-1], char_blank)) --end;
  return {begin, end};
}

void make_pointer(Node& node) {
  const bool null = node.kind == NodeKind::symbol && node.text == "NULL";
  if (node.kind == NodeKind::number || null) node.kind = NodeKind::pointer;
}

void take_cpu(const Call& call, const Node* node, std::int32_t& cpu) {
  if (node && node->kind == NodeKind::change) {
    node = &call.nodes[static_cast<std::size_t>(node->first_child)];
  }
  if (node && node->has_value && node->value <= INT32_MAX && cpu < 0) {
    cpu = static_cast<std::int32_t>(node->value);
  }
}

// Whether a request's structure has a member `addr` that points at a value.
bool points_at_value(std::uint64_t request, std::string_view name) {
  switch (request & 0xff) {
    case 0xab: return name != request_set_device_addr;  // and KVM_GET_ONE_REG share a number
    case 0xac:
    case 0xe1:
    case 0xe2:
    case 0xe3: return true;
    default: return false;
  }
}

void finish_ioctl(Call& call) {
  if (call.first_arg < 0) return;
  const std::int32_t second = call.nodes[static_cast<std::size_t>(call.first_arg)].next;
  if (second < 0) return;
  const Node& request = call.nodes[static_cast<std::size_t>(second)];
  if (!request.has_value || request.next < 0 || (request.value >> 8 & 0xff) != 0xae) return;
  Node& argument = call.nodes[static_cast<std::size_t>(request.next)];
  const bool takes_structure = (request.value >> 16 & 0x3fff) != 0;  // _IOC_SIZE
  if (takes_structure) make_pointer(argument);
  if (argument.kind != NodeKind::structure) return;
  if (request.value == request_run) take_cpu(call, call.child(argument, "cpu"), call.cpu);
  if (!points_at_value(request.value, request.text)) return;
  for (std::int32_t at = argument.first_child; at >= 0;) {
    Node& node = call.nodes[static_cast<std::size_t>(at)];
    if (node.name == "addr") make_pointer(node);
    at = node.next;
  }
}

}  // namespace

LineKind kind_of(std::string_view line) {
  const char* last = line.data() + line.size();
  const char* first = skip_blanks(line.data(), last);
  if (first == last) return LineKind::blank;
  const auto starts = [=](std::string_view with) { return begins(first, last, with); };
  switch (*first) {
    case '#': return LineKind::comment;
    case '>': return LineKind::note;  // a stack frame of strace -k
    case 's': return starts("strace: ") ? LineKind::note : LineKind::call;
    case '/': {  // /usr/bin/strace: Process 97 attached
      const std::string_view text(first, static_cast<std::size_t>(last - first));
      const std::string_view program = text.substr(0, text.find(' '));
      return program.ends_with("/strace:") ? LineKind::note : LineKind::call;
    }
    case '[': return starts("[ Process PID=") ? LineKind::note : LineKind::call;
    case 'c': return starts("cpus=") ? LineKind::note : LineKind::call;  // trace-cmd report
    default: return LineKind::call;
  }
}

bool read_resumed(const char*& first, const char* last, Builder& builder) {
  constexpr std::string_view before = "<... ";
  constexpr std::string_view after = " resumed>";
  if (!begins(first, last, before)) return false;
  const char* at = first + before.size();
  Span name;
  if (!scan_name(at, last, name)) {
    builder.fail(at, "name of the resumed call");
    return false;
  }
  if (!begins(at, last, after)) {
    builder.fail(at, "' resumed>'");
    return false;
  }
  at += after.size();
  Call& call = builder.call();
  call.kind = CallKind::syscall;
  call.part = CallPart::resumed;
  call.name = name.view();
  call.body = {at, static_cast<std::size_t>(last - at)};
  first = last;
  return true;
}

bool read_exit(const char*& first, const char* last, Builder& builder) {
  constexpr std::string_view marker = "+++";
  if (!begins(first, last, marker)) return false;
  const Span all = trimmed(first + marker.size(), last);
  if (!all.view().ends_with(marker)) {
    builder.fail(all.end, "'+++'");
    return false;
  }
  const Span middle = trimmed(all.begin, all.end - marker.size());
  const char* at = middle.begin;
  Span name;
  if (!scan_name(at, middle.end, name)) {
    builder.fail(at, "how the thread ended");
    return false;
  }
  Call& call = builder.call();
  call.kind = CallKind::exit;
  call.name = name.view();
  at = skip_blanks(at, middle.end);
  call.body = Span{at, middle.end}.view();
  constexpr std::string_view with = "with ";
  Number status;
  if (begins(at, middle.end, with) && scan_number(at += with.size(), middle.end, status)) {
    call.has_result = status.exact;
    call.result = static_cast<std::int64_t>(status.value);
  }
  first = last;
  return true;
}

bool read_signal_text(const char*& first, const char* last, Builder& builder) {
  if (first == last || *first == '{') return false;
  const std::string_view rest(first, static_cast<std::size_t>(last - first));
  const std::size_t end = rest.rfind("---");
  if (end == std::string_view::npos) return false;
  builder.call().body = trimmed(first, first + end).view();
  first += end + 3;
  return true;
}

bool read_lost_events(const char*& first, const char* last, Builder& builder) {
  const char* at = skip_blanks(first, last);
  if (!begins(at, last, "CPU:")) return false;
  at += 4;
  Number cpu;
  if (!scan_number(at, last, cpu) || cpu.value > INT16_MAX) return false;
  at = skip_blanks(at, last);
  const std::string_view rest(at, static_cast<std::size_t>(last - at));
  const bool ftrace = rest.starts_with("[LOST ") && rest.ends_with(" EVENTS]");
  const bool report = rest.starts_with('[') && rest.ends_with("EVENTS DROPPED]");
  if (!ftrace && !report) return false;
  Call& call = builder.call();
  call.kind = CallKind::event;
  call.tid = 0;
  call.name = "lost";
  call.cpu = static_cast<std::int32_t>(cpu.value);
  call.body = {};
  constexpr std::string_view lost = "LOST ";
  const std::size_t counted = rest.find(lost);
  const char* digits = at + (counted < 4 ? counted + lost.size() : 1);
  Number count;
  builder.name_next(Span{});
  if (scan_number(digits, last, count)) {
    builder.add_number(count);
  } else {
    builder.add(NodeKind::unknown, {at, at});
  }
  builder.last().name = "records";
  first = last;
  return true;
}

void begin_event_body(const char*& first, const char* last, Builder& builder) {
  builder.call().kind = CallKind::event;
  builder.call().body = trimmed(first, last).view();
}

void set_columns(const EventColumns& columns, Builder& builder) {
  builder.start_over();
  Call& call = builder.call();
  call.kernel_columns = true;
  call.comm = columns.comm.view();
  call.tid = columns.tid;
  call.cpu = columns.cpu;
  call.time_ns = columns.time_ns;
  builder.tolerate_brackets();
}

// "= -1 (errno 530)": a number without a name.
void finish_remark(Call& call) {
  constexpr std::string_view with = "errno ";
  if (!call.errno_name.empty() || !call.remark.starts_with(with)) return;
  const char* at = call.remark.data() + with.size();
  Number number;
  const char* const last = call.remark.data() + call.remark.size();
  if (!scan_number(at, last, number) || !number.exact) return;
  const auto value = static_cast<std::int64_t>(number.value);
  if (value >= INT32_MIN && value <= INT32_MAX) call.error = static_cast<std::int32_t>(value);
}

void finish(Call& call) {
  if (!call.remark.empty()) finish_remark(call);
  if (call.kind == CallKind::syscall && call.name == "ioctl") finish_ioctl(call);
  if (call.kind != CallKind::event || call.cpu >= 0) return;
  for (std::int32_t at = call.first_arg; at >= 0;) {
    const Node& node = call.nodes[static_cast<std::size_t>(at)];
    if (node.name == "cpu") take_cpu(call, &node, call.cpu);
    at = node.next;
  }
}

void explain(const Builder& builder, std::string_view line, std::uint64_t line_number,
             Diagnostic& why) {
  const char* at = builder.failed() ? builder.failed_at() : line.data();
  const auto column = static_cast<std::size_t>(at - line.data());
  why = Diagnostic{};
  why.line = line_number;
  why.column = static_cast<std::uint32_t>(column) + 1;
  why.expected = builder.failed() ? builder.expected() : "call or event";
  if (column >= line.size()) {
    why.message = "found end of line";
  } else if (line[column] >= ' ' && line[column] <= '~') {
    why.message = std::string("found '") + line[column] + "'";
  } else {
    char text[32];
    std::snprintf(text, sizeof text, "found byte 0x%02x", static_cast<unsigned char>(line[column]));
    why.message = text;
  }
}

}  // namespace assay::traces::text

namespace assay::traces {

Diagnostic too_long(std::uint64_t line_number, std::size_t line_bytes_max) {
  Diagnostic out;
  out.line = line_number;
  out.column = static_cast<std::uint32_t>(line_bytes_max) + 1;
  out.expected = "end of line";
  out.message = "the line is longer than " + std::to_string(line_bytes_max) + " bytes";
  return out;
}

}  // namespace assay::traces
