// The rules over Z3 expressions for 3 4 4 2 2 vCPUs, PEs, slots, PMUs and regions.
#include "checker/prove/encoding_in.hpp"

namespace assay::prove {

inline constexpr Shape shape_3_4_4 = shape_of(3, 4, 4, 2, 2);

std::unique_ptr<Encoding> make_encoding_3_4_4() {
  return std::make_unique<EncodingIn<shape_3_4_4>>();
}

}  // namespace assay::prove
