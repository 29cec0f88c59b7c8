/* SPDX-License-Identifier: Apache-2.0
 *
 * Appending records to the stream, by any number of threads and signal handlers at once.
 *
 * The one idea: space is reserved in the file itself. A compare-and-swap of the zero at the tail to
 * the record's length (made odd) takes the space and says how long it is in one step, so a writer
 * that is killed at any point leaves a record that can be skipped, never a hole that hides what
 * follows. The tail in memory is only a hint that whoever comes next pulls along.
 */
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "recorder.h"

uint64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

uint32_t thread_id(void) {
  /* The cache belongs to the process that filled it: a forked child inherits it, but has no stream
   * or one with another pid. */
  static THREAD_LOCAL uint32_t cached_tid, cached_pid;
  const uint32_t pid = stream ? __atomic_load_n(&stream->pid, __ATOMIC_RELAXED) : 0;
  if (LIKELY(pid != 0 && cached_pid == pid)) return cached_tid;
  const uint32_t tid = (uint32_t)syscall(SYS_gettid);
  if (pid != 0) {
    cached_pid = 0; /* a signal handler in between must not see half of it */
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    cached_tid = tid;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    cached_pid = pid;
  }
  return tid;
}

static int16_t current_cpu(void) {
  const int cpu = sched_getcpu();
  return cpu > INT16_MAX ? -1 : (int16_t)cpu;
}

void record_begin(struct capture_record* record, enum capture_kind kind, int fd) {
  memset(record, 0, sizeof(*record));
  record->kind = (uint16_t)kind;
  record->tid = thread_id();
  record->fd = fd;
  record->cpu_begin = current_cpu();
  record->begin_ns = now_ns();
}

void record_end(struct capture_record* record, int64_t result, int error) {
  const uint64_t elapsed = now_ns() - record->begin_ns;
  record->elapsed_ns = elapsed > UINT32_MAX ? UINT32_MAX : (uint32_t)elapsed;
  record->cpu_end = current_cpu();
  record->result = result;
  record->error = error;
}

static struct capture_record* record_at(uint64_t position) {
  return (void*)(stream->windows[position / WINDOW_BYTES] + position % WINDOW_BYTES);
}

struct capture_record* stream_try_reserve(uint32_t bytes, uint64_t end) {
  for (;;) {
    uint64_t tail = __atomic_load_n(&stream->tail, __ATOMIC_ACQUIRE);
    /* After the tail: who sees a tail behind a LOST record must also see that there is no room. */
    const uint64_t room_end = end ? end : __atomic_load_n(&stream->room_end, __ATOMIC_ACQUIRE);
    if (tail + bytes > room_end) return NULL;
    struct capture_record* record = record_at(tail);
    uint32_t there = 0;
    const bool mine = __atomic_compare_exchange_n(&record->bytes, &there, bytes | 1, false,
                                                  __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
    const uint64_t next = tail + (mine ? bytes : there & ~7u);
    __atomic_compare_exchange_n(&stream->tail, &tail, next, false, __ATOMIC_ACQ_REL,
                                __ATOMIC_RELAXED);
    if (mine) return record;
  }
}

static uint32_t padded(uint32_t bytes) { return (bytes + 7) & ~7u; }

/* The space is fresh from the file system, so padding is already zero. */
static void fill(struct capture_record* to, const struct capture_record* record,
                 const struct piece* pieces, unsigned count) {
  const size_t after_bytes = offsetof(struct capture_record, kind);
  memcpy((unsigned char*)to + after_bytes, (const unsigned char*)record + after_bytes,
         sizeof(*record) - after_bytes);
  to->parts = (uint16_t)count;
  unsigned char* at = (unsigned char*)(to + 1);
  for (unsigned i = 0; i < count; ++i) {
    const struct capture_part part = {pieces[i].kind, pieces[i].flags, pieces[i].bytes};
    memcpy(at, &part, sizeof(part));
    at += sizeof(part);
    if (part.bytes != 0) memcpy(at, pieces[i].data, part.bytes);
    at += padded(part.bytes);
  }
}

void stream_append(const struct capture_record* record, const struct piece* pieces,
                   unsigned count) {
  uint32_t bytes = sizeof(*record);
  for (unsigned i = 0; i < count; ++i) {
    bytes += (uint32_t)sizeof(struct capture_part) + padded(pieces[i].bytes);
  }
  for (;;) {
    __atomic_fetch_add(&stream->appenders, 1, __ATOMIC_SEQ_CST);
    struct capture_record* to = stream_try_reserve(bytes, 0);
    if (LIKELY(to != NULL)) {
      fill(to, record, pieces, count);
      __atomic_store_n(&to->bytes, bytes, __ATOMIC_RELEASE);
    }
    __atomic_fetch_sub(&stream->appenders, 1, __ATOMIC_RELEASE);
    if (LIKELY(to != NULL) || !stream_make_room(bytes)) return;
  }
}
