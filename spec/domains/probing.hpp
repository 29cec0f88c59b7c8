// A system's states in the Probing domain.
#pragma once
#include "model/probing.hpp"
#include "spec/state_ops.hpp"

namespace assay {

template <class TheSystem>
void add_operations(const System& system, SystemIn<probing::Probing>& in) {
  using State = typename TheSystem::template State<probing::Probing>;
  in.state = basic_ops<probing::Probing, State>(system);
  in.copied = [](const SystemState<Recorded>& from) {
    SystemState<probing::Probing> out = system_in<TheSystem, probing::Probing>().blank();
    copy_values(out.template as<State>(), from.as<typename TheSystem::template State<Recorded>>());
    return out;
  };
}

}  // namespace assay
