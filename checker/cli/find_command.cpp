// assay find: the shortest history from reset to a state that a predicate describes.
#include "checker/prove/find.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "checker/check.hpp"
#include "checker/cli/cli.hpp"
#include "checker/cli/history_text.hpp"
#include "checker/cli/progress.hpp"
#include "checker/cli/shape_option.hpp"
#include "checker/judge.hpp"
#include "traces/stop.hpp"
#include "traces/trace_file.hpp"

namespace assay::cli {
namespace {

using Kind = prove::SearchResult::Kind;

struct FindArguments {
  std::string predicate, shape, profile, after, out;
  unsigned depth = 8;
};

// What is shown of a search.
struct Answer {
  prove::SearchResult result;
  std::string trace;  // of what was found
  std::string shape;
  bool goes_on = false;  // from where a trace ends
  double seconds = 0;
};

const char* name_of(Kind kind) {
  switch (kind) {
    case Kind::found: return "reached";
    case Kind::none: return "none";
    case Kind::unknown: return "unknown";
    case Kind::disagreement: return "disagreement";
  }
  return "?";
}

int status_of(Kind kind) {
  if (kind == Kind::found) return exit_found;
  return kind == Kind::none ? exit_ok : exit_unknown;
}

// Judges the trace as `assay check` will; why its events are not possible, empty when they are. A
// state that breaks an invariant may be just what was asked for: then `broken` names it.
std::string objection_to(const std::string& trace, std::string& broken) {
  const gen::ProgramText read = gen::read_program(trace);
  if (!read.error.empty()) return "the trace does not read back: " + read.error;
  const checker::Report report = checker::judge_report(read.program, read.answers);
  if (report.verdict == checker::Verdict::conforms) return {};
  const auto of_claim = [](const checker::Finding& f) { return f.of_claim(); };
  const auto& all = report.findings;
  if (!all.empty() && std::all_of(all.begin(), all.end(), of_claim)) {
    broken = all[0].check;
    return {};
  }
  const std::string check = all.empty() ? "" : " (" + all[0].check + ")";
  return "the trace " + std::string(checker::name_of(report.verdict)) + check + " when checked";
}

void add_trace(Answer& answer, const Profile& profile) {
  prove::SearchResult& r = answer.result;
  if (r.kind != Kind::found) return;
  answer.trace = history_text(r.history, profile, {});
  if (r.history.events.empty()) return;  // nothing to judge
  std::string broken;
  r.reason = objection_to(answer.trace, broken);
  if (!broken.empty()) answer.trace = history_text(r.history, profile, "violates " + broken);
  if (!r.reason.empty()) r.kind = Kind::disagreement;
}

// One sentence, without its final stop.
std::string sentence(const Answer& answer) {
  const prove::SearchResult& r = answer.result;
  switch (r.kind) {
    case Kind::found:
      if (r.depth == 0)
        return fmt::format("it holds {}, before any event",
                           answer.goes_on ? "where the trace ends" : "at reset");
      return fmt::format("{} {}, and no shorter history does", r.depth,
                         r.depth == 1 ? "event reaches it" : "events reach it");
    case Kind::none:
      return fmt::format("no history of up to {} {} reaches it", r.depth,
                         r.depth == 1 ? "event" : "events");
    case Kind::unknown:
      return fmt::format("undecided at {} {} ({}); no shorter history reaches it", r.depth,
                         r.depth == 1 ? "event" : "events", r.reason);
    case Kind::disagreement: return "the solver and the rules disagree: " + r.reason;
  }
  return "?";
}

void print(const Answer& answer, const Profile& profile, const Common& common) {
  const Kind kind = answer.result.kind;
  const char* color = kind == Kind::found ? "red" : kind == Kind::none ? "green" : "yellow";
  fmt::print("{}: {}\n  {}, {}, {}; {:.2f} s\n", paint(common, color, name_of(kind)),
             sentence(answer), profile.name, answer.shape,
             answer.goes_on ? "the trace's host" : "every host", answer.seconds);
}

void print_json(const Answer& answer, const Profile& profile, const std::string& predicate) {
  nlohmann::ordered_json out{
      {"predicate", predicate},       {"profile", std::string(profile.name)},
      {"shape", answer.shape},        {"answer", name_of(answer.result.kind)},
      {"depth", answer.result.depth}, {"reason", answer.result.reason},
      {"seconds", answer.seconds}};
  if (!answer.trace.empty()) out["trace"] = answer.trace;
  fmt::print("{}\n", out.dump(2));
}

// A trace as a history: the events that were judged, as the checker bound them.
struct Read {
  prove::History history;
  const Profile* profile = nullptr;  // the trace's own
};
bool read_history(const std::string& path, const Profile* wanted, Read& out) {
  std::optional<checker::Checker> checker;
  traces::TraceSink sink;
  sink.header = [&](const traces::TraceHeader& header) {
    out.profile = header.profile.empty() ? nullptr : find_profile(header.profile);
    out.history.host = header.host;
    checker::CheckOptions options;
    options.profile = wanted != nullptr ? wanted
                      : out.profile != nullptr
                          ? out.profile
                          : find_profile(default_system().info().usual_profile);
    options.host = header.host;
    options.explain = true;
    options.on_event = [&](const traces::TraceEvent& e, const std::vector<std::string>&) {
      out.history.events.push_back(e.event);
    };
    checker.emplace(binder_of(*options.profile), options);
  };
  sink.event = [&](const traces::TraceEvent& e, std::string_view) {
    checker->feed(e);
    return true;
  };
  traces::ReadFailure failure;
  if (read_trace(path, traces::Format::automatic, binder(), sink, failure) ==
      traces::ReadResult::complete)
    return true;
  show_failure(path, failure);
  return false;
}

// Where --after lets the search begin; the trace's profile counts if none was named.
bool begin_after(const std::string& path, const std::string& profile, prove::Options& options) {
  Read read;
  std::string why;
  if (!read_history(path, profile.empty() ? nullptr : options.profile, read)) return false;
  if (profile.empty() && read.profile != nullptr) options.profile = read.profile;
  options.after = prove::start_after(read.history, options, why);
  if (!options.after) fmt::print(stderr, "assay: {}: {}\n", path, why);
  return options.after != nullptr;
}

Answer search(prove::Options& options, const prove::Predicate& predicate) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point start = Clock::now();
  Progress progress;
  progress.start("find");
  options.progress = [&](std::size_t done, std::size_t total) { progress.show(done, total); };
  options.stop = [] { return stop::requested(); };
  Answer answer;
  answer.result = prove::find(options, predicate);
  progress.done();
  answer.seconds = std::chrono::duration<double>(Clock::now() - start).count();
  return answer;
}

int show(const Answer& answer, const Profile& profile, const FindArguments& a,
         const Common& common) {
  if (common.json) print_json(answer, profile, a.predicate);
  else if (!common.quiet) print(answer, profile, common);
  if (!a.out.empty() && !answer.trace.empty() && !write_file(a.out, answer.trace))
    return exit_internal;
  if (a.out.empty() && !common.json && answer.result.depth > 0) fmt::print("{}", answer.trace);
  return status_of(answer.result.kind);
}

int run(const FindArguments& a, const Common& common) {
  prove::Options options;
  options.profile = a.profile.empty() ? find_profile(default_system().info().usual_profile)
                                      : find_profile(a.profile);
  options.depth = a.depth;
  if (!read_shape(a.shape, options)) return exit_usage;
  const std::optional<prove::StateNames> names = prove::state_names(options);
  if (!names) {
    fmt::print(stderr, "assay: a shape needs at least one of each thing\n");
    return exit_usage;
  }
  const auto predicate = prove::read_predicate(a.predicate, *names);
  if (const auto* failure = std::get_if<traces::ReadFailure>(&predicate))
    return show_failure("PREDICATE", *failure);
  if (!a.after.empty() && !begin_after(a.after, a.profile, options)) return exit_usage;
  Answer answer = search(options, std::get<prove::Predicate>(predicate));
  answer.shape = names->shape;
  answer.goes_on = options.after != nullptr;
  add_trace(answer, *options.profile);
  return show(answer, *options.profile, a, common);
}

const char* const language =
    "PREDICATE is a condition on a state, such as\n"
    "  any(vcpu, c: c.in_guest && c.pmu.irq == 23)\n"
    "  gic.ready && all(slot, s: s.pages == 0 || s.base_gfn + s.pages <= 0x1000)\n"
    "  !memslots_never_overlap\n"
    "State paths as `assay explain` prints them, invariants as `assay spec list` does; operators\n"
    "from loosest to tightest: => || && (== != < <= > >=) | & (+ -) !\n"
    "any(TABLE, x: ...) and all(TABLE, x: ...) nest; x by itself is the entry's index.\n"
    "exit status: 0 no history of up to --depth events reaches it, 1 reached, 2 undecided,\n"
    "             3 bad predicate or usage";

}  // namespace

void add_find(CLI::App& app, Common& common) {
  auto* command = app.add_subcommand(
      "find",
      "the shortest history, from reset or from where a trace ends, to a state that a predicate "
      "describes");
  auto a = std::make_shared<FindArguments>();
  std::vector<std::string> profiles;
  for (const Profile& p : all_profiles()) profiles.emplace_back(p.name);
  command->add_option("PREDICATE", a->predicate, "a condition on a state")->required();
  command->add_option("--shape", a->shape, "how many of each thing: vcpus=3,pes=4,slots=4");
  command->add_option("--profile", a->profile, "default: that of --after, or linux-6.1")
      ->check(CLI::IsMember(profiles));
  command->add_option("--after", a->after, "a trace: search on from where it ends")
      ->type_name("FILE");
  command->add_option("--depth", a->depth, "longest history searched, in events")
      ->check(CLI::Range(0, 64));
  command->add_option("-o,--output", a->out, "write the trace here")->type_name("FILE");
  command->footer(language);
  add_common(*command, common, as_json);
  command->callback([a, &common] { common.status = run(*a, common); });
}

}  // namespace assay::cli
