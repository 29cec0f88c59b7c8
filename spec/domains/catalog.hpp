// A system's rules in the Catalog domain: listing them needs the state's type.
#pragma once
#include "model/catalog.hpp"
#include "spec/catalog_state.hpp"
#include "spec/state_ops.hpp"

namespace assay {

template <class TheSystem>
void add_operations(const System& system, SystemIn<Catalog>& in) {
  using State = typename TheSystem::template State<Catalog>;
  in.state = basic_ops<Catalog, State>(system);
  in.list = [](const RuleInfo& rule, u32 number, const Profile& profile,
               std::vector<CatalogEntry>& listing) {
    const SystemIn<Catalog>& all = system_in<TheSystem, Catalog>();
    const auto call = all.ops[number](0, [](Catalog::Leaf, unsigned, const std::string&) {});
    const UseShape shape(Catalog::one_of_each);
    SystemState<Catalog> state = all.blank();
    list_rule(
        rule, profile, listing, [&](Step<Catalog>& k) { call->apply(k, state); },
        state.template as<State>());
  };
}

}  // namespace assay
