// assay prove --compare --html: the picture of the designs.
#pragma once
#include "checker/cli/compare.hpp"
#include "checker/report/designs.hpp"

namespace assay::cli {

// Draws the comparison's profiles with what is claimed of each, and with the traces in `files` of
// its profile. False, with a message on standard error, when there is nothing to draw or the file
// cannot be written.
bool write_picture(const Comparison& comparison, const std::vector<std::string>& files,
                   std::vector<std::vector<checker::DesignClaim>> claims);

}  // namespace assay::cli
