#include "gen/defects.hpp"

#include <fmt/format.h>

#include "gen/rules.hpp"
#include "traces/kernel_log.hpp"

namespace assay::gen {
namespace {

std::string call_named(const Program& p, std::size_t operation) {
  if (operation >= p.operations.size()) return "the end of the program";
  const Operation& op = p.operations[operation];
  if (op.kind == Operation::Kind::close) return "close";
  if (op.kind == Operation::Kind::affinity) return "sched_setaffinity";
  return rules_of(p).info(op.event.rule).name;
}

Violation crash_of(const Program& p, const Answers& a) {
  const char* what = a.end == Answers::End::hung      ? "hang"
                     : a.end == Answers::End::garbled ? "nonsense"
                                                      : "crash";
  std::string during = fmt::format("{} in {}", what, call_named(p, a.at));
  const std::vector<traces::KernelReport> reports = traces::reports_of(a.note);
  if (reports.empty()) return {std::move(during), a.at, a.note};
  return {reports.front().name(), a.at, during + ":\n" + reports.front().text};
}

}  // namespace

std::vector<Violation> defects_of(const Program& program, const Answers& answers) {
  std::vector<Violation> out;
  const bool ended = answers.end == Answers::End::completed || answers.end == Answers::End::not_run;
  if (!ended) out.push_back(crash_of(program, answers));
  for (const Logged& logged : answers.log)
    for (const traces::KernelReport& report : traces::reports_of(logged.text))
      out.push_back(
          {report.name(), logged.at,
           fmt::format("logged during {}:\n{}", call_named(program, logged.at), report.text)});
  return out;
}

}  // namespace assay::gen
