// assay fuzz: property fuzzing of an implementation against the specification.
#include <fmt/format.h>

#include <charconv>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "checker/cli/host_option.hpp"
#include "checker/cli/known_defects.hpp"
#include "checker/cli/progress.hpp"
#include "checker/cli/targets.hpp"
#include "checker/cli/trace_files.hpp"
#include "checker/judge.hpp"
#include "gen/campaign.hpp"
#include "traces/stop.hpp"

namespace assay::cli {
namespace {

struct FuzzArguments : TargetArguments {
  std::string corpus, time, keep, known;
  u64 seed = 1, cases = 1000, first = 0;
  unsigned jobs = 0;
};

// "90", "90s", "10m", "2h" in milliseconds; 0 when malformed.
std::chrono::milliseconds duration_of(const std::string& text) {
  u64 number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  if (error != std::errc{}) return {};
  u64 seconds = unit.empty() || unit == "s" ? number
                : unit == "m"               ? number * 60
                : unit == "h"               ? number * 3600
                                            : 0;
  return std::chrono::seconds(seconds);
}

// Keeps conforming programs that take some check to a side no earlier one took it to: how
// traces/corpus is made.
class CoveringPrograms {
 public:
  explicit CoveringPrograms(std::string directory) : directory_(std::move(directory)) {}

  void consider(const gen::Program& p, const gen::Answers& answers, const checker::Report& report) {
    if (report.verdict != checker::Verdict::conforms) return;
    std::lock_guard lock(mutex_);
    const traces::Binder& rules = traces::Binder::of(system_of(*p.profile));
    std::string first;
    report.coverage.each([&](const Coverage::Counter& c) {
      for (bool held : {false, true})
        if ((held ? c.held : c.not_held) != 0 && taken_.insert({c.rule, c.hash, held}).second &&
            held && first.empty())
          first = std::string(rules.rule(c.rule).name) + "." + c.id;
    });
    if (first.empty()) return;
    std::string path = fmt::format("{}/{:03}-{}.trace", directory_, ++kept_, first);
    std::string why = gen::write_atomically(path, gen::text_of(p, answers, "conforms"));
    if (!why.empty()) fmt::print(stderr, "assay: {}\n", why);
  }
  unsigned kept() const { return kept_; }

 private:
  std::string directory_;
  std::mutex mutex_;
  std::set<std::tuple<u32, u32, bool>> taken_;
  unsigned kept_ = 0;
};

// The options that say what was fuzzed, to be pasted into a shell.
std::string options_again(const FuzzArguments& a) {
  std::string out = " --target " + shell_word(a.target);
  if (!a.profile.empty()) out += " --profile " + shell_word(a.profile);
  if (!a.host.empty()) out += " --host " + shell_word(a.host);
  if (!a.drop.empty()) out += " --drop " + shell_word(a.drop);
  if (!a.append.empty()) out += " --append " + shell_word(a.append);
  return out;
}

std::string again(const gen::Finding& f, const FuzzArguments& a) {
  return fmt::format("assay fuzz{}{} --seed {} --first-case {} --cases 1", options_again(a),
                     a.known.empty() ? "" : " --known " + shell_word(a.known), a.seed, f.number);
}

std::string indented(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, text.find_last_not_of('\n') + 1)) {
    out += c;
    if (c == '\n') out += "    ";
  }
  return out;
}

void print_findings(const gen::CampaignSummary& s, const FuzzArguments& a, const Common& common) {
  for (const gen::Finding& f : s.findings) {
    fmt::print("{} case {}: operation {}{}\n    {}\n", paint(common, "red", f.violation.key),
               f.number, f.violation.operation,
               f.file.empty() ? "" : fmt::format(", kept as {}", f.file),
               indented(f.violation.text));
    fmt::print("    again: {}\n", again(f, a));
    if (!f.file.empty())
      fmt::print("    shrink: assay minimise {}{}\n", shell_word(f.file), options_again(a));
  }
}

// What is known of the target's kernel log: nothing of a target that is no kernel.
std::string log_of(const gen::CampaignSummary& s) {
  if (s.logs_read == 0) return {};
  if (s.reports == 0) return fmt::format("; the kernel's log is clean ({} programs)", s.logs_read);
  return fmt::format("; {} reports in the kernel's log ({} programs)", s.reports, s.logs_read);
}

nlohmann::ordered_json json_of(const gen::CampaignSummary& s, const FuzzArguments& a) {
  nlohmann::ordered_json out{{"target", a.target},
                             {"seed", a.seed},
                             {"first_case", a.first},
                             {"cases", s.cases},
                             {"not_run", s.not_run},
                             {"operations", s.operations},
                             {"executed", s.executed},
                             {"crashes", s.crashes},
                             {"hangs", s.hangs},
                             {"logs_read", s.logs_read},
                             {"kernel_reports", s.reports},
                             {"violating_programs", s.violating},
                             {"interrupted", s.interrupted},
                             {"error", s.error},
                             {"seconds", s.seconds}};
  out["known"] = s.known;
  out["findings"] = nlohmann::ordered_json::array();
  for (const gen::Finding& f : s.findings)
    out["findings"].push_back({{"check", f.violation.key},
                               {"case", f.number},
                               {"operation", f.violation.operation},
                               {"call", f.violation.text},
                               {"file", f.file},
                               {"again", again(f, a)},
                               {"programs", s.by_key.at(f.violation.key)}});
  return out;
}

int run(FuzzArguments& a, const Common& common) {
  ChosenTarget chosen;
  if (!settle_target(a, "model") || !choose_target(a, chosen)) return exit_usage;
  gen::CampaignOptions options;
  options.profile = chosen.profile;
  options.host = chosen.host;
  options.seed = a.seed;
  options.first_case = a.first;
  options.cases = a.cases;
  if (!a.time.empty()) options.time = duration_of(a.time);
  bool is_model = a.target == "model";
  options.jobs = a.jobs != 0 ? a.jobs : is_model ? std::thread::hardware_concurrency() : 1;
  options.target = chosen.factory;
  options.corpus = a.corpus;
  std::string known = reported_defects();
  if (!a.known.empty() && !read_text(a.known, known)) return exit_usage;
  options.known = known_defects(known, *chosen.profile);
  options.stop = &stop::flag();
  CoveringPrograms covering(a.keep);
  options.quick_look = a.keep.empty();
  options.oracle = [&](const gen::Program& p, const gen::Answers& answers) {
    if (!a.keep.empty()) covering.consider(p, answers, checker::judge_report(p, answers));
    return checker::judge(p, answers);
  };
  Progress progress;
  progress.start(fmt::format("fuzz {}", a.target));
  options.on_progress = [&](const gen::Progress& p) {
    progress.show(p.cases, options.time.count() != 0 ? 0 : a.cases);
  };
  gen::CampaignSummary s = gen::run_campaign(options);
  progress.done();
  unsigned seen = 0, both = 0;
  s.coverage.each([&](const Coverage::Counter& c) {
    ++seen;
    both += c.held != 0 && c.not_held != 0 ? 1 : 0;
  });
  if (common.json) fmt::print("{}\n", json_of(s, a).dump(2));
  else {
    print_findings(s, a, common);
    for (const auto& [name, programs] : s.known)
      fmt::print("known: {} ({} programs)\n", name, programs);
    if (!common.quiet || !s.findings.empty())
      fmt::print(
          "{} under {}: seed {}, cases {}..{}: {} calls made, {} violating programs, {} distinct "
          "findings, {} crashes, {} hangs, {} not run{}; {} checks seen, {} both true and false; "
          "{:.1f} s, {:.0f} programs/s, {:.0f} calls/s{}\n",
          a.target, chosen.profile->name, a.seed, a.first, a.first + s.cases, s.executed,
          s.violating, s.findings.size(), s.crashes, s.hangs, s.not_run, log_of(s), seen, both,
          s.seconds, static_cast<double>(s.cases) / std::max(s.seconds, 1e-9),
          static_cast<double>(s.executed) / std::max(s.seconds, 1e-9),
          s.interrupted ? " (interrupted)" : "");
  }
  if (!a.keep.empty())
    fmt::print(stderr, "assay: {} programs kept in {}\n", covering.kept(), a.keep);
  if (s.not_run != 0 && !s.why_not_run.empty() && !s.interrupted)
    fmt::print(stderr, "assay: {} programs were not run: {}\n", s.not_run, s.why_not_run);
  if (!s.error.empty()) fmt::print(stderr, "assay: {}\n", s.error);  // what was found is above
  if (!s.findings.empty()) return exit_found;
  if (!s.error.empty()) return exit_internal;
  return s.not_run != 0 || s.executed == 0 ? exit_unknown : exit_ok;
}

}  // namespace

void add_fuzz(CLI::App& app, Common& common) {
  auto* command = app.add_subcommand("fuzz", "fuzz an implementation against the specification");
  auto a = std::make_shared<FuzzArguments>();
  std::vector<std::string> profiles;
  for (const Profile& p : all_profiles()) profiles.emplace_back(p.name);
  add_target_options(*command, *a);
  command->add_option("--profile", a->profile, "default: the laboratory kernel's own")
      ->check(CLI::IsMember(profiles));
  add_host_option(*command, a->host, HostNeed::whole);
  command->add_option("--seed", a->seed, "a case depends on the seed and its number, nothing else");
  command->add_option("--cases", a->cases);
  command->add_option("--first-case", a->first, "number of the first case");
  command->add_option("--time", a->time, "run for this long instead: 90s, 10m, 2h")
      ->check([](const std::string& t) {
        return duration_of(t).count() != 0 ? std::string()
                                           : std::string("wants a time such as 90s, 10m or 2h");
      });
  command->add_option("-j,--jobs", a->jobs);
  command
      ->add_option("--known", a->known,
                   "defects that are no findings: a table like spec/kvm/REPORTS.md, the default")
      ->type_name("FILE");
  command->add_option("--corpus", a->corpus, "keep findings here as traces")->type_name("DIR");
  command->add_option("--keep", a->keep, "keep conforming programs that cover something new here")
      ->type_name("DIR")
      ->check(CLI::ExistingDirectory);
  command->add_option("--drop", a->drop, "model target: leave this check out, to see it found")
      ->type_name("RULE.CHECK");
  add_common(*command, common, as_json);
  command->callback([a, &common] { common.status = run(*a, common); });
}

}  // namespace assay::cli
