// Which invariants a check carries: leave it out, and prove again the rule that has it.
#include "checker/prove/obligations.hpp"
#include "traces/stop.hpp"

namespace assay::prove {
namespace {

std::vector<Severity> checks_of(const Profile& profile, const std::string& rule) {
  std::vector<Severity> out;
  const System& system = assay::system_of(profile);
  for (const CatalogEntry& c : system.catalog(profile)) {
    if (c.kind != VerbKind::reject && c.kind != VerbKind::require) continue;
    if (!rule.empty() && rule != c.rule) continue;
    Severity s;
    s.rule = c.rule;
    s.check = c.id;
    s.code = c.code;
    s.mutation = {Mutation::Kind::drop, system.rule_named(c.rule), c.hash, 0};
    out.push_back(s);
  }
  return out;
}

void prove_without(const Options& options, const Hypothesis& hypothesis, Severity& s) {
  if (stop::requested()) return;
  FreshContext scope;
  Options mutated = options;
  mutated.mutation = &s.mutation;
  const Job job{encoding_of(options), &mutated, &hypothesis};
  const std::vector<std::string>& names = invariant_names(job.encoding->system());
  std::vector<bool> broken(names.size()), open(names.size());
  for (const Instance& i : instances_of(job.encoding->shape(), *job.options->profile)) {
    if (i.rule != s.mutation.rule || stop::requested()) continue;
    for (const Obligation& o : prove_instance(job, i, false).obligations) {
      if (o.answer == Answer::fails) broken[o.invariant] = true;
      if (o.answer == Answer::unknown) open[o.invariant] = true;
    }
  }
  for (std::size_t i = 0; i < broken.size(); ++i) {
    if (broken[i]) s.carries.push_back(names[i]);
    else if (open[i]) s.unknown.push_back(names[i]);
  }
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& n : names) text += (text.empty() ? "" : ", ") + n;
  return text;
}

}  // namespace

std::string Severity::text() const {
  if (!carries.empty()) return "load-bearing for " + joined(carries);
  if (!unknown.empty()) return "undecided for " + joined(unknown);
  return "interface only";
}

std::vector<Severity> severities(const Options& options, const std::string& rule) {
  if (options.profile == nullptr || encoding_of(options) == nullptr) return {};
  std::vector<Severity> out = checks_of(*options.profile, rule);
  const Hypothesis hypothesis = all_invariants(*options.profile);
  in_parallel(options.jobs, out.size(),
              [&](std::size_t i) { prove_without(options, hypothesis, out[i]); });
  return out;
}

}  // namespace assay::prove
