#include "spec/system.hpp"

#include <map>
#include <mutex>

#include "model/catalog.hpp"
#include "spec/arch/spu/registers.hpp"

namespace assay {

// A part of the state that a field list leaves out would be compared, copied and shown by nobody.
template <class T>
constexpr bool all_complete() {
  if constexpr (is_std_array<T>::value || AnyTable<T>) {
    return all_complete<std::remove_cvref_t<decltype(std::declval<T&>()[0])>>();
  } else if constexpr (Record<T>) {
    return complete<T>()&&[]<auto... P>(Members<P...>) {
      return (all_complete<std::remove_cvref_t<decltype(std::declval<T&>().*P)>>() && ...);
    }
    (T::fields());
  } else {
    return true;
  }
}
static_assert(all_complete<SystemState<Concrete>>(), "a member is missing from fields()");

std::span<const Sysreg> system_registers() { return spe_sysregs; }
std::span<const RegisterAlias> system_register_aliases() { return spe_register_aliases; }

u32 rule_named(std::string_view name) {
  const std::vector<RuleInfo>& rules = system_rules();
  for (u32 number = 0; number < rules.size(); ++number)
    if (name == rules[number].name) return number;
  return Event::no_rule;
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

u32 creating_rule() {
  static const u32 number = [] {
    const std::vector<RuleInfo>& rules = system_rules();
    u32 at = 0;
    while (at < rules.size() && !rules[at].creates) ++at;
    return at < rules.size() ? at : Event::no_rule;
  }();
  return number;
}

namespace {

std::vector<CatalogEntry> catalog_of(const Profile& profile) {
  std::vector<CatalogEntry> listing;
  for (u32 rule = 0; rule < system_rules().size(); ++rule) {
    const auto call =
        system_ops<Catalog>()[rule](0, [](Catalog::Leaf, unsigned, const std::string&) {});
    list_rule<SystemState<Catalog>>(system_rules()[rule], *call, profile, listing);
  }
  return listing;
}

}  // namespace

const std::vector<CatalogEntry>& system_catalog(const Profile& profile) {
  static std::mutex mutex;
  static std::map<std::pair<Precedence, u64>, std::vector<CatalogEntry>> made;
  std::lock_guard lock(mutex);
  auto [at, is_new] = made.try_emplace({profile.precedence, profile.behaviours});
  if (is_new) at->second = catalog_of(profile);
  return at->second;
}

}  // namespace assay
