#include "gen/mutants.hpp"

#include <fmt/format.h>

#include <set>

#include "spec/system.hpp"

namespace assay::gen {
namespace {

Mutant drop(const System& system, const CatalogEntry& check) {
  return {{Mutation::Kind::drop, system.rule_named(check.rule), check.hash, 0},
          check.rule + ": drop " + check.id,
          check.rule,
          check.id,
          ""};
}

Mutant swap(const System& system, const CatalogEntry& a, const CatalogEntry& b) {
  return {{Mutation::Kind::swap, system.rule_named(a.rule), a.hash, b.hash},
          a.rule + ": swap " + a.id + "," + b.id,
          a.rule,
          a.id,
          b.id};
}

}  // namespace

std::vector<Mutant> enumerate_mutants(const Profile& profile) {
  const System& system = system_of(profile);
  const std::vector<CatalogEntry>& checks = system.catalog(profile);
  std::vector<Mutant> mutants;
  for (std::size_t i = 0; i < checks.size(); ++i) {
    const CatalogEntry& check = checks[i];
    if (check.kind != VerbKind::reject && check.kind != VerbKind::require &&
        check.kind != VerbKind::guard)
      continue;
    mutants.push_back(drop(system, check));
    if (i + 1 == checks.size() || profile.precedence == Precedence::documented) continue;
    const CatalogEntry& next = checks[i + 1];
    if (check.kind == VerbKind::reject && next.kind == VerbKind::reject &&
        next.rule == check.rule && next.code != check.code)
      mutants.push_back(swap(system, check, next));
  }
  return mutants;
}

std::vector<Mutant> enumerate_left_out(const Profile& profile) {
  std::vector<Mutant> mutants = enumerate_mutants(profile);
  std::erase_if(mutants, [](const Mutant& m) { return m.mutation.kind != Mutation::Kind::drop; });
  std::set<std::pair<u32, u32>> known;
  const System& system = system_of(profile);
  for (const CatalogEntry& effect : system.catalog(profile)) {
    if (effect.kind != VerbKind::set) continue;
    const u32 rule = system.rule_named(effect.rule);
    unsigned number = 0;
    for (const u32 site : effect.sites) {
      ++number;
      if (!known.insert({rule, site}).second) continue;
      const std::string place = number == 1 ? effect.id : fmt::format("{}#{}", effect.id, number);
      mutants.push_back({{Mutation::Kind::omit, rule, site, 0},
                         effect.rule + ": omit " + place,
                         effect.rule,
                         place,
                         ""});
    }
  }
  return mutants;
}

std::vector<Mutant> enumerate_freedoms(const Profile& profile) {
  const System& system = system_of(profile);
  std::vector<Mutant> mutants;
  for (const CatalogEntry& freedom : system.catalog(profile))
    if (freedom.kind == VerbKind::choose || freedom.kind == VerbKind::may_fail)
      mutants.push_back(drop(system, freedom));
  return mutants;
}

}  // namespace assay::gen
