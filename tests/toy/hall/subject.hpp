// Halls, their gates and their bells.
#pragma once
#include "tests/toy/hall/rules.hpp"

namespace assay {

struct ToyHall {
  template <class D>
  using Rules = TypeList<MakeHall<D>, AddGate<D>, AddBell<D>, OpenGate<D>, PassGate<D>, RingBell<D>,
                         Alarm<D>>;

  static constexpr std::array handles{
      HandleDeclaration{HandleKind::system, "system", "/dev/kvm"},
      HandleDeclaration{HandleKind::vm, "vm", "anon_inode:kvm-vm", HandleKind::system},
      HandleDeclaration{.kind = HandleKind{200},
                        .name = "gate",
                        .link = "anon_inode:toy-gate",
                        .owner = HandleKind::vm,
                        .is_counted = true,
                        .shows_id = true},
      HandleDeclaration{.kind = HandleKind{201},
                        .name = "bell",
                        .link = "anon_inode:toy-bell",
                        .owner = HandleKind::vm,
                        .is_counted = true,
                        .shows_id = true},
  };

  template <class D>
  static void invariants(const SayInvariantOf<D, Hall<D>>& say) {
    say(
        every, "absent_gates_are_shut",
        [](const Hall<D>& hall) {
          return all<D>(hall.gate, [&](const auto& g, std::size_t i) {
            return iff(Word<D, 16>(i) < plain(hall.gates), plain(g.created)) &&
                   implies<D>(g.open, g.created);
          });
        },
        "toy 2");
    say(
        every, "gates_fit_the_host",
        [](const Hall<D>& hall) -> Flag<D> {
          return plain(hall.gates) <= zero_extend<16>(plain(hall.host.gates_max));
        },
        "toy 2.3");
    say(
        every, "alarms_need_one",
        [](const Hall<D>& hall) { return implies<D>(hall.alarmed, hall.host.has_alarm); },
        "toy 7.1");
  }

  template <class D>
  static void properties(const TakenOf<D, Hall<D>>& t, const SayProperty<D>& say) {
    if (const auto* call = t.template as<OpenGate<D>>())
      say("opening_changes_its_gate_only",
          all_changed(t, t.before.gate, t.after.gate,
                      [&](const auto& before, const auto& after, std::size_t i) {
                        return i == call->gate.index || iff(plain(before.open), plain(after.open));
                      }),
          "toy 4");
  }
};

}  // namespace assay
