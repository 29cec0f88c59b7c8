// Defects that are known already: a campaign counts them and goes on.
#pragma once
#include <set>
#include <string>
#include <string_view>

#include "model/profile.hpp"

namespace assay::cli {

// The names in a table whose rows are "| `NAME` | PROFILE, PROFILE | ...", as far as they are
// known under this profile. Any other line is none of it.
std::set<std::string> known_defects(std::string_view table, const Profile& profile);

// The table that comes with the specification: spec/kvm/REPORTS.md.
std::string reported_defects();

}  // namespace assay::cli
