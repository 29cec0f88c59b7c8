// assay prove --protocol: what departures from a protocol's order break.
#pragma once
#include <string>

#include "checker/prove/prove.hpp"

namespace assay::cli {

// Proves options.names under each departure (checker/prove/protocol.hpp) and prints a Markdown
// table: a row for each departure, a column for each claim. A cell is "holds" (proved), "fails in
// N" (refuted by a history of N events) or "open beyond N". The shortest history of each row that
// fails is left in `folder`, if one is named. The exit status is that of the tables of `prove
// --compare`: 0 when every row was decided.
int show_protocol(const prove::Options& options, const std::string& folder);

}  // namespace assay::cli
