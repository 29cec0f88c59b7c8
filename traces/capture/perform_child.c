/* SPDX-License-Identifier: Apache-2.0
 *
 * One program of the performer, in its own process. Nothing here uses stdio or allocates: whatever
 * the kernel under test does, the records published so far are safe with the parent.
 */
#define _GNU_SOURCE
#include "perform_child.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "perform_log.h"

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

enum {
  DEFAULT_RUN_MS = 20, /* a RUN without limit_ms */
  REPEAT_MS = 5,       /* a signal that came just before KVM_RUN entered is lost: repeat it */
  CODE_PAGES = 16,     /* pages of guest program at the start of a memory region */
  REGIONS_MAX = 64,
};

struct thread {
  sem_t go;
  pthread_t handle;
  pid_t tid; /* 0 until the thread exists */
  timer_t timer;
  bool has_timer;
};

static struct perform_memory memory;
static struct perform_shared* shared;
static int slots[PERFORM_SLOTS];
static struct kvm_run* run_pages[PERFORM_SLOTS];
static struct thread threads[PERFORM_THREADS];
static sem_t done;
static const struct perform_op* handed_over;
static uint8_t* regions[REGIONS_MAX]; /* arena addresses given to the kernel */
static unsigned region_count, regions_filled;

#ifdef __aarch64__
/* A vCPU fresh from KVM_ARM_VCPU_INIT starts at 0, MMU off. The store leaves every plausible
 * memory slot alone and stays within 40 bits, so KVM_RUN ends with KVM_EXIT_MMIO. The block's 32
 * bytes divide the vector spacing: an exception starts the program again. */
static const uint32_t guest_code[8] = {
    0xd2be0000, /*    movz x0, #0xf000, lsl #16 */
    0xf2c001e0, /*    movk x0, #0xf, lsl #32    */
    0x52800b41, /*    movz w1, #0x5a            */
    0xb9000001, /* 1: str  w1, [x0]             */
    0x17ffffff, /*    b    1b                   */
    0xd503201f, 0xd503201f, 0xd503201f,
};
#else
/* A new vCPU starts in real mode 16 bytes below 4 GiB: mov $0x5a, %al; out %al, $0x80; jmp -6; hlt.
 * The block's length divides every address at which it can start. */
static const uint8_t guest_code[8] = {0xb0, 0x5a, 0xe6, 0x80, 0xeb, 0xfa, 0xf4, 0xf4};
#endif

static pid_t own_tid(void) { return (pid_t)syscall(SYS_gettid); }

/* --- records --------------------------------------------------------------------- */

struct writer {
  struct capture_record* record;
  uint8_t* end;
};

/* Space for one record. The buffer is linear: when it is full the child lets the parent catch up
 * and starts over at the front. */
static struct writer record_begin(uint16_t kind, uint32_t tag, uint32_t data_bytes) {
  uint32_t need = (uint32_t)sizeof(struct capture_record) + data_bytes +
                  5 * (uint32_t)(sizeof(struct capture_part) + 8);
  uint32_t at = atomic_load_explicit(&shared->written, memory_order_relaxed);
  if (at + need > PERFORM_BUFFER_BYTES) {
    atomic_store_explicit(&shared->rewind, 1, memory_order_release);
    while (atomic_load_explicit(&shared->rewind, memory_order_acquire)) usleep(1000);
    at = 0;
  }
  struct capture_record* record = (struct capture_record*)(shared->data + at);
  memset(record, 0, sizeof *record);
  record->kind = kind;
  record->tid = (uint32_t)own_tid();
  record->tag = tag;
  record->fd = -1;
  return (struct writer){record, (uint8_t*)(record + 1)};
}

static void part(struct writer* w, uint16_t kind, const void* data, uint32_t bytes) {
  struct capture_part p = {kind, data ? 0 : CAPTURE_PART_UNREADABLE, data ? bytes : 0};
  memcpy(w->end, &p, sizeof p);
  w->end += sizeof p;
  if (data) {
    memcpy(w->end, data, bytes);
    memset(w->end + bytes, 0, perform_padded(bytes) - bytes);
    w->end += perform_padded(bytes);
  }
  w->record->parts++;
}

/* The clock and the CPU are read as close to the call as possible. */
static void call_begins(struct writer* w) {
  w->record->cpu_begin = (int16_t)sched_getcpu();
  w->record->begin_ns = perform_now_ns();
}

static void call_ended(struct writer* w, int64_t result) {
  int error = errno;
  uint64_t elapsed = perform_now_ns() - w->record->begin_ns;
  w->record->cpu_end = (int16_t)sched_getcpu();
  w->record->elapsed_ns = elapsed > UINT32_MAX ? UINT32_MAX : (uint32_t)elapsed;
  w->record->result = result;
  w->record->error = result == -1 ? error : 0;
}

static void record_end(struct writer* w) {
  uint32_t bytes = (uint32_t)(w->end - (uint8_t*)w->record);
  __atomic_store_n(&w->record->bytes, bytes, __ATOMIC_RELEASE);
  atomic_fetch_add_explicit(&shared->written, bytes, memory_order_release);
}

/* --- the kernel's log ------------------------------------------------------------ */

static void publish_log(int log, uint32_t tag) {
  static char text[PERFORM_LOG_BYTES];
  uint32_t length = perform_read_log(log, text);
  if (length == 0) return;
  struct writer w = record_begin(CAPTURE_LOG, tag, length);
  part(&w, CAPTURE_PATH, text, length);
  record_end(&w);
}

/* --- operations ------------------------------------------------------------------ */

static int slot_fd(const struct perform_op* op) { return op->slot < 0 ? -1 : slots[op->slot]; }

static void slot_put(int32_t slot, int64_t fd) {
  if (slot < 0 || fd < 0) return;
  slots[slot] = (int)fd;
  run_pages[slot] = NULL;
}

/* Before a vCPU may enter: write the guest program where the kernel was pointed at. Doing it here
 * and not when the arena is made keeps the many programs that never run free of page faults. */
static void fill_regions(void) {
  for (; regions_filled < region_count; regions_filled++) {
    uint8_t* at = regions[regions_filled];
    uint64_t left = (uint64_t)(memory.arena + memory.arena_bytes - at);
    uint64_t bytes = CODE_PAGES * 4096u < left ? CODE_PAGES * 4096u : left;
    for (uint64_t i = 0; i + sizeof guest_code <= bytes; i += sizeof guest_code)
      memcpy(at + i, guest_code, sizeof guest_code);
  }
}

static void note_region(uint64_t address) {
  uint64_t offset = address - (uint64_t)(uintptr_t)memory.arena;
  if (address % 4096 || offset >= memory.arena_bytes || region_count == REGIONS_MAX) return;
  regions[region_count++] = memory.arena + offset;
}

static void patch(uint8_t* payload, uint16_t at, uint64_t value, bool add) {
  uint64_t word;
  memcpy(&word, payload + at, sizeof word);
  word = add ? word + value : value;
  memcpy(payload + at, &word, sizeof word);
}

static void do_ioctl(const struct perform_op* op) {
  const uint8_t* source = (const uint8_t*)(op + 1);
  /* The kernel reads _IOC_SIZE bytes whatever the payload holds: the rest is zeros. */
  uint32_t size = _IOC_SIZE(op->request);
  if (size < op->payload_bytes) size = op->payload_bytes;
  uint8_t *payload = memory.scratch,
          *value = memory.scratch + perform_padded(size) + PERFORM_VALUE_GAP;
  memset(payload, 0, perform_padded(size));
  memcpy(payload, source, op->payload_bytes);
  memcpy(value, source + perform_padded(op->payload_bytes), op->value_bytes);
  if (op->flags & PERFORM_ARENA_PATCH) {
    patch(payload, op->arena_at, (uint64_t)(uintptr_t)memory.arena, true);
    uint64_t address;
    memcpy(&address, payload + op->arena_at, sizeof address);
    note_region(address);
  }
  bool value_bad = op->flags & PERFORM_VALUE_BAD;
  bool has_value = value_bad || (op->flags & PERFORM_VALUE_PATCH);
  if (has_value)
    patch(payload, op->value_at, (uint64_t)(uintptr_t)(value_bad ? memory.bad_page : value), false);

  bool bad = op->flags & PERFORM_BAD_POINTER, pointer = bad || (op->flags & PERFORM_ARG_POINTER);
  bool get = op->request == KVM_GET_DEVICE_ATTR || op->request == KVM_GET_ONE_REG;
  bool set = !get && op->request != KVM_HAS_DEVICE_ATTR;
  if (op->request == KVM_RUN) fill_regions();

  struct writer w = record_begin(CAPTURE_IOCTL, op->tag, 2 * (op->payload_bytes + op->value_bytes));
  w.record->fd = slot_fd(op);
  w.record->request = op->request;
  w.record->arg[0] = !pointer ? op->arg : (uint64_t)(uintptr_t)(bad ? memory.bad_page : payload);
  if (pointer) part(&w, CAPTURE_IN, bad ? NULL : payload, op->payload_bytes);
  if (has_value && set) part(&w, CAPTURE_VALUE_IN, value_bad ? NULL : value, op->value_bytes);
  call_begins(&w);
  /* Not ioctl(), which makes an int of what the kernel answers. */
  int64_t result = syscall(SYS_ioctl, w.record->fd, op->request, w.record->arg[0]);
  call_ended(&w, result);
  if (result >= 0 && pointer && !bad && (_IOC_DIR(op->request) & _IOC_READ))
    part(&w, CAPTURE_OUT, payload, op->payload_bytes);
  if (result >= 0 && has_value && get && !value_bad)
    part(&w, CAPTURE_VALUE_OUT, value, op->value_bytes);
  record_end(&w);

  if (op->flags & PERFORM_DEVICE_SLOT) {
    struct kvm_create_device made;
    memcpy(&made, payload, sizeof made);
    if (result == 0 && !bad && !(made.flags & KVM_CREATE_DEVICE_TEST))
      slot_put(op->result_slot, made.fd);
  } else {
    slot_put(op->result_slot, result);
  }
}

static void do_open(const struct perform_op* op) {
  static const char path[] = "/dev/kvm";
  struct writer w = record_begin(CAPTURE_OPEN, op->tag, sizeof path);
  w.record->arg[0] = O_RDWR | O_CLOEXEC;
  part(&w, CAPTURE_PATH, path, sizeof path - 1);
  call_begins(&w);
  int64_t result = open(path, O_RDWR | O_CLOEXEC);
  call_ended(&w, result);
  record_end(&w);
  slot_put(op->result_slot, result);
}

static uint32_t run_page_bytes(void) {
  if (!shared->run_page_bytes) {
    int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
    int bytes = kvm < 0 ? -1 : ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
    if (kvm >= 0) close(kvm);
    shared->run_page_bytes = bytes > 0 ? (uint32_t)bytes : (uint32_t)sysconf(_SC_PAGESIZE);
  }
  return shared->run_page_bytes;
}

static void do_close(const struct perform_op* op) {
  if (op->slot >= 0 && run_pages[op->slot]) {
    struct writer w = record_begin(CAPTURE_MUNMAP, op->tag, 0);
    w.record->arg[0] = (uint64_t)(uintptr_t)run_pages[op->slot];
    w.record->arg[1] = run_page_bytes();
    call_begins(&w);
    call_ended(&w, munmap(run_pages[op->slot], run_page_bytes()));
    record_end(&w);
    run_pages[op->slot] = NULL;
  }
  struct writer w = record_begin(CAPTURE_CLOSE, op->tag, 0);
  w.record->fd = slot_fd(op);
  call_begins(&w);
  call_ended(&w, close(w.record->fd));
  record_end(&w);
  if (op->slot >= 0) slots[op->slot] = -1;
}

static void do_affinity(const struct perform_op* op) {
  struct writer w = record_begin(CAPTURE_AFFINITY, op->tag, op->payload_bytes);
  w.record->arg[0] = w.record->tid;
  w.record->arg[1] = op->payload_bytes;
  part(&w, CAPTURE_IN, op + 1, op->payload_bytes);
  call_begins(&w);
  call_ended(&w, syscall(SYS_sched_setaffinity, 0, (size_t)op->payload_bytes, op + 1));
  record_end(&w);
}

static void map_run_page(const struct perform_op* op) {
  struct writer w = record_begin(CAPTURE_MMAP, op->tag, 0);
  w.record->fd = slot_fd(op);
  w.record->arg[1] = run_page_bytes();
  w.record->request = (uint64_t)MAP_SHARED << 32 | PROT_READ | PROT_WRITE;
  call_begins(&w);
  void* page = mmap(NULL, run_page_bytes(), PROT_READ | PROT_WRITE, MAP_SHARED, w.record->fd, 0);
  call_ended(&w, (int64_t)(intptr_t)page); /* MAP_FAILED is -1 */
  record_end(&w);
  run_pages[op->slot] = page == MAP_FAILED ? NULL : page;
}

static void run_timer(struct thread* self, uint32_t first_ms) {
  if (!self->has_timer) {
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGALRM};
    event.sigev_notify_thread_id = own_tid();
    if (timer_create(CLOCK_MONOTONIC, &event, &self->timer)) _exit(126);
    self->has_timer = true;
  }
  struct itimerspec spec = {{0, first_ms ? REPEAT_MS * 1000000 : 0},
                            {first_ms / 1000, (long)(first_ms % 1000) * 1000000}};
  if (timer_settime(self->timer, 0, &spec, NULL)) _exit(126);
}

static void do_run(const struct perform_op* op, struct thread* self) {
  struct kvm_run* page = NULL;
  if (slot_fd(op) >= 0) {
    if (!run_pages[op->slot]) map_run_page(op);
    page = run_pages[op->slot];
  }
  bool enter = op->arg == 0;
  if (page) page->immediate_exit = (uint8_t)op->arg;
  if (enter) fill_regions();
  if (enter) run_timer(self, op->limit_ms ? op->limit_ms : DEFAULT_RUN_MS);
  struct writer w = record_begin(CAPTURE_IOCTL, op->tag, sizeof(struct capture_run));
  w.record->fd = slot_fd(op);
  w.record->request = KVM_RUN;
  call_begins(&w);
  call_ended(&w, ioctl(w.record->fd, KVM_RUN, 0));
  if (enter) run_timer(self, 0);
  if (page) {
    struct capture_run run = {page->exit_reason, (uint8_t)op->arg, {0}, {0}};
    memcpy(run.exit, page->padding, sizeof run.exit);
    part(&w, CAPTURE_RUN, &run, sizeof run);
  }
  record_end(&w);
}

static void perform_op(const struct perform_op* op, struct thread* self) {
  switch (op->kind) {
    case PERFORM_IOCTL: do_ioctl(op); break;
    case PERFORM_OPEN: do_open(op); break;
    case PERFORM_CLOSE: do_close(op); break;
    case PERFORM_AFFINITY: do_affinity(op); break;
    case PERFORM_RUN: do_run(op, self); break;
    default: break;
  }
}

/* --- threads --------------------------------------------------------------------- */

static void wait_for(sem_t* semaphore) {
  while (sem_wait(semaphore) && errno == EINTR) continue;
}

static void* worker(void* argument) {
  struct thread* self = argument;
  self->tid = own_tid();
  sem_post(&done);
  for (;;) {
    wait_for(&self->go);
    perform_op(handed_over, self);
    sem_post(&done);
  }
  return NULL;
}

static void make_thread(struct thread* t, uint32_t tag) {
  struct writer w = record_begin(CAPTURE_CLONE, tag, 0);
  call_begins(&w);
  sem_init(&t->go, 0, 0);
  if (pthread_create(&t->handle, NULL, worker, t)) _exit(126);
  wait_for(&done);
  call_ended(&w, t->tid);
  record_end(&w);
}

static void on_alarm(int number) { (void)number; } /* only there to interrupt KVM_RUN */

/* Until the parent has handed on all records. */
static void wait_for_reader(void) {
  while (atomic_load_explicit(&shared->taken, memory_order_acquire) !=
         atomic_load_explicit(&shared->written, memory_order_acquire))
    usleep(100);
}

void perform_child(const struct perform_memory* from_parent, const struct perform_job* job,
                   const sigset_t* mask) {
  memory = *from_parent;
  shared = memory.shared;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  sigprocmask(SIG_SETMASK, mask, NULL);
  struct sigaction alarm_action = {.sa_handler = on_alarm}; /* no SA_RESTART */
  sigaction(SIGALRM, &alarm_action, NULL);
  for (int i = 0; i < PERFORM_SLOTS; i++) slots[i] = -1;
  sem_init(&done, 0, 0);
  for (size_t at = 0; at < job->bytes;) {
    const struct perform_op* op = (const struct perform_op*)(job->ops + at);
    struct thread* t = &threads[op->thread];
    if (job->step) wait_for_reader();
    atomic_store_explicit(&shared->tag, op->tag, memory_order_relaxed);
    atomic_store_explicit(&shared->in_flight, 1, memory_order_release);
    if (op->thread == 0) {
      perform_op(op, t);
    } else {
      if (!t->tid) make_thread(t, op->tag);
      handed_over = op;
      sem_post(&t->go);
      wait_for(&done);
    }
    if (job->log >= 0) publish_log(job->log, op->tag);
    atomic_store_explicit(&shared->in_flight, 0, memory_order_release);
    at += op->bytes;
  }
  _exit(0);
}
