// A second system, which only the tests have: halls with gates and bells. It shows what a system is
// made of, and that no tool knows of any other. Nothing of it is KVM's but the way calls are made.
#pragma once
#include "spec/subject.hpp"
#include "spec/system.hpp"
#include "tests/toy/hall/state.hpp"

namespace assay {

struct ToySystem {
  template <class D>
  using State = Hall<D>;

  static SystemInfo info();
  static HallHost<Concrete> usual_host();
  static HallHost<Concrete> typical_host(const Shape& shape);
  static void fit_host(HallHost<Concrete>& host, const Shape& shape);
  static std::vector<u64> cpus(const HallHost<Concrete>&) { return {}; }

  template <class D>
  static Flag<D> is_possible(const HallHost<D>& host) {
    return host.gates_max >= 1;
  }
  template <class D>
  static Flag<D> fits(const Hall<D>& hall) {
    const Shape& shape = shape_in_use();
    if (shape.grows()) return true;
    return hall.gates <= shape.size[static_cast<std::size_t>(ToyDim::gate)] &&
           hall.bells <= shape.size[static_cast<std::size_t>(ToyDim::bell)];
  }
  template <class D>
  static Flag<D> is_made(const Hall<D>& hall) {
    return hall.made;
  }
  template <class D>
  static std::vector<Flag<D>> least_host(const HallHost<D>& host) {
    return {host.gates_max > 0};
  }
};

// Its second profile lets gates be opened twice.
enum class ToyBehaviour : unsigned { open_twice };

}  // namespace assay
