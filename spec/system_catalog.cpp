#include <map>
#include <mutex>

#include "spec/system.hpp"

namespace assay {

// An argument that a rule's field list leaves out would be read by the rule and told by nobody.
template <class... Rule>
constexpr bool each_is_complete(TypeList<Rule...>) {
  return (complete<Rule>() && ...);
}
static_assert(each_is_complete(SystemRules<Concrete>{}));

const std::vector<CatalogEntry>& system_catalog(const Profile& profile) {
  static std::mutex mutex;
  static std::map<std::pair<Precedence, u64>, std::vector<CatalogEntry>> made;
  std::lock_guard lock(mutex);
  auto [at, is_new] = made.try_emplace({profile.precedence, profile.behaviours});
  if (is_new) at->second = catalog_of<SystemState<Catalog>>(SystemRules<Catalog>{}, profile);
  return at->second;
}

}  // namespace assay
