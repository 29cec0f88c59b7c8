#include "checker/exercised.hpp"

#include "spec/system.hpp"

namespace assay::checker {
namespace {

// A released kernel's traces hold no events of the hardware.
bool is_of_a_release(const Profile& p) { return p.name.starts_with("linux-"); }

Exercised how(const CatalogEntry& check, const Coverage::Counter& seen, bool is_event,
              bool is_foreign) {
  if (seen.held == 0 && seen.not_held == 0)
    return is_foreign ? Exercised::foreign : Exercised::never;
  if (seen.held != 0 && seen.not_held != 0) return Exercised::both;
  // An event cannot be refused: a check of its rule that held is a violation, as with `require`.
  const bool must_not_hold = check.kind == VerbKind::require || is_event;
  if (seen.not_held != 0) return must_not_hold ? Exercised::kept : Exercised::never_held;
  return Exercised::only_held;
}

}  // namespace

std::vector<ExercisedCheck> exercised_checks(const traces::Binder& binder, const Profile& profile,
                                             const Coverage& coverage) {
  std::vector<ExercisedCheck> out;
  const System& system = binder.system();
  for (const CatalogEntry& e : system.catalog(profile)) {
    if (e.kind != VerbKind::reject && e.kind != VerbKind::require) continue;
    const std::uint32_t rule = system.rule_named(e.rule);
    const traces::Pattern& pattern = binder.pattern(rule);
    const Coverage::Counter* c = coverage.find(rule, e.hash);
    const Coverage::Counter seen = c != nullptr ? *c : Coverage::Counter{};
    const bool of_hardware = pattern.on.front() == traces::HandleKind::machine;
    const bool is_foreign = of_hardware && is_of_a_release(profile);
    out.push_back({&e, seen, how(e, seen, pattern.is_event, is_foreign)});
  }
  return out;
}

const char* text_of(Exercised how) {
  switch (how) {
    case Exercised::both:
    case Exercised::kept: return "";
    case Exercised::only_held:
    case Exercised::never_held: return "one way only";
    case Exercised::never: return "never evaluated";
    case Exercised::foreign: return "not a rule of this profile";
  }
  return "?";
}

}  // namespace assay::checker
