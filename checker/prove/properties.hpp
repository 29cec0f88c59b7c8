// Properties of steps (spec/properties.hpp) as a list, and on the Concrete domain.
#pragma once
#include <string>
#include <vector>

#include "spec/system.hpp"

namespace assay::prove {

struct PropertyInfo {
  std::string name, source;
  std::vector<u32> rules;  // whose events it speaks of
};

// All that say something about the profile's implementation, in the order of the rules that they
// speak of first.
const std::vector<PropertyInfo>& properties_of(const Profile& profile);

// The names of those that an event breaks, which led from one state to the other.
std::vector<std::string> broken_properties(const SystemState<Concrete>& before, const Event& event,
                                           const SystemState<Concrete>& after,
                                           const Profile& profile);

}  // namespace assay::prove
