#include "traces/ftrace/kernel_trace.hpp"

#include <algorithm>
#include <charconv>

#include "traces/text/grammar.hpp"
#include "traces/text/print.hpp"

namespace assay::traces {
namespace {

class Reader {
 public:
  explicit Reader(KernelTrace& out) : out_(out) {}

  bool line(std::string_view text, std::uint64_t number, Diagnostic& why) {
    switch (read_line(text, number, call_, why)) {
      case LineKind::malformed: return false;
      case LineKind::comment: return comment(text, number, why);
      case LineKind::blank:
      case LineKind::note: return true;
      case LineKind::call: break;
    }
    if (call_.name == "lost") return out_.lost += value_of("records", 1), true;
    if (call_.kind != CallKind::event || !call_.kernel_columns) {
      why = {};
      why.line = number;
      why.column = 1;
      why.expected = "event of ftrace";
      why.message = "it has no task, [cpu] and time";
      return false;
    }
    take();
    return true;
  }

  void finish() {
    // `trace` shows the CPUs' buffers merged; a tool that prints one after the other does not.
    std::stable_sort(out_.events.begin(), out_.events.end(),
                     [](const auto& a, const auto& b) { return a.time_ns < b.time_ns; });
    // The two may speak of the same events.
    if (in_buffer_ < written_) out_.lost = std::max(out_.lost, written_ - in_buffer_);
    out_.vouched = counted_ && out_.lost == 0 && taken_ == in_buffer_;
    // Lines went missing after the tracer had counted them.
    if (counted_ && taken_ < in_buffer_) out_.lost += in_buffer_ - taken_;
  }

 private:
  std::uint64_t value_of(std::string_view name, std::uint64_t otherwise) const {
    for (const Node& n : call_.nodes)
      if (n.name == name && n.has_value) return n.value;
    return otherwise;
  }

  // "# entries-in-buffer/entries-written: 24/24   #P:2" and "# trace_clock: mono".
  bool comment(std::string_view text, std::uint64_t number, Diagnostic& why) {
    constexpr std::string_view counts = "entries-written: ", clock = "# trace_clock: ";
    if (const std::size_t at = text.find(counts); at != std::string_view::npos) {
      const char* from = text.data() + at + counts.size();
      const char* const last = text.data() + text.size();
      const auto first = std::from_chars(from, last, in_buffer_);
      if (first.ec != std::errc{} || first.ptr == last || *first.ptr != '/') return true;
      counted_ = std::from_chars(first.ptr + 1, last, written_).ec == std::errc{};
    } else if (text.starts_with(clock) && text.substr(clock.size()) != "mono") {
      why = {};
      why.line = number;
      why.column = static_cast<std::uint32_t>(clock.size() + 1);
      why.expected = "mono";
      why.message = "captures tell CLOCK_MONOTONIC: echo mono >trace_clock before tracing";
      return false;
    }
    return true;
  }

  void take() {
    ++taken_;
    if (out_.first_ns == 0 || call_.time_ns < out_.first_ns) out_.first_ns = call_.time_ns;
    out_.last_ns = std::max(out_.last_ns, call_.time_ns);
    KernelEvent e;
    if (call_.name == "kvm_entry") e.kind = KernelEvent::Kind::entry;
    else if (call_.name == "kvm_exit") e.kind = KernelEvent::Kind::exit;
    else if (call_.name == "sched_switch") e.kind = KernelEvent::Kind::task_switch;
    else return void(++out_.others);
    e.tid = call_.tid;
    e.cpu = call_.cpu;
    e.time_ns = call_.time_ns;
    e.line = call_.line;
    if (e.kind == KernelEvent::Kind::task_switch) {
      e.next = static_cast<std::uint32_t>(value_of("next_pid", 0));
      e.text = print(call_);
    } else {
      e.text = call_.body;
    }
    out_.events.push_back(std::move(e));
  }

  KernelTrace& out_;
  Call call_;
  std::uint64_t in_buffer_ = 0, written_ = 0, taken_ = 0;
  bool counted_ = false;
};

}  // namespace

bool read_kernel_trace(const std::string& path, KernelTrace& out, Diagnostic& why,
                       std::string& line) {
  LineSource source;
  if (!source.open(path, why)) return false;
  if (source.looks_binary()) {
    why.line = why.column = 1;
    why.expected = "text of ftrace";
    why.message = "the input holds NUL bytes: of a trace.dat write what trace-cmd report prints";
    return false;
  }
  Reader reader(out);
  for (SourceLine at; source.next(at);) {
    const bool good = !at.too_long && reader.line(at.text, at.number, why);
    if (good) continue;
    if (at.too_long) why = too_long(at.number, source.line_bytes_max());
    line = std::string(at.text.substr(0, 4096));
    return false;
  }
  if (source.failed()) why = source.failure();
  reader.finish();
  return !source.failed();
}

}  // namespace assay::traces
