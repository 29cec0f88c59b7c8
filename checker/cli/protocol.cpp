#include "checker/cli/protocol.hpp"

#include <fmt/format.h>

#include "checker/cli/cli.hpp"
#include "checker/cli/history_text.hpp"
#include "checker/cli/progress.hpp"
#include "checker/prove/protocol.hpp"
#include "traces/stop.hpp"

namespace assay::cli {
namespace {

using prove::Departure;
using prove::Verdict;

std::string cell(const prove::Result& r, unsigned depth) {
  switch (r.verdict) {
    case Verdict::proved: return "holds";
    case Verdict::violated: return fmt::format("fails in {}", r.counterexample.events.size());
    case Verdict::unknown: return fmt::format("open beyond {}", depth);
    case Verdict::disagreement: return "disagreement";
  }
  return "";
}

// A trace that says what it shows. With nothing left out, it violates the order itself.
std::string trace_of(const Departure& d, const prove::Result& r, const Profile& profile) {
  const std::string forbidden = prove::first_forbidden(r.counterexample, profile);
  std::string text = history_text(r.counterexample, profile,
                                  "violates " + (forbidden.empty() ? r.name : forbidden));
  const std::string note = fmt::format("# {}: breaks {}, once these are left out:\n#   {}\n",
                                       d.text(), r.name, fmt::join(d.dropped, " "));
  const std::size_t header = text.find("# case ");
  if (header == std::string::npos) return note + text;
  return text.replace(header, text.find('\n', header) + 1 - header, note);
}

const prove::Result* shortest(const prove::Report& report) {
  const prove::Result* out = nullptr;
  for (const prove::Result& r : report.results)
    if (r.verdict == Verdict::violated &&
        (out == nullptr || r.counterexample.events.size() < out->counterexample.events.size()))
      out = &r;
  return out;
}

void print_row(const Departure& d, const prove::Report& report, unsigned depth,
               const std::string& trace) {
  std::string row = "| " + d.text() + " |";
  for (const prove::Result& r : report.results) row += " " + cell(r, depth) + " |";
  fmt::print("{} {} |\n", row, trace);
}

}  // namespace

int show_protocol(const prove::Options& options, const std::string& folder) {
  const Profile& profile = *options.profile;
  const std::vector<std::string> steps = prove::protocol_of(profile);
  if (steps.empty()) {
    fmt::print(stderr, "assay: {} has no protocol: no check is called after_STEP\n", profile.name);
    return exit_usage;
  }
  Progress progress;
  progress.start("prove");
  const std::deque<Departure> departures = prove::departures_of(profile);
  int status = exit_ok;
  for (std::size_t i = 0; i < departures.size() && !stop::requested(); ++i) {
    progress.show(i, departures.size());
    const Departure& d = departures[i];
    const prove::Report report = prove::prove_under(options, d);
    if (!report.refusal.empty()) {
      fmt::print(stderr, "assay: {}\n", report.refusal);
      return exit_usage;
    }
    if (i == 0) {
      std::string head = "| departure |", rule = "|---|";
      for (const prove::Result& r : report.results) head += " " + r.name + " |", rule += "---|";
      fmt::print("{} trace |\n{}---|\n", head, rule);
    }
    for (const prove::Result& r : report.results)
      if (r.verdict == Verdict::unknown || r.verdict == Verdict::disagreement)
        status = exit_unknown;
    const prove::Result* r = shortest(report);
    const std::string trace = r == nullptr ? "" : d.file_name() + ".trace";
    print_row(d, report, options.depth, trace);
    if (r == nullptr || folder.empty()) continue;
    if (!write_file(folder + "/" + trace, trace_of(d, *r, profile))) return exit_internal;
  }
  progress.done();
  return stop::requested() ? exit_unknown : status;
}

}  // namespace assay::cli
