// Reading a trace of any supported form: native text, strace output, ftrace text, a capture stream
// or the binary twin, from a file or standard input, in bounded memory.
#pragma once
#include <functional>
#include <string>
#include <string_view>

#include "traces/bind/binder.hpp"
#include "traces/call/diagnostic.hpp"
#include "traces/header.hpp"

namespace assay::traces {

enum class Format : std::uint8_t { automatic, text, strace, ftrace, binary, capture };
// "auto", "assay", "strace", "ftrace", "binary", "capture".
bool format_named(std::string_view name, Format& format);

struct TraceSink {
  // Once, before the first event, with what the header lines said.
  std::function<void(const TraceHeader&)> header;
  // Every bound line; `line` is its source text (empty for binary sources). False stops.
  std::function<bool(const TraceEvent&, std::string_view line)> event;
  // Binary sources have no lines; with this set their calls are delivered with printed text.
  bool wants_text = false;
  // At the end of the file wait for more, until a stop is requested (text and uncompressed only).
  bool follows = false;
  // A line that is KVM's business and cannot be read: where, and the line. What it does not tell is
  // unknown. Of traces in our own form such a line is malformed. May be empty.
  std::function<void(const Diagnostic& why, std::string_view line)> unreadable;
  // Lines that are no call and no header line (comments, blank lines, notes), after `header`, for
  // lossless conversion. May be empty.
  std::function<void(std::string_view line)> other;
};

enum class ReadResult : std::uint8_t {
  complete,
  stopped,    // the sink said so, or a stop was requested (traces/stop.hpp)
  malformed,  // `why` says where; what came before was delivered
  failed,     // the file cannot be opened or read
};

struct ReadFailure {
  Diagnostic why;
  std::string source_line;  // the offending line, for a caret
};

// Reads PATH ("-" is standard input). Calls are bound by `binder`, or by that of the system whose
// profile the header names (system_of(header)).
ReadResult read_trace(const std::string& path, Format format, const Binder& binder,
                      const TraceSink& sink, ReadFailure& failure);

}  // namespace assay::traces
