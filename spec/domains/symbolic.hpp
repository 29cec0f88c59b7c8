// A system's states in the Symbolic domain.
#pragma once
#include "spec/state_ops.hpp"
#include "spec/symbolic_state.hpp"

namespace assay {

template <class State>
StateOps<Symbolic> symbolic_ops(const System& system) {
  StateOps<Symbolic> ops = basic_ops<Symbolic, State>(system);
  ops.each_leaf = [](const void* t, const std::function<void(SymLeaf)>& f) {
    leaves([&](auto& leaf) { f(Symbolic::leaf(leaf)); },
           *static_cast<State*>(const_cast<void*>(t)));
  };
  ops.each_named_leaf = [](const void* t,
                           const std::function<void(const std::string&, SymLeaf)>& f) {
    named_leaves(
        "", [&](const std::string& path, auto& leaf) { f(path, Symbolic::leaf(leaf)); },
        *static_cast<State*>(const_cast<void*>(t)));
  };
  return ops;
}

template <class TheSystem>
void add_operations(const System& system, SystemIn<Symbolic>& in) {
  using State = typename TheSystem::template State<Symbolic>;
  using Plain = typename TheSystem::template State<Concrete>;
  using Hidden = SystemState<Symbolic>;
  in.state = symbolic_ops<State>(system);
  in.copied = [](const SystemState<Concrete>& from) {
    Hidden out = system_in<TheSystem, Symbolic>().blank();
    out.template as<State>() = lift<State>(from.as<Plain>());
    return out;
  };
  in.host_leaves = [] {
    const State blank{};
    std::size_t count = 0;
    leaves([&](const auto&) { ++count; }, blank.host);
    return count;
  };
  in.host_is_possible = [](const Hidden& state) {
    return TheSystem::template is_possible<Symbolic>(state.template as<State>().host);
  };
  in.fits_shape = [](const Hidden& state) {
    return TheSystem::template fits<Symbolic>(state.template as<State>());
  };
  in.is_made = [](const Hidden& state) {
    return SymFlag(TheSystem::template is_made<Symbolic>(state.template as<State>()));
  };
  in.decoded = [](const z3::model& model, const Hidden& state) {
    SystemState<Concrete> out = system_in<TheSystem, Concrete>().blank();
    out.as<Plain>() = decode<Plain>(model, state.template as<State>());
    return out;
  };
}

}  // namespace assay
