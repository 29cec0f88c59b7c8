// assay prove --compare: one table of what holds under several profiles.
#pragma once
#include <string>
#include <vector>

#include "checker/prove/prove.hpp"

namespace assay::cli {

struct Comparison {
  std::vector<const Profile*> profiles;
  std::string witnesses;  // a folder of traces; empty: none
  bool carried = false, json = false;
  std::string html;  // a file; empty: none
};

// Proves everything under each profile and prints a Markdown table (or JSON): a row for each
// invariant and property of steps, a column for each profile. Where induction fails and no history
// of up to options.depth events is found, the shortest trace below `witnesses` that was judged to
// break the invariant is named instead. With `carried` a last column names the checks and effects
// that carry the claim, found under the first profile where it holds; a claim that nothing carries
// is "by construction" and not "holds". With `html` the designs are drawn by what each can lose,
// with the traces below `witnesses`. The exit status is that of a proof of all profiles together.
int compare(prove::Options options, const Comparison& comparison);

}  // namespace assay::cli
