// The tables of the state of arm64 KVM: what their entries are of.
#pragma once
#include "model/table.hpp"

namespace assay {

// What a table is indexed by; its value selects the entry of Shape::size.
enum class Dim : unsigned { vcpu = 0, pe = 1, slot = 2, pmu = 3, region = 4, its = 5 };

constexpr Shape shape_of(unsigned vcpus, unsigned pes, unsigned slots, unsigned pmus,
                         unsigned regions, unsigned itses = 1) {
  return Shape{{vcpus, pes, slots, pmus, regions, itses, 0, 0}};
}

}  // namespace assay
