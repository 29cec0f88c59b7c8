// What becomes of a trace under its design, event by event, as a picture of designs shows it.
#pragma once
#include <optional>
#include <string>

#include "checker/report/designs.hpp"
#include "spec/picture.hpp"

namespace assay::prove {

// Follows the trace in a file under the profile that it names. Nothing when it cannot be read, or
// when the specification does not answer some event as the trace does.
std::optional<checker::DesignTrace> design_trace(const std::string& path, const Picture& picture);

// Of several traces of a design, the better one to draw comes first: one in which the work is
// stopped and goes on, then one in which it is stopped, then one in which it runs; of those the
// shortest.
void sort_to_draw(std::vector<checker::DesignTrace>& traces);

}  // namespace assay::prove
