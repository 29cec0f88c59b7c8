// assay find: the shortest history from reset to a state that a predicate describes.
#include "checker/prove/find.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <variant>

#include "checker/cli/cli.hpp"
#include "checker/cli/find_list.hpp"
#include "checker/cli/history_text.hpp"
#include "checker/cli/judged_text.hpp"
#include "checker/cli/progress.hpp"
#include "checker/cli/shape_option.hpp"
#include "checker/prove/encoding.hpp"
#include "checker/prove/ordinary.hpp"
#include "checker/prove/read_history.hpp"
#include "traces/stop.hpp"
#include "traces/trace_file.hpp"

namespace assay::cli {
namespace {

using Kind = prove::SearchResult::Kind;

struct FindArguments {
  std::string predicate, shape, profile, after, out;
  unsigned depth = 8;
  bool degenerate = false, list = false;
};

// What is shown of a search.
struct Answer {
  prove::SearchResult result;
  std::string trace;  // of what was found
  std::string shape;
  std::vector<std::string> ordinary;  // only states that are so were looked for
  std::string larger;                 // none: the shape in which there is a history, and its events
  unsigned larger_depth = 0;
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

// Why the trace that tells a history is not one that `assay check` takes, empty when it is. A state
// that breaks an invariant may be just what was asked for: then `broken` names it.
std::string objection_to(const prove::History& history, const Profile& profile,
                         std::string& broken) {
  if (history.events.empty()) return {};  // nothing to judge
  std::string failure;
  const checker::Report report = judged_text(history_text(history, profile, {}), failure);
  if (!failure.empty()) return "the trace does not read back: " + failure;
  if (!report.skipped.empty())
    return "the trace is not judged whole: " + report.skipped.begin()->first;
  if (report.verdict == checker::Verdict::conforms) return {};
  const auto of_claim = [](const checker::Finding& f) { return f.of_claim(); };
  const auto& all = report.findings;
  if (!all.empty() && std::all_of(all.begin(), all.end(), of_claim)) {
    broken = all.back().check;
    return {};
  }
  const std::string check = all.empty() ? "" : " (" + all[0].check + ")";
  return "the trace " + std::string(checker::name_of(report.verdict)) + check + " when checked";
}

void add_trace(Answer& answer, const Profile& profile) {
  const prove::SearchResult& r = answer.result;
  if (r.kind != Kind::found) return;
  std::string broken;
  objection_to(r.history, profile, broken);
  answer.trace =
      history_text(r.history, profile, broken.empty() ? std::string() : "violates " + broken);
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

// Kinds of devices that no rule of the profile is about: histories make no calls on them.
std::vector<std::string> kinds_without_rules(const Profile& profile) {
  const System& system = assay::system_of(profile);
  const traces::Binder& rules = binder_of(profile);
  std::vector<std::string> out;
  for (const HandleDeclaration& kind : system.info().handles) {
    bool has_rule = kind.device_type == 0;
    for (u32 rule = 0; rule < system.rules().size(); ++rule) {
      const auto& on = rules.pattern(rule).on;
      has_rule = has_rule || (system.rules()[rule].is_of(profile) &&
                              std::find(on.begin(), on.end(), kind.kind) != on.end());
    }
    if (!has_rule) out.emplace_back(kind.name);
  }
  return out;
}

void print(const Answer& answer, const Profile& profile, const Common& common) {
  const Kind kind = answer.result.kind;
  const char* color = kind == Kind::found ? "red" : kind == Kind::none ? "green" : "yellow";
  fmt::print("{}: {}\n  {}, {}, {}; {:.2f} s\n", paint(common, color, name_of(kind)),
             sentence(answer), profile.name, answer.shape,
             answer.goes_on ? "the trace's host" : "every host", answer.seconds);
  if (!answer.ordinary.empty() && kind != Kind::found)
    fmt::print("  only states were looked for in which {}; --degenerate looks at all\n",
               fmt::join(answer.ordinary, " and "));
  if (const auto kinds = kinds_without_rules(profile); kind == Kind::none && !kinds.empty())
    fmt::print("  histories make no calls on {}: no rule is about them\n", fmt::join(kinds, ", "));
  if (answer.result.left_out != 0)
    fmt::print("  {} {} left out that no trace tells: {}\n", answer.result.left_out,
               answer.result.left_out == 1 ? "history was" : "histories were",
               answer.result.left_out_why);
  if (!answer.larger.empty())
    fmt::print("  a table of the shape is why, not the rules: with --shape {} {} {} it\n",
               answer.larger, answer.larger_depth,
               answer.larger_depth == 1 ? "event reaches" : "events reach");
}

void print_json(const Answer& answer, const Profile& profile, const std::string& predicate) {
  nlohmann::ordered_json out{{"predicate", predicate},
                             {"profile", std::string(profile.name)},
                             {"shape", answer.shape},
                             {"answer", name_of(answer.result.kind)},
                             {"depth", answer.result.depth},
                             {"reason", answer.result.reason},
                             {"seconds", answer.seconds},
                             {"ordinary", answer.ordinary},
                             {"left_out", answer.result.left_out}};
  if (!answer.larger.empty()) {
    out["reached_with_shape"] = answer.larger;
    out["reached_with_depth"] = answer.larger_depth;
  }
  if (!answer.trace.empty()) out["trace"] = answer.trace;
  fmt::print("{}\n", out.dump(2));
}

// Where --after lets the search begin; the trace's profile counts if none was named.
bool begin_after(const std::string& path, const std::string& profile, prove::Options& options) {
  prove::ReadHistory read;
  traces::ReadFailure failure;
  std::string why;
  if (!prove::read_history(path, profile.empty() ? nullptr : options.profile, read, failure)) {
    show_failure(path, failure);
    return false;
  }
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
  options.objection = [&](const prove::History& history) {
    std::string broken;
    return objection_to(history, *options.profile, broken);
  };
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

// Reads the arguments for the shape of the options, and searches; a status where they are wrong.
std::variant<Answer, int> answer_to(const FindArguments& a, prove::Options& options) {
  const std::optional<prove::StateNames> names = prove::state_names(options);
  if (!names) {
    fmt::print(stderr, "assay: a shape needs at least one of each thing\n");
    return exit_usage;
  }
  const auto read = prove::read_predicate(a.predicate, *names);
  if (const auto* failure = std::get_if<traces::ReadFailure>(&read))
    return show_failure("PREDICATE", *failure);
  if (!a.after.empty() && !begin_after(a.after, a.profile, options)) return exit_usage;
  prove::Ordinary wanted{std::get<prove::Predicate>(read), {}};
  if (!a.degenerate)
    wanted = prove::of_ordinary_states(wanted.predicate, *names, prove::system_of(options));
  Answer answer = search(options, wanted.predicate);
  answer.ordinary = wanted.what;
  answer.shape = names->shape;
  answer.goes_on = options.after != nullptr;
  add_trace(answer, *options.profile);
  return answer;
}

int run(const FindArguments& a, const Common& common) {
  prove::Options options;
  options.profile = a.profile.empty() ? find_profile(default_system().info().usual_profile)
                                      : find_profile(a.profile);
  options.depth = a.depth;
  if (!read_shape(a.shape, options)) return exit_usage;
  if (a.list) return list_what_can_be_asked(options, common);
  if (a.predicate.empty()) {
    fmt::print(stderr, "assay: find wants a PREDICATE, or --list\n");
    return exit_usage;
  }
  auto found = answer_to(a, options);
  if (const int* status = std::get_if<int>(&found)) return *status;
  Answer& answer = std::get<Answer>(found);
  if (!answer.result.larger.grows() && !stop::requested()) {
    prove::Options larger = options;
    larger.shape = answer.result.larger;
    const auto beyond = answer_to(a, larger);
    const Answer* const other = std::get_if<Answer>(&beyond);
    if (other != nullptr && other->result.kind == Kind::found) {
      answer.larger = other->shape;
      answer.larger_depth = other->result.depth;
    }
  }
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
    "Values that have names are asked for by them: any(spu, s: s.event == full). --list says "
    "which\n"
    "leaves, names and invariants there are.\n"
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
  command->add_option("PREDICATE", a->predicate, "a condition on a state");
  command->add_option("--shape", a->shape, "how many of each thing: vcpus=3,pes=4,slots=4");
  command->add_option("--profile", a->profile, "default: that of --after, or linux-6.1")
      ->check(CLI::IsMember(profiles));
  command->add_option("--after", a->after, "a trace: search on from where it ends")
      ->type_name("FILE");
  command->add_option("--depth", a->depth, "longest history searched, in events")
      ->check(CLI::Range(0, 64));
  command->add_flag(
      "--degenerate", a->degenerate,
      "also states that nobody would want to see: no VM, an SPU that may do anything");
  command->add_flag("--list", a->list, "what a predicate can ask about, instead of a search");
  command->add_option("-o,--output", a->out, "write the trace here")->type_name("FILE");
  command->footer(language);
  add_common(*command, common, as_json);
  command->callback([a, &common] { common.status = run(*a, common); });
}

}  // namespace assay::cli
