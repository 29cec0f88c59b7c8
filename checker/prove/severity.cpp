// Which claims a check, a guard or an effect carries: leave it out, and prove again the rule that
// has it.
#include <fmt/format.h>

#include <algorithm>

#include "checker/prove/obligations.hpp"
#include "gen/mutants.hpp"
#include "traces/stop.hpp"

namespace assay::prove {
namespace {

std::vector<Severity> parts_of(const Profile& profile, const std::string& rule, Parts parts) {
  std::vector<Severity> out;
  for (const gen::Mutant& m : gen::enumerate_left_out(profile)) {
    const bool is_effect = m.mutation.kind == Mutation::Kind::omit;
    if ((is_effect && parts == Parts::checks) || (!rule.empty() && rule != m.rule)) continue;
    out.push_back({m.rule, m.first, is_effect, m.mutation, {}, {}});
  }
  return out;
}

// What holds with nothing left out: only that can be carried.
struct Standing {
  Hypothesis hypothesis;
  std::vector<std::string> names;  // claims by number
  std::vector<bool> asked;         // by number: those that hold and are asked for
};

Standing standing_claims(const Options& options, const Report& proved) {
  Standing s;
  s.names = claim_names(*options.profile);
  s.hypothesis.assumed.assign(invariant_names(system_of(options)).size(), false);
  s.asked.assign(s.names.size(), false);
  for (const Result& r : proved.results) {
    if (r.verdict != Verdict::proved) continue;
    const auto at = static_cast<std::size_t>(std::find(s.names.begin(), s.names.end(), r.name) -
                                             s.names.begin());
    if (at < s.hypothesis.assumed.size()) s.hypothesis.assumed[at] = true;
    s.asked[at] = options.names.empty() || is_among(options.names, r.name);
  }
  return s;
}

Report everything_proved(const Options& options) {
  Options plain = options;
  plain.depth = 0;
  plain.names.clear();
  plain.certificate_dir.clear();
  return prove(plain);
}

void prove_without(const Options& options, const Standing& standing, Severity& s) {
  if (stop::requested()) return;
  Options mutated = options;
  mutated.mutation = &s.mutation;
  Job job{encoding_of(options), &mutated, &standing.hypothesis};
  job.asked = &standing.asked;
  std::vector<bool> broken(standing.names.size()), open(standing.names.size());
  for (const Instance& i : instances_of(job)) {
    if (i.rule != s.mutation.rule || stop::requested()) continue;
    for (const Obligation& o : prove_instance(job, i, false).obligations) {
      if (o.answer == Answer::fails) broken[o.invariant] = true;
      if (o.answer == Answer::unknown) open[o.invariant] = true;
    }
  }
  for (std::size_t i = 0; i < broken.size(); ++i) {
    if (broken[i]) s.carries.push_back(standing.names[i]);
    else if (open[i]) s.unknown.push_back(standing.names[i]);
  }
}

}  // namespace

std::string Severity::name() const { return rule + "." + part; }

std::string Severity::text() const {
  if (!carries.empty()) return fmt::format("load-bearing for {}", fmt::join(carries, ", "));
  if (!unknown.empty()) return fmt::format("undecided for {}", fmt::join(unknown, ", "));
  return is_effect ? "carries no claim" : "interface only";
}

std::vector<Severity> severities(const Options& options, const std::string& rule, Parts parts,
                                 const Report* proved) {
  if (options.profile == nullptr || encoding_of(options) == nullptr) return {};
  std::vector<Severity> out = parts_of(*options.profile, rule, parts);
  const Standing standing =
      standing_claims(options, proved != nullptr ? *proved : everything_proved(options));
  if (std::find(standing.asked.begin(), standing.asked.end(), true) == standing.asked.end())
    return out;
  in_shared_contexts(options.jobs, out.size(),
                     [&](std::size_t i) { prove_without(options, standing, out[i]); });
  return out;
}

}  // namespace assay::prove
