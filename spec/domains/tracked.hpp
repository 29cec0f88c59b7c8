// A system's states in the Tracked domain.
#pragma once
#include "model/tracked.hpp"
#include "spec/state_ops.hpp"

namespace assay {

template <class TheSystem>
void add_operations(const System& system, SystemIn<Tracked>& in) {
  using State = typename TheSystem::template State<Tracked>;
  in.state = basic_ops<Tracked, State>(system);
  in.copied = [](const SystemState<Recorded>& from) {
    SystemState<Tracked> out = system_in<TheSystem, Tracked>().blank();
    out.template as<State>() =
        tracked_copy<State>(from.as<typename TheSystem::template State<Recorded>>());
    return out;
  };
}

}  // namespace assay
