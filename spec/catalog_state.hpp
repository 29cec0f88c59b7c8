// What the Catalog domain can do with a system.
#pragma once
#include "model/catalog.hpp"
#include "spec/system.hpp"

namespace assay {

template <>
struct OnlyIn<Catalog> {
  // Appends what a rule has under a profile; nothing when the profile does not have the rule.
  void (*list)(const RuleInfo& rule, u32 number, const Profile& profile,
               std::vector<CatalogEntry>& listing) = nullptr;
};

}  // namespace assay
