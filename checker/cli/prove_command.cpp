// assay prove: the invariants, for every host and every history that fits a shape.
#include <fmt/format.h>

#include <algorithm>
#include <list>
#include <nlohmann/json.hpp>

#include "checker/cli/cli.hpp"
#include "checker/cli/compare.hpp"
#include "checker/cli/history_text.hpp"
#include "checker/cli/progress.hpp"
#include "checker/cli/protocol.hpp"
#include "checker/cli/shape_option.hpp"
#include "checker/cli/targets.hpp"
#include "checker/properties.hpp"
#include "traces/stop.hpp"

namespace assay::cli {
namespace {

using prove::Verdict;

struct ProveArguments {
  std::vector<std::string> names;
  std::string shape, profile{default_system().info().usual_profile}, certificates, out, witnesses,
      html;
  std::vector<std::string> compared, drop, without;
  unsigned depth = 8, jobs = 2;
  bool severity = false, verify = false, vacuity = false, carried = false, steps = false,
       protocol = false;
};

int status_of(const prove::Report& report) {
  int status = exit_ok;
  for (const prove::Result& r : report.results) {
    if (r.verdict == Verdict::violated) return exit_found;
    if (r.verdict != Verdict::proved) status = exit_unknown;
  }
  return status;
}

// The counterexample as a trace whose header tells the verdict that `assay check` comes to: a
// broken property or invariant violates, a broken question conforms. With a check left out
// (`--drop`) the history is one that the whole specification forbids somewhere, and the header
// expects nothing.
std::string counterexample_text(const prove::Result& r, const Profile& profile, bool mutated) {
  if (mutated) return history_text(r.counterexample, profile, {});
  const auto& properties = checker::properties_of(profile).list();
  const bool question = std::any_of(properties.begin(), properties.end(),
                                    [&](const auto& p) { return p.name == r.name && !p.promised; });
  return history_text(r.counterexample, profile, question ? "conforms" : "violates " + r.name);
}

nlohmann::ordered_json json_of(const prove::Report& report, const Profile& profile, bool mutated) {
  nlohmann::ordered_json out{{"profile", std::string(profile.name)},
                             {"assumptions", report.assumptions},
                             {"seconds", report.seconds},
                             {"queries", report.asked},
                             {"framed", report.framed},
                             {"certificates", report.certificates}};
  out["invariants"] = nlohmann::ordered_json::array();
  for (const prove::Result& r : report.results) {
    double seconds = 0;
    for (const prove::RuleTime& t : r.rules) seconds += t.seconds;
    nlohmann::ordered_json j{{"name", r.name},
                             {"source", r.source},
                             {"verdict", std::string(prove::name_of(r.verdict))},
                             {"reason", r.reason},
                             {"by_search", r.by_search},
                             {"consistent", r.consistent},
                             {"base", r.base},
                             {"step", r.step},
                             {"seconds", seconds}};
    if (!r.counterexample.events.empty())
      j["counterexample"] = counterexample_text(r, profile, mutated);
    out["invariants"].push_back(j);
  }
  return out;
}

void print_report(const prove::Report& report, const Common& common) {
  fmt::print("{:<42} {:<10} {:<10} {:<5} {:<5} {:>8}\n", "invariant", "verdict", "consistent",
             "base", "step", "seconds");
  for (const prove::Result& r : report.results) {
    // A short history refuted it: induction was not asked.
    const auto yes = [&](bool b) { return r.by_search ? "-" : b ? "yes" : "no"; };
    double seconds = 0;
    for (const prove::RuleTime& t : r.rules) seconds += t.seconds;
    const char* color = r.verdict == Verdict::proved     ? "green"
                        : r.verdict == Verdict::violated ? "red"
                                                         : "yellow";
    fmt::print("{:<42} {} {:<10} {:<5} {:<5} {:>8.2f}\n", r.name,
               paint(common, color, fmt::format("{:<10}", prove::name_of(r.verdict))),
               yes(r.consistent), yes(r.base), yes(r.step), seconds);
    if (!r.reason.empty()) fmt::print("    {}\n", r.reason);
  }
  fmt::print("{} queries, {} obligations by framing, {} certificates, {:.2f} s\n  {}\n",
             report.asked, report.framed, report.certificates, report.seconds, report.assumptions);
}

int show_counterexamples(const prove::Report& report, const Profile& profile,
                         const ProveArguments& a, const Common& common) {
  for (const prove::Result& r : report.results) {
    if (r.counterexample.events.empty()) continue;
    std::string text = counterexample_text(r, profile, !a.drop.empty());
    if (!a.out.empty()) return write_file(a.out, text) ? exit_ok : exit_internal;
    if (!common.json)
      fmt::print("\nshortest history that breaks {} ({} calls):\n{}", r.name,
                 r.counterexample.events.size(), text);
  }
  return exit_ok;
}

// The steps that keep a claim from being proved: what the state holds that is not zero, and the
// event. Whether a history leads there is another question.
void print_steps(const prove::Report& report, const Profile& profile) {
  const traces::Binder& binder = binder_of(profile);
  for (const prove::Result& r : report.results)
    for (const prove::Obstacle& step : r.obstacles) {
      fmt::print("\n{} is not kept by this step. The state before it:\n", r.name);
      step.before.each_named_leaf([](const std::string& path, const PlainLeaf& leaf) {
        if (leaf.value() != 0) fmt::print("  {} = {:#x}\n", path, leaf.value());
      });
      traces::TraceEvent event;
      event.kind = traces::TraceKind::rule;
      event.event = step.event;
      fmt::print("The event:\n  {}\n", binder.text(event));
    }
}

using Solvers = std::vector<prove::SolverCount>;

nlohmann::ordered_json json_of(const Solvers& solvers) {
  nlohmann::ordered_json out = nlohmann::ordered_json::array();
  for (const prove::SolverCount& c : solvers)
    out.push_back({{"solver", c.solver},
                   {"installed", c.installed},
                   {"agreed", c.agreed},
                   {"disagreed", c.disagreed},
                   {"unknown", c.unknown},
                   {"objections", c.objections}});
  return out;
}

void print_solvers(const Solvers& solvers) {
  for (const prove::SolverCount& c : solvers) {
    if (!c.installed) {
      fmt::print("{:<6} not installed\n", c.solver);
      continue;
    }
    fmt::print("{:<6} {} agreed, {} disagreed, {} unknown\n", c.solver, c.agreed, c.disagreed,
               c.unknown);
    for (const std::string& o : c.objections) fmt::print("       {}\n", o);
  }
}

int status_of(const Solvers& solvers) {
  int status = exit_ok;
  for (const prove::SolverCount& c : solvers) {
    if (c.disagreed != 0) return exit_found;
    if (c.unknown != 0) status = exit_unknown;
  }
  return status;
}

int show_severities(const prove::Options& options, bool json) {
  nlohmann::ordered_json out = nlohmann::ordered_json::array();
  unsigned carrying = 0, total = 0;
  for (const prove::Severity& s : prove::severities(options)) {
    if (stop::requested() && s.carries.empty()) continue;  // perhaps not looked at
    ++total;
    carrying += s.carries.empty() ? 0 : 1;
    const char* kind = s.is_effect ? "effect" : "check";
    out.push_back(
        {{"part", s.name()}, {"kind", kind}, {"severity", s.text()}, {"carries", s.carries}});
    if (!json && (!s.carries.empty() || !s.unknown.empty()))
      fmt::print("{} {}: {}\n", kind, s.name(), s.text());
  }
  if (json) fmt::print("{}\n", out.dump(2));
  else if (stop::requested()) fmt::print("interrupted: other parts may carry a claim too\n");
  else fmt::print("{} of {} checks and effects carry a claim that holds\n", carrying, total);
  return exit_ok;
}

int show_vacuity(const prove::Options& options, bool json) {
  nlohmann::ordered_json out = nlohmann::ordered_json::array();
  unsigned possible = 0, impossible = 0, unknown = 0;
  for (const prove::Outcome& o : prove::vacuity(options)) {
    (o.possible == prove::Possible::satisfiable     ? possible
     : o.possible == prove::Possible::unsatisfiable ? impossible
                                                    : unknown) += 1;
    const char* can = o.possible == prove::Possible::satisfiable ? "can happen"
                      : o.possible == prove::Possible::unknown   ? "unknown"
                                                                 : "cannot happen";
    out.push_back({{"outcome", o.rule + "." + o.check}, {"answer", can}, {"reason", o.reason}});
    if (!json && o.possible != prove::Possible::satisfiable)
      fmt::print("{}.{}: {} {}\n", o.rule, o.check, can, o.reason);
  }
  if (json) fmt::print("{}\n", out.dump(2));
  else fmt::print("{} outcomes can happen, {} cannot, {} unknown\n", possible, impossible, unknown);
  return unknown != 0 ? exit_unknown : exit_ok;
}

int prove_all(const prove::Options& options, const ProveArguments& a, const Common& common) {
  Progress progress;
  progress.start("prove");
  prove::Options o = options;
  o.progress = [&](std::size_t done, std::size_t total) { progress.show(done, total); };
  const prove::Report report = prove::prove(o);
  progress.done();
  if (!report.refusal.empty()) {
    fmt::print(stderr, "assay: {}\n", report.refusal);
    return exit_usage;
  }
  const bool verifies = a.verify && !a.certificates.empty() && !stop::requested();
  Solvers solvers;
  if (common.json) {
    nlohmann::ordered_json out = json_of(report, *o.profile, !a.drop.empty());
    if (verifies)
      out["solvers"] = json_of(solvers = prove::verify_certificates(a.certificates, 20, a.jobs));
    fmt::print("{}\n", out.dump(2));
  } else if (!common.quiet) {
    print_report(report, common);
  }
  if (a.steps && !common.json) print_steps(report, *o.profile);
  const int written = show_counterexamples(report, *o.profile, a, common);
  if (written != exit_ok) return written;
  if (verifies && !common.json)
    print_solvers(solvers = prove::verify_certificates(a.certificates, 20, a.jobs));
  return std::max(status_of(report), status_of(solvers));
}

int run(const ProveArguments& a, const Common& common) {
  prove::Options options;
  options.profile = find_profile(a.profile);
  options.names = a.names;
  options.depth = a.depth;
  options.jobs = a.jobs;
  options.certificate_dir = a.certificates;
  Comparison comparison{{}, a.witnesses, a.carried, common.json, a.html};
  for (const std::string& name : a.compared) comparison.profiles.push_back(find_profile(name));
  if (!comparison.profiles.empty()) options.profile = comparison.profiles.front();
  for (const Profile* p : comparison.profiles)
    if (&system_of(*p) != &system_of(*options.profile)) {
      fmt::print(stderr, "assay: {} and {} are of different systems\n", options.profile->name,
                 p->name);
      return exit_usage;
    }
  if (!read_shape(a.shape, options)) return exit_usage;
  if (!a.html.empty() && a.compared.empty()) {
    fmt::print(
        stderr,
        "assay: --html draws designs and wants --compare; check, explain and replay write such "
        "reports of traces\n");
    return exit_usage;
  }
  std::list<Mutation> left_out;
  for (const std::string& part : a.drop) {
    const std::optional<Mutation> mutation = mutation_named(*options.profile, part);
    if (!mutation) {
      fmt::print(stderr, "assay: there is no check '{}'; see assay spec list\n", part);
      return exit_usage;
    }
    left_out.push_front(*mutation);
    left_out.front().also = options.mutation;
    options.mutation = &left_out.front();
  }
  options.without = a.without;
  for (const std::string& rule : a.without)
    if (system_of(*options.profile).rule_named(rule) == Event::no_rule) {
      fmt::print(stderr, "assay: there is no rule '{}'; see assay spec list\n", rule);
      return exit_usage;
    }
  if (!comparison.profiles.empty()) return compare(options, comparison);
  if (a.protocol) return show_protocol(options, a.out);
  if (a.severity) return show_severities(options, common.json);
  if (a.vacuity) return show_vacuity(options, common.json);
  return prove_all(options, a, common);
}

}  // namespace

void add_prove(CLI::App& app, Common& common) {
  auto* command =
      app.add_subcommand("prove", "prove the invariants, rule by rule, or show how they break");
  auto a = std::make_shared<ProveArguments>();
  std::vector<std::string> profiles;
  for (const Profile& p : all_profiles()) profiles.emplace_back(p.name);
  command->add_option("NAME", a->names, "invariants; none: all");
  command->add_option("--shape", a->shape, "how many of each thing: vcpus=3,pes=4,slots=4");
  command->add_option("--profile", a->profile)->check(CLI::IsMember(profiles));
  command->add_option("--depth", a->depth, "longest history searched where induction fails");
  command->add_option("-j,--jobs", a->jobs)->check(CLI::Range(1, 256));
  command->add_option("--certificates", a->certificates, "leave SMT-LIB files here")
      ->type_name("DIR");
  command->add_flag("--steps", a->steps,
                    "print the steps that keep a claim from being proved, with the state before");
  command->add_flag("--verify", a->verify, "let z3 and cvc5 decide the certificates again");
  command->add_option("--drop", a->drop, "prove with these checks, effects and freedoms left out")
      ->allow_extra_args(false)
      ->type_name("RULE.PART");
  command->add_option("--without", a->without, "of histories that have none of these events")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("RULE,...");
  command->add_option("-o,--output", a->out, "write the counterexample trace here")
      ->type_name("FILE");
  command
      ->add_option("--compare", a->compared,
                   "one table of what holds under these profiles (comma-separated)")
      ->delimiter(',')
      ->check(CLI::IsMember(profiles))
      ->type_name("PROFILE,...");
  command
      ->add_option("--witnesses", a->witnesses,
                   "with --compare: traces that may break what no search reached")
      ->check(CLI::ExistingDirectory)
      ->type_name("DIR");
  command->add_flag("--carried", a->carried, "with --compare: what carries each claim");
  command
      ->add_option("--html", a->html,
                   "with --compare: draw the designs by what each can lose, with the traces of "
                   "--witnesses")
      ->type_name("FILE");
  command->add_flag("--severity", a->severity, "which claims each check and effect carries");
  command->add_flag("--protocol", a->protocol,
                    "a table of what breaks when steps are swapped, left out or taken twice; -o "
                    "names a folder for the traces");
  command->add_flag("--vacuity", a->vacuity, "which outcomes of rules can happen at all");
  add_common(*command, common, as_json);
  command->callback([a, &common] { common.status = run(*a, common); });
}

}  // namespace assay::cli
