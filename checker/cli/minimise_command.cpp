// assay minimise, assay replay: a trace's calls again, on a target or by their recorded answers.
#include <fmt/format.h>

#include <fstream>
#include <iostream>
#include <sstream>

#include "checker/cli/progress.hpp"
#include "checker/cli/targets.hpp"
#include "checker/judge.hpp"
#include "checker/report/report.hpp"
#include "gen/minimise.hpp"

namespace assay::cli {
namespace {

struct Arguments {
  std::string file, target, profile, host, drop, out = "-";
};

// The file as a program; false with a message when it holds nothing that can be performed.
bool read_file(const Arguments& a, gen::ProgramText& out) {
  std::string text;
  if (a.file == "-") {
    text.assign(std::istreambuf_iterator<char>(std::cin), {});
  } else {
    std::ifstream in(a.file, std::ios::binary);
    if (!in) {
      fmt::print(stderr, "{}: cannot be read\n", a.file);
      return false;
    }
    text.assign(std::istreambuf_iterator<char>(in), {});
  }
  out = gen::read_program(text);
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
    if (a.target != "model" || p.host.vcpus_max == 0) p.host = chosen->host;
  }
  if (p.profile == nullptr) p.profile = find_profile("documented");
  if (!a.host.empty()) {
    p.host = {};
    traces::read_host(a.host, p.host);
  }
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

int minimise(const Arguments& a) {
  gen::ProgramText read;
  if (!read_file(a, read)) return exit_usage;
  ChosenTarget chosen;
  bool recorded = a.target.empty();
  if (!recorded && !choose_target(a.target, a.profile, a.host, a.drop, chosen)) return exit_usage;
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
  // What is claimed of the specification may be broken by answers that it allows.
  auto violation = checker::judge(program, answers_of(program));
  const bool of_claim = !violation;
  if (of_claim) violation = checker::broken_claim(program, answers_of(program));
  if (!violation) {
    fmt::print(stderr, "assay: {} does not violate {}\n", a.file,
               recorded ? "the specification" : "it on this target");
    return exit_unknown;
  }
  gen::MinimiseOptions options;
  options.operation = violation->operation;
  options.simplify_arguments = !recorded;  // recorded answers belong to the recorded arguments
  options.stop = &interrupted();
  options.oracle = [&](const gen::Program& p) {
    auto now =
        of_claim ? checker::broken_claim(p, answers_of(p)) : checker::judge(p, answers_of(p));
    return now && now->key == violation->key;
  };
  Progress progress;
  progress.start("minimise");
  options.on_progress = [&](std::size_t left, u64 calls) { progress.show(calls, 0), (void)left; };
  gen::MinimiseResult result = gen::minimise(program, options);
  progress.done();
  std::string text = gen::text_of(result.program, answers_of(result.program),
                                  fmt::format("violates {}", violation->key));
  if (!write_file(a.out, text)) return exit_internal;
  fmt::print(stderr, "assay: {}: {} operations of {} ({}), {} oracle calls\n", violation->key,
             result.program.operations.size(), program.operations.size(),
             result.minimal ? "1-minimal" : "stopped early", result.calls);
  return exit_found;
}

int replay(const Arguments& a, const Common& common) {
  gen::ProgramText read;
  if (!read_file(a, read)) return exit_usage;
  ChosenTarget chosen;
  if (!choose_target(a.target, a.profile, a.host, a.drop, chosen)) return exit_usage;
  fill_profile(a, &chosen, read.program);
  std::unique_ptr<gen::Target> target = chosen.factory();
  gen::Answers answers = target->run({&read.program, 1}).front();
  if (answers.end == gen::Answers::End::not_run) {
    fmt::print(stderr, "assay: the target did not run the program {}\n", answers.note);
    return exit_unknown;
  }
  if (!write_file(a.out, gen::text_of(read.program, answers))) return exit_internal;
  checker::FileReport report;
  report.file = a.file;
  report.report = checker::judge_report(read.program, answers);
  if (common.json) fmt::print(stderr, "{}\n", checker::json_text({report}));
  else if (a.out != "-") checker::print_text(report, common.quiet, use_color(common));
  if (answers.end != gen::Answers::End::completed)
    fmt::print(stderr, "assay: the target {} at operation {}\n",
               answers.end == gen::Answers::End::hung ? "hung" : "crashed", answers.at);
  return checker::exit_status(report.report.verdict);
}

CLI::App* add(CLI::App& app, Common& common, const char* name, const char* help,
              std::shared_ptr<Arguments> a) {
  auto* command = app.add_subcommand(name, help);
  std::vector<std::string> profiles;
  for (const Profile& p : all_profiles()) profiles.emplace_back(p.name);
  command->add_option("FILE", a->file, "a trace; - is standard input")->required();
  command->add_option("--target", a->target,
                      "model, lab:KERNEL[:MACHINE], device:/dev/kvm, cmd:PROGRAM");
  command->add_option("--profile", a->profile)->check(CLI::IsMember(profiles));
  command->add_option("--host", a->host, "the host: \"key=number ...\"");
  command->add_option("--drop", a->drop, "model target: leave this check out")
      ->type_name("RULE.CHECK");
  command->add_option("-o,--output", a->out, "the resulting trace")->type_name("FILE");
  add_common(*command, common);
  return command;
}

}  // namespace

void add_minimise(CLI::App& app, Common& common) {
  auto a = std::make_shared<Arguments>();
  add(app, common, "minimise",
      "the smallest trace with the same violation; without --target by the recorded answers", a)
      ->callback([a, &common] { common.status = minimise(*a); });
}

void add_replay(CLI::App& app, Common& common) {
  auto a = std::make_shared<Arguments>();
  a->target = "model";
  add(app, common, "replay", "perform a trace's calls on a target and judge the answers", a)
      ->callback([a, &common] { common.status = replay(*a, common); });
}

}  // namespace assay::cli
