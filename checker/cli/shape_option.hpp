// --shape: how many of each thing a proof or a search is about.
#pragma once
#include <string_view>

#include "checker/prove/prove.hpp"

namespace assay::cli {

// Reads "vcpus=3,pes=4,slots=4" into the options, whose profile is set; what is not named has its
// usual size. False, with a
// message on standard error, when it is none.
bool read_shape(std::string_view text, prove::Options& options);

}  // namespace assay::cli
