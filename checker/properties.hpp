// Properties of steps (spec/properties.hpp) as a list, and judged on a step that was taken.
#pragma once
#include <string>
#include <vector>

#include "spec/system.hpp"

namespace assay::checker {

struct PropertyInfo {
  std::string name, source;
  std::vector<u32> rules;  // whose events it speaks of
  bool promised;           // or a question that only `assay prove` answers
};

enum class Claims : unsigned char { promises, all };

// A property that a step breaks. Both texts live as long as the program.
struct BrokenProperty {
  const char* name;
  const char* source;
};

// A step that was taken. With its journal, properties that compare both states look only at what
// the step wrote.
template <class D>
struct TakenStep {
  const SystemState<D>& before;
  const Event& event;
  const SystemState<D>& after;
  const Journal* journal = nullptr;
};

// What is claimed of the steps of a profile's implementation.
class PropertiesOf {
 public:
  explicit PropertiesOf(const Profile& profile);

  // All that say something about it, in the order of the rules that they speak of first.
  const std::vector<PropertyInfo>& list() const { return list_; }
  // Whether some such property speaks of the rule's events.
  bool speak_of(u32 rule, Claims claims) const {
    return !promises_[rule].empty() || (claims == Claims::all && !questions_[rule].empty());
  }
  // The properties that a step breaks. Domains: Recorded, Concrete.
  template <class D>
  std::vector<BrokenProperty> broken_by(const TakenStep<D>& step, Claims claims) const;

 private:
  using Numbers = std::vector<std::size_t>;  // of functions in SystemClaims
  void list_of_rule(const System& system, u32 rule);
  void note(const char* name, const char* source, bool promised, u32 rule);

  Profile profile_;
  std::vector<PropertyInfo> list_;
  std::vector<Numbers> promises_, questions_;  // by rule: who speaks of it
};

// Made when a profile is asked for first; lives to the end.
const PropertiesOf& properties_of(const Profile& profile);

}  // namespace assay::checker
