/* SPDX-License-Identifier: Apache-2.0
 *
 * What else of the process a reader needs: its threads, where they may run, and its end.
 *
 * The one idea: a new thread records its own creation, on behalf of its parent, while the parent
 * waits. So the record knows the thread's tid, comes before anything the thread does, and is in its
 * place among the parent's calls.
 */
#include <dirent.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "recorder.h"

#define MASK_BYTES_MAX 1024

/* --- tids of pthreads --- */

/* Open addressing; a pthread_t that is used again finds its old place. */
#define THREADS_MAX 8192

static struct {
  uint64_t thread;
  uint32_t tid;
} threads[THREADS_MAX];

static unsigned hash(uint64_t thread) {
  return (unsigned)(thread * UINT64_C(0x9e3779b97f4a7c15) >> 40) % THREADS_MAX;
}

static void note_thread(pthread_t self) {
  const uint64_t thread = (uint64_t)self;
  for (unsigned i = 0; i < THREADS_MAX; ++i) {
    const unsigned at = (hash(thread) + i) % THREADS_MAX;
    uint64_t there = 0;
    if (!__atomic_compare_exchange_n(&threads[at].thread, &there, thread, false, __ATOMIC_ACQ_REL,
                                     __ATOMIC_ACQUIRE) &&
        there != thread) {
      continue;
    }
    __atomic_store_n(&threads[at].tid, thread_id(), __ATOMIC_RELEASE);
    return;
  }
}

/* 0: not known. */
static uint32_t tid_of(pthread_t pthread) {
  if (pthread_equal(pthread, pthread_self())) return thread_id();
  const uint64_t thread = (uint64_t)pthread;
  for (unsigned i = 0; i < THREADS_MAX; ++i) {
    const unsigned at = (hash(thread) + i) % THREADS_MAX;
    const uint64_t there = __atomic_load_n(&threads[at].thread, __ATOMIC_ACQUIRE);
    if (there == thread) return __atomic_load_n(&threads[at].tid, __ATOMIC_ACQUIRE);
    if (there == 0) break;
  }
  return 0;
}

/* --- affinity --- */

static void record_affinity(struct capture_record* record, uint32_t tid, const void* mask,
                            size_t bytes) {
  unsigned char copy[MASK_BYTES_MAX];
  if (bytes > sizeof(copy)) bytes = sizeof(copy);
  const bool readable = memory_copy(copy, (uint64_t)(uintptr_t)mask, bytes);
  const struct piece in = {CAPTURE_IN, readable ? 0 : CAPTURE_PART_UNREADABLE,
                           readable ? (uint32_t)bytes : 0, copy};
  record->arg[0] = tid;
  stream_append(record, &in, 1);
}

EXPORT int sched_setaffinity(pid_t pid, size_t bytes, const cpu_set_t* mask) {
  if (!stream_is_open()) return real()->sched_setaffinity(pid, bytes, mask);
  const int errno_before = errno;
  struct capture_record record;
  record_begin(&record, CAPTURE_AFFINITY, -1);
  errno = errno_before;
  const int result = real()->sched_setaffinity(pid, bytes, mask);
  const int errno_after = errno;
  record_end(&record, result, result < 0 ? errno_after : 0);
  record_affinity(&record, pid == 0 ? record.tid : (uint32_t)pid, mask, bytes);
  errno = errno_after;
  return result;
}

EXPORT int pthread_setaffinity_np(pthread_t thread, size_t bytes, const cpu_set_t* mask) {
  if (!stream_is_open()) return real()->pthread_setaffinity_np(thread, bytes, mask);
  const int saved_errno = errno;
  struct capture_record record;
  record_begin(&record, CAPTURE_AFFINITY, -1);
  const uint32_t tid = tid_of(thread);
  errno = saved_errno;
  const int error = real()->pthread_setaffinity_np(thread, bytes, mask);
  const int errno_after = errno;
  record_end(&record, error == 0 ? 0 : -1, error);
  record_affinity(&record, tid, mask, bytes);
  errno = errno_after;
  return error;
}

/* Where the thread may run although it never asked to. */
static void describe_affinity(uint32_t tid) {
  unsigned char mask[MASK_BYTES_MAX];
  struct capture_record record;
  record_begin(&record, CAPTURE_AFFINITY, -1);
  const long bytes = syscall(SYS_sched_getaffinity, tid, sizeof(mask), mask);
  if (bytes <= 0) return;
  record.request = CAPTURE_AS_FOUND;
  record_end(&record, 0, 0);
  record_affinity(&record, tid, mask, (size_t)bytes);
}

static uint32_t number(const char* text) {
  uint32_t value = 0;
  for (; *text >= '0' && *text <= '9'; ++text) value = value * 10 + (uint32_t)(*text - '0');
  return value;
}

/* opendir allocates; this may run in a signal handler. */
static void describe_threads(void) {
  _Alignas(struct dirent64) char buffer[2048];
  const int directory =
      (int)syscall(SYS_openat, AT_FDCWD, "/proc/self/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return;
  long bytes;
  while ((bytes = syscall(SYS_getdents64, directory, buffer, sizeof(buffer))) > 0) {
    for (long at = 0; at < bytes;) {
      const struct dirent64* entry = (const void*)(buffer + at);
      const uint32_t tid = number(entry->d_name);
      if (tid != 0) describe_affinity(tid);
      at += entry->d_reclen;
    }
  }
  syscall(SYS_close, directory);
}

void process_describe(void) {
  note_thread(pthread_self()); /* in a forked child it has a new tid */
  describe_threads();
  for (int fd = fds_next(0); fd >= 0; fd = fds_next(fd + 1)) fds_describe(fd);
}

void process_set_up(void) {
  memory_note_stack();
  note_thread(pthread_self());
}

/* --- threads --- */

/* On the parent's stack: the parent waits until the thread has taken what it needs. */
struct handoff {
  void* (*start)(void*);
  void* arg;
  struct capture_record record;
  bool has_attributes; /* which may set an affinity */
  uint32_t done;       /* futex */
};

static void* run_thread(void* pointer) {
  struct handoff* handoff = pointer;
  void* (*const start)(void*) = handoff->start;
  void* const arg = handoff->arg;
  const int saved_errno = errno;
  memory_note_stack();
  note_thread(pthread_self());
  if (stream_is_open()) {
    record_end(&handoff->record, (int64_t)thread_id(), 0);
    stream_append(&handoff->record, NULL, 0);
    if (handoff->has_attributes) describe_affinity(thread_id());
  }
  __atomic_store_n(&handoff->done, 1, __ATOMIC_RELEASE);
  /* The parent may be gone already: then nobody waits at that address, or someone who checks. */
  syscall(SYS_futex, &handoff->done, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
  errno = saved_errno;
  return start(arg);
}

EXPORT int pthread_create(pthread_t* thread, const pthread_attr_t* attributes,
                          void* (*start)(void*), void* arg) {
  if (!recorder_enabled) return real()->pthread_create(thread, attributes, start, arg);
  const int saved_errno = errno;
  struct handoff handoff = {start, arg, {0}, attributes != NULL, 0};
  record_begin(&handoff.record, CAPTURE_CLONE, -1);
  const int error = real()->pthread_create(thread, attributes, run_thread, &handoff);
  if (error == 0) {
    while (__atomic_load_n(&handoff.done, __ATOMIC_ACQUIRE) == 0) {
      syscall(SYS_futex, &handoff.done, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
    }
  } else if (stream_is_open()) {
    record_end(&handoff.record, -1, error);
    stream_append(&handoff.record, NULL, 0);
  }
  errno = saved_errno;
  return error;
}

/* --- exec --- */

/* Ends the stream before the call; if the call returns, it failed and the stream goes on. */
#define EXEC(call)                       \
  const int errno_before = errno;        \
  stream_trim_if_any();                  \
  errno = errno_before;                  \
  const int result = (call);             \
  const int errno_after = errno;         \
  if (stream_is_open()) stream_resume(); \
  errno = errno_after;                   \
  return result

static void stream_trim_if_any(void) {
  if (stream_is_open()) stream_trim();
}

EXPORT int execve(const char* path, char* const arguments[], char* const environment[]) {
  EXEC(real()->execve(path, arguments, environment));
}

EXPORT int execv(const char* path, char* const arguments[]) {
  EXEC(real()->execv(path, arguments));
}

EXPORT int execvp(const char* file, char* const arguments[]) {
  EXEC(real()->execvp(file, arguments));
}

EXPORT int execvpe(const char* file, char* const arguments[], char* const environment[]) {
  EXEC(real()->execvpe(file, arguments, environment));
}

EXPORT int fexecve(int fd, char* const arguments[], char* const environment[]) {
  EXEC(real()->fexecve(fd, arguments, environment));
}

EXPORT int execveat(int directory, const char* path, char* const arguments[],
                    char* const environment[], int flags) {
  if (real()->execveat == NULL) {
    errno = ENOSYS;
    return -1;
  }
  EXEC(real()->execveat(directory, path, arguments, environment, flags));
}

/* The argument list of execl and its kin as an array in the caller's frame. */
#define LIST_TO_ARRAY(first, array, list)      \
  size_t count = 1;                            \
  va_list list;                                \
  va_start(list, first);                       \
  while (va_arg(list, char*) != NULL) ++count; \
  va_end(list);                                \
  char* array[count + 1];                      \
  array[0] = (char*)(uintptr_t)(first);        \
  va_start(list, first);                       \
  for (size_t i = 1; i <= count; ++i) array[i] = va_arg(list, char*)

EXPORT int execl(const char* path, const char* first, ...) {
  LIST_TO_ARRAY(first, array, list);
  va_end(list);
  return execv(path, array);
}

EXPORT int execlp(const char* file, const char* first, ...) {
  LIST_TO_ARRAY(first, array, list);
  va_end(list);
  return execvp(file, array);
}

EXPORT int execle(const char* path, const char* first, ...) {
  LIST_TO_ARRAY(first, array, list);
  char* const* environment = va_arg(list, char* const*);
  va_end(list);
  return execve(path, array, environment);
}

/* --- exit --- */

/* Other libraries' destructors may still call KVM after ours; the stream then grows by a page. */
__attribute__((destructor)) static void finish(void) {
  const int saved_errno = errno;
  stream_trim_if_any();
  errno = saved_errno;
}

EXPORT void _exit(int status) {
  stream_trim_if_any();
  real()->_exit(status);
  __builtin_unreachable();
}

EXPORT void _Exit(int status) {
  stream_trim_if_any();
  real()->_Exit(status);
  __builtin_unreachable();
}

EXPORT void quick_exit(int status) {
  stream_trim_if_any();
  real()->quick_exit(status);
  __builtin_unreachable();
}
