/* SPDX-License-Identifier: Apache-2.0
 *
 * perform [--hang-ms N] [OPS [CAPTURE]]: carries out a stream of perform_op (capture.h) against
 * this machine's /dev/kvm and writes what happened as a capture stream. "-" or nothing means
 * standard input and output.
 *
 * Shape: the parent reads and validates one program at a time, forks a child for it and moves the
 * child's records from a shared buffer to the output. Operations run strictly one after another,
 * also across threads: the order of the records is the order of the calls, while KVM still sees
 * different tasks.
 *
 * One operation can leave several records with its tag: a thread made for it (CLONE), the run page
 * mapped before the first RUN of a slot (MMAP) or unmapped before its CLOSE (MUNMAP: a mapping
 * would keep the vCPU, and so the VM, alive). After the operation's own record comes what the
 * kernel logged meanwhile (LOG), where /dev/kmsg can be read; what it logs while the program's
 * descriptors are closed has the tag of the program's last operation.
 * CAPTURE_PROGRAM carries the arena's address and size in arg[1] and arg[2]; CAPTURE_END carries
 * in arg[1] the tag of the last operation begun and in arg[2] whether it never finished, which
 * names the call that crashed or hung.
 *
 * Exit: 0 all done, 1 the machine failed us (memory, fork, output), 2 malformed operations.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "perform_child.h"
#include "perform_log.h"

/* How long published records may wait in the buffer. */
enum { FLUSH_MS = 10, STEP_NS = 200000 };

/* A killed task that is stuck in the kernel keeps its VM and our buffer: past this, give up. */
#define PATIENCE_NS (10 * (uint64_t)1000000000)

static void die(int status, const char* format, ...) {
  va_list list;
  va_start(list, format);
  fputs("perform: ", stderr);
  vfprintf(stderr, format, list);
  fputc('\n', stderr);
  va_end(list);
  exit(status);
}

struct program {
  uint8_t* ops; /* what lies between two PROGRAM operations */
  size_t bytes, capacity;
  uint64_t number;
  uint32_t tag;
  bool step;
};

static struct perform_memory memory;
static int output;
static int kernel_log = -1; /* at its end; children share the position */

static void put(const void* data, size_t bytes) {
  for (const uint8_t* at = data; bytes;) {
    ssize_t n = write(output, at, bytes);
    if (n < 0 && errno != EINTR) die(1, "cannot write the capture: %s", strerror(errno));
    if (n > 0) at += n, bytes -= (size_t)n;
  }
}

static void put_record(struct capture_record record) {
  record.bytes = sizeof record;
  record.cpu_begin = record.cpu_end = -1;
  record.fd = -1;
  record.begin_ns = perform_now_ns();
  put(&record, sizeof record);
}

static void put_header(void) {
  struct capture_header header = {.magic = CAPTURE_MAGIC, .version = CAPTURE_VERSION};
  header.header_bytes = sizeof header;
  header.page_size = (uint32_t)sysconf(_SC_PAGESIZE);
  header.possible_cpus = (uint32_t)sysconf(_SC_NPROCESSORS_CONF);
  header.pid = (uint32_t)getpid();
  FILE* possible = fopen("/sys/devices/system/cpu/possible", "re");
  char text[256] = "";
  if (possible && fgets(text, sizeof text, possible)) {
    size_t last = strcspn(text, "\n"); /* "0-3", "0,2-5": the highest number comes last */
    while (last && text[last - 1] >= '0' && text[last - 1] <= '9') last--;
    header.possible_cpus = (uint32_t)strtoul(text + last, NULL, 10) + 1;
  }
  if (possible) fclose(possible);
  struct utsname name;
  uname(&name);
  snprintf(header.release, sizeof header.release, "%s", name.release);
  snprintf(header.machine, sizeof header.machine, "%.31s", name.machine);
  snprintf(header.program, sizeof header.program, "perform");
  put(&header, sizeof header);
}

/* Until what was put into a pipe has been taken out. */
static void wait_for_reader(void) {
  int left = 0;
  while (!ioctl(output, FIONREAD, &left) && left > 0) usleep(100);
}

/* Moves what the child published since `drained` to the output. */
static uint32_t drain(uint32_t drained, bool step) {
  uint32_t rewind = atomic_load_explicit(&memory.shared->rewind, memory_order_acquire);
  uint32_t written = atomic_load_explicit(&memory.shared->written, memory_order_acquire);
  if (written > drained) put(memory.shared->data + drained, written - drained);
  if (!rewind) {
    if (step && written > drained) wait_for_reader();
    atomic_store_explicit(&memory.shared->taken, written, memory_order_release);
    return written;
  }
  atomic_store_explicit(&memory.shared->taken, 0, memory_order_relaxed);
  atomic_store_explicit(&memory.shared->written, 0, memory_order_relaxed);
  atomic_store_explicit(&memory.shared->rewind, 0, memory_order_release);
  return 0;
}

/* What the kernel logged after the last operation. */
static void put_log(pid_t pid) {
  static char text[PERFORM_LOG_BYTES + 8];
  uint32_t bytes = perform_read_log(kernel_log, text);
  if (!bytes) return;
  memset(text + bytes, 0, perform_padded(bytes) - bytes);
  struct capture_part part = {CAPTURE_PATH, 0, bytes};
  struct capture_record record = {
      .kind = CAPTURE_LOG,
      .parts = 1,
      .bytes = (uint32_t)(sizeof record + sizeof part) + perform_padded(bytes),
      .tid = (uint32_t)pid,
      .tag = atomic_load(&memory.shared->tag),
      .begin_ns = perform_now_ns(),
      .cpu_begin = -1,
      .cpu_end = -1,
      .fd = -1};
  put(&record, sizeof record);
  put(&part, sizeof part);
  put(text, perform_padded(bytes));
}

static void run_program(const struct program* program, uint64_t hang_ns) {
  sigset_t child_signal, old;
  sigemptyset(&child_signal);
  sigaddset(&child_signal, SIGCHLD);
  sigprocmask(SIG_BLOCK, &child_signal, &old);
  atomic_store(&memory.shared->written, 0);
  atomic_store(&memory.shared->rewind, 0);
  atomic_store(&memory.shared->taken, 0);
  atomic_store(&memory.shared->in_flight, 0);
  atomic_store(&memory.shared->tag, program->tag);

  if (kernel_log >= 0) perform_forget_warnings();
  uint64_t deadline = perform_now_ns() + hang_ns;
  pid_t pid = fork();
  if (pid < 0) die(1, "fork: %s", strerror(errno));
  if (pid == 0) {
    struct perform_job job = {program->ops, program->bytes, kernel_log, program->step};
    perform_child(&memory, &job, &old);
  }
  put_record((struct capture_record){
      .kind = CAPTURE_PROGRAM,
      .tid = (uint32_t)pid,
      .tag = program->tag,
      .arg = {program->number, (uintptr_t)memory.arena, memory.arena_bytes}});
  int status = 0;
  uint32_t drained = 0;
  bool killed = false;
  const struct timespec flush = {0, program->step ? STEP_NS : FLUSH_MS * 1000000};
  for (;;) {
    pid_t ended = waitpid(pid, &status, WNOHANG); /* first: then nothing is published after drain */
    if (ended < 0) die(1, "waitpid: %s", strerror(errno));
    uint64_t before = perform_now_ns();
    drained = drain(drained, program->step);
    deadline += perform_now_ns() - before; /* a slow reader of ours is not a hang of theirs */
    if (ended == pid) break;
    if (perform_now_ns() > deadline) {
      if (killed) {
        if (kernel_log >= 0) put_log(pid); /* may say where it is stuck */
        die(1, "program %llu does not die", (unsigned long long)program->number);
      }
      kill(pid, SIGKILL);
      killed = true;
      deadline += PATIENCE_NS;
    }
    sigtimedwait(&child_signal, NULL, &flush);
  }
  sigprocmask(SIG_SETMASK, &old, NULL);
  if (kernel_log >= 0) put_log(pid);
  put_record((struct capture_record){.kind = CAPTURE_END,
                                     .request = kernel_log >= 0 ? CAPTURE_LOG_WAS_READ : 0,
                                     .tid = (uint32_t)pid,
                                     .tag = program->tag,
                                     .result = status,
                                     .arg = {program->number, atomic_load(&memory.shared->tag),
                                             atomic_load(&memory.shared->in_flight)}});
}

/* Why an operation cannot be performed, or NULL. After this the child trusts it. */
static const char* op_fault(const struct perform_op* op) {
  uint64_t tail = (uint64_t)perform_padded(op->payload_bytes) + perform_padded(op->value_bytes);
  if (op->payload_bytes > PERFORM_OP_MAX || op->value_bytes > PERFORM_OP_MAX ||
      sizeof *op + tail > op->bytes)
    return "payload and value do not fit";
  if (op->kind < PERFORM_PROGRAM || op->kind > PERFORM_FINISH) return "unknown kind";
  if (op->thread >= PERFORM_THREADS) return "thread out of range";
  if (op->slot < -1 || op->slot >= PERFORM_SLOTS || op->result_slot < -1 ||
      op->result_slot >= PERFORM_SLOTS)
    return "slot out of range";
  unsigned known = op->kind == PERFORM_PROGRAM ? PERFORM_STEP : 2 * PERFORM_VALUE_BAD - 1;
  if (op->flags & ~known) return "unknown flag";
  if ((op->flags & PERFORM_ARENA_PATCH) && op->arena_at + 8u > op->payload_bytes)
    return "arena_at outside the payload";
  if ((op->flags & (PERFORM_VALUE_PATCH | PERFORM_VALUE_BAD)) &&
      op->value_at + 8u > op->payload_bytes)
    return "value_at outside the payload";
  if ((op->flags & PERFORM_DEVICE_SLOT) && op->payload_bytes < sizeof(struct kvm_create_device))
    return "DEVICE_SLOT without a struct kvm_create_device";
  return NULL;
}

static void append(struct program* program, const struct perform_op* op) {
  if (program->bytes + op->bytes > program->capacity) {
    program->capacity = 2 * (program->bytes + op->bytes);
    program->ops = realloc(program->ops, program->capacity);
    if (!program->ops) die(1, "out of memory");
  }
  memcpy(program->ops + program->bytes, op, op->bytes);
  program->bytes += op->bytes;
}

static void perform_all(FILE* input, uint64_t hang_ns) {
  static union {
    struct perform_op op;
    uint8_t bytes[PERFORM_OP_MAX];
  } in;
  struct program program = {0};
  bool open_program = false;
  uint64_t at = 0;
  for (uint16_t kind = 0; kind != PERFORM_FINISH;) {
    size_t got = fread(&in, 1, sizeof in.op, input);
    if (got == 0) break; /* a stream that just ends is finished */
    const char* fault = NULL;
    if (got < sizeof in.op) fault = "the stream ends within an operation";
    else if (in.op.magic != PERFORM_MAGIC) fault = "bad magic";
    else if (in.op.bytes % 8 || in.op.bytes < sizeof in.op || in.op.bytes > PERFORM_OP_MAX)
      fault = "bad size";
    else if (fread(&in.op + 1, 1, in.op.bytes - sizeof in.op, input) < in.op.bytes - sizeof in.op)
      fault = "the stream ends within an operation";
    else fault = op_fault(&in.op);
    kind = in.op.kind;
    bool starts = kind == PERFORM_PROGRAM, ends = starts || kind == PERFORM_FINISH;
    if (!fault && !ends && !open_program) fault = "operation before the first PROGRAM";
    if (fault) die(2, "operation at byte %llu: %s", (unsigned long long)at, fault);
    at += in.op.bytes;
    if (!ends) {
      append(&program, &in.op);
      continue;
    }
    if (open_program) run_program(&program, hang_ns);
    open_program = starts;
    program.bytes = 0;
    program.number = in.op.arg;
    program.tag = in.op.tag;
    program.step = in.op.flags & PERFORM_STEP;
  }
  if (open_program) run_program(&program, hang_ns);
  free(program.ops);
}

static void* map(uint64_t bytes, int protection, int flags) {
  return mmap(NULL, bytes, protection, MAP_ANONYMOUS | MAP_NORESERVE | flags, -1, 0);
}

static void make_memory(void) {
  const uint64_t huge = 2 << 20;
  memory.shared = map(sizeof *memory.shared, PROT_READ | PROT_WRITE, MAP_SHARED);
  memory.scratch = map(PERFORM_SCRATCH_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE);
  memory.bad_page = map(huge, PROT_NONE, MAP_PRIVATE);
  if (memory.shared == MAP_FAILED || memory.scratch == MAP_FAILED || memory.bad_page == MAP_FAILED)
    die(1, "mmap: %s", strerror(errno));
  for (memory.arena_bytes = (uint64_t)8 << 30; memory.arena_bytes >= huge;
       memory.arena_bytes /= 2) {
    memory.arena = map(memory.arena_bytes + huge, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    if (memory.arena != MAP_FAILED) break;
  }
  if (memory.arena == MAP_FAILED) die(1, "no memory for the arena: %s", strerror(errno));
  memory.arena += -(uintptr_t)memory.arena & (huge - 1);
  /* One page of guest program must not cost the zeroing of a huge page in every child. */
  madvise(memory.arena, memory.arena_bytes, MADV_NOHUGEPAGE);
}

int main(int argc, char** argv) {
  uint64_t hang_ms = 5000;
  int next = 1;
  if (argc > 2 && !strcmp(argv[1], "--hang-ms")) {
    hang_ms = strtoull(argv[2], NULL, 10);
    next = 3;
  }
  if (argc > next + 2 || !hang_ms || (argc > next && argv[next][0] == '-' && argv[next][1]))
    die(2, "usage: perform [--hang-ms N] [OPS [CAPTURE]]");
  const char *from = argc > next ? argv[next] : "-", *to = argc > next + 1 ? argv[next + 1] : "-";
  FILE* input = strcmp(from, "-") ? fopen(from, "re") : stdin;
  if (!input) die(2, "%s: %s", from, strerror(errno));
  output = strcmp(to, "-") ? open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666) : 1;
  if (output < 0) die(1, "%s: %s", to, strerror(errno));
  make_memory();
  kernel_log = perform_open_log();
  put_header();
  perform_all(input, hang_ms * 1000000);
  return 0;
}
