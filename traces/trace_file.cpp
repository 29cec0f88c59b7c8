#include "traces/trace_file.hpp"

#include <algorithm>

#include "traces/binary.hpp"
#include "traces/capture_reader.hpp"
#include "traces/stop.hpp"
#include "traces/text/foreign.hpp"
#include "traces/text/grammar.hpp"
#include "traces/text/joiner.hpp"
#include "traces/text/line_source.hpp"
#include "traces/text/print.hpp"
#include "traces/text/salvage.hpp"

namespace assay::traces {
namespace {

// Delivers the header once, before anything else.
class Delivery {
 public:
  Delivery(const Binder& binder, const TraceSink& sink) : binder_(&binder), sink_(sink) {}
  bool header_line(std::string_view line, std::uint64_t number, Diagnostic& why) {
    if (!delivered_) return read_header_line(line, number, header_, why);
    other(line);
    return true;
  }
  void header_done() {
    if (delivered_) return;
    delivered_ = true;
    // Rules are those of the trace's own system, if it says of which it is.
    if (const System& its = system_of(header_);
        (!header_.profile.empty() || !header_.machine.empty()) && &its != &binder_->system())
      binder_ = &Binder::of(its);
    if (sink_.header) sink_.header(header_);
  }
  bool call(const Call& call, std::string_view line) {
    header_done();
    binder_->bind(call, event_);
    return sink_.event(event_, line);
  }
  bool event(const TraceEvent& e) {
    header_done();
    return sink_.event(e, {});
  }
  std::string_view printed(const Call& call) {
    if (!sink_.wants_text) return {};
    text_ = print(call);
    return text_;
  }
  void other(std::string_view line) {
    if (sink_.other) sink_.other(line);
  }
  TraceHeader& header() { return header_; }
  const Binder& binder() const { return *binder_; }

 private:
  const Binder* binder_;
  const TraceSink& sink_;
  TraceHeader header_;
  TraceEvent event_;
  std::string text_;
  bool delivered_ = false;
};

class TextReader {
 public:
  TextReader(LineSource& source, Delivery& delivery, const TraceSink& sink, ReadFailure& failure)
      : source_(source), delivery_(delivery), sink_(sink), failure_(failure) {}

  ReadResult run() {
    SourceLine line;
    while (source_.next(line))
      if (const ReadResult r = take_line(line); r != ReadResult::complete) return r;
    if (source_.failed()) {
      failure_.why = source_.failure();
      return ReadResult::failed;
    }
    if (!source_.stopped()) {
      while (joiner_.flush(call_))
        if (!delivery_.call(call_, {})) return ReadResult::stopped;
      // Not a line of it was a call: this is no trace.
      if (!any_was_read_ && has_failed()) return ReadResult::malformed;
    }
    failure_ = {};
    delivery_.header_done();
    return source_.stopped() ? ReadResult::stopped : ReadResult::complete;
  }

 private:
  // `complete`: go on.
  ReadResult take_line(const SourceLine& line) {
    Diagnostic why;
    if (line.too_long)
      return unreadable(line.text, too_long(line.number, source_.line_bytes_max()), line);
    const bool is_foreign = may_be_foreign_ && spelt_as_strace(line.text, foreign_);
    const std::string_view text = is_foreign ? std::string_view(foreign_) : line.text;
    switch (read_line(text, line.number, call_, why)) {
      case LineKind::malformed: return unreadable(text, why, line);
      case LineKind::comment:
      case LineKind::blank:
      case LineKind::note:
        if (!delivery_.header_line(line.text, line.number, why)) return malformed(why, line);
        may_be_foreign_ = may_be_foreign_ && delivery_.header().version == 0;
        return ReadResult::complete;
      case LineKind::call: break;
    }
    // A file is of one tracer, and most are strace's.
    if (call_.kind == CallKind::syscall && !is_foreign) may_be_foreign_ = false;
    switch (joiner_.take(text, call_, why)) {
      case Joiner::Answer::malformed: return unreadable(joiner_.joined(text), why, line);
      case Joiner::Answer::held: any_was_read_ = true; return ReadResult::complete;
      case Joiner::Answer::ready: break;
    }
    any_was_read_ = true;
    if (delivery_.header().version != 0 && delivery_.binder().is_misspelt(call_, why))
      return malformed(why, line);
    return delivery_.call(call_, line.text) ? ReadResult::complete : ReadResult::stopped;
  }

  bool has_failed() const {
    return !failure_.why.message.empty() || !failure_.why.expected.empty();
  }
  // Our own traces are to be read whole. Of anybody else's a line that cannot be read ends nothing:
  // where it is KVM's business, what it does not tell is unknown.
  ReadResult unreadable(std::string_view text, const Diagnostic& why, const SourceLine& line) {
    if (delivery_.header().version != 0) return malformed(why, line);
    if (!any_was_read_ && !has_failed()) malformed(why, line);
    TraceEvent event;
    event.line = line.number;
    const std::string joined(text);  // it may refer to what is read next
    const Salvage what = salvage(joined, salvaged_);
    if (what != Salvage::not_ours && sink_.unreadable) sink_.unreadable(why, line.text);
    if (what == Salvage::repaired) {
      Diagnostic ignored;
      if (read_line(salvaged_, line.number, call_, ignored) == LineKind::call &&
          call_.part == CallPart::whole) {
        any_was_read_ = true;
        return delivery_.call(call_, line.text) ? ReadResult::complete : ReadResult::stopped;
      }
    }
    if (what != Salvage::not_ours) {
      event.kind = TraceKind::lost;
      event.event.value[0] = 1;
    }
    return delivery_.event(event) ? ReadResult::complete : ReadResult::stopped;
  }
  ReadResult malformed(const Diagnostic& why, const SourceLine& line) {
    failure_.why = why;
    failure_.source_line = std::string(line.text.substr(0, 4096));
    return ReadResult::malformed;
  }
  LineSource& source_;
  Delivery& delivery_;
  const TraceSink& sink_;
  ReadFailure& failure_;
  Joiner joiner_;
  Call call_;
  std::string foreign_, salvaged_;  // what call_ may refer to
  bool any_was_read_ = false;
  bool may_be_foreign_ = true;
};

// Lines that a binary trace keeps as text go the way of lines of a text.
class TextInBinary {
 public:
  explicit TextInBinary(Delivery& delivery) : delivery_(delivery) {}
  bool line(std::string_view text) {
    switch (read_line(text, 0, call_, why_)) {
      case LineKind::malformed: return wrong_ = true, false;
      case LineKind::call: break;
      default: return delivery_.other(text), true;
    }
    switch (joiner_.take(text, call_, why_)) {
      case Joiner::Answer::malformed: return wrong_ = true, false;
      case Joiner::Answer::held: return true;
      case Joiner::Answer::ready: return delivery_.call(call_, text);
    }
    return true;
  }
  bool wrong() const { return wrong_; }
  const Diagnostic& why() const { return why_; }

 private:
  Delivery& delivery_;
  Joiner joiner_;
  Call call_;
  Diagnostic why_;
  bool wrong_ = false;
};

ReadResult read_binary_trace(LineSource& source, const Binder& binder, Delivery& delivery,
                             ReadFailure& failure) {
  std::uint64_t header_lines = 0;
  TextInBinary text(delivery);
  BinaryHandlers handlers;
  handlers.header_line = [&](std::string_view line, Diagnostic& why) {
    return delivery.header_line(line, ++header_lines, why);
  };
  handlers.binder = [&]() -> const Binder& {
    delivery.header_done();
    return delivery.binder();
  };
  handlers.event = [&](const TraceEvent& e) { return delivery.event(e); };
  handlers.text = [&](std::string_view line) { return text.line(line); };
  if (read_binary(source.descriptor(), source.buffered(), binder, handlers, failure.why)) {
    delivery.header_done();
    return ReadResult::complete;
  }
  delivery.header_done();
  if (text.wrong()) failure.why = text.why();
  bool stopped = stop::requested() || (failure.why.message.empty() && failure.why.expected.empty());
  return stopped ? ReadResult::stopped : ReadResult::malformed;
}

ReadResult read_capture(LineSource& source, Delivery& delivery, ReadFailure& failure) {
  CaptureReader reader;
  if (!reader.attach(source.descriptor(), false, source.buffered(), failure.why))
    return ReadResult::malformed;
  delivery.header() = reader.trace_header();
  Call call;
  for (;;) {
    switch (reader.next(call, failure.why)) {
      case CaptureReader::Answer::end:
        delivery.header_done();
        return stop::requested() ? ReadResult::stopped : ReadResult::complete;
      case CaptureReader::Answer::malformed:
        delivery.header_done();
        return stop::requested() ? ReadResult::stopped : ReadResult::malformed;
      case CaptureReader::Answer::call:
        if (!delivery.call(call, delivery.printed(call))) return ReadResult::stopped;
    }
  }
}

// A byte order mark, or letters and NULs by turns.
bool is_utf16(std::string_view beginning) {
  if (beginning.starts_with("\xff\xfe") || beginning.starts_with("\xfe\xff")) return true;
  if (beginning.size() < 4) return false;
  bool even = true, odd = true;
  for (std::size_t i = 0; i + 1 < std::min<std::size_t>(beginning.size(), 64); i += 2) {
    even = even && beginning[i] == 0 && beginning[i + 1] != 0;
    odd = odd && beginning[i] != 0 && beginning[i + 1] == 0;
  }
  return even || odd;
}

}  // namespace

bool format_named(std::string_view name, Format& format) {
  constexpr std::pair<std::string_view, Format> names[] = {
      {"auto", Format::automatic}, {"assay", Format::text},    {"strace", Format::strace},
      {"ftrace", Format::ftrace},  {"binary", Format::binary}, {"capture", Format::capture}};
  for (const auto& [text, value] : names)
    if (text == name) return format = value, true;
  return false;
}

ReadResult read_trace(const std::string& path, Format format, const Binder& binder,
                      const TraceSink& sink, ReadFailure& failure) {
  LineSource source;
  if (sink.follows) source.follow();
  if (!source.open(path, failure.why)) return ReadResult::failed;
  std::string_view beginning = source.peek();
  if (source.failed()) {
    failure.why = source.failure();
    return ReadResult::failed;
  }
  Delivery delivery(binder, sink);
  bool any = format == Format::automatic;
  if (format == Format::binary || (any && beginning.starts_with(binary_magic)))
    return read_binary_trace(source, binder, delivery, failure);
  if (format == Format::capture || (any && CaptureReader::recognises(beginning)))
    return read_capture(source, delivery, failure);
  if (source.looks_binary()) {
    failure.why.line = 1;
    failure.why.column = 1;
    if (is_utf16(beginning)) {
      failure.why.expected = "text in UTF-8";
      failure.why.message = "this is UTF-16: iconv -f UTF-16 -t UTF-8 makes it readable";
      return ReadResult::malformed;
    }
    failure.why.expected = "a text trace, an ASSAYTRC file or a capture stream";
    failure.why.message = "the input holds NUL bytes and starts like none of them";
    return ReadResult::malformed;
  }
  return TextReader(source, delivery, sink, failure).run();
}

}  // namespace assay::traces
