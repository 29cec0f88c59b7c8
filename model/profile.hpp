// Which implementation is judged. A profile is a name, a way to treat the order of checks, and a
// set of named behaviours; the behaviours themselves belong to the specification.
#pragma once
#include <string_view>

#include "model/bits.hpp"

namespace assay {

enum class Precedence : std::uint8_t {
  exact,       // the first check that holds decides: an implementation's own order
  documented,  // any check that holds may answer: what the documentation promises
};

struct Profile {
  std::string_view name;
  Precedence precedence = Precedence::exact;
  u64 behaviours = 0;  // one bit per Behaviour of the specification

  // Rules branch on this with a plain `if`: a profile is fixed for the whole run in every domain.
  template <class Behaviour>
  constexpr bool is(Behaviour b) const {
    return (behaviours >> static_cast<unsigned>(b) & 1) != 0;
  }
};

template <class... Behaviour>
constexpr u64 behaviour_set(Behaviour... b) {
  return ((u64{1} << static_cast<unsigned>(b)) | ... | 0);
}

}  // namespace assay
