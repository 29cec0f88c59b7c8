/* SPDX-License-Identifier: Apache-2.0
 *
 * What the recorder's files share. The recorder is a library that is preloaded into a VMM and
 * writes every KVM call that the VMM makes, with payloads, as a capture stream (capture.h).
 *
 * The one idea: the VMM must not notice. Wrappers hand the call to the real function unchanged and
 * preserve errno; what they add takes no lock on the path of a call, allocates nothing and is
 * async-signal-safe; whatever goes wrong while recording costs records, never the VMM.
 *
 *   recorder.c          start-up and the wrapper of ioctl
 *   recorder_payload.c  what memory an ioctl reads and writes; reading it safely
 *   recorder_stream.c   the file: lock-free append
 *   recorder_space.c    the file: creating, growing and trimming it
 *   recorder_fds.c      which descriptors and mappings are KVM's
 *   recorder_calls.c    wrappers that create, duplicate, map and close descriptors
 *   recorder_process.c  wrappers of thread creation and affinity, exec and exit
 */
#ifndef ASSAY_RECORDER_H
#define ASSAY_RECORDER_H

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "capture.h"

#define EXPORT __attribute__((visibility("default")))
#define LIKELY(x) __builtin_expect(!!(x), 1)
/* Thread-local storage that needs no allocation on first use, so that signal handlers may. */
#define THREAD_LOCAL __thread __attribute__((tls_model("initial-exec")))

/* --- the functions behind the wrappers (recorder.c) --- */

#define REAL_CALLS(X)                                                                  \
  X(int, ioctl, (int, unsigned long, ...))                                             \
  X(int, open, (const char*, int, ...))                                                \
  X(int, open64, (const char*, int, ...))                                              \
  X(int, openat, (int, const char*, int, ...))                                         \
  X(int, openat64, (int, const char*, int, ...))                                       \
  X(int, close, (int))                                                                 \
  X(int, close_range, (unsigned, unsigned, int))                                       \
  X(void, closefrom, (int))                                                            \
  X(int, dup, (int))                                                                   \
  X(int, dup2, (int, int))                                                             \
  X(int, dup3, (int, int, int))                                                        \
  X(int, fcntl, (int, int, ...))                                                       \
  X(int, fcntl64, (int, int, ...))                                                     \
  X(void*, mmap, (void*, size_t, int, int, int, off_t))                                \
  X(void*, mmap64, (void*, size_t, int, int, int, off_t))                              \
  X(int, munmap, (void*, size_t))                                                      \
  X(int, sched_setaffinity, (pid_t, size_t, const cpu_set_t*))                         \
  X(int, pthread_setaffinity_np, (pthread_t, size_t, const cpu_set_t*))                \
  X(int, pthread_create, (pthread_t*, const pthread_attr_t*, void* (*)(void*), void*)) \
  X(int, execve, (const char*, char* const[], char* const[]))                          \
  X(int, execv, (const char*, char* const[]))                                          \
  X(int, execvp, (const char*, char* const[]))                                         \
  X(int, execvpe, (const char*, char* const[], char* const[]))                         \
  X(int, fexecve, (int, char* const[], char* const[]))                                 \
  X(int, execveat, (int, const char*, char* const[], char* const[], int))              \
  X(void, _exit, (int))                                                                \
  X(void, _Exit, (int))                                                                \
  X(void, quick_exit, (int))

struct real_calls {
#define X(result, name, arguments) result(*name) arguments;
  REAL_CALLS(X)
#undef X
};
extern struct real_calls real_calls;
void recorder_resolve(void);

/* The real functions. Other libraries' constructors may call a wrapper before ours has run. */
static inline const struct real_calls* real(void) {
  if (!LIKELY(__atomic_load_n(&real_calls.ioctl, __ATOMIC_ACQUIRE) != NULL)) recorder_resolve();
  return &real_calls;
}

/* False: ASSAY_RECORD is not set, every wrapper only passes on. Constant after start-up. */
extern bool recorder_enabled;

/* --- records (recorder_stream.c) --- */

/* Data of one part while it waits to be copied into the stream. */
struct piece {
  uint16_t kind;  /* enum capture_part_kind */
  uint16_t flags; /* CAPTURE_PART_UNREADABLE */
  uint32_t bytes;
  const void* data;
};

uint64_t now_ns(void);
uint32_t thread_id(void);
/* Fills in what is known before and after a call. They may change errno: callers restore it. */
void record_begin(struct capture_record* record, enum capture_kind kind, int fd);
void record_end(struct capture_record* record, int64_t result, int error);
/* Appends a record, or counts it as lost; needs an open stream. */
void stream_append(const struct capture_record* record, const struct piece* pieces, unsigned count);

/* --- the stream's file (recorder_space.c) --- */

#define WINDOW_BYTES (UINT64_C(64) << 20)
#define WINDOW_OVERLAP (64u << 10) /* a record that begins in a window is wholly mapped by it */
#define WINDOWS_MAX 4096
#define LOST_BYTES ((uint32_t)sizeof(struct capture_record))

enum stream_state { STREAM_NONE, STREAM_OPEN, STREAM_FAILED };

/* All zeros: no stream. It lives in memory that the kernel wipes in a forked child, so a child
 * starts without one and never touches its parent's. Positions are offsets in the file. */
struct stream {
  uint64_t tail;     /* where the next record goes; may lag behind the records themselves */
  uint64_t room_end; /* records must end here: capacity - LOST_BYTES, or 0 while there is no room */
  uint32_t appenders;          /* threads that are reserving or filling a record */
  uint32_t state;              /* enum stream_state */
  uint32_t pid;                /* of the process that opened it or will; 0 in a forked child */
  uint32_t lock;               /* of everything below */
  uint64_t capacity;           /* file space that is certain to exist */
  uint64_t retry_ns;           /* not before then is space asked for again */
  struct capture_record* lost; /* set while records are dropped: it counts them */
  int fd_plus_1;
  bool trimmed;
  dev_t device;
  ino_t inode;
  unsigned char* windows[WINDOWS_MAX];
};
extern struct stream* stream;

void stream_set_up(const char* path); /* at start-up */
bool stream_begin(void);              /* opens the stream if need be; true if there is one */
static inline bool stream_is_open(void) {
  return recorder_enabled && __atomic_load_n(&stream->state, __ATOMIC_ACQUIRE) == STREAM_OPEN;
}
/* Makes room for a record; false: there is none, and the record has been counted as lost. */
bool stream_make_room(uint32_t bytes);
struct capture_record* stream_try_reserve(uint32_t bytes, uint64_t end);
void stream_trim(void);            /* to its content; later appends grow it again */
void stream_resume(void);          /* the process did not end after all */
bool stream_in_this_process(void); /* false in a vfork child, which shares our memory */
bool stream_owns_fd(int fd);
void stream_move_fd(void); /* away from its number, which the VMM wants */

/* --- payloads (recorder_payload.c) --- */

#define VALUE_BYTES_MAX 256

/* What a struct kvm_one_reg or kvm_device_attr points to. */
struct value_ref {
  uint64_t address;
  uint32_t bytes; /* 0: nothing */
  bool in, out;
};

bool memory_copy(void* to, uint64_t from, size_t bytes); /* false: not readable */
void memory_note_stack(void);                            /* at thread start */
struct value_ref payload_value(uint32_t what, uint32_t request, const void* in, size_t in_bytes);

/* --- KVM's descriptors and mappings (recorder_fds.c) --- */

enum fd_kind {
  FD_OTHER = 0,
  FD_SYSTEM, /* /dev/kvm */
  FD_VM,
  FD_VCPU,
  FD_DEVICE,
  FD_STATS,
  FD_GUEST_MEMORY,
};

#define FDS_MAX 65536

struct fd_entry {
  uint32_t what;    /* FD_WHAT */
  uint32_t readers; /* threads that read *run at this moment */
  uintptr_t run;    /* a vCPU's struct kvm_run, if it is mapped; RUN_IS_OURS may be set in it */
};
extern struct fd_entry fd_table[FDS_MAX];

/* A descriptor's kind and, of a device, its KVM_DEV_TYPE. */
#define FD_WHAT(kind, type) ((uint32_t)(kind) | (uint32_t)(type) << 8)
#define FD_KIND(what) ((enum fd_kind)((what)&0xff))
#define FD_TYPE(what) ((what) >> 8 & 0xff)
#define RUN_IS_OURS ((uintptr_t)1) /* the recorder's own mapping, not the VMM's */

/* 0: not KVM's. */
static inline uint32_t fds_what(int fd) {
  if ((unsigned)fd >= FDS_MAX) return 0;
  return __atomic_load_n(&fd_table[fd].what, __ATOMIC_ACQUIRE);
}
void fds_add(int fd, uint32_t what);
void fds_add_duplicate(int fd, int of);
uint32_t fds_remove(int fd); /* what it was */
int fds_next(int fd);        /* the lowest of KVM's that is not below fd; -1: none */
uint32_t fds_adopt(int fd);  /* one that came in some other way; 0: not KVM's */
void fds_describe(int fd);   /* an OPEN record "as found" */

/* What lies at `offset` of the vCPU's struct kvm_run. map: map it if nobody did. */
bool fds_read_run(int fd, size_t offset, void* to, size_t bytes, bool map);

void mappings_add(void* start, size_t bytes, int fd, off_t offset);
/* Forgets what lies in the range; the descriptor that was mapped there, -1 none. */
int mappings_remove(void* start, size_t bytes);

/* --- the process (recorder_process.c) --- */

void process_set_up(void);
void process_describe(void); /* what existed before the stream: thread affinities, descriptors */

#endif
