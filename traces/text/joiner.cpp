#include "traces/text/joiner.hpp"

#include <algorithm>

#include "traces/text/grammar.hpp"

namespace assay::traces {
namespace {

std::uint32_t column_of(std::string_view line, std::string_view part) {
  return static_cast<std::uint32_t>(part.data() - line.data()) + 1;
}

Diagnostic complaint(std::uint64_t line, std::uint32_t column, std::string message) {
  Diagnostic why;
  why.line = line;
  why.column = column;
  why.message = std::move(message);
  return why;
}

}  // namespace

Joiner::Answer Joiner::take(std::string_view line, Call& call, Diagnostic& why) {
  joined_.clear();
  if (call.kind == CallKind::exit) drop(call.tid);
  if (call.kind != CallKind::syscall || call.part == CallPart::whole) return Answer::ready;
  return call.part == CallPart::unfinished ? hold(line, call, why) : resume(line, call, why);
}

Joiner::Answer Joiner::hold(std::string_view line, Call& call, Diagnostic& why) {
  drop(call.tid);  // a thread has one call at a time; an older one never came back
  const std::size_t bytes = call.name.size() + 1 + call.body.size() + call.comm.size();
  if (bytes > call_bytes_max || held_.size() >= held_calls_max ||
      held_bytes_ + bytes > held_bytes_max) {
    why =
        complaint(call.line, column_of(line, call.name), "too many unfinished calls, or too long");
    return Answer::malformed;
  }
  Held& held = held_[call.tid];
  held.text.assign(call.name).append("(").append(call.body);
  held.comm.assign(call.comm);
  held.line = call.line;
  held.time_ns = call.time_ns;
  held.cpu = call.cpu;
  held.column = column_of(line, call.name);
  held.name_bytes = call.name.size();
  held_bytes_ += bytes;
  return Answer::held;
}

Joiner::Answer Joiner::resume(std::string_view line, Call& call, Diagnostic& why) {
  const auto found = held_.find(call.tid);
  if (found == held_.end()) return Answer::ready;
  const std::uint32_t tid = call.tid;
  const std::uint64_t resumed_line = call.line;
  const std::uint32_t name_column = column_of(line, call.name);
  const std::uint32_t body_column = column_of(line, call.body);
  const std::string_view begun =
      std::string_view(found->second.text).substr(0, found->second.name_bytes);
  if (begun != call.name) {
    why = complaint(resumed_line, name_column,
                    "the unfinished call of this thread is " + std::string(begun));
    return Answer::malformed;
  }
  current_ = std::move(found->second);
  held_bytes_ -= current_.text.size() + current_.comm.size();
  held_.erase(found);
  if (current_.text.ends_with(' ')) current_.text.pop_back();  // belongs to " <unfinished ...>"
  const std::size_t head_bytes = current_.text.size();
  current_.text.append(call.body);
  const LineKind kind = read_line(current_.text, resumed_line, call, why);
  if (kind == LineKind::call && call.part == CallPart::whole) {
    call.tid = tid;
    call.comm = current_.comm;
    if (current_.cpu >= 0) call.cpu = current_.cpu;
    call.time_ns = current_.time_ns;
    return Answer::ready;
  }
  if (kind == LineKind::call) {  // split once more: "resumed> <unfinished ...>"
    call.tid = tid;
    call.comm = current_.comm;
    call.time_ns = current_.time_ns;
    return hold(current_.text, call, why);
  }
  joined_ = std::to_string(tid) + " " + current_.text;
  if (why.column > head_bytes) {
    why.column = why.column - static_cast<std::uint32_t>(head_bytes) - 1 + body_column;
  } else {
    why.line = current_.line;
    why.column = why.column - 1 + current_.column;
  }
  return Answer::malformed;
}

void Joiner::drop(std::uint32_t tid) {
  const auto found = held_.find(tid);
  if (found == held_.end()) return;
  held_bytes_ -= found->second.text.size() + found->second.comm.size();
  held_.erase(found);
}

bool Joiner::flush(Call& call) {
  const auto oldest =
      std::min_element(held_.begin(), held_.end(),
                       [](const auto& a, const auto& b) { return a.second.line < b.second.line; });
  if (oldest == held_.end()) return false;
  const std::uint32_t tid = oldest->first;
  current_ = std::move(oldest->second);
  held_bytes_ -= current_.text.size() + current_.comm.size();
  held_.erase(oldest);
  const std::size_t head_bytes = current_.text.size();
  current_.text += ')';
  Diagnostic ignored;
  const bool complete = read_line(current_.text, current_.line, call, ignored) == LineKind::call &&
                        call.part == CallPart::whole && call.kind == CallKind::syscall;
  if (!complete) call.clear();
  const std::string_view text(current_.text);
  call.part = CallPart::unfinished;
  call.name = text.substr(0, current_.name_bytes);
  call.body = text.substr(current_.name_bytes + 1, head_bytes - current_.name_bytes - 1);
  call.tid = tid;
  call.line = current_.line;
  call.time_ns = current_.time_ns;
  call.cpu = current_.cpu;
  call.comm = current_.comm;
  return true;
}

}  // namespace assay::traces
