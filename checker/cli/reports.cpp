#include "checker/cli/reports.hpp"

#include <fmt/format.h>

namespace assay::cli {

bool write_reports(const std::vector<checker::FileReport>& reports, const Common& common) {
  if (common.github) fmt::print(common.json ? stderr : stdout, "{}", checker::github_text(reports));
  bool written = true;
  if (!common.junit.empty())
    written = write_file(common.junit, checker::junit_text(reports)) && written;
  if (!common.sarif.empty())
    written = write_file(common.sarif, checker::sarif_text(reports)) && written;
  if (!common.html.empty())
    written = write_file(common.html, checker::html_text(reports)) && written;
  return written;
}

}  // namespace assay::cli
