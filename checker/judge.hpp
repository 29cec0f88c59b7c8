// Judging a generated program's answers: the oracle of fuzzing and minimising.
#pragma once
#include <optional>

#include "checker/verdict.hpp"
#include "gen/campaign.hpp"

namespace assay::checker {

// The first violation: what comes after it in the same VM may only follow from it. Nothing when the
// rules allow every answer. Claims (invariants, properties) are not asked: see broken_claim().
std::optional<gen::Violation> judge(const gen::Program& program, const gen::Answers& answers,
                                    const Mutation* mutation = nullptr);

// The first invariant or property of steps that allowed answers break; with a name, that one.
std::optional<gen::Violation> broken_claim(const gen::Program& program, const gen::Answers& answers,
                                           std::string_view name = {});

// The whole report on them.
Report judge_report(const gen::Program& program, const gen::Answers& answers,
                    const Mutation* mutation = nullptr);

}  // namespace assay::checker
