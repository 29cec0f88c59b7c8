/* SPDX-License-Identifier: Apache-2.0
 *
 * The wrappers of the calls through which KVM's descriptors and mappings come and go. ioctl, which
 * also creates descriptors, is in recorder.c.
 *
 * Each begins with the cheapest test for "not KVM's" and then only passes on. A close, a duplicate
 * or an unmapping is recorded if a stream is open but does not begin one: a forked child that only
 * closes what it inherited leaves no trace.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "recorder.h"

/* False in a vfork child, which shares our memory but not our descriptors: what it closes stays
 * open here, and numbers that it is given mean something else here. */
static bool fds_are_ours(void) { return !stream_is_open() || stream_in_this_process(); }

/* --- open --- */

/* A number that the kernel just gave out is not what the table may still say of it. */
static void note_new_fd(int fd) {
  if (fds_what(fd) != 0 && fds_are_ours()) fds_remove(fd);
}

static bool is_kvm_path(const char* path, int result, int error) {
  /* The kernel has read the path, unless it says that it could not. */
  return !(result < 0 && error == EFAULT) && strcmp(path, "/dev/kvm") == 0;
}

/* Records the open that began with `record` if it was KVM's; keeps errno. */
static int opened(struct capture_record* record, const char* path, int flags, int result) {
  const int errno_after = errno;
  if (result >= 0) note_new_fd(result);
  if (is_kvm_path(path, result, errno_after)) {
    record_end(record, result, result < 0 ? errno_after : 0);
    if (stream_begin()) {
      if (result >= 0) fds_add(result, FD_WHAT(FD_SYSTEM, 0));
      record->arg[0] = (uint64_t)(uint32_t)flags;
      const struct piece piece = {CAPTURE_PATH, 0, (uint32_t)strlen(path), path};
      stream_append(record, &piece, 1);
    }
  }
  errno = errno_after;
  return result;
}

static void open_begins(struct capture_record* record) {
  const int saved_errno = errno;
  record_begin(record, CAPTURE_OPEN, -1);
  errno = saved_errno;
}

#define OPEN_MODE(flags, mode)                                      \
  mode_t mode = 0;                                                  \
  if (((flags)&O_CREAT) != 0 || ((flags)&O_TMPFILE) == O_TMPFILE) { \
    va_list list;                                                   \
    va_start(list, flags);                                          \
    mode = va_arg(list, mode_t);                                    \
    va_end(list);                                                   \
  }

#define WRAP_OPEN(name)                                                   \
  EXPORT int name(const char* path, int flags, ...) {                     \
    OPEN_MODE(flags, mode)                                                \
    if (!recorder_enabled) return real()->name(path, flags, mode);        \
    struct capture_record record;                                         \
    open_begins(&record);                                                 \
    return opened(&record, path, flags, real()->name(path, flags, mode)); \
  }

#define WRAP_OPENAT(name)                                                            \
  EXPORT int name(int directory, const char* path, int flags, ...) {                 \
    OPEN_MODE(flags, mode)                                                           \
    if (!recorder_enabled) return real()->name(directory, path, flags, mode);        \
    struct capture_record record;                                                    \
    open_begins(&record);                                                            \
    return opened(&record, path, flags, real()->name(directory, path, flags, mode)); \
  }

WRAP_OPEN(open)
WRAP_OPEN(open64)
WRAP_OPENAT(openat)
WRAP_OPENAT(openat64)

/* What open becomes in programs that were built with _FORTIFY_SOURCE. */
int __open_2(const char* path, int flags);
int __open64_2(const char* path, int flags);
int __openat_2(int directory, const char* path, int flags);
int __openat64_2(int directory, const char* path, int flags);
EXPORT int __open_2(const char* path, int flags) { return open(path, flags); }
EXPORT int __open64_2(const char* path, int flags) { return open64(path, flags); }
EXPORT int __openat_2(int directory, const char* path, int flags) {
  return openat(directory, path, flags);
}
EXPORT int __openat64_2(int directory, const char* path, int flags) {
  return openat64(directory, path, flags);
}

/* --- close --- */

/* Records that a call closed `fd` in passing. */
static void record_implied_close(const struct capture_record* call, int fd) {
  struct capture_record record = *call;
  record.kind = CAPTURE_CLOSE;
  record.fd = fd;
  record.result = record.error = 0;
  record.request = record.arg[0] = 0;
  stream_append(&record, NULL, 0);
}

static int close_kvm(int fd) {
  const int errno_before = errno;
  const bool ours = fds_are_ours();
  struct capture_record record;
  if (ours) fds_remove(fd);
  record_begin(&record, CAPTURE_CLOSE, fd);
  errno = errno_before;
  const int result = real()->close(fd);
  const int errno_after = errno;
  record_end(&record, result, result < 0 ? errno_after : 0);
  if (ours && stream_is_open()) stream_append(&record, NULL, 0);
  errno = errno_after;
  return result;
}

EXPORT int close(int fd) {
  if (LIKELY(fds_what(fd) == 0)) {
    if (!stream_owns_fd(fd) || !fds_are_ours()) return real()->close(fd);
    errno = EBADF; /* as far as the VMM knows, there is no such descriptor */
    return -1;
  }
  return close_kvm(fd);
}

/* Closes KVM's descriptors in the range one by one. */
static void close_kvm_range(unsigned first, unsigned last) {
  if (first >= FDS_MAX) return;
  for (int fd = fds_next((int)first); fd >= 0 && (unsigned)fd <= last; fd = fds_next(fd + 1)) {
    close_kvm(fd);
  }
}

static int close_range_around_ours(unsigned first, unsigned last, int flags) {
  const int ours = __atomic_load_n(&stream->fd_plus_1, __ATOMIC_RELAXED) - 1;
  const unsigned own = (unsigned)ours;
  if (!stream_owns_fd(ours) || own < first || own > last) {
    return real()->close_range(first, last, flags);
  }
  int result = 0;
  if (own > first) result = real()->close_range(first, own - 1, flags);
  if (result == 0 && own < last) result = real()->close_range(own + 1, last, flags);
  return result;
}

EXPORT int close_range(unsigned first, unsigned last, int flags) {
  if (real()->close_range == NULL) {
    errno = ENOSYS;
    return -1;
  }
  /* With flags it marks, or acts on a new table of the calling thread's own: other threads keep
   * what it closes. */
  const bool closes = flags == 0 && first <= last;
  if (!recorder_enabled || !closes || !fds_are_ours()) {
    return real()->close_range(first, last, flags);
  }
  close_kvm_range(first, last);
  return close_range_around_ours(first, last, flags);
}

EXPORT void closefrom(int lowest) {
  const int errno_before = errno;
  if (!recorder_enabled || !fds_are_ours() ||
      close_range(lowest < 0 ? 0 : (unsigned)lowest, UINT_MAX, 0) != 0) {
    errno = errno_before;
    if (real()->closefrom != NULL) real()->closefrom(lowest);
  }
}

/* --- dup --- */

/* Before a call that replaces `fd`: true if that closes one of KVM's. */
static bool replace_begins(int of, int fd) {
  if (of == fd) return false;
  if (stream_owns_fd(fd) && fds_are_ours()) stream_move_fd();
  return fds_what(fd) != 0 && fds_are_ours();
}

static int duplicated(struct capture_record* record, bool replaces, int result) {
  const int errno_after = errno;
  const int of = record->fd;
  const bool is_kvm = fds_what(of) != 0 && fds_are_ours();
  record_end(record, result, result < 0 ? errno_after : 0);
  if (result >= 0 && result != of) {
    note_new_fd(result);
    if (is_kvm) fds_add_duplicate(result, of);
  }
  if (stream_is_open()) {
    if (replaces && result >= 0) record_implied_close(record, result);
    if (is_kvm) stream_append(record, NULL, 0);
  }
  errno = errno_after;
  return result;
}

static void duplicate_begins(struct capture_record* record, int of, int wanted) {
  const int saved_errno = errno;
  record_begin(record, CAPTURE_DUP, of);
  record->arg[0] = (uint64_t)(int64_t)wanted;
  errno = saved_errno;
}

EXPORT int dup(int of) {
  if (LIKELY(fds_what(of) == 0)) {
    const int result = real()->dup(of);
    if (result >= 0) note_new_fd(result);
    return result;
  }
  struct capture_record record;
  duplicate_begins(&record, of, 0);
  return duplicated(&record, false, real()->dup(of));
}

EXPORT int dup2(int of, int fd) {
  if (LIKELY(fds_what(of) == 0 && fds_what(fd) == 0 && !stream_owns_fd(fd))) {
    return real()->dup2(of, fd);
  }
  struct capture_record record;
  duplicate_begins(&record, of, fd);
  const bool replaces = replace_begins(of, fd);
  return duplicated(&record, replaces, real()->dup2(of, fd));
}

EXPORT int dup3(int of, int fd, int flags) {
  if (LIKELY(fds_what(of) == 0 && fds_what(fd) == 0 && !stream_owns_fd(fd))) {
    return real()->dup3(of, fd, flags);
  }
  struct capture_record record;
  duplicate_begins(&record, of, fd);
  const bool replaces = replace_begins(of, fd);
  return duplicated(&record, replaces, real()->dup3(of, fd, flags));
}

#define WRAP_FCNTL(name)                                                                \
  EXPORT int name(int fd, int command, ...) {                                           \
    va_list list;                                                                       \
    va_start(list, command);                                                            \
    void* arg = va_arg(list, void*);                                                    \
    va_end(list);                                                                       \
    const bool is_dup = command == F_DUPFD || command == F_DUPFD_CLOEXEC;               \
    if (LIKELY(!is_dup || fds_what(fd) == 0)) {                                         \
      return (real()->name ? real()->name : real()->fcntl)(fd, command, arg);           \
    }                                                                                   \
    struct capture_record record;                                                       \
    duplicate_begins(&record, fd, (int)(intptr_t)arg);                                  \
    return duplicated(&record, false,                                                   \
                      (real()->name ? real()->name : real()->fcntl)(fd, command, arg)); \
  }

WRAP_FCNTL(fcntl)
WRAP_FCNTL(fcntl64)

/* --- mmap --- */

/* Records a mapping that succeeded or failed; forgets what it replaced. Keeps errno. */
static void* mapped(struct capture_record* record, size_t bytes, uint32_t what, void* result) {
  const int errno_after = errno;
  if (result != MAP_FAILED) mappings_remove(result, bytes);
  if (what != 0) {
    const bool failed = result == MAP_FAILED;
    record_end(record, failed ? -1 : (int64_t)(intptr_t)result, failed ? errno_after : 0);
    if (!failed) mappings_add(result, bytes, record->fd, (off_t)record->arg[2]);
    if (stream_begin()) stream_append(record, NULL, 0);
  }
  errno = errno_after;
  return result;
}

static uint32_t mmap_begins(struct capture_record* record, void* hint, size_t bytes, int protection,
                            int flags, int fd, off_t offset) {
  const uint32_t what = (flags & MAP_ANONYMOUS) != 0 ? 0 : fds_what(fd);
  if ((flags & MAP_FIXED) != 0) mappings_remove(hint, bytes); /* readers must be gone by then */
  if (LIKELY(what == 0)) return 0;
  const int saved_errno = errno;
  record_begin(record, CAPTURE_MMAP, fd);
  record->request = (uint64_t)(uint32_t)flags << 32 | (uint32_t)protection;
  record->arg[0] = (uint64_t)(uintptr_t)hint;
  record->arg[1] = bytes;
  record->arg[2] = (uint64_t)offset;
  errno = saved_errno;
  return what;
}

#define WRAP_MMAP(name)                                                                            \
  EXPORT void* name(void* hint, size_t bytes, int protection, int flags, int fd, off_t offset) {   \
    struct capture_record record;                                                                  \
    const uint32_t what = mmap_begins(&record, hint, bytes, protection, flags, fd, offset);        \
    return mapped(&record, bytes, what, real()->name(hint, bytes, protection, flags, fd, offset)); \
  }

WRAP_MMAP(mmap)
WRAP_MMAP(mmap64)

EXPORT int munmap(void* start, size_t bytes) {
  const uintptr_t page_mask = 4095; /* of the smallest page: what is refused changes nothing */
  int fd = -1;
  if (bytes != 0 && ((uintptr_t)start & page_mask) == 0) fd = mappings_remove(start, bytes);
  if (LIKELY(fd < 0)) return real()->munmap(start, bytes);

  const int errno_before = errno;
  struct capture_record record;
  record_begin(&record, CAPTURE_MUNMAP, fd);
  record.arg[0] = (uint64_t)(uintptr_t)start;
  record.arg[1] = bytes;
  errno = errno_before;
  const int result = real()->munmap(start, bytes);
  const int errno_after = errno;
  record_end(&record, result, result < 0 ? errno_after : 0);
  if (stream_is_open()) stream_append(&record, NULL, 0);
  errno = errno_after;
  return result;
}
