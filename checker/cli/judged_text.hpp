// A trace that a command is about to print, judged as `assay check` will judge it.
#pragma once
#include <string>

#include "checker/check.hpp"

namespace assay::cli {

// The report on the text, read as the file that it will be. `failure`: why it cannot be read, empty
// when it can.
checker::Report judged_text(const std::string& text, std::string& failure);

}  // namespace assay::cli
