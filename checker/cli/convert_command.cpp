// assay convert IN OUT: between text and binary, and from strace or captures to native text.
#include <fmt/format.h>

#include "checker/cli/cli.hpp"
#include "traces/binary.hpp"

namespace assay::cli {
namespace {

struct ConvertArguments {
  std::string in, out, format = "auto";
};

bool is_binary_name(const std::string& path) { return path.ends_with(".atrace"); }

// Native text of everything that concerns KVM; lines that are no KVM call stay as they are.
int to_text(const ConvertArguments& a, traces::Format format) {
  std::string text;
  traces::TraceSink sink;
  sink.wants_text = true;
  sink.header = [&](const traces::TraceHeader& header) {
    if (header.version != 0 || !header.lines.empty()) text = write_header(header);
  };
  sink.event = [&](const traces::TraceEvent& e, std::string_view line) {
    text += line.empty() ? binder().text(e) : std::string(line);
    text += '\n';
    return !interrupted();
  };
  sink.other = [&](std::string_view line) { text += std::string(line) + "\n"; };
  traces::ReadFailure failure;
  traces::ReadResult result = read_trace(a.in, format, binder(), sink, failure);
  if (result == traces::ReadResult::malformed || result == traces::ReadResult::failed)
    return show_failure(a.in, failure);
  return write_file(a.out, text) ? exit_ok : exit_internal;
}

int to_binary(const ConvertArguments& a, traces::Format format) {
  std::optional<traces::BinaryWriter> writer;
  traces::Diagnostic why;
  bool opened = false;
  traces::TraceSink sink;
  sink.wants_text = true;
  sink.header = [&](const traces::TraceHeader& header) {
    writer.emplace(binder(), header);
    opened = writer->open(a.out, why);
  };
  sink.event = [&](const traces::TraceEvent& e, std::string_view line) {
    if (!opened) return false;
    // Only what prints as it was may be stored bound.
    bool modelled = e.kind == traces::TraceKind::rule || e.kind == traces::TraceKind::open_kvm ||
                    e.kind == traces::TraceKind::close;
    if (line.empty() || (modelled && binder().text(e) == line)) writer->event(e);
    else writer->text(line);
    return !interrupted().load();
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
    return exit_internal;
  }
  return exit_ok;
}

}  // namespace

void add_convert(CLI::App& app, Common& common) {
  auto* command =
      app.add_subcommand("convert", "convert traces: OUT ending in .atrace is binary, else text");
  auto a = std::make_shared<ConvertArguments>();
  command->add_option("IN", a->in, "a trace of any format; - is standard input")->required();
  command->add_option("OUT", a->out, "FILE.atrace: binary; any other name: text; -: text")
      ->required();
  command->add_option("--format", a->format, "input format")
      ->check(CLI::IsMember({"auto", "assay", "strace", "ftrace", "binary", "capture"}));
  add_common(*command, common);
  command->callback([a, &common] {
    traces::Format format = traces::Format::automatic;
    traces::format_named(a->format, format);
    common.status = is_binary_name(a->out) ? to_binary(*a, format) : to_text(*a, format);
  });
}

}  // namespace assay::cli
