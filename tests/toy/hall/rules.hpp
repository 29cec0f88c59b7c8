// The calls of the toy system.
#pragma once
#include "model/step.hpp"
#include "tests/toy/toy_system.hpp"

namespace assay {

template <class D>
struct MakeHall {
  static constexpr const char* name = "make_hall";
  static constexpr const char* syntax = "ioctl(<system>, TOY_MAKE_HALL, flags) = <new vm>";
  static constexpr const char* source = "toy 1";
  static constexpr bool creates_the_system = true;
  Word<D, 32> flags{};
  static constexpr auto fields() { return members<&MakeHall::flags>; }
  void apply(Step<D>& k, Hall<D>& hall) const {
    k.reject(Errno::inval, flags != 0, {"unknown_flags", "toy 1.1"});
    k.set(hall.made, true);
  }
};

template <class D>
struct AddGate {
  static constexpr const char* name = "add_gate";
  static constexpr const char* syntax = "ioctl(<vm>, TOY_ADD_GATE, id) = <new gate>";
  static constexpr const char* source = "toy 2";
  Word<D, 32> id{};
  static constexpr auto fields() { return members<&AddGate::id>; }
  void apply(Step<D>& k, Hall<D>& hall) const {
    k.reject(Errno::inval, id > 0xffff, {"id_too_large", "toy 2.1"});
    k.reject(Errno::exist,
             any<D>(hall.gate,
                    [&](const auto& g) { return g.created && zero_extend<32>(plain(g.id)) == id; }),
             {"id_is_used", "toy 2.2"});
    k.reject(Errno::nospc, hall.gates >= zero_extend<16>(plain(hall.host.gates_max)),
             {"too_many", "toy 2.3"});
    k.at(hall.gate, plain(hall.gates), [&](auto& g) {
      k.set(g.created, true);
      k.set(g.id, truncate<16>(id));
    });
    k.set(hall.gates, plain(hall.gates) + 1);
  }
};

template <class D>
struct AddBell {
  static constexpr const char* name = "add_bell";
  static constexpr const char* syntax = "ioctl(<vm>, TOY_ADD_BELL, id) = <new bell>";
  static constexpr const char* source = "toy 3";
  Word<D, 32> id{};
  static constexpr auto fields() { return members<&AddBell::id>; }
  void apply(Step<D>& k, Hall<D>& hall) const {
    k.reject(Errno::nospc, hall.bells >= 2, {"too_many", "toy 3.1"});
    k.at(hall.bell, plain(hall.bells), [&](auto& b) { k.set(b.created, true); });
    k.set(hall.bells, plain(hall.bells) + 1);
  }
};

template <class D>
struct OpenGate {
  static constexpr const char* name = "open_gate";
  static constexpr const char* syntax = "ioctl(<gate>, TOY_OPEN)";
  static constexpr const char* source = "toy 4";
  GateId gate{};
  static constexpr auto fields() { return members<&OpenGate::gate>; }
  void apply(Step<D>& k, Hall<D>& hall) const {
    Gate<D>& self = hall.gate[gate.index];
    if (!k.is(ToyBehaviour::open_twice)) k.reject(Errno::busy, self.open, {"is_open", "toy 4.1"});
    k.set(self.open, true);
  }
};

template <class D>
struct PassGate {
  static constexpr const char* name = "pass_gate";
  static constexpr const char* syntax = "ioctl(<gate>, TOY_PASS, [people])";
  static constexpr const char* source = "toy 5";
  GateId gate{};
  Num<D> people{};
  static constexpr auto fields() { return members<&PassGate::gate, &PassGate::people>; }
  void apply(Step<D>& k, Hall<D>& hall) const {
    Gate<D>& self = hall.gate[gate.index];
    k.reject(Errno::perm, !self.open, {"is_shut", "toy 5.1"});
    const Num<D> sum = plain(self.passed) + people;
    k.reject(Errno::inval, wrap_at<D>() <= sum, {"too_many_people", "toy 5.2"});
    k.set(self.passed, sum);
  }
};

template <class D>
struct RingBell {
  static constexpr const char* name = "ring_bell";
  static constexpr const char* syntax = "ioctl(<bell>, TOY_RING)";
  static constexpr const char* source = "toy 6";
  BellId bell{};
  static constexpr auto fields() { return members<&RingBell::bell>; }
  void apply(Step<D>& k, Hall<D>& hall) const {
    Bell<D>& self = hall.bell[bell.index];
    k.reject(Errno::busy, self.rung, {"is_rung", "toy 6.1"});
    k.set(self.rung, true);
  }
};

template <class D>
struct Alarm {
  static constexpr const char* name = "alarm";
  static constexpr const char* syntax = "ioctl(<vm>, TOY_ALARM)";
  static constexpr const char* source = "toy 7";
  static constexpr auto fields() { return members<>; }
  void apply(Step<D>& k, Hall<D>& hall) const {
    k.reject(Errno::nodev, !hall.host.has_alarm, {"no_alarm", "toy 7.1"});
    k.set(hall.alarmed, true);
  }
};

}  // namespace assay
