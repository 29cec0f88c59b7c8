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

// All that say something about the profile's implementation, in the order of the rules that they
// speak of first.
const std::vector<PropertyInfo>& properties_of(const Profile& profile);

enum class Claims : unsigned char { promises, all };

// By rule: whether some such property speaks of its events.
const std::vector<bool>& rules_spoken_of(const Profile& profile, Claims claims);

// A property that a step breaks. Both texts live as long as the program.
struct BrokenProperty {
  const char* name;
  const char* source;
};

// The properties that an event breaks, which led from one state to the other.
std::vector<BrokenProperty> broken_properties(const SystemState<Recorded>& before,
                                              const Event& event,
                                              const SystemState<Recorded>& after,
                                              const Profile& profile, Claims claims);
// The same for states of a replay, with all claims.
std::vector<BrokenProperty> broken_properties(const SystemState<Concrete>& before,
                                              const Event& event,
                                              const SystemState<Concrete>& after,
                                              const Profile& profile);

}  // namespace assay::checker
