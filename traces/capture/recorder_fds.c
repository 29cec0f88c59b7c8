/* SPDX-License-Identifier: Apache-2.0
 *
 * Which descriptors and mappings are KVM's.
 *
 * The one idea: the answer for "not KVM's", which nearly every call gets, is one load from a table
 * indexed by descriptor (and for mappings two comparisons with the range that holds them all).
 * Entries are removed before the descriptor is closed: from the close on, another thread may be
 * given the same number.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/kvm.h>

#include "recorder.h"

struct fd_entry fd_table[FDS_MAX];
static int fd_highest = -1; /* that was ever KVM's */

static void raise_highest(int fd) {
  int highest = __atomic_load_n(&fd_highest, __ATOMIC_RELAXED);
  while (highest < fd && !__atomic_compare_exchange_n(&fd_highest, &highest, fd, true,
                                                      __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) {}
}

/* Takes the run page out of reach of readers, who stay only for a few instructions. */
static uintptr_t detach_run(struct fd_entry* entry) {
  const uintptr_t run = __atomic_exchange_n(&entry->run, 0, __ATOMIC_SEQ_CST);
  if (run == 0) return 0;
  /* Bounded: the reader may be the code that our signal handler has interrupted. */
  for (int i = 0; i < 100000 && __atomic_load_n(&entry->readers, __ATOMIC_SEQ_CST) != 0; ++i) {
    sched_yield();
  }
  return run;
}

static void drop_run(struct fd_entry* entry) {
  const uintptr_t run = detach_run(entry);
  if ((run & RUN_IS_OURS) == 0) return;
  /* It would keep the vCPU alive after the VMM has closed it. */
  real()->munmap((void*)(run & ~RUN_IS_OURS), sizeof(struct kvm_run));
}

void fds_add(int fd, uint32_t what) {
  if ((unsigned)fd >= FDS_MAX) return;
  struct fd_entry* entry = &fd_table[fd];
  drop_run(entry); /* of one that was closed behind our back */
  raise_highest(fd);
  __atomic_store_n(&entry->what, what, __ATOMIC_RELEASE);
}

void fds_add_duplicate(int fd, int of) {
  const uint32_t what = fds_what(of);
  if (what == 0 || (unsigned)fd >= FDS_MAX) return;
  fds_add(fd, what);
  const uintptr_t run = __atomic_load_n(&fd_table[of].run, __ATOMIC_ACQUIRE);
  if ((run & RUN_IS_OURS) != 0) return; /* it ends with the other descriptor */
  __atomic_store_n(&fd_table[fd].run, run, __ATOMIC_RELEASE);
}

uint32_t fds_remove(int fd) {
  if ((unsigned)fd >= FDS_MAX) return 0;
  struct fd_entry* entry = &fd_table[fd];
  const uint32_t what = __atomic_exchange_n(&entry->what, 0, __ATOMIC_ACQ_REL);
  if (what != 0) drop_run(entry);
  return what;
}

int fds_next(int fd) {
  const int highest = __atomic_load_n(&fd_highest, __ATOMIC_ACQUIRE);
  for (; fd <= highest; ++fd) {
    if (fds_what(fd) != 0) return fd;
  }
  return -1;
}

/* --- descriptors that came in some other way --- */

/* What the kernel calls the descriptor: "/dev/kvm", "anon_inode:kvm-vcpu:3". */
static size_t link_of(int fd, char* text, size_t room) {
  char path[32] = "/proc/self/fd/";
  char* at = path + strlen(path);
  char digits[10];
  unsigned count = 0;
  if (fd < 0) return 0;
  do digits[count++] = (char)('0' + fd % 10);
  while ((fd /= 10) != 0);
  while (count != 0) *at++ = digits[--count];
  *at = 0;
  const ssize_t bytes = readlink(path, text, room - 1);
  text[bytes > 0 ? bytes : 0] = 0;
  return bytes > 0 ? (size_t)bytes : 0;
}

static const struct {
  const char* name;
  uint32_t what;
} link_names[] = {
    /* The first that is a prefix decides. */
    {"/dev/kvm", FD_WHAT(FD_SYSTEM, 0)},
    {"anon_inode:kvm-vm-stats", FD_WHAT(FD_STATS, 0)},
    {"anon_inode:kvm-vm", FD_WHAT(FD_VM, 0)},
    {"anon_inode:kvm-vcpu-stats", FD_WHAT(FD_STATS, 0)},
    {"anon_inode:kvm-vcpu", FD_WHAT(FD_VCPU, 0)},
    {"anon_inode:kvm-arm-vgic-v3", FD_WHAT(FD_DEVICE, KVM_DEV_TYPE_ARM_VGIC_V3)},
    {"anon_inode:kvm-arm-vgic-its", FD_WHAT(FD_DEVICE, KVM_DEV_TYPE_ARM_VGIC_ITS)},
    {"anon_inode:kvm-arm-vgic-v2", FD_WHAT(FD_DEVICE, KVM_DEV_TYPE_ARM_VGIC_V2)},
    {"anon_inode:kvm-vfio", FD_WHAT(FD_DEVICE, KVM_DEV_TYPE_VFIO)},
};

uint32_t fds_adopt(int fd) {
  const int saved_errno = errno;
  char text[64];
  uint32_t what = 0;
  if ((unsigned)fd < FDS_MAX && link_of(fd, text, sizeof(text)) != 0) {
    for (size_t i = 0; i < sizeof(link_names) / sizeof(link_names[0]) && what == 0; ++i) {
      if (strncmp(text, link_names[i].name, strlen(link_names[i].name)) == 0) {
        what = link_names[i].what;
      }
    }
  }
  if (what != 0) {
    /* A stream that begins now describes all that is in the table. */
    const bool open = stream_is_open();
    fds_add(fd, what);
    if (open) fds_describe(fd);
  }
  errno = saved_errno;
  return what;
}

void fds_describe(int fd) {
  char text[256];
  const size_t bytes = link_of(fd, text, sizeof(text));
  if (bytes == 0) return;
  struct capture_record record;
  record_begin(&record, CAPTURE_OPEN, -1);
  record.request = CAPTURE_AS_FOUND;
  record_end(&record, fd, 0);
  const struct piece path = {CAPTURE_PATH, 0, (uint32_t)bytes, text};
  stream_append(&record, &path, 1);
}

/* --- the run page --- */

static void map_run(int fd, struct fd_entry* entry) {
  void* page = real()->mmap(NULL, sizeof(struct kvm_run), PROT_READ, MAP_SHARED, fd, 0);
  if (page == MAP_FAILED) return;
  uintptr_t none = 0;
  if (!__atomic_compare_exchange_n(&entry->run, &none, (uintptr_t)page | RUN_IS_OURS, false,
                                   __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)) {
    real()->munmap(page, sizeof(struct kvm_run)); /* another thread was faster */
  }
}

bool fds_read_run(int fd, size_t offset, void* to, size_t bytes, bool map) {
  struct fd_entry* entry = &fd_table[fd];
  if (map && __atomic_load_n(&entry->run, __ATOMIC_ACQUIRE) == 0) map_run(fd, entry);
  __atomic_fetch_add(&entry->readers, 1, __ATOMIC_SEQ_CST);
  const uintptr_t run = __atomic_load_n(&entry->run, __ATOMIC_SEQ_CST);
  if (run != 0) memcpy(to, (const unsigned char*)(run & ~RUN_IS_OURS) + offset, bytes);
  __atomic_fetch_sub(&entry->readers, 1, __ATOMIC_RELEASE);
  return run != 0;
}

/* --- mappings --- */

#define MAPPINGS_MAX 4096

static struct mapping {
  uintptr_t start; /* 0: free, 1: being filled in */
  uintptr_t end;
  int fd;
} mappings[MAPPINGS_MAX];
static unsigned mappings_used; /* those below were used at some time */
static uintptr_t mappings_low = UINTPTR_MAX, mappings_high;

void mappings_add(void* start, size_t bytes, int fd, off_t offset) {
  const uintptr_t low = (uintptr_t)start, high = low + bytes;
  struct mapping* free = NULL;
  unsigned i = 0;
  for (; i < MAPPINGS_MAX && free == NULL; ++i) {
    uintptr_t none = 0;
    if (__atomic_load_n(&mappings[i].start, __ATOMIC_RELAXED) == 0 &&
        __atomic_compare_exchange_n(&mappings[i].start, &none, 1, false, __ATOMIC_ACQUIRE,
                                    __ATOMIC_RELAXED)) {
      free = &mappings[i];
    }
  }
  if (free == NULL) return; /* a mapping whose end we would miss must not be used */
  free->end = high;
  free->fd = fd;
  __atomic_store_n(&free->start, low, __ATOMIC_RELEASE);

  unsigned used = __atomic_load_n(&mappings_used, __ATOMIC_RELAXED);
  while (used < i && !__atomic_compare_exchange_n(&mappings_used, &used, i, true, __ATOMIC_ACQ_REL,
                                                  __ATOMIC_RELAXED)) {}
  uintptr_t bound = __atomic_load_n(&mappings_low, __ATOMIC_RELAXED);
  while (low < bound && !__atomic_compare_exchange_n(&mappings_low, &bound, low, true,
                                                     __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) {}
  bound = __atomic_load_n(&mappings_high, __ATOMIC_RELAXED);
  while (high > bound && !__atomic_compare_exchange_n(&mappings_high, &bound, high, true,
                                                      __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) {}

  struct fd_entry* entry = &fd_table[fd];
  const bool is_run = FD_KIND(fds_what(fd)) == FD_VCPU && offset == 0;
  if (!is_run || bytes < sizeof(struct kvm_run)) return;
  uintptr_t none = 0; /* an earlier mapping serves as well */
  __atomic_compare_exchange_n(&entry->run, &none, low, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
}

static void forget_run_at(uintptr_t start) {
  for (int fd = fds_next(0); fd >= 0; fd = fds_next(fd + 1)) {
    struct fd_entry* entry = &fd_table[fd];
    if (__atomic_load_n(&entry->run, __ATOMIC_ACQUIRE) == start) detach_run(entry);
  }
}

int mappings_remove(void* start, size_t bytes) {
  const uintptr_t low = (uintptr_t)start, high = low + bytes;
  int fd = -1;
  if (LIKELY(high <= __atomic_load_n(&mappings_low, __ATOMIC_ACQUIRE) ||
             low >= __atomic_load_n(&mappings_high, __ATOMIC_ACQUIRE))) {
    return fd;
  }
  const unsigned used = __atomic_load_n(&mappings_used, __ATOMIC_ACQUIRE);
  for (unsigned i = 0; i < used; ++i) {
    struct mapping* mapping = &mappings[i];
    const uintptr_t there = __atomic_load_n(&mapping->start, __ATOMIC_ACQUIRE);
    if (there <= 1 || high <= there || low >= mapping->end) continue;
    fd = mapping->fd;
    if (low > there) continue; /* its first page, the run page, stays */
    forget_run_at(there);
    __atomic_store_n(&mapping->start, 0, __ATOMIC_RELEASE);
  }
  return fd;
}
