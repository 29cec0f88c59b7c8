// The tables of the state of arm64 KVM: what their entries are of.
#pragma once
#include "model/table.hpp"

namespace assay {

// What a table is indexed by; its value selects the entry of Shape::size.
enum class Dim : unsigned { vcpu = 0, pe = 1, slot = 2, pmu = 3, region = 4 };

constexpr Shape shape_of(unsigned vcpus, unsigned pes, unsigned slots, unsigned pmus,
                         unsigned regions) {
  return Shape{{vcpus, pes, slots, pmus, regions, 0, 0, 0}};
}

}  // namespace assay
