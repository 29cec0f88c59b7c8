// The user's wish to stop (Ctrl-C, SIGTERM), in one place for the whole process.
//
// Signals belong to the process, so this is a global: who works long asks requested(), who waits
// for a descriptor waits for descriptor() too, or uses read() and wait() from here. Once requested,
// a stop is never taken back.
#pragma once
#include <sys/types.h>

#include <atomic>
#include <cstddef>

namespace assay::stop {

// From here on SIGINT and SIGTERM request a stop, however often they come, and interrupt system
// calls; SIGPIPE is ignored, so that a reader who is gone is an error of write(). Programs that we
// start get the ordinary meanings back: see in_child(). Call it once, before any thread is made.
void on_signals();
// In a forked child, before exec: signals mean again what they mean to every program.
void in_child();

// What a signal does. May be called from a handler.
void request();
bool requested();
const std::atomic<bool>& flag();
// Readable once a stop is requested; to be polled, not read.
int descriptor();

// read(2), except that a stop ends the wait: then -1 with errno ECANCELED. Never EINTR.
ssize_t read(int descriptor, void* to, std::size_t bytes);
// Waits so long or until a stop is requested; whether it was.
bool wait(int milliseconds);
// Waits for a child to end, and gives its status as waitpid() does. False: a stop was requested
// first, and the child is still there.
bool wait_child(pid_t child, int& status);
// The same, up to a time in milliseconds and whether a stop is requested or not.
bool wait_child(pid_t child, int& status, int milliseconds);
// Waits until the child has ended, whatever else happens.
void reap(pid_t child, int& status);

}  // namespace assay::stop
