// Everything in the specification that has a name and a source, with the profiles that have it.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "model/profile.hpp"

namespace assay::checker {

enum class PartKind : unsigned char {
  rule,
  check,  // also a freedom or an answer: what a verb of a rule names
  effect,
  invariant,
  property,
  question,
  stage,
  sysreg,
  request  // an ioctl without a rule
};
std::string_view name_of(PartKind kind);

struct NamedPart {
  PartKind kind;
  std::string name;    // "vcpu_run", "vcpu_run.not_initialized", "way_in_of_run.timer_enabled"
  std::string source;  // a register's is its name
  std::vector<const Profile*> profiles;  // in the order of all_profiles()
};

// In the order of the specification, kind by kind. One whose source depends on the profile is there
// once for each source.
const std::vector<NamedPart>& named_parts();

}  // namespace assay::checker
