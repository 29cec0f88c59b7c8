// assay spec coverage: which checks, choices and answers of the specification traces exercise.
#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>

#include "checker/check.hpp"
#include "checker/cli/cli.hpp"
#include "checker/cli/spec_parts.hpp"
#include "checker/cli/trace_files.hpp"
#include "checker/exercised.hpp"
#include "checker/perf_check.hpp"
#include "traces/stop.hpp"

namespace assay::cli {
namespace {

struct Taken {
  Coverage coverage;
  unsigned traces = 0;
  std::uint64_t judged = 0;
};

// Judges the traces of one profile and keeps what they evaluated. False: a trace is unreadable.
bool take(const std::vector<std::string>& files, const Profile& profile, Taken& out) {
  for (const std::string& file : files) {
    if (checker::is_perf_file(file)) continue;  // sampling records: no rule is evaluated
    std::optional<checker::Checker> checker;
    traces::TraceSink sink;
    sink.header = [&](const traces::TraceHeader& h) {
      const Profile* its =
          h.profile.empty() ? traces::profile_of_kernel(h.kernel) : find_profile(h.profile);
      if (its != nullptr && its != &profile) return;
      checker::CheckOptions options;
      options.profile = &profile;
      checker::take_host(h, options);
      checker.emplace(binder_of(profile), options);
    };
    sink.event = [&](const traces::TraceEvent& e, std::string_view) {
      if (checker) checker->feed(e);
      return checker.has_value() && !stop::requested();
    };
    traces::ReadFailure failure;
    const traces::ReadResult result =
        traces::read_trace(file, traces::Format::automatic, binder(), sink, failure);
    if (result == traces::ReadResult::failed || result == traces::ReadResult::malformed) {
      show_failure(file, failure);
      return false;
    }
    if (!checker) continue;
    const checker::Report report = checker->finish();
    out.coverage.merge(report.coverage);
    out.judged += report.checked;
    ++out.traces;
  }
  return true;
}

using checker::Exercised;
using checker::ExercisedCheck;

void print(const std::vector<ExercisedCheck>& checks, const Taken& taken, const Profile& profile) {
  fmt::print("{:<52} {:>10} {:>10} {:>10}\n", "check", "held", "did not", "decided");
  std::map<Exercised, unsigned> count;
  for (const ExercisedCheck& c : checks) {
    ++count[c.how];
    if (c.how == Exercised::foreign) continue;
    const char* note = text_of(c.how);
    fmt::print("{:<52} {:>10} {:>10} {:>10}{}{}\n", c.check->rule + "." + c.check->id, c.seen.held,
               c.seen.not_held, c.seen.decided, *note != 0 ? "  " : "", note);
  }
  const unsigned foreign = count[Exercised::foreign];
  const std::size_t own = checks.size() - foreign;
  fmt::print(
      "{} traces under {}, {} calls judged: of {} checks {} were evaluated, {} both ways, "
      "{} requirements were kept\n",
      taken.traces, profile.name, taken.judged, own, own - count[Exercised::never],
      count[Exercised::both], count[Exercised::kept]);
  if (foreign != 0)
    fmt::print("{} more checks are not a rule of this profile: they judge hardware events\n",
               foreign);
}

void print_json(const std::vector<ExercisedCheck>& checks, const Taken& taken,
                const Profile& profile) {
  nlohmann::ordered_json out{{"profile", std::string(profile.name)},
                             {"traces", taken.traces},
                             {"calls_judged", taken.judged},
                             {"checks", nlohmann::ordered_json::array()}};
  for (const ExercisedCheck& c : checks)
    out["checks"].push_back({{"id", c.check->rule + "." + c.check->id},
                             {"source", c.check->source},
                             {"held", c.seen.held},
                             {"did_not_hold", c.seen.not_held},
                             {"decided", c.seen.decided},
                             {"note", text_of(c.how)}});
  fmt::print("{}\n", out.dump(2));
}

}  // namespace

void add_coverage(CLI::App& command, std::shared_ptr<std::string> profile, Common& common) {
  auto files = std::make_shared<std::vector<std::string>>();
  command.add_option("FILE", *files,
                     "traces, or directories of traces; none: the bundled real traces");
  command.callback([profile = std::move(profile), files, &common] {
    const Profile& judged = *find_profile(*profile);
    std::vector<std::string> all = *files;
    Taken taken;
    if (!expand_directories(all) || !take(all.empty() ? bundled_traces() : all, judged, taken)) {
      common.status = exit_usage;
      return;
    }
    const auto checks = checker::exercised_checks(binder_of(judged), judged, taken.coverage);
    if (common.json) print_json(checks, taken, judged);
    else print(checks, taken, judged);
    // A coverage of nothing is no coverage.
    common.status = taken.judged == 0 ? exit_unknown : exit_ok;
  });
}

}  // namespace assay::cli
