// The reports that --junit, --sarif, --html and --github ask for.
#pragma once
#include <vector>

#include "checker/cli/cli.hpp"
#include "checker/report/report.hpp"

namespace assay::cli {

// Writes what was asked for. Annotations go to standard output, or to standard error where standard
// output holds JSON. False, with a message on standard error, when a file cannot be written.
bool write_reports(const std::vector<checker::FileReport>& reports, const Common& common);

}  // namespace assay::cli
