#include "spec/system.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <map>
#include <mutex>

#include "spec/catalog_state.hpp"

namespace assay {
namespace {

struct Registered {
  std::string key;
  int order;
  System system;
};

// Filled before main() begins, by the units of the systems that are linked.
std::deque<Registered>& registry() {
  static std::deque<Registered> all;
  return all;
}

}  // namespace

System& System::registered(const char* name, int order) {
  for (Registered& known : registry())
    if (known.key == name) return known.system;
  return registry().emplace_back(Registered{name, order, {}}).system;
}

bool System::provides(const SystemInfo& (*info)()) {
  info_ = info;
  return true;
}

bool System::provides(const char* domain, const void* (*in)()) {
  domains_.emplace_back(domain, in);
  return true;
}

const void* System::in_domain(const char* key) const {
  for (const auto& [domain, in] : domains_)
    if (domain == key) return in();
  std::fprintf(stderr, "assay: internal error: a domain of %s is not linked\n",
               std::string(name()).c_str());
  std::abort();
}

std::vector<const System*> all_systems() {
  std::vector<const Registered*> sorted;
  for (const Registered& known : registry()) sorted.push_back(&known);
  std::sort(sorted.begin(), sorted.end(),
            [](const Registered* a, const Registered* b) { return a->order < b->order; });
  std::vector<const System*> out;
  for (const Registered* known : sorted) out.push_back(&known->system);
  return out;
}

const System& default_system() {
  static const System& first = *all_systems().front();
  return first;
}

const System& system_of(const Profile& profile) {
  for (const Registered& known : registry())
    for (const Profile& p : known.system.info().profiles)
      if (p.name == profile.name) return known.system;
  return default_system();
}

const System* system_of_machine(std::string_view machine) {
  if (machine.empty()) return &default_system();
  for (const System* system : all_systems())
    for (const std::string_view known : system->info().machines)
      if (known == machine) return system;
  return nullptr;
}

// --- profiles
// -------------------------------------------------------------------------------------

std::span<const Profile> all_profiles() {
  static const std::vector<Profile> all = [] {
    std::vector<Profile> out;
    for (const System* system : all_systems())
      out.insert(out.end(), system->info().profiles.begin(), system->info().profiles.end());
    return out;
  }();
  return all;
}

const Profile* find_profile(std::string_view name) {
  for (const Profile& p : all_profiles())
    if (p.name == name) return &p;
  return nullptr;
}

// --- rules
// ----------------------------------------------------------------------------------------

u32 System::rule_named(std::string_view name) const {
  const SystemInfo& all = info();
  const auto at = all.rule_by_name.find(name);
  return at == all.rule_by_name.end() ? Event::no_rule : at->second;
}

u32 System::creating_rule() const {
  const auto at =
      std::find_if(rules().begin(), rules().end(), [](const RuleInfo& r) { return r.creates; });
  return at == rules().end() ? Event::no_rule : static_cast<u32>(at - rules().begin());
}

const std::vector<CatalogEntry>& System::catalog(const Profile& profile) const {
  static std::mutex mutex;
  static std::map<std::tuple<const System*, Precedence, u64>, std::vector<CatalogEntry>> made;
  const std::lock_guard lock(mutex);
  auto [at, is_new] = made.try_emplace({this, profile.precedence, profile.behaviours});
  if (is_new)
    for (u32 rule = 0; rule < rules().size(); ++rule)
      in<Catalog>().list(rules()[rule], rule, profile, at->second);
  return at->second;
}

const std::vector<CatalogEntry>& system_catalog(const Profile& profile) {
  return system_of(profile).catalog(profile);
}

Shape System::usual_shape() const {
  Shape shape;
  for (std::size_t i = 0; i < info().dimensions.size(); ++i)
    shape.size[i] = info().dimensions[i].usual;
  return shape;
}

// --- handles
// --------------------------------------------------------------------------------------

std::span<const HandleDeclaration> system_handles() {
  static const std::vector<HandleDeclaration> all = [] {
    std::vector<HandleDeclaration> out;
    for (const System* system : all_systems())
      for (const HandleDeclaration& handle : system->info().handles)
        if (std::none_of(out.begin(), out.end(),
                         [&](const HandleDeclaration& h) { return h.kind == handle.kind; }))
          out.push_back(handle);
    return out;
  }();
  return all;
}

const HandleDeclaration* declaration_of(HandleKind kind) {
  for (const HandleDeclaration& known : system_handles())
    if (known.kind == kind) return &known;
  return nullptr;
}

HandleKind handle_kind_named(std::string_view name) {
  for (const HandleDeclaration& known : system_handles())
    if (known.name == name) return known.kind;
  return HandleKind::none;
}

HandleKind device_of_type(u32 type) {
  for (const HandleDeclaration& known : system_handles())
    if (known.device_type == type && type != 0) return known.kind;
  return HandleKind::device;
}

}  // namespace assay
