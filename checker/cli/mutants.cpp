#include "checker/cli/spec_parts.hpp"
#include "checker/cli/trace_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "checker/check.hpp"
#include "checker/cli/progress.hpp"
#include "checker/judge.hpp"
#include "checker/prove/prove.hpp"
#include "gen/mutants.hpp"
#include "traces/header.hpp"
#include "traces/stop.hpp"

namespace assay::cli {
namespace {

// One recorded trace, read once and judged under many mutants.
struct Recorded {
  std::string file;
  std::string expect;
  std::optional<SystemHost> host;
  std::vector<traces::TraceEvent> events;
  std::set<u32> rules;  // of its events: no other rule's mutant changes what is said of it
};

// "conforms", or "violates CHECK" of the first finding.
std::string outcome_of(const Recorded& r, const Profile& profile, const Mutation* mutation) {
  checker::CheckOptions options;
  options.profile = &profile;
  options.host = r.host;
  options.mutation = mutation;
  checker::Checker checker(binder_of(profile), options);
  for (const traces::TraceEvent& e : r.events) checker.feed(e);
  const checker::Report report = checker.finish();
  if (report.findings.empty()) return std::string(checker::name_of(report.verdict));
  return "violates " + report.findings.front().check;
}

std::vector<Recorded> corpus_of(const Profile& profile) {
  std::vector<Recorded> out;
  for (const std::string& file : bundled_traces()) {
    Recorded r;
    r.file = file.substr(file.rfind('/') + 1);
    bool mine = false;
    traces::TraceSink sink;
    sink.header = [&](const traces::TraceHeader& h) {
      // What the architecture says holds under every profile, and much of what other kernels do
      // conforms here, too; outcome_of() weeds out the rest.
      mine = traces::tells_whole_host(h) && &traces::system_of(h) == &system_of(profile);
      const bool is_judged_here = h.profile == profile.name || h.profile == "documented";
      r.expect = !is_judged_here || h.expect.empty() ? "conforms" : h.expect;
      if (mine) r.host = h.host;
    };
    sink.event = [&](const traces::TraceEvent& e, std::string_view) {
      if (e.kind != traces::TraceKind::ignored) r.events.push_back(e);
      if (e.kind == traces::TraceKind::rule) r.rules.insert(e.event.rule);
      if (!r.events.empty()) r.events.back().name = {};  // it refers to the line
      return mine && !stop::requested();
    };
    traces::ReadFailure failure;
    if (read_trace(file, traces::Format::automatic, binder(), sink, failure) ==
            traces::ReadResult::complete &&
        mine && outcome_of(r, profile, nullptr) == r.expect)
      out.push_back(std::move(r));
  }
  // Nearly every mutant dies of a short trace.
  std::stable_sort(out.begin(), out.end(), [](const Recorded& a, const Recorded& b) {
    return a.events.size() < b.events.size();
  });
  return out;
}

// Programs answered by the specification as it is.
struct Answered {
  gen::Program program;
  gen::Answers answers;
  std::set<u32> rules;
};

std::vector<Answered> answered_programs(const Profile& profile, unsigned cases) {
  std::vector<Answered> out;
  auto target = gen::make_model_target(nullptr);
  SystemHost host = traces::default_host(system_of(profile));
  gen::Generator generator(profile, host, 7, gen::learn(profile, host));
  for (unsigned i = 0; i < cases && !stop::requested(); ++i) {
    Answered a{generator.program(i), {}, {}};
    for (const auto& operation : a.program.operations) a.rules.insert(operation.event.rule);
    a.answers = target->run({&a.program, 1}).front();
    out.push_back(std::move(a));
  }
  return out;
}

class Killers {
 public:
  Killers(const Profile& profile, unsigned cases)
      : profile_(profile),
        corpus_(corpus_of(profile)),
        programs_(answered_programs(profile, cases)) {
    options_.profile = &profile;
    for (const prove::Severity& s : prove::severities(options_, "", prove::Parts::checks))
      if (!s.carries.empty()) carries_[s.name()] = s.carries.front();
  }

  // "corpus FILE", "fuzz case N", "proof INVARIANT", "equivalent", or empty: nothing notices.
  std::string of(const gen::Mutant& m) const {
    // A trace that violates the check itself is the likeliest to notice.
    const std::string itself = "violates " + m.rule + "." + m.first;
    for (const bool likely : {true, false})
      for (const Recorded& r : corpus_)
        if ((r.expect == itself) == likely && r.rules.contains(m.mutation.rule) &&
            outcome_of(r, profile_, &m.mutation) != r.expect)
          return "corpus " + r.file;
    for (const Answered& a : programs_)
      if (a.rules.contains(m.mutation.rule) && checker::judge(a.program, a.answers, &m.mutation))
        return fmt::format("fuzz case {}", a.program.number);
    if (m.mutation.kind == Mutation::Kind::drop)
      if (auto at = carries_.find(m.rule + "." + m.first); at != carries_.end())
        return "proof " + at->second;
    prove::MutantAnswer answer = prove::equivalence(options_, m.mutation);
    if (answer.answer == prove::Equivalence::equivalent) return "equivalent (Z3)";
    if (answer.answer == prove::Equivalence::differs)
      return "proof: Z3 shows a call that tells them apart";
    return "";
  }
  std::size_t traces() const { return corpus_.size(); }

 private:
  const Profile& profile_;
  prove::Options options_;
  std::vector<Recorded> corpus_;
  std::vector<Answered> programs_;
  std::map<std::string, std::string> carries_;
};

int run(const Profile& profile, unsigned cases, const Common& common) {
  std::vector<gen::Mutant> mutants = gen::enumerate_mutants(profile);
  Killers killers(profile, cases);
  nlohmann::ordered_json out = nlohmann::ordered_json::array();
  std::map<std::string, unsigned> by_kind;
  Progress progress;
  progress.start("mutants");
  unsigned alive = 0, done = 0;
  for (const gen::Mutant& m : mutants) {
    if (stop::requested()) break;
    std::string killer = killers.of(m);
    if (killer.empty() && stop::requested()) break;  // it was not asked to the end
    ++by_kind[killer.empty() ? "alive" : killer.substr(0, killer.find_first_of(" :"))];
    alive += killer.empty() ? 1 : 0;
    out.push_back({{"mutant", m.name}, {"killer", killer}});
    if (!common.json && (!common.quiet || killer.empty()))
      fmt::print("{:<64} {}\n", m.name, killer.empty() ? paint(common, "red", "ALIVE") : killer);
    progress.show(++done, mutants.size());
  }
  progress.done();
  if (common.json) fmt::print("{}\n", out.dump(2));
  else {
    fmt::print("{}{} mutants of {}, {} traces, {} generated programs:",
               done == mutants.size() ? "" : fmt::format("interrupted after {} of ", done),
               mutants.size(), profile.name, killers.traces(), cases);
    for (const auto& [kind, count] : by_kind) fmt::print(" {} {}", count, kind);
    fmt::print("\n");
  }
  return alive != 0 ? exit_found : done == mutants.size() ? exit_ok : exit_unknown;
}

}  // namespace

void add_mutants(CLI::App& command, std::shared_ptr<std::string> profile, Common& common) {
  auto cases = std::make_shared<unsigned>(3000);
  command.add_option("--cases", *cases, "generated programs to try");
  command.callback(
      [profile, cases, &common] { common.status = run(*find_profile(*profile), *cases, common); });
}

}  // namespace assay::cli
