#include "spec/system.hpp"

namespace assay {

std::vector<CatalogEntry> system_catalog(const Profile& profile) {
  return catalog_of<SystemState<Catalog>>(SystemRules<Catalog>{}, profile);
}

}  // namespace assay
