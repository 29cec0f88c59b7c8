#include "checker/vm_states.hpp"

#include <algorithm>
#include <utility>

#include "model/explains.hpp"

namespace assay::checker {
namespace {

StepContext context_of(const Event& e, u32 line, const VmStates::Context& c, Choices* choices) {
  StepContext k{};
  k.profile = c.profile;
  k.choices = choices;
  k.mutation = c.mutation;
  k.journal = c.journal;
  k.coverage = c.coverage;
  k.rule = e.rule;
  k.event = line;
  k.observed = e.answer;
  k.knows_observed = true;
  return k;
}

}  // namespace

VmStates::VmStates(RecordedVm state) {
  states_.push_back(std::make_unique<RecordedVm>(std::move(state)));
}

VmStates::VmStates(const VmStates& other) : took_choice_(other.took_choice_) {
  for (const auto& state : other.states_) states_.push_back(std::make_unique<RecordedVm>(*state));
}

VmStates::Outcome VmStates::step(const Event& e, u32 line, const Context& c) {
  before_.clear();
  if (states_.size() > 1) return step_all_choices(e, line, c);
  Choices choices;
  const StepContext context = context_of(e, line, c, &choices);
  Step<Recorded> k(context);
  c.journal->clear();
  broken_.clear();
  if (c.properties != nullptr && !asked_) asked_ = std::make_unique<Asked>(*states_.front());
  apply_rule(e, k, *states_.front());
  took_choice_ = false;
  freedoms_.clear();
  if (!choices.asked()) {
    if (explains(k, e, *c.profile)) {
      decided_by_ = k.decided_by();
      has_changed_ = c.journal->changes();
      is_journalled_ = true;
      if (asked_) judge_properties(e, c);
      return Outcome::matches;
    }
    c.journal->undo();
    return Outcome::contradicts;
  }
  c.journal->undo();
  return step_all_choices(e, line, c);
}

void VmStates::judge_properties(const Event& e, const Context& c) {
  const bool changes = c.journal->changes();
  const std::size_t arguments = states_.front()->system().rules()[e.rule].arguments.size();
  if (c.properties != nullptr && (changes || !asked_->kept.has(e, arguments))) {
    broken_ = c.properties->broken_by<Recorded>(
        {asked_->before.get(), e, *states_.front(), c.journal}, c.claims);
    if (!changes && broken_.empty()) asked_->kept.add(e, arguments);
  }
  if (!changes) return;
  asked_->kept.forget();
  asked_->before.follow(*c.journal);
}

VmStates::Outcome VmStates::step_all_choices(const Event& e, u32 line, const Context& c) {
  std::vector<std::unique_ptr<RecordedVm>> survivors;
  bool default_survives = false, any_survives = false;
  broken_.clear();
  freedoms_.clear();
  for (auto& state : states_) {
    Choices choices;
    bool is_default = true;
    do {
      choices.rewind();
      auto trial = std::make_unique<RecordedVm>(*state);
      const StepContext context = context_of(e, line, c, &choices);
      Step<Recorded> k(context);
      c.journal->clear();
      apply_rule(e, k, *trial);
      if (explains(k, e, *c.profile)) {
        default_survives = default_survives || is_default;
        keep_common_freedoms(choices, !any_survives);
        decided_by_ = !any_survives || decided_by_ == k.decided_by() ? k.decided_by() : nullptr;
        any_survives = true;
        if (c.properties != nullptr)
          keep_common(c.properties->broken_by<Recorded>({*state, e, *trial}, c.claims),
                      survivors.empty());
        add(survivors, std::move(trial));
        if (survivors.size() > c.states_max) return Outcome::too_wide;
      }
      is_default = false;
    } while (choices.next());
  }
  c.journal->clear();
  if (survivors.empty()) return Outcome::contradicts;
  took_choice_ = !default_survives;
  if (default_survives) freedoms_.clear();
  has_changed_ = true;
  is_journalled_ = false;
  before_ = std::exchange(states_, std::move(survivors));
  asked_.reset();
  return Outcome::matches;
}

void VmStates::keep_common_freedoms(const Choices& choices, bool is_first) {
  std::vector<const char*> taken;
  for (std::size_t i = 0; i < choices.count(); ++i)
    if (choices.decided(i)) taken.push_back(choices.name(i));
  const auto is_taken = [&](const char* id) {
    return std::any_of(taken.begin(), taken.end(),
                       [&](const char* t) { return std::string_view(t) == id; });
  };
  if (is_first) freedoms_ = taken;
  std::vector<const char*> common;
  std::copy_if(freedoms_.begin(), freedoms_.end(), std::back_inserter(common), is_taken);
  if (!common.empty()) freedoms_ = std::move(common);
}

void VmStates::keep_common(const std::vector<BrokenProperty>& broken, bool is_first) {
  if (is_first) broken_ = broken;
  std::erase_if(broken_, [&](const BrokenProperty& known) {
    return std::none_of(broken.begin(), broken.end(), [&](const BrokenProperty& p) {
      return std::string_view(p.name) == known.name;
    });
  });
}

void VmStates::add(std::vector<std::unique_ptr<RecordedVm>>& to,
                   std::unique_ptr<RecordedVm> state) {
  for (const auto& known : to)
    if (same_values(*known, *state)) return;
  to.push_back(std::move(state));
}

Errno VmStates::adopt(const Event& e, u32 line, const Context& c) {
  states_.resize(1);
  asked_.reset();
  Choices choices;
  StepContext k = context_of(e, line, c, &choices);
  k.coverage = nullptr;
  k.observed = Errno::ok;  // no failure that lies outside the model
  Step<Recorded> step(k);
  c.journal->clear();
  apply_rule(e, step, *states_.front());
  return step.ok() ? Errno::ok : static_cast<Errno>(step.code().value());
}

}  // namespace assay::checker
