// A proof's history as a trace that `assay check` judges.
#pragma once
#include <string>

#include "checker/prove/prove.hpp"

namespace assay::cli {

std::string history_text(const prove::History& history, const Profile& profile,
                         std::string_view expect);

}  // namespace assay::cli
