#include "checker/cli/history_text.hpp"

#include <map>

#include "checker/cli/cli.hpp"
#include "gen/program.hpp"

namespace assay::cli {

std::string history_text(const prove::History& history, const Profile& profile,
                         std::string_view expect) {
  gen::Program program;
  program.profile = &profile;
  program.host = history.host;
  gen::Answers answers;
  answers.end = gen::Answers::End::completed;
  const gen::Rules& rules = gen::Rules::of(profile);
  const traces::Binder& binder = rules.binder();
  std::map<traces::HandleKind, u32> made;  // of kinds of which a VM may have several
  for (const Event& event : history.events) {
    const traces::Pattern& pattern = binder.pattern(event.rule);
    gen::Operation operation;
    operation.on = pattern.on.front();
    operation.event = event;
    operation.event.vm = 0;
    const traces::HandleKind makes = rules.made_by(event);
    if (traces::is_counted(makes)) operation.event.handle = made[makes]++;
    gen::Answer answer;
    answer.executed = true;
    answer.event = operation.event;
    // The task of an event is the thread that makes it; the history's numbers are small.
    int task = binder.rule(event.rule).position("task");
    answer.tid = gen::planned_tid(0);
    if (task >= 0)
      answer.tid = gen::planned_tid(
          static_cast<unsigned>(event.value[static_cast<std::size_t>(task)] & 0xff));
    int cpu = binder.rule(event.rule).position("cpu");
    if (cpu >= 0 && event.value[static_cast<std::size_t>(cpu)] != 0xffff)
      answer.cpu = static_cast<std::int32_t>(event.value[static_cast<std::size_t>(cpu)]);
    operation.event.answered = false;
    program.operations.push_back(operation);
    answers.of.push_back(answer);
  }
  return gen::text_of(program, answers, expect);
}

}  // namespace assay::cli
