// Asking Z3 so that the question can be interrupted.
//
// Z3 would take SIGINT for itself during each query, from whatever thread asks, and several threads
// asking at once then crash. So every query of ours goes through here: signals stay ours, and
// interrupt_solvers() ends all queries that are under way.
#pragma once
#include <z3++.h>

#include <string>

namespace assay::checker {

// For each solver that check() is to be asked of: Z3 is to leave signals alone.
void leave_signals_alone(z3::params& params);

// solver.check(), with assumptions if there are any; unknown, at once, when a stop was requested
// (traces/stop.hpp).
z3::check_result solve(z3::solver& solver);
z3::check_result solve(z3::solver& solver, z3::expr_vector& assumptions);

// After solve() answered unknown: "interrupted", or what Z3 says.
std::string why_unknown(const z3::solver& solver);

// Ends the queries that are under way in any thread: they answer unknown. To be repeated while
// threads may still begin one. Z3 contexts that were interrupted between queries answer unknown
// ever after, so this is for ends only.
void interrupt_solvers();

}  // namespace assay::checker
