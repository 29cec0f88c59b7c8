// assay minimise, assay replay: a trace's calls again, on a target or by their recorded answers.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "checker/cli/host_option.hpp"
#include "checker/cli/minimise_lines.hpp"
#include "checker/cli/progress.hpp"
#include "checker/cli/recent_lines.hpp"
#include "checker/cli/reports.hpp"
#include "checker/cli/targets.hpp"
#include "checker/cli/trace_files.hpp"
#include "checker/judge.hpp"
#include "checker/report/report.hpp"
#include "gen/defects.hpp"
#include "gen/minimise.hpp"
#include "traces/stop.hpp"

namespace assay::cli {
namespace {

struct Arguments : TargetArguments {
  std::string file, out, claim;
};

// Traces may hold any bytes; JSON may not.
std::string json_dump(const nlohmann::ordered_json& j) {
  return j.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

// The resulting trace: where -o says, else to standard output, unless that holds JSON, which
// contains it.
bool write_result(const Arguments& a, const Common& common, const std::string& text) {
  if (a.out.empty()) return common.json || write_file("-", text);
  return write_file(a.out, text);
}

// False with a message where the program read holds nothing that can be performed.
bool can_be_performed(const Arguments& a, const gen::ProgramText& out) {
  if (!out.error.empty()) {
    fmt::print(stderr, "{}:{}\n", a.file, out.error);
    return false;
  }
  if (out.program.operations.empty()) {
    fmt::print(stderr, "{}: no call in it can be performed\n", a.file);
    return false;
  }
  if (out.left_out != 0)
    fmt::print(
        stderr,
        "assay: {} calls are left out: no rule describes them, or their arguments are hidden\n",
        out.left_out);
  return true;
}

void fill_profile(const Arguments& a, const ChosenTarget* chosen, gen::Program& p) {
  if (!a.profile.empty()) p.profile = find_profile(a.profile);
  if (chosen != nullptr) {
    if (a.profile.empty() && (p.profile == nullptr || a.target != "model"))
      p.profile = chosen->profile;
    if (a.target != "model" || p.host.is_blank()) p.host = chosen->host;
  }
  if (p.profile == nullptr) p.profile = &default_system().info().profiles.front();
  if (!a.host.empty()) p.host = header_of_host(a.host, system_of(*p.profile)).host;
}

// The answers that a recorded program carries in its own operations.
gen::Answers recorded_answers(const gen::Program& p) {
  gen::Answers answers;
  answers.end = gen::Answers::End::completed;
  for (const gen::Operation& operation : p.operations) {
    gen::Answer answer;
    answer.executed = operation.event.answered || operation.kind != gen::Operation::Kind::call;
    answer.tid = gen::planned_tid(operation.thread);
    answer.event = operation.event;
    answers.of.push_back(answer);
  }
  return answers;
}

// What the trace's header says that it violates; empty: nothing.
std::string_view expected_violation(const gen::ProgramText& read) {
  constexpr std::string_view violates = "violates ";
  const std::string_view expect = read.expect;
  return expect.starts_with(violates) ? expect.substr(violates.size()) : std::string_view();
}

// The claim of --claim, or the one that the trace's header expects to be broken if it is; else the
// first.
std::optional<gen::Violation> broken_claim(const Arguments& a, const gen::ProgramText& read,
                                           const gen::Program& p, const gen::Answers& answers) {
  if (!a.claim.empty()) return checker::broken_claim(p, answers, a.claim);
  const std::string_view name = expected_violation(read);
  if (!name.empty())
    if (auto expected = checker::broken_claim(p, answers, name)) return expected;
  return checker::broken_claim(p, answers);
}

// What the rules forbid, and what the target died of or its kernel's log complains of.
std::vector<gen::Violation> violations_of(const gen::Program& p, const gen::Answers& answers) {
  std::vector<gen::Violation> all = gen::defects_of(p, answers);
  if (auto forbidden = checker::judge(p, answers)) all.insert(all.begin(), std::move(*forbidden));
  return all;
}

std::optional<gen::Violation> with_key(const std::vector<gen::Violation>& all,
                                       std::string_view key) {
  const auto at =
      std::find_if(all.begin(), all.end(), [&](const gen::Violation& v) { return v.key == key; });
  return at == all.end() ? std::nullopt : std::optional(*at);
}

// The one that the trace's header expects, if it is there; else the first.
std::optional<gen::Violation> violation_of(const gen::ProgramText& read, const gen::Program& p,
                                           const gen::Answers& answers) {
  const std::vector<gen::Violation> all = violations_of(p, answers);
  if (all.empty()) return std::nullopt;
  return with_key(all, expected_violation(read)).value_or(all.front());
}

bool read_file(const Arguments& a, gen::ProgramText& out) {
  std::string text;
  if (!read_text(a.file, text)) return false;
  out = gen::read_program(text);
  return can_be_performed(a, out);
}

// A trace that no program can make again, or that is wrong in what no program makes.
int minimise_as_lines(const Arguments& a, const Common& common, const std::string& text) {
  Progress progress;
  progress.start("minimise");
  std::size_t steps = 0;
  LinesToMinimise lines;
  lines.text = text;
  lines.by = {a.profile, a.host};
  lines.check = a.claim;
  lines.on_progress = [&](std::size_t) { progress.show(++steps, 0); };
  const MinimisedLines result = minimise_lines(lines);
  progress.done();
  if (result.failure) {
    show_failure(a.file, *result.failure);
    return exit_usage;
  }
  if (result.check.empty()) {
    if (stop::requested()) fmt::print(stderr, "assay: interrupted\n");
    else fmt::print(stderr, "assay: {} does not violate the specification\n", a.file);
    return exit_unknown;
  }
  if (!write_result(a, common, result.text)) return exit_internal;
  if (common.json)
    fmt::print("{}\n", json_dump({{"check", result.check},
                                  {"operations", result.lines},
                                  {"operations_before", result.lines_before},
                                  {"minimal", result.minimal},
                                  {"oracle_calls", result.judgements},
                                  {"trace", result.text}}));
  fmt::print(stderr, "assay: {}: {} lines of {} ({}), {} judgements\n", result.check, result.lines,
             result.lines_before, result.minimal ? "1-minimal" : "interrupted: the best so far",
             result.judgements);
  return result.minimal ? exit_found : exit_unknown;
}

// What a kernel logged of its calls shrinks on that kernel only.
bool shrinks_here(const Arguments& a, const gen::ProgramText& read) {
  const bool needs_target =
      a.target.empty() && !read.answers.log.empty() && !checker::judge(read.program, read.answers);
  if (needs_target)
    fmt::print(stderr, "assay: {}: of what a kernel logs only --target can say what it takes\n",
               a.file);
  return !needs_target;
}

int minimise(Arguments& a, const Common& common) {
  if (!settle_target(a, "")) return exit_usage;
  std::string text;
  if (!read_text(a.file, text)) return stop::requested() ? exit_unknown : exit_usage;
  gen::ProgramText read = gen::read_program(text);
  // Of a recorded trace a program may be a part only.
  const bool is_whole = read.error.empty() && read.left_out == 0 &&
                        !read.program.operations.empty() && read.tells_whole_host;
  if (a.target.empty() && !is_whole && a.host.empty()) return minimise_as_lines(a, common, text);
  if (!can_be_performed(a, read) || !shrinks_here(a, read)) return exit_usage;
  ChosenTarget chosen;
  bool recorded = a.target.empty();
  if (!recorded && !choose_target(a, chosen)) return exit_usage;
  gen::Program& program = read.program;
  fill_profile(a, recorded ? nullptr : &chosen, program);
  std::shared_ptr<gen::Target> target =
      recorded ? nullptr : std::shared_ptr<gen::Target>(chosen.factory());
  if (recorded)
    for (std::size_t i = 0; i < program.operations.size(); ++i)
      if (i < read.answers.of.size()) program.operations[i].event = read.answers.of[i].event;
  auto answers_of = [&](const gen::Program& p) {
    return recorded ? recorded_answers(p) : target->run({&p, 1}).front();
  };
  // What is claimed of the specification may be broken by answers that it allows: of several claims
  // the one that is asked for.
  const gen::Answers answers = answers_of(program);
  auto violation = violation_of(read, program, answers);
  const bool of_claim = !violation;
  if (of_claim) violation = broken_claim(a, read, program, answers);
  if (!violation) {
    if (recorded && !stop::requested()) return minimise_as_lines(a, common, text);
    if (stop::requested()) fmt::print(stderr, "assay: interrupted\n");
    else fmt::print(stderr, "assay: {} does not violate it on this target\n", a.file);
    return exit_unknown;
  }
  gen::MinimiseOptions options;
  options.operation = violation->operation;
  options.simplify_arguments = !recorded;  // recorded answers belong to the recorded arguments
  options.stop = &stop::flag();
  options.oracle = [&](const gen::Program& p) {
    const gen::Answers now = answers_of(p);
    return of_claim ? checker::broken_claim(p, now, violation->key).has_value()
                    : with_key(violations_of(p, now), violation->key).has_value();
  };
  Progress progress;
  progress.start("minimise");
  options.on_progress = [&](std::size_t left, u64 calls) { progress.show(calls, 0), (void)left; };
  gen::MinimiseResult result = gen::minimise(program, options);
  progress.done();
  const std::string trace = gen::text_of(result.program, answers_of(result.program),
                                         fmt::format("violates {}", violation->key));
  if (!write_result(a, common, trace)) return exit_internal;
  if (common.json) {
    nlohmann::ordered_json out{{"check", violation->key},
                               {"operations", result.program.operations.size()},
                               {"operations_before", program.operations.size()},
                               {"minimal", result.minimal},
                               {"oracle_calls", result.calls},
                               {"trace", trace}};
    fmt::print("{}\n", json_dump(out));
  }
  fmt::print(stderr, "assay: {}: {} operations of {} ({}), {} oracle calls\n", violation->key,
             result.program.operations.size(), program.operations.size(),
             result.minimal      ? "1-minimal"
             : stop::requested() ? "interrupted: the best so far"
                                 : "stopped early",
             result.calls);
  return stop::requested() && !result.minimal ? exit_unknown : exit_found;
}

// What the target did to the program, in one word.
const char* end_of(const gen::Answers& answers) {
  switch (answers.end) {
    case gen::Answers::End::completed: return "completed";
    case gen::Answers::End::crashed: return "crashed";
    case gen::Answers::End::hung: return "hung";
    case gen::Answers::End::garbled: return "answered nonsense";
    case gen::Answers::End::not_run: return "did not run";
  }
  return "?";
}

// Lines of the report are those of the operations; in the file they stand elsewhere.
void to_lines_of_file(const gen::ProgramText& read, checker::Report& report) {
  constexpr std::uint64_t first_operation_line = 2;  // as gen::each_trace_event() counts
  const auto move = [&](std::uint64_t& line) {
    const std::uint64_t operation = line - first_operation_line;
    line =
        line >= first_operation_line && operation < read.lines.size() ? read.lines[operation] : 0;
  };
  for (checker::Finding& f : report.findings) {
    move(f.line);
    for (checker::Reason& r : f.reasons)
      for (checker::Because& b : r.because) move(b.line);
  }
}

// A target that dies, hangs or logs a warning violates what no rule has to say.
void add_defects(const gen::ProgramText& read, const gen::Answers& answers,
                 checker::Report& report) {
  for (gen::Violation& v : gen::defects_of(read.program, answers)) {
    checker::Finding f;
    f.check = v.key;
    f.line = v.operation < read.lines.size() ? read.lines[v.operation] : 0;
    f.observed = std::move(v.text);
    report.findings.push_back(std::move(f));
    report.verdict = checker::Verdict::violates;
  }
}

int replay(Arguments& a, const Common& common) {
  if (!settle_target(a, "model")) return exit_usage;
  gen::ProgramText read;
  if (!read_file(a, read)) return stop::requested() ? exit_unknown : exit_usage;
  ChosenTarget chosen;
  if (!choose_target(a, chosen)) return exit_usage;
  fill_profile(a, &chosen, read.program);
  std::unique_ptr<gen::Target> target = chosen.factory();
  gen::Answers answers = target->run({&read.program, 1}).front();
  if (answers.end == gen::Answers::End::not_run) {
    fmt::print(stderr, "assay: the target did not run the program {}\n", answers.note);
    return exit_unknown;
  }
  const std::string trace = gen::text_of(read.program, answers);
  if (!write_result(a, common, trace)) return exit_internal;
  checker::FileReport report;
  report.file = a.file;
  report.report = checker::judge_report(read.program, answers);
  to_lines_of_file(read, report.report);
  if (a.file != "-") add_texts(a.file, report.report.findings);
  add_defects(read, answers, report.report);
  if (common.json) {
    const nlohmann::ordered_json target{
        {"name", a.target}, {"end", end_of(answers)}, {"note", answers.note}};
    const nlohmann::ordered_json text = trace;
    fmt::print("{}\n", checker::json_text({report}, {{"target", json_dump(target)},
                                                     {"performed", json_dump(text)}}));
  } else {
    checker::TextOptions o;
    o.quiet = common.quiet;
    o.color = use_color(common);
    // The trace itself may be on standard output.
    fmt::print(a.out.empty() || a.out == "-" ? stderr : stdout, "{}",
               checker::file_text(report, o));
  }
  if (!write_reports({report}, common)) return exit_internal;
  return checker::exit_status(report.report.verdict);
}

CLI::App* add(CLI::App& app, Common& common, const char* name, const char* help,
              std::shared_ptr<Arguments> a, unsigned outputs,
              int (*run)(Arguments&, const Common&)) {
  auto* command = app.add_subcommand(name, help);
  std::vector<std::string> profiles;
  for (const Profile& p : all_profiles()) profiles.emplace_back(p.name);
  command->add_option("FILE", a->file, "a trace; - is standard input")->required();
  add_target_options(*command, *a);
  command->add_option("--profile", a->profile)->check(CLI::IsMember(profiles));
  add_host_option(*command, a->host, HostNeed::whole);
  command->add_option("--drop", a->drop, "model target: leave this check out")
      ->type_name("RULE.CHECK");
  command->add_option("-o,--output", a->out, "the resulting trace; default: standard output")
      ->type_name("FILE");
  add_common(*command, common, outputs);
  command->callback([a, &common, run] {
    if (common.json && a->out == "-")
      throw CLI::ValidationError("-o", "--json and -o - both want standard output");
    common.status = run(*a, common);
  });
  return command;
}

}  // namespace

void add_minimise(CLI::App& app, Common& common) {
  auto a = std::make_shared<Arguments>();
  CLI::App* const command =
      add(app, common, "minimise",
          "the smallest trace with the same violation; without --target by the recorded answers", a,
          as_json, minimise);
  command
      ->add_option(
          "--claim", a->claim,
          "where the rules allow every answer: the broken claim to keep; default: what the "
          "trace's header expects, or the first")
      ->type_name("NAME");
}

void add_replay(CLI::App& app, Common& common) {
  auto a = std::make_shared<Arguments>();
  add(app, common, "replay", "perform a trace's calls on a target and judge the answers", a,
      as_json | as_reports, replay);
}

}  // namespace assay::cli
