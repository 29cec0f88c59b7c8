// What the toy system keeps: a hall with gates and bells, of which there may be several each.
#pragma once
#include "model/fields.hpp"

namespace assay {

enum class ToyDim : unsigned { gate = 0, bell = 1 };

template <class D>
struct HallHost {
  WordCell<D, 8> gates_max{};
  FlagCell<D> has_alarm{};
  static constexpr auto fields() { return members<&HallHost::gates_max, &HallHost::has_alarm>; }
};

template <class D>
struct Gate {
  FlagCell<D> created{};
  WordCell<D, 16> id{};
  FlagCell<D> open{};
  NumCell<D> passed{};  // who went through
  static constexpr auto fields() {
    return members<&Gate::created, &Gate::id, &Gate::open, &Gate::passed>;
  }
};

template <class D>
struct Bell {
  FlagCell<D> created{};
  FlagCell<D> rung{};
  static constexpr auto fields() { return members<&Bell::created, &Bell::rung>; }
};

template <class D>
struct Hall {
  using Domain = D;
  HallHost<D> host{};
  FlagCell<D> made{};
  FlagCell<D> alarmed{};
  WordCell<D, 16> gates{}, bells{};  // so far
  Table<D, Gate<D>, ToyDim::gate> gate{};
  Table<D, Bell<D>, ToyDim::bell> bell{};
  static constexpr auto fields() {
    return members<&Hall::host, &Hall::made, &Hall::alarmed, &Hall::gates, &Hall::bells,
                   &Hall::gate, &Hall::bell>;
  }
};

struct GateId {
  static constexpr ToyDim dimension = ToyDim::gate;
  unsigned index = 0;
};
struct BellId {
  static constexpr ToyDim dimension = ToyDim::bell;
  unsigned index = 0;
};
template <class D>
Flag<D> exists(const Hall<D>& hall, GateId g) {
  return hall.gate[g.index].created;
}
template <class D>
Flag<D> exists(const Hall<D>& hall, BellId b) {
  return hall.bell[b.index].created;
}

}  // namespace assay
