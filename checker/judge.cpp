#include "checker/judge.hpp"

#include "checker/check.hpp"

namespace assay::checker {

Report judge_report(const gen::Program& program, const gen::Answers& answers,
                    const Mutation* mutation) {
  CheckOptions options;
  options.profile = program.profile;
  options.host = program.host;
  options.mutation = mutation;
  Checker checker(gen::rules_of(program).binder(), options);
  gen::each_trace_event(program, &answers, [&](const traces::TraceEvent& e) { checker.feed(e); });
  return checker.finish();
}

namespace {

// Lines count from 1 for the opening of /dev/kvm; operation i is at line i + 2.
constexpr std::uint64_t first_operation_line = 2;

}  // namespace

std::optional<gen::Violation> judge(const gen::Program& program, const gen::Answers& answers,
                                    const Mutation* mutation) {
  for (const Finding& f : judge_report(program, answers, mutation).findings)
    if (!f.follow_on && !f.of_claim() && f.line >= first_operation_line)
      return gen::Violation{f.check, f.line - first_operation_line, f.call};
  return std::nullopt;
}

std::optional<gen::Violation> broken_claim(const gen::Program& program, const gen::Answers& answers,
                                           std::string_view name) {
  const Report report = judge_report(program, answers);
  for (const Finding& f : report.findings) {
    if (!f.of_claim() || program.operations.empty()) continue;
    if (!name.empty() && f.check != name) continue;
    const std::size_t at = f.line >= first_operation_line ? f.line - first_operation_line
                                                          : program.operations.size() - 1;
    return gen::Violation{f.check, at, f.call};
  }
  return std::nullopt;
}

}  // namespace assay::checker
