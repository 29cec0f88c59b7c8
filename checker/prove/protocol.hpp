// A protocol of the specification, and what becomes of claims when its order is not kept.
//
// A rule that asks for earlier steps has one check for each, whose id is `after_` and the name of
// the rule that takes that step. The rule that asks for most of them is the last step, and the
// order of its checks is the order of the protocol. A step that may be taken once has a check
// `once`.
//
// What each departure from the order does is asked by leaving the checks out that forbid it, and no
// other: two neighbours change places, a step is not taken, a step is taken again.
#pragma once
#include <deque>

#include "checker/prove/prove.hpp"

namespace assay::prove {

// The steps, each named by the rule that ends it. Empty: the profile's rules have no protocol.
std::vector<std::string> protocol_of(const Profile& profile);

// One departure. It owns the mutations that permit it, and so stays where it is.
struct Departure {
  enum class Kind { swapped, left_out, again } kind = Kind::swapped;
  std::string step, next;            // next: the neighbour of a swapped step
  std::vector<std::string> dropped;  // "resume.after_copy_memory"
  std::deque<Mutation> mutations;    // each also leaves out the one before it
  std::string text() const;          // "`a` after `b`", "without `a`", "`a` twice"
  std::string file_name() const;     // "swapped-a-b"
};
std::deque<Departure> departures_of(const Profile& profile);

// proves options.names under a departure.
Report prove_under(Options options, const Departure& departure);

// The first event of a history that the specification forbids with nothing left out, as the check
// that says so: "resume.after_copy_memory". Empty: it forbids none.
std::string first_forbidden(const History& history, const Profile& profile);

}  // namespace assay::prove
