// What Ctrl-C does to a command: it ends within a second, with what it has.
//
// traces/stop.hpp has the wish; whoever works long looks at it and returns the best so far. A
// thread of its own interrupts solvers that are in the middle of a query, and ends the process when
// it has not come to an end by itself shortly after.
#pragma once

namespace assay::cli {

// Signals request a stop from here on. Before any other thread is made.
void watch_signals();

// The exit status of a command, in view of a stop: what was found stays found, and what was fine so
// far is inconclusive.
int status_after_all(int status, bool stopping_is_normal);

// Called when the command has printed all that it will: after a stop nothing is left to wait for
// (the solvers' memory least of all), and this does not return.
void end_if_stopped(int status);

}  // namespace assay::cli
