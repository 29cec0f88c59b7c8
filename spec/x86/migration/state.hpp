// A VM that is moved to another host, as the algorithm of devices/vcpu.rst 4.1 sees it: what the
// source recorded, and what the destination has done so far. Times are what a perfect clock shows,
// in nanoseconds; nobody who takes part can read them.
#pragma once
#include "model/fields.hpp"

namespace assay::x86 {

template <class D>
struct Migration {
  WordCell<D, 3> steps{};  // 1: source recorded, 2: clock set, 3: clock read, 4: offset written
  // Steps 1 to 3.
  NumCell<D> source_time{}, source_tsc{}, source_clock{}, source_realtime{}, source_offset{};
  // Step 4: KVM_SET_CLOCK made kvmclock this.
  NumCell<D> set_time{}, set_clock{};
  // Step 5.
  NumCell<D> read_time{}, read_tsc{}, read_clock{};
  // Steps 6 and 7.
  NumCell<D> offset{};
  static constexpr auto fields() {
    return members<&Migration::steps, &Migration::source_time, &Migration::source_tsc,
                   &Migration::source_clock, &Migration::source_realtime, &Migration::source_offset,
                   &Migration::set_time, &Migration::set_clock, &Migration::read_time,
                   &Migration::read_tsc, &Migration::read_clock, &Migration::offset>;
  }
};

}  // namespace assay::x86
