// Joins obligations into verdicts.
//
// Invariants are proved together: each may assume all. When one fails, what was proved with its
// help is not proved, so the rest is proved again without it until a set stands on its own.
#include "checker/prove/prove.hpp"

#include <algorithm>
#include <chrono>
#include <map>

#include "checker/properties.hpp"
#include "checker/prove/certificates.hpp"
#include "checker/prove/obligations.hpp"
#include "checker/prove/replay.hpp"
#include "checker/prove/search.hpp"
#include "traces/stop.hpp"

namespace assay::prove {
namespace {

using Clock = std::chrono::steady_clock;

std::string refusal_of(const std::string& invariant, const Profile& profile) {
  const auto& names = invariant_names(assay::system_of(profile));
  const auto at = std::find(names.begin(), names.end(), invariant);
  const bool is_invariant = at != names.end();
  if (is_invariant && invariants_of(profile)[static_cast<std::size_t>(at - names.begin())])
    return "";
  if (!is_invariant && is_among(claim_names(profile), invariant)) return "";
  for (const Profile& p : assay::system_of(profile).info().profiles)
    if (is_among(claim_names(p), invariant))
      return invariant + " says nothing about " + std::string(profile.name);
  return "no invariant is called " + invariant;
}

// Why the options cannot be served; empty when they can.
std::string refusal_of(const Options& o) {
  if (o.profile == nullptr) return "no profile";
  if (encoding_of(o) == nullptr) return "a shape needs at least one of each thing";
  for (const std::string& name : o.names)
    if (const std::string why = refusal_of(name, *o.profile); !why.empty()) return why;
  return "";
}

std::string assumptions_of(const Options& o) {
  std::string text = "any host that host_is_possible() admits; at most ";
  const auto dimensions = system_of(o).info().dimensions;
  const Shape shape = shape_of(o);
  for (std::size_t i = 0; i < dimensions.size(); ++i)
    text += (i == 0                       ? ""
             : i + 1 == dimensions.size() ? " and "
                                          : ", ") +
            std::to_string(shape.size[i]) + " " + dimensions[i].what;
  return text + "; conforming answers";
}

std::vector<Result> blank_results(const Profile& profile) {
  std::vector<Result> results;
  std::map<std::string, std::string> sources;
  for (const auto& i : assay::system_of(profile).in<Concrete>().claims.invariants)
    sources[i.name] = i.source;
  for (const checker::PropertyInfo& p : checker::properties_of(profile).list())
    sources[p.name] = p.source;
  for (const std::string& name : claim_names(profile)) {
    Result r;
    r.name = name;
    r.source = sources[name];
    r.consistent = r.base = r.step = true;
    results.push_back(r);
  }
  return results;
}

// What one round of induction says about the invariants it assumed.
void note_round(const System& system, const std::vector<InstanceAnswer>& answers, unsigned round,
                std::vector<Result>& results, std::vector<bool>& failed) {
  for (const InstanceAnswer& a : answers) {
    for (const Obligation& o : a.obligations) {
      Result& r = results[o.invariant];
      r.rules.push_back(
          {name_of(system, a.instance), o.seconds, o.conjuncts, o.answer == Answer::holds});
      if (o.answer == Answer::holds) continue;
      if (o.invariant < failed.size()) failed[o.invariant] = true;
      if (r.by_search) continue;
      (a.instance.rule == system.creating_rule() ? r.base : r.step) = false;
      const char* how = o.answer == Answer::fails ? "not kept by " : "undecided for ";
      r.reason += (r.reason.empty() ? "" : ", ") + std::string(how) + name_of(system, a.instance);
      if (!o.reason.empty()) r.reason += " (" + o.reason + ")";
      if (round > 1) r.reason += " without the invariants that failed before";
      r.obstacles.insert(r.obstacles.end(), o.obstacle.begin(), o.obstacle.end());
    }
  }
}

// Empty when the hypothesis and every premise have a model: then a proof means something.
std::string inconsistency(const Job& job, const std::vector<InstanceAnswer>& answers) {
  auto say = [](Answer a, const std::string& what) {
    return a == Answer::fails ? what + " is contradictory" : what + " could not be checked";
  };
  if (Answer a = hypothesis_is_satisfiable(job); a != Answer::holds)
    return say(a, "the hypothesis");
  for (const InstanceAnswer& i : answers)
    if (i.premise != Answer::holds)
      return say(i.premise, "the premise of " + name_of(job.encoding->system(), i.instance));
  return "";
}

SearchResult search_for(const Job& job, unsigned number, const std::string& name, unsigned depth) {
  const auto broken = [number](const Encoding& e, const Terms& s) {
    return !e.invariants(s)[number];
  };
  const bool is_invariant = number < invariant_names(job.encoding->system()).size();
  return is_invariant ? search_state(job, broken, depth) : search_step(job, name, depth);
}

// The shortest history that breaks an invariant which is not inductive.
void note_history(const Job& job, const SearchResult& found, Result& r) {
  r.verdict = Verdict::unknown;
  if (r.reason.empty()) r.reason = "not assumed";
  switch (found.kind) {
    case SearchResult::Kind::found: {
      const bool agreed =
          is_among(broken_by(found.history, *job.options->profile, job.options->mutation), r.name);
      r.verdict = agreed ? Verdict::violated : Verdict::disagreement;
      if (!agreed) r.reason += "; the solver's history does not break it when replayed";
      r.counterexample = found.history;
      break;
    }
    case SearchResult::Kind::none:
      r.reason += "; no history of up to " + std::to_string(found.depth) + " events breaks it";
      break;
    case SearchResult::Kind::unknown:
      r.reason += "; the search was cut short at " + std::to_string(found.depth) + " events (" +
                  found.reason + ")";
      break;
    case SearchResult::Kind::disagreement:
      r.verdict = Verdict::disagreement;
      r.reason += "; " + found.reason;
      r.counterexample = found.history;
      break;
  }
}

// Histories this short cost less than an induction.
constexpr unsigned depth_searched_first = 5;

// Claims asked for by name: short histories that break them, before anything is proved. Gives
// whether all of them are refuted so.
bool all_are_refuted(const Job& job, std::vector<Result>& results) {
  const Options& o = *job.options;
  if (o.names.empty() || o.depth == 0 || job.certificates != nullptr) return false;
  // Nothing is proved yet, so a search may take nothing for granted.
  const Hypothesis nothing{std::vector<bool>(invariant_names(job.encoding->system()).size()),
                           nullptr};
  Job search = job;
  search.hypothesis = &nothing;
  bool all = true;
  for (unsigned i = 0; i < results.size(); ++i) {
    Result& r = results[i];
    if (!is_among(o.names, r.name)) continue;
    const SearchResult found =
        search_for(search, i, r.name, std::min(o.depth, depth_searched_first));
    r.by_search = found.kind == SearchResult::Kind::found;
    all = all && r.by_search;
    if (!r.by_search) continue;
    r.consistent = r.base = r.step = false;
    note_history(job, found, r);
    if (r.verdict == Verdict::violated) r.reason.clear();  // the history says it all
  }
  return all;
}

bool none_of(const std::vector<bool>& flags) {
  return std::find(flags.begin(), flags.end(), true) == flags.end();
}

// Properties of steps are shown anew in every round: what they may assume has become less.
void forget(Result& property) {
  property.rules.clear();
  property.obstacles.clear();
  property.reason.clear();
  property.step = true;
}

// Rounds of induction until a set of invariants stands on its own. Gives its inconsistency.
std::string prove_together(Job& job, Hypothesis& hypothesis, std::vector<Result>& results,
                           Report& report) {
  std::vector<bool> satisfiable;
  for (report.rounds = 1;; ++report.rounds) {
    if (job.certificates != nullptr) job.certificates->discard();
    for (std::size_t i = 0; i < results.size(); ++i)
      if (i >= hypothesis.assumed.size()) forget(results[i]);
      else if (hypothesis.assumed[i]) results[i].rules.clear();
    const auto answers = prove_instances(job, instances_of(job));
    for (std::size_t i = 0; i < answers.size(); ++i)
      report.asked += satisfiable.empty() || !satisfiable[i];
    // What has a model has one under a weaker hypothesis too: later rounds assume less.
    satisfiable.resize(answers.size());
    for (std::size_t i = 0; i < answers.size(); ++i)
      satisfiable[i] = answers[i].premise == Answer::holds;
    job.satisfiable_premises = &satisfiable;
    for (const InstanceAnswer& a : answers) {
      for (const Obligation& o : a.obligations) ++(o.conjuncts != 0 ? report.asked : report.framed);
    }
    if (stop::requested()) return "interrupted";
    std::vector<bool> failed(hypothesis.assumed.size(), false);
    note_round(job.encoding->system(), answers, report.rounds, results, failed);
    // What failed may be what contradicts: consistent is said of what stands in the end.
    if (none_of(failed)) {
      job.satisfiable_premises = nullptr;
      return inconsistency(job, answers);
    }
    for (std::size_t i = 0; i < failed.size(); ++i)
      if (failed[i]) hypothesis.assumed[i] = false;
  }
}

}  // namespace

std::string_view name_of(Verdict v) {
  switch (v) {
    case Verdict::proved: return "proved";
    case Verdict::violated: return "violated";
    case Verdict::unknown: return "unknown";
    case Verdict::disagreement: return "disagreement";
  }
  return "?";
}

Report prove_under(const Options& options, Hypothesis hypothesis) {
  const auto start = Clock::now();
  Report report;
  report.refusal = refusal_of(options);
  if (!report.refusal.empty()) return report;
  report.assumptions = assumptions_of(options);

  const Encoding* encoding = encoding_of(options);
  CertificateWriter writer(options.certificate_dir, std::string(options.profile->name),
                           text_of(encoding->system(), encoding->shape()));
  Job job{encoding, &options, &hypothesis, options.certificate_dir.empty() ? nullptr : &writer};
  // Invariants stand on one another and are proved together; of properties only those asked for.
  std::vector<Result> results = blank_results(*options.profile);
  std::vector<bool> concerned = invariants_of(*options.profile);
  std::vector<bool> asked(concerned.size(), true);
  for (std::size_t i = asked.size(); i < results.size(); ++i)
    asked.push_back(options.names.empty() || is_among(options.names, results[i].name));
  job.asked = &asked;
  concerned.resize(results.size(), true);
  const std::string inconsistent =
      all_are_refuted(job, results) ? "" : prove_together(job, hypothesis, results, report);
  if (job.certificates != nullptr) {
    report.certificates = writer.finish();
    if (!writer.good()) report.refusal = "cannot write to " + options.certificate_dir;
  }
  job.certificates = nullptr;
  for (unsigned i = 0; i < results.size(); ++i) {
    Result& r = results[i];
    if (!concerned[i] || (!options.names.empty() && !is_among(options.names, r.name))) continue;
    if (r.by_search) {
      report.results.push_back(std::move(r));
      continue;
    }
    r.consistent = inconsistent.empty();
    if (!r.consistent) {
      r.base = r.step = false;
      r.reason = inconsistent;
    } else if (i < hypothesis.assumed.size() ? hypothesis.assumed[i] : r.step) {
      r.verdict = Verdict::proved;
    } else if (options.depth > 0 && !stop::requested()) {
      note_history(job, search_for(job, i, r.name, options.depth), r);
    }
    report.results.push_back(std::move(r));
  }
  report.seconds = std::chrono::duration<double>(Clock::now() - start).count();
  return report;
}

Report prove(const Options& options) {
  return prove_under(options, all_invariants(*options.profile));
}

}  // namespace assay::prove
