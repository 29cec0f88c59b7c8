/* SPDX-License-Identifier: Apache-2.0
 *
 * What the performer's two halves share: perform.c reads programs and writes the capture,
 * perform_child.c carries one program out in a process of its own.
 */
#ifndef ASSAY_PERFORM_CHILD_H
#define ASSAY_PERFORM_CHILD_H

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "capture.h"

enum {
  PERFORM_BUFFER_BYTES = 16 << 20, /* holds the largest possible record (2 x PERFORM_OP_MAX) */
  PERFORM_OP_MAX = 2 << 20,        /* bytes of one operation */
  PERFORM_VALUE_GAP = 64 << 10,    /* keeps a kernel that writes past the payload off the value */
  PERFORM_SCRATCH_BYTES = 2 * PERFORM_OP_MAX + PERFORM_VALUE_GAP,
};

/* Child and parent share this. In the child one thread at a time uses it. */
struct perform_shared {
  _Atomic uint32_t written; /* offset into data: the records before it are complete */
  _Atomic uint32_t rewind;  /* the child found no room; the parent empties the buffer and clears */
  _Atomic uint32_t taken;   /* what of `written` the parent has handed on */
  _Atomic uint32_t tag;     /* of the last operation begun */
  _Atomic uint32_t in_flight;
  uint32_t run_page_bytes; /* 0 until some child needed it */
  _Alignas(64) uint8_t data[PERFORM_BUFFER_BYTES];
};

/* Made by the parent before the first fork, so that every program sees the same addresses. */
struct perform_memory {
  struct perform_shared* shared;
  uint8_t* scratch;  /* payload and value of the current operation */
  uint8_t* bad_page; /* never accessible */
  uint8_t* arena;    /* backs the guest's memory */
  uint64_t arena_bytes;
};

static inline uint64_t perform_now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static inline uint32_t perform_padded(uint32_t bytes) { return (bytes + 7u) & ~7u; }

/* Validated operations. */
struct perform_job {
  const uint8_t* ops;
  size_t bytes;
  int log;   /* /dev/kmsg, not blocking, at its end; -1: it cannot be read */
  bool step; /* see PERFORM_STEP */
};

/* Carries a job out and ends the process. `mask` is the signal mask to run with. */
_Noreturn void perform_child(const struct perform_memory* from_parent,
                             const struct perform_job* job, const sigset_t* mask);

#endif
