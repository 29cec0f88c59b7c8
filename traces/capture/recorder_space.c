/* SPDX-License-Identifier: Apache-2.0
 *
 * The stream's file: creating it, growing it, trimming it.
 *
 * The one idea: no store of ours may ever hit a page that has no storage behind it, for that is a
 * SIGBUS in the VMM. So file space is really allocated (fallocate) before room_end admits records
 * to it, and withdrawn (trim) only when no thread is inside an append. All of this is rare and runs
 * under one lock, taken with every signal blocked so that a handler cannot deadlock on it.
 *
 * A stream's file is never one that exists already: the first process takes FILE, any other (a
 * forked child, a program it executes, a second run) takes FILE.<pid>.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "recorder.h"

#define STEP_MIN (UINT64_C(1) << 20)
#define RETRY_NS UINT64_C(100000000)
#define DRAIN_NS UINT64_C(100000000)
#define PATH_BYTES 4096
#define SUFFIX_BYTES 32 /* of PATH_BYTES, for .<pid>.<n> */

struct stream* stream;
static char base_path[PATH_BYTES]; /* absolute; empty: not recording */
static char file_path[PATH_BYTES]; /* of this process's stream */
static uint64_t page_bytes;

/* Raw, because the C library's version leaves its own signals unblocked, and one of them cancels
 * threads. */
static uint64_t lock(void) {
  const uint64_t all = UINT64_MAX;
  uint64_t before = 0;
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, &before, sizeof(all));
  while (__atomic_exchange_n(&stream->lock, 1, __ATOMIC_ACQUIRE) != 0) sched_yield();
  return before;
}

static void unlock(uint64_t before) {
  __atomic_store_n(&stream->lock, 0, __ATOMIC_RELEASE);
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &before, NULL, sizeof(before));
}

/* Tells the user that there will be no trace. stdio is not async-signal-safe. */
static void complain(const char* what, const char* path, int error) {
  const char* why = strerrordesc_np(error);
  const char* texts[] = {"assay-recorder: ", what, " ", path, ": ", why ? why : "error", "\n"};
  struct iovec pieces[sizeof(texts) / sizeof(texts[0])];
  for (unsigned i = 0; i < sizeof(texts) / sizeof(texts[0]); ++i) {
    pieces[i] = (struct iovec){(void*)(uintptr_t)texts[i], strlen(texts[i])};
  }
  if (writev(STDERR_FILENO, pieces, sizeof(texts) / sizeof(texts[0])) < 0) return;
}

/* --- room --- */

/* File systems without fallocate get real zeros. */
static bool write_zeros(int fd, uint64_t from, uint64_t to) {
  static const unsigned char zeros[16384];
  while (from < to) {
    const size_t wanted = to - from < sizeof(zeros) ? (size_t)(to - from) : sizeof(zeros);
    const ssize_t written = pwrite(fd, zeros, wanted, (off_t)from);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    from += (uint64_t)written;
  }
  return true;
}

static bool allocate(int fd, uint64_t from, uint64_t to) {
  int failed;
  do failed = fallocate(fd, 0, (off_t)from, (off_t)(to - from));
  while (failed != 0 && errno == EINTR);
  if (failed == 0) return true;
  return (errno == EOPNOTSUPP || errno == ENOSYS) && write_zeros(fd, from, to);
}

static bool map_windows(int fd, uint64_t to) {
  for (uint64_t i = stream->capacity / WINDOW_BYTES; i <= (to - 1) / WINDOW_BYTES; ++i) {
    if (stream->windows[i] != NULL) continue;
    void* window = real()->mmap(NULL, WINDOW_BYTES + WINDOW_OVERLAP, PROT_READ | PROT_WRITE,
                                MAP_SHARED, fd, (off_t)(i * WINDOW_BYTES));
    if (window == MAP_FAILED) return false;
    stream->windows[i] = window;
  }
  return true;
}

/* How large the file may become. Growing past RLIMIT_FSIZE would send SIGXFSZ, which kills. */
static uint64_t size_limit(void) {
  uint64_t limit = WINDOWS_MAX * WINDOW_BYTES - WINDOW_OVERLAP;
  struct rlimit file;
  if (getrlimit(RLIMIT_FSIZE, &file) == 0 && file.rlim_cur < limit)
    limit = file.rlim_cur & ~UINT64_C(7);
  return limit;
}

static bool is_our_file(int fd) {
  struct stat now;
  return fstat(fd, &now) == 0 && now.st_dev == stream->device && now.st_ino == stream->inode;
}

/* High, because VMMs and tests expect low numbers to be theirs. */
static int move_high(int fd) {
  struct rlimit files;
  long lowest = 900;
  if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < 1024) {
    lowest = (long)files.rlim_cur * 7 / 8;
  }
  return (int)syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, lowest);
}

/* The file's descriptor. The VMM may have closed it behind our back (a raw system call), and the
 * number may be another file's by now. */
static int checked_fd(void) {
  int fd = stream->fd_plus_1 - 1;
  if (is_our_file(fd)) return fd;
  const int low = (int)syscall(SYS_openat, AT_FDCWD, file_path, O_RDWR | O_CLOEXEC);
  if (low < 0) return -1;
  const bool ours = is_our_file(low);
  fd = ours ? move_high(low) : -1;
  syscall(SYS_close, low);
  if (fd >= 0) __atomic_store_n(&stream->fd_plus_1, fd + 1, __ATOMIC_RELAXED);
  return fd;
}

static uint64_t round_up(uint64_t value, uint64_t to) { return (value + to - 1) / to * to; }

/* With the lock held. Steps grow with the file; where space is scarce, smaller ones are tried. */
static bool grow(uint32_t bytes) {
  const uint64_t needed = __atomic_load_n(&stream->tail, __ATOMIC_ACQUIRE) + bytes + LOST_BYTES;
  const uint64_t limit = size_limit();
  const int fd = checked_fd();
  if (fd < 0 || needed > limit) return false;
  uint64_t step = stream->capacity < STEP_MIN ? STEP_MIN : stream->capacity;
  if (step > WINDOW_BYTES) step = WINDOW_BYTES;
  if (stream->trimmed) step = page_bytes; /* the process is ending: leave little behind */
  for (;; step /= 2) {
    const uint64_t wanted = stream->capacity + step > needed ? stream->capacity + step : needed;
    uint64_t to = round_up(wanted, page_bytes);
    if (to > limit) to = limit;
    if (map_windows(fd, to) && allocate(fd, stream->capacity, to)) {
      stream->capacity = to;
      __atomic_store_n(&stream->lost, NULL, __ATOMIC_RELEASE);
      __atomic_store_n(&stream->room_end, to - LOST_BYTES, __ATOMIC_RELEASE);
      return true;
    }
    if (step <= page_bytes) return false;
  }
}

/* With the lock held. The record that counts is written at the first loss, into the space that
 * room_end keeps back, and counts on in the file itself, so that it is right however the process
 * ends. */
static void count_lost(uint64_t now) {
  if (stream->lost == NULL) {
    __atomic_store_n(&stream->room_end, 0, __ATOMIC_SEQ_CST); /* nothing may follow it */
    struct capture_record* record = stream_try_reserve(LOST_BYTES, stream->capacity);
    if (record == NULL) return;
    record->kind = CAPTURE_LOST;
    record->tid = thread_id();
    record->begin_ns = now;
    record->cpu_begin = record->cpu_end = -1;
    record->fd = -1;
    __atomic_store_n(&record->bytes, LOST_BYTES, __ATOMIC_RELEASE);
    __atomic_store_n(&stream->lost, record, __ATOMIC_RELEASE);
  }
  __atomic_fetch_add(&stream->lost->arg[0], 1, __ATOMIC_RELAXED);
  __atomic_store_n(&stream->retry_ns, now + RETRY_NS, __ATOMIC_RELAXED);
}

bool stream_make_room(uint32_t bytes) {
  const uint64_t now = now_ns();
  struct capture_record* lost = __atomic_load_n(&stream->lost, __ATOMIC_ACQUIRE);
  if (lost != NULL && now < __atomic_load_n(&stream->retry_ns, __ATOMIC_RELAXED)) {
    __atomic_fetch_add(&lost->arg[0], 1, __ATOMIC_RELAXED);
    return false;
  }
  const uint64_t mask = lock();
  bool room = __atomic_load_n(&stream->tail, __ATOMIC_ACQUIRE) + bytes <= stream->room_end;
  if (!room) room = grow(bytes);
  if (!room) count_lost(now);
  unlock(mask);
  return room;
}

/* --- creating --- */

static char* put_number(char* at, uint32_t number) {
  char digits[10];
  unsigned count = 0;
  do digits[count++] = (char)('0' + number % 10);
  while ((number /= 10) != 0);
  *at++ = '.';
  while (count != 0) *at++ = digits[--count];
  *at = 0;
  return at;
}

static int create_file(uint32_t pid) {
  strcpy(file_path, base_path);
  char* end = file_path + strlen(file_path);
  for (uint32_t attempt = 0; attempt < 1000; ++attempt) {
    const int low =
        (int)syscall(SYS_openat, AT_FDCWD, file_path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (low >= 0) {
      const int high = move_high(low);
      if (high >= 0) syscall(SYS_close, low);
      return high >= 0 ? high : low;
    }
    if (errno != EEXIST) break;
    char* at = put_number(end, pid);
    if (attempt != 0) put_number(at, attempt);
  }
  return -1;
}

static uint32_t possible_cpus(void) {
  char text[256];
  const int fd =
      (int)syscall(SYS_openat, AT_FDCWD, "/sys/devices/system/cpu/possible", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  const ssize_t bytes = read(fd, text, sizeof(text));
  syscall(SYS_close, fd);
  uint32_t last = 0; /* of a list such as 0-3,8-11 */
  for (ssize_t i = 0; i < bytes && text[i] != '\n'; ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    last = digit ? last * 10 + (uint32_t)(text[i] - '0') : 0;
  }
  return last + 1;
}

static void write_header(struct capture_header* header, uint32_t pid) {
  header->version = CAPTURE_VERSION;
  header->header_bytes = sizeof(*header);
  header->page_size = (uint32_t)page_bytes;
  header->possible_cpus = possible_cpus();
  header->pid = pid;
  struct utsname names;
  if (uname(&names) == 0) {
    /* Both fit: utsname's fields have 65 bytes with their terminator; the header was zeroed. */
    memcpy(header->release, names.release, strlen(names.release));
    memcpy(header->machine, names.machine,
           strnlen(names.machine, sizeof(header->machine) - 1));
  }
  if (readlink("/proc/self/exe", header->program, sizeof(header->program) - 1) < 0) {
    header->program[0] = 0;
  }
  __atomic_thread_fence(__ATOMIC_RELEASE);
  memcpy(header->magic, CAPTURE_MAGIC, sizeof(header->magic)); /* last: it says all is there */
}

/* With the lock held. */
static bool open_stream(void) {
  const uint32_t pid = (uint32_t)syscall(SYS_getpid);
  const int fd = create_file(pid);
  struct stat file;
  if (fd < 0 || fstat(fd, &file) != 0) {
    complain("cannot create", file_path, errno);
    return false;
  }
  stream->device = file.st_dev;
  stream->inode = file.st_ino;
  stream->fd_plus_1 = fd + 1;
  stream->tail = sizeof(struct capture_header);
  if (!grow(0)) {
    complain("no space for", file_path, errno);
    unlink(file_path);
    syscall(SYS_close, fd);
    stream->fd_plus_1 = 0;
    return false;
  }
  write_header((void*)stream->windows[0], pid);
  __atomic_store_n(&stream->pid, pid, __ATOMIC_RELEASE);
  return true;
}

bool stream_begin(void) {
  if (!recorder_enabled) return false;
  const uint32_t state = __atomic_load_n(&stream->state, __ATOMIC_ACQUIRE);
  if (LIKELY(state != STREAM_NONE)) return state == STREAM_OPEN;
  const uint64_t mask = lock();
  const bool ours = stream->state == STREAM_NONE;
  if (ours) {
    const bool opened = open_stream();
    __atomic_store_n(&stream->state, opened ? STREAM_OPEN : STREAM_FAILED, __ATOMIC_RELEASE);
  }
  const bool open = stream->state == STREAM_OPEN;
  unlock(mask);
  if (ours && open) process_describe();
  return open;
}

static void forget_stream(void) { memset(stream, 0, sizeof(*stream)); }

void stream_set_up(const char* path) {
  page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
  const size_t bytes = round_up(sizeof(struct stream), page_bytes);
  void* memory =
      real()->mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return;
  stream = memory;
  stream->pid = (uint32_t)syscall(SYS_getpid);
  if (madvise(memory, bytes, MADV_WIPEONFORK) != 0) pthread_atfork(NULL, NULL, forget_stream);

  /* The VMM may change its directory before its first KVM call. */
  size_t used = 0;
  if (path[0] != '/' && getcwd(base_path, sizeof(base_path)) != NULL) {
    used = strlen(base_path);
    if (used + 1 < sizeof(base_path)) base_path[used++] = '/';
  }
  if (used + strlen(path) + SUFFIX_BYTES > sizeof(base_path)) {
    complain("cannot create", path, ENAMETOOLONG);
    return;
  }
  strcpy(base_path + used, path);
  recorder_enabled = true;
}

/* --- trimming --- */

bool stream_in_this_process(void) {
  return __atomic_load_n(&stream->pid, __ATOMIC_RELAXED) == (uint32_t)syscall(SYS_getpid);
}

/* False if an append does not end: its thread was stopped, or we are in a handler above it. */
static bool appends_end(void) {
  const uint64_t limit = now_ns() + DRAIN_NS;
  while (__atomic_load_n(&stream->appenders, __ATOMIC_SEQ_CST) != 0) {
    if (now_ns() > limit) return false;
    sched_yield();
  }
  return true;
}

void stream_trim(void) {
  if (!stream_is_open() || !stream_in_this_process()) return;
  const uint64_t mask = lock();
  const uint64_t room_end = __atomic_exchange_n(&stream->room_end, 0, __ATOMIC_SEQ_CST);
  bool trimmed = false;
  if (appends_end()) {
    const int fd = checked_fd();
    const uint64_t end = __atomic_load_n(&stream->tail, __ATOMIC_SEQ_CST);
    trimmed = fd >= 0 && ftruncate(fd, (off_t)end) == 0;
    if (trimmed) {
      stream->capacity = end;
      stream->trimmed = true;
    }
  }
  if (!trimmed) __atomic_store_n(&stream->room_end, room_end, __ATOMIC_SEQ_CST);
  unlock(mask);
}

void stream_resume(void) {
  if (stream_is_open() && stream_in_this_process()) stream->trimmed = false;
}

/* --- the descriptor --- */

bool stream_owns_fd(int fd) {
  return stream_is_open() && __atomic_load_n(&stream->fd_plus_1, __ATOMIC_RELAXED) == fd + 1;
}

void stream_move_fd(void) {
  const uint64_t mask = lock();
  const int fd = move_high(stream->fd_plus_1 - 1);
  if (fd >= 0) __atomic_store_n(&stream->fd_plus_1, fd + 1, __ATOMIC_RELAXED);
  unlock(mask);
}
