// The rules over Z3 expressions for 2 2 3 2 2 vCPUs, PEs, slots, PMUs and regions.
#include "checker/prove/encoding_in.hpp"

namespace assay::prove {

inline constexpr Shape shape_2_2_3 = shape_of(2, 2, 3, 2, 2);

std::unique_ptr<Encoding> make_encoding_2_2_3() {
  return std::make_unique<EncodingIn<shape_2_2_3>>();
}

}  // namespace assay::prove
