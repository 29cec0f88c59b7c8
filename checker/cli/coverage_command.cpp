// assay spec coverage: which checks, choices and answers of the specification traces exercise.
#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>

#include "checker/check.hpp"
#include "checker/cli/cli.hpp"
#include "checker/cli/spec_parts.hpp"
#include "model/catalog.hpp"
#include "spec/system.hpp"

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
    std::optional<checker::Checker> checker;
    traces::TraceSink sink;
    sink.header = [&](const traces::TraceHeader& h) {
      const Profile* its =
          h.profile.empty() ? profile_for_release(h.kernel) : find_profile(h.profile);
      if (its != nullptr && its != &profile) return;
      checker::CheckOptions options;
      options.profile = &profile;
      if (h.host_known) options.host = h.host;
      checker.emplace(binder(), options);
    };
    sink.event = [&](const traces::TraceEvent& e, std::string_view) {
      if (checker) checker->feed(e);
      return checker.has_value() && !interrupted().load(std::memory_order_relaxed);
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

// How one part of the specification was exercised.
struct Row {
  const CatalogEntry* part;
  Coverage::Counter seen;
  bool both() const { return seen.held != 0 && seen.not_held != 0; }
  // A requirement that conforming implementations keep is never broken.
  bool kept() const { return part->kind == VerbKind::require && seen.not_held != 0; }
  bool never() const { return seen.held == 0 && seen.not_held == 0; }
};

std::vector<Row> rows_of(const std::vector<CatalogEntry>& entries, const Coverage& coverage) {
  std::map<std::string, u32> number;
  for (const RuleInfo& rule : rule_infos(SystemRules<Concrete>{}))
    number.emplace(rule.name, static_cast<u32>(number.size()));
  std::vector<Row> rows;
  for (const CatalogEntry& e : entries) {
    if (e.kind != VerbKind::reject && e.kind != VerbKind::require) continue;
    const Coverage::Counter* c = coverage.find(number.at(e.rule), e.hash);
    rows.push_back({&e, c != nullptr ? *c : Coverage::Counter{}});
  }
  return rows;
}

void print(const std::vector<Row>& rows, const Taken& taken, const Profile& profile) {
  fmt::print("{:<52} {:>10} {:>10} {:>10}\n", "check", "held", "did not", "decided");
  unsigned seen = 0, both = 0;
  for (const Row& r : rows) {
    seen += r.never() ? 0 : 1;
    both += r.both() ? 1 : 0;
    fmt::print("{:<52} {:>10} {:>10} {:>10}{}\n", r.part->rule + "." + r.part->id, r.seen.held,
               r.seen.not_held, r.seen.decided,
               r.never()              ? "  never evaluated"
               : r.both() || r.kept() ? ""
                                      : "  one way only");
  }
  fmt::print("{} traces under {}, {} calls judged: of {} checks {} were evaluated, {} both ways\n",
             taken.traces, profile.name, taken.judged, rows.size(), seen, both);
}

void print_json(const std::vector<Row>& rows, const Taken& taken, const Profile& profile) {
  nlohmann::ordered_json out{{"profile", std::string(profile.name)},
                             {"traces", taken.traces},
                             {"calls_judged", taken.judged},
                             {"checks", nlohmann::ordered_json::array()}};
  for (const Row& r : rows)
    out["checks"].push_back({{"id", r.part->rule + "." + r.part->id},
                             {"source", r.part->source},
                             {"held", r.seen.held},
                             {"did_not_hold", r.seen.not_held},
                             {"decided", r.seen.decided}});
  fmt::print("{}\n", out.dump(2));
}

}  // namespace

void add_coverage(CLI::App& command, std::shared_ptr<std::string> profile, Common& common) {
  auto files = std::make_shared<std::vector<std::string>>();
  command.add_option("FILE", *files, "traces; none: the bundled real traces");
  command.callback([profile, files, &common] {
    const Profile& judged = *find_profile(*profile);
    const auto& entries = system_catalog(judged);
    Taken taken;
    if (!take(files->empty() ? bundled_traces() : *files, judged, taken)) {
      common.status = exit_usage;
      return;
    }
    const std::vector<Row> rows = rows_of(entries, taken.coverage);
    if (common.json) print_json(rows, taken, judged);
    else print(rows, taken, judged);
    // A coverage of nothing is no coverage.
    common.status = taken.judged == 0 ? exit_unknown : exit_ok;
  });
}

}  // namespace assay::cli
