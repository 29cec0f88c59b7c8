/* SPDX-License-Identifier: Apache-2.0
 *
 * The capture stream: what the recorder (LD_PRELOAD) and the performer write, and what
 * traces/capture_reader.cpp turns into calls. Plain C so that it builds for any guest with
 * nothing but a libc.
 *
 * The one idea: a capture holds *bytes*, not meanings. Each record is one system call with its
 * result and copies of the memory it read and wrote ("parts"). Which bytes are which field is
 * written once, in traces/abi/arm64/abi.cpp, on the reading side.
 *
 * A stream is one capture_header and then records back to back, each a multiple of 8 bytes.
 * `bytes` is stored last, with release semantics: zero marks the end of the content (a file may be
 * mapped larger than its content), and an odd value is a record whose space was reserved but whose
 * writer did not finish it: skip `bytes & ~7` bytes. A reader of a stream whose writer was killed
 * thus sees every completed call, also those after a hole.
 */
#ifndef ASSAY_CAPTURE_H
#define ASSAY_CAPTURE_H

#include <stdint.h>

#define CAPTURE_MAGIC "ASSAYCAP"
#define CAPTURE_VERSION 1u

struct capture_header {
  char magic[8];          /* CAPTURE_MAGIC, no terminator */
  uint32_t version;       /* CAPTURE_VERSION */
  uint32_t header_bytes;  /* sizeof(struct capture_header) */
  uint32_t page_size;     /* bytes */
  uint32_t possible_cpus; /* highest possible CPU number + 1 */
  uint32_t pid;
  uint32_t reserved;
  char release[96]; /* uname -r */
  char machine[32]; /* uname -m */
  char program[256];
};

enum capture_kind {
  CAPTURE_IOCTL = 1,
  CAPTURE_OPEN = 2,     /* only opens of /dev/kvm; arg[0] = flags; part PATH */
  CAPTURE_CLOSE = 3,    /* only of file descriptors KVM gave out */
  CAPTURE_MMAP = 4,     /* arg = address hint, length, offset; result = address; request = flags
                           in the upper half, protection in the lower */
  CAPTURE_MUNMAP = 5,   /* arg = address, length */
  CAPTURE_AFFINITY = 6, /* sched_setaffinity: arg[0] = target tid; part IN = the mask */
  CAPTURE_CLONE = 7,    /* result = the new thread's tid */
  CAPTURE_DUP = 8,      /* result = the new descriptor */
  CAPTURE_LOST = 9,     /* arg[0] = how many records are missing at this place */
  CAPTURE_PROGRAM = 10, /* performer only: arg[0] = number of the program that starts here */
  CAPTURE_END = 11,     /* performer only: arg[0] = program number, result = its wait status */
  CAPTURE_HOST = 12,    /* part PATH = what host_facts.h lists of the machine; the first record */
  CAPTURE_LOG = 13,     /* performer only: part PATH = what the kernel logged while operation `tag`
                           was carried out, one message a line, "<severity>text" */
};

/* `request` of an END record: the kernel's log was read, so a program without a LOG record left
 * none. */
#define CAPTURE_LOG_WAS_READ 1u

/* `request` of an OPEN or AFFINITY record that states what was found when recording began, without
 * a call: a descriptor that was inherited or received (part PATH = what /proc/self/fd says of it),
 * and the affinity of every thread that already ran. */
#define CAPTURE_AS_FOUND 1u

enum capture_part_kind {
  CAPTURE_IN = 1,        /* the struct behind the ioctl argument, before the call */
  CAPTURE_OUT = 2,       /* the same memory after a successful call, for ioctls that write it */
  CAPTURE_VALUE_IN = 3,  /* what a struct kvm_device_attr / kvm_one_reg points to, before a SET */
  CAPTURE_VALUE_OUT = 4, /* the same after a successful GET */
  CAPTURE_RUN = 5,       /* struct capture_run, after KVM_RUN */
  CAPTURE_PATH = 6,      /* text, not terminated */
};

/* What of struct kvm_run matters to a reader, after KVM_RUN returned. */
struct capture_run {
  uint32_t exit_reason;
  uint8_t immediate_exit; /* as userspace left it before the call */
  uint8_t reserved[3];
  uint64_t exit[4]; /* the first 32 bytes of the exit union; fail_entry: reason, cpu */
};

struct capture_part {
  uint16_t kind;  /* enum capture_part_kind */
  uint16_t flags; /* bit 0: the pointer could not be read (bytes is 0) */
  uint32_t bytes; /* of data, without padding */
  /* data follows, padded with zeros to a multiple of 8 */
};
#define CAPTURE_PART_UNREADABLE 1u

struct capture_record {
  uint32_t bytes; /* this record with its parts; stored last; odd: reserved, not finished */
  uint16_t kind;  /* enum capture_kind */
  uint16_t parts; /* how many follow */
  uint32_t tid;
  uint32_t tag; /* performer: number of the operation; recorder: 0 */
  uint64_t begin_ns;
  uint32_t elapsed_ns; /* saturates */
  int16_t cpu_begin;   /* -1 unknown */
  int16_t cpu_end;
  int64_t result; /* as the system call returned it; -1 on error */
  int32_t error;  /* errno, 0 on success */
  int32_t fd;     /* the descriptor the call was made on, -1 none */
  uint64_t request;
  uint64_t arg[3];
};

/* --- what the performer is told to do -------------------------------------------------- *
 *
 * The performer reads operations from its standard input and writes a capture stream to its
 * standard output. It runs every program in a fresh child process, so that a target that crashes
 * or hangs costs one program and never the run.
 *
 * Descriptors are named by slot, a small number the host chooses; slot -1 is "no descriptor" and
 * a slot that holds nothing is passed to the kernel as descriptor -1 (EBADF).
 */
#define PERFORM_MAGIC 0x4f595341u /* "ASYO" */
#define PERFORM_SLOTS 1024
#define PERFORM_THREADS 8

enum perform_kind {
  PERFORM_PROGRAM = 1, /* arg = program number: end the previous program, start this one. Flag
                          PERFORM_STEP: an operation begins when the reader of the capture has all
                          records before it, so that a machine that dies leaves them behind */
  PERFORM_IOCTL = 2,   /* on `slot`; a returned descriptor goes to `result_slot` */
  PERFORM_OPEN = 3,    /* /dev/kvm, O_RDWR, into result_slot */
  PERFORM_CLOSE = 4,
  PERFORM_AFFINITY = 5, /* payload: cpu mask, for the executing thread itself */
  PERFORM_RUN = 6,      /* KVM_RUN on slot; arg = immediate_exit; the run page is mapped first;
                           without immediate_exit a timer ends the run with EINTR after limit_ms */
  PERFORM_FINISH = 7,   /* end the last program; flush; the performer then exits */
};

/* How `arg` of PERFORM_IOCTL reaches the kernel. */
enum perform_flags {
  PERFORM_ARG_POINTER = 1,   /* arg is ignored: the payload's address is passed */
  PERFORM_ARENA_PATCH = 2,   /* the 64-bit word of the payload at arena_at is an offset into the
                                performer's arena: its base address is added */
  PERFORM_VALUE_PATCH = 4,   /* the 64-bit word of the payload at value_at becomes the address of
                                the value that follows the payload */
  PERFORM_DEVICE_SLOT = 8,   /* KVM_CREATE_DEVICE: the descriptor comes back in the struct (offset
                                4) and goes to result_slot */
  PERFORM_BAD_POINTER = 16,  /* pass an unmapped address instead of the payload's (EFAULT tests) */
  PERFORM_VALUE_BAD = 32,    /* the value patch writes an unmapped address */
  PERFORM_STEP = 64,         /* of PERFORM_PROGRAM only */
};

struct perform_op {
  uint32_t magic;
  uint32_t bytes; /* with payload and value, multiple of 8 */
  uint16_t kind;
  uint16_t flags;
  uint16_t thread; /* which of the program's threads performs it; 0 is the main thread */
  uint16_t limit_ms;
  int32_t slot;
  int32_t result_slot;
  uint32_t tag; /* comes back in the record */
  uint32_t payload_bytes;
  uint32_t value_bytes;
  uint16_t arena_at;
  uint16_t value_at;
  uint64_t request;
  uint64_t arg;
  /* payload_bytes of payload padded to 8, then value_bytes of value padded to 8 */
};

#endif
