// assay convert IN OUT: between text and binary, from strace or captures to native text, from a
// capture and what ftrace wrote beside it to one trace, and from a trace to the performer's
// operations.
#include <fmt/format.h>

#include <map>

#include "checker/cli/cli.hpp"
#include "checker/cli/host_option.hpp"
#include "checker/cli/trace_files.hpp"
#include "gen/performer.hpp"
#include "traces/binary.hpp"
#include "traces/capture_reader.hpp"
#include "traces/ftrace/merge.hpp"
#include "traces/stop.hpp"

namespace assay::cli {
namespace {

struct ConvertArguments {
  std::string in, out, format = "auto", ftrace, host;
};

bool is_binary_name(const std::string& path) { return path.ends_with(".atrace"); }
bool is_operations_name(const std::string& path) { return path.ends_with(".ops"); }

// What --host says replaces what the input said; other lines of its header stay.
void replace_host(const ConvertArguments& a, traces::TraceHeader& header) {
  if (a.host.empty()) return;
  set_host(header, header_of_host(a.host, traces::system_of(header)));
  if (header.lines.empty()) return;
  std::erase_if(header.lines, [](const std::string& l) { return l.starts_with("# host "); });
  const bool ours = header.lines.front().starts_with("# assay-trace ");
  if (!ours) header.lines.insert(header.lines.begin(), "# assay-trace 1");
  header.lines.insert(header.lines.begin() + 1, "# host " + traces::host_text(header));
}

// Native text of everything that concerns KVM; lines that are no KVM call stay as they are.
int to_text(const ConvertArguments& a, traces::Format format) {
  std::string text;
  const traces::Binder* bound = &binder();
  traces::TraceSink sink;
  sink.wants_text = true;
  sink.header = [&](const traces::TraceHeader& read) {
    traces::TraceHeader header = read;
    replace_host(a, header);
    bound = &traces::Binder::of(traces::system_of(header));
    if (header.version != 0 || !header.lines.empty()) text = write_header(header);
  };
  sink.event = [&](const traces::TraceEvent& e, std::string_view line) {
    text += line.empty() ? bound->text(e) : std::string(line);
    text += '\n';
    return !stop::requested();
  };
  sink.other = [&](std::string_view line) { text += std::string(line) + "\n"; };
  traces::ReadFailure failure;
  traces::ReadResult result = read_trace(a.in, format, binder(), sink, failure);
  if (result == traces::ReadResult::malformed || result == traces::ReadResult::failed)
    return show_failure(a.in, failure);
  if (stop::requested()) fmt::print(stderr, "assay: interrupted: {} is not all of it\n", a.out);
  return write_file(a.out, text) ? exit_ok : exit_internal;
}

int to_binary(const ConvertArguments& a, traces::Format format) {
  std::optional<traces::BinaryWriter> writer;
  traces::Diagnostic why;
  const traces::Binder* bound = &binder();
  bool opened = false;
  traces::TraceSink sink;
  sink.wants_text = true;
  sink.header = [&](const traces::TraceHeader& read) {
    traces::TraceHeader header = read;
    replace_host(a, header);
    bound = &traces::Binder::of(traces::system_of(header));
    writer.emplace(*bound, header);
    opened = writer->open(a.out, why);
  };
  sink.event = [&](const traces::TraceEvent& e, std::string_view line) {
    if (!opened) return false;
    // Only what prints as it was may be stored bound.
    bool modelled = e.kind == traces::TraceKind::rule || e.kind == traces::TraceKind::open_kvm ||
                    e.kind == traces::TraceKind::close;
    if (line.empty() || (modelled && bound->text(e) == line)) writer->event(e);
    else writer->text(line);
    return !stop::requested();
  };
  sink.other = [&](std::string_view line) {
    if (writer && opened) writer->text(line);
  };
  traces::ReadFailure failure;
  traces::ReadResult result = read_trace(a.in, format, binder(), sink, failure);
  if (result == traces::ReadResult::malformed || result == traces::ReadResult::failed)
    return show_failure(a.in, failure);
  if (!opened || result == traces::ReadResult::stopped || !writer->close(why)) {
    fmt::print(stderr, "assay: {}\n", why.message.empty() ? "interrupted" : why.message);
    return stop::requested() ? exit_unknown : exit_internal;
  }
  return exit_ok;
}

// The calls of a trace as operations: `assay lab perform` carries them out again.
int to_operations(const ConvertArguments& a) {
  std::string text;
  if (!read_text(a.in, text)) return stop::requested() ? exit_unknown : exit_usage;
  const gen::ProgramText read = gen::read_program(text);
  if (!read.error.empty() || read.program.operations.empty()) {
    fmt::print(stderr, "{}:{}\n", a.in,
               read.error.empty() ? " no call in it can be performed" : read.error);
    return exit_usage;
  }
  if (read.left_out != 0)
    fmt::print(stderr, "assay: {} calls are left out: no rule describes them, or they are hidden\n",
               read.left_out);
  // A first run on another thread waits for the kernel's grace periods: tens of milliseconds.
  constexpr std::uint16_t run_limit_ms = 500;
  const auto operations = gen::performer_stream({&read.program, 1}, run_limit_ms);
  return write_file(a.out, {operations.begin(), operations.end()}) ? exit_ok : exit_internal;
}

// What the merging could not use, by reason, on standard error.
void show_left_out(const std::string& file, const traces::Merged& merged) {
  struct Reason {
    std::uint64_t count = 0, first = 0;
  };
  std::map<std::string_view, Reason> reasons;
  for (const traces::LeftOut& l : merged.left_out) {
    Reason& r = reasons[l.why];
    if (r.count++ == 0) r.first = l.line;
  }
  for (const auto& [why, r] : reasons)
    fmt::print(stderr, "{}:{}: {} events are left out: {}\n", file, r.first, r.count, why);
  const bool nothing = merged.entries + merged.exits == 0;
  if (nothing && !merged.left_out.empty())
    fmt::print(
        stderr,
        "assay: nothing fits: was trace_clock mono, is this trace of that capture, and do both "
        "number threads alike (not so across PID namespaces)?\n");
}

// A capture and what ftrace wrote beside it as one native trace.
int to_merged(const ConvertArguments& a) {
  traces::ReadFailure failure;
  traces::KernelTrace kernel;
  if (!read_kernel_trace(a.ftrace, kernel, failure.why, failure.source_line))
    return show_failure(a.ftrace, failure);
  const std::uint64_t lost = kernel.lost;
  traces::CaptureReader reader;
  if (!reader.open(a.in, failure.why)) return show_failure(a.in, failure);
  traces::TraceHeader header = reader.trace_header();
  replace_host(a, header);
  traces::Merger merger(std::move(kernel));
  traces::Call call;
  for (bool more = true; more && !stop::requested();) {
    switch (reader.next(call, failure.why)) {
      case traces::CaptureReader::Answer::call: merger.call(call); break;
      case traces::CaptureReader::Answer::malformed: return show_failure(a.in, failure);
      case traces::CaptureReader::Answer::end: more = false; break;
    }
  }
  if (stop::requested()) return exit_unknown;
  const traces::Merged merged = merger.finish();
  std::string text = write_header(header);
  for (const std::string& line : merged.lines) text += line + "\n";
  if (!write_file(a.out, text)) return exit_internal;
  if (lost != 0) fmt::print(stderr, "{}: {} events were lost by the tracer\n", a.ftrace, lost);
  show_left_out(a.ftrace, merged);
  fmt::print(stderr, "assay: {} entries, {} exits and {} task switches merged\n", merged.entries,
             merged.exits, merged.switches);
  for (const traces::LeftOut& l : merged.left_out)
    if (l.missing) return exit_unknown;
  return lost != 0 ? exit_unknown : exit_ok;
}

}  // namespace

void add_convert(CLI::App& app, Common& common) {
  auto* command = app.add_subcommand(
      "convert", "convert traces: to text, binary or the performer's operations");
  auto a = std::make_shared<ConvertArguments>();
  command->add_option("IN", a->in, "a trace of any format; - is standard input")->required();
  command
      ->add_option("OUT", a->out,
                   "FILE.atrace: binary; FILE.ops: what `assay lab perform` carries out; any other "
                   "name: text; -: text")
      ->required();
  command
      ->add_option("--ftrace", a->ftrace,
                   "merge into the capture IN what ftrace wrote meanwhile (trace_clock mono): each "
                   "kvm_entry and kvm_exit is bound to the vCPU on which its thread was inside "
                   "KVM_RUN; what cannot be bound is left out and reported, and the status is 2")
      ->type_name("TRACE.txt");
  add_host_option(*command, a->host, HostNeed::part);
  command->add_option("--format", a->format, "input format")
      ->check(CLI::IsMember({"auto", "assay", "strace", "ftrace", "binary", "capture"}));
  add_common(*command, common, only_text);
  command->callback([a, &common] {
    traces::Format format = traces::Format::automatic;
    traces::format_named(a->format, format);
    if (!a->ftrace.empty()) {
      if (!is_binary_name(a->out) && !is_operations_name(a->out))
        return void(common.status = to_merged(*a));
      fmt::print(stderr, "assay: --ftrace makes text: convert that to {} afterwards\n", a->out);
      common.status = exit_usage;
      return;
    }
    common.status = is_operations_name(a->out) ? to_operations(*a)
                    : is_binary_name(a->out)   ? to_binary(*a, format)
                                               : to_text(*a, format);
  });
}

}  // namespace assay::cli
