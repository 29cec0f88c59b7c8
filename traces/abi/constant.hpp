// A name of an interface and its number.
#pragma once
#include <cstdint>
#include <string_view>

namespace assay::traces {

struct Constant {
  std::string_view name;
  std::uint64_t value;
  std::uint32_t bytes = 1;  // of a register: how many offsets from `value` on are its
};

}  // namespace assay::traces
