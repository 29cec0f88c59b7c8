#include "checker/properties.hpp"

#include <algorithm>
#include <map>
#include <mutex>

#include "spec/system.hpp"

namespace assay::checker {
namespace {

template <class D>
AnyTaken<D> taken_of(const TakenStep<D>& step, const Call<D>& call, const Profile& profile) {
  const Event& e = step.event;
  return {step.before,
          call,
          step.after,
          e.answer == Errno::ok,
          Word<D, 8>(static_cast<u64>(e.answer)),
          profile,
          step.journal};
}

}  // namespace

PropertiesOf::PropertiesOf(const Profile& profile)
    : profile_(profile),
      promises_(system_of(profile).rules().size()),
      questions_(promises_.size()) {
  const System& system = system_of(profile);
  for (u32 rule = 0; rule < promises_.size(); ++rule)
    if (system.rules()[rule].is_of(profile)) list_of_rule(system, rule);
}

void PropertiesOf::note(const char* name, const char* source, bool promised, u32 rule) {
  auto at = std::find_if(list_.begin(), list_.end(),
                         [&](const PropertyInfo& p) { return p.name == name; });
  if (at == list_.end()) at = list_.insert(list_.end(), {name, source, {}, promised});
  at->rules.push_back(rule);
}

// Which properties speak of a rule does not depend on the state: a blank one tells.
void PropertiesOf::list_of_rule(const System& system, u32 rule) {
  using D = Concrete;
  const SystemIn<D>& in = system.in<D>();
  const SystemState<D> blank = in.blank();
  Event event;
  event.rule = rule;
  const auto note_all = [&](const std::vector<SystemClaims<D>::StepClaims>& all, bool promised,
                            Numbers& who) {
    for (std::size_t i = 0; i < all.size(); ++i)
      in.ops[rule].with_call(event, [&](const Call<D>& call) {
        all[i](taken_of<D>({blank, event, blank}, call, profile_),
               [&](const char* name, bool, const char* source) {
                 note(name, source, promised, rule);
                 if (who.empty() || who.back() != i) who.push_back(i);
               });
      });
  };
  note_all(in.claims.properties, true, promises_[rule]);
  note_all(in.claims.questions, false, questions_[rule]);
}

template <class D>
std::vector<BrokenProperty> PropertiesOf::broken_by(const TakenStep<D>& step, Claims claims) const {
  // One reference, so that the functions made of the lambdas need no memory of their own.
  struct Asking {
    const PropertiesOf& self;
    const TakenStep<D>& step;
    Claims claims;
    std::vector<BrokenProperty> broken;
  } asking{*this, step, claims, {}};
  step.before.ops().rules[step.event.rule].with_call(step.event, [&asking](const Call<D>& call) {
    const PropertiesOf& self = asking.self;
    const u32 rule = asking.step.event.rule;
    const AnyTaken<D> taken = taken_of<D>(asking.step, call, self.profile_);
    const SayProperty<D> say = [&asking](const char* name, bool holds, const char* source) {
      if (!holds) asking.broken.push_back({name, source});
    };
    const SystemClaims<D>& all = asking.step.before.system().template in<D>().claims;
    for (const std::size_t i : self.promises_[rule]) all.properties[i](taken, say);
    if (asking.claims != Claims::all) return;
    for (const std::size_t i : self.questions_[rule]) all.questions[i](taken, say);
  });
  return std::move(asking.broken);
}
template std::vector<BrokenProperty> PropertiesOf::broken_by(const TakenStep<Recorded>&,
                                                             Claims) const;
template std::vector<BrokenProperty> PropertiesOf::broken_by(const TakenStep<Concrete>&,
                                                             Claims) const;

const PropertiesOf& properties_of(const Profile& profile) {
  static std::mutex mutex;
  static std::map<std::string, PropertiesOf, std::less<>> all;
  const std::lock_guard lock(mutex);
  auto at = all.find(profile.name);
  if (at == all.end()) at = all.try_emplace(std::string(profile.name), profile).first;
  return at->second;
}

}  // namespace assay::checker
