/* SPDX-License-Identifier: Apache-2.0
 *
 * The recorder's start-up and its wrapper of ioctl.
 *
 *   ASSAY_RECORD=FILE LD_PRELOAD=assay-recorder-<arch>.so vmm ...
 *
 * A call on a descriptor that is not KVM's costs one load and is passed on. A call on one that is
 * becomes a record: the argument's memory is copied before the call and again after it, and the
 * record is appended after the call has returned and before the VMM learns of it. So each thread's
 * records are in the order of its calls, and no thread can act on a result that is not recorded.
 */
#include <dlfcn.h>
#include <linux/kvm.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "recorder.h"

struct real_calls real_calls;
bool recorder_enabled;

void recorder_resolve(void) {
  struct real_calls found;
#define X(result, name, arguments) found.name = (__typeof__(found.name))dlsym(RTLD_NEXT, #name);
  REAL_CALLS(X)
#undef X
  /* ioctl last: its presence says that all are there. */
  const __typeof__(found.ioctl) last = found.ioctl;
  found.ioctl = NULL;
  if (__atomic_load_n(&real_calls.ioctl, __ATOMIC_ACQUIRE) != NULL) return;
  real_calls = found;
  __atomic_store_n(&real_calls.ioctl, last, __ATOMIC_RELEASE);
}

__attribute__((constructor)) static void start_up(void) {
  const int saved_errno = errno;
  real();
  const char* path = getenv("ASSAY_RECORD");
  if (path != NULL && path[0] != 0) {
    stream_set_up(path);
    process_set_up();
  }
  errno = saved_errno;
}

/* --- recording one ioctl --- */

/* Longer structs are cut: only hosts other than arm64 have some, and bogus request numbers. */
#define STRUCT_BYTES_MAX 4096
#define STRUCT_BYTES_SMALL 640

struct payload {
  unsigned char* in; /* room for capacity bytes each */
  unsigned char* out;
  size_t capacity;
  size_t bytes; /* of the argument's struct that fit */
  struct value_ref value;
  unsigned char value_in[VALUE_BYTES_MAX];
  unsigned char value_out[VALUE_BYTES_MAX];
  struct capture_run run;
  struct piece pieces[5];
  unsigned count;
};

/* Copies memory of the VMM into `to` and makes it a part of the record. */
static bool add_piece(struct payload* payload, uint16_t kind, void* to, uint64_t from,
                      size_t bytes) {
  const bool readable = memory_copy(to, from, bytes);
  const uint16_t flags = readable ? 0 : CAPTURE_PART_UNREADABLE;
  payload->pieces[payload->count++] =
      (struct piece){kind, flags, readable ? (uint32_t)bytes : 0, to};
  return readable;
}

static void read_before(struct payload* payload, int fd, uint32_t what, uint32_t request,
                        uint64_t arg) {
  const size_t bytes = _IOC_SIZE(request);
  payload->bytes = bytes < payload->capacity ? bytes : payload->capacity;
  if ((_IOC_DIR(request) & _IOC_WRITE) != 0 && payload->bytes != 0 &&
      add_piece(payload, CAPTURE_IN, payload->in, arg, payload->bytes)) {
    payload->value = payload_value(what, request, payload->in, payload->bytes);
  }
  const struct value_ref* value = &payload->value;
  if (value->in && value->bytes != 0) {
    add_piece(payload, CAPTURE_VALUE_IN, payload->value_in, value->address, value->bytes);
  }
  if (request == KVM_RUN && FD_KIND(what) == FD_VCPU) {
    fds_read_run(fd, offsetof(struct kvm_run, immediate_exit), &payload->run.immediate_exit, 1,
                 true);
  }
}

static void read_run(struct payload* payload, int fd) {
  struct capture_run* run = &payload->run;
  /* Not mapped anew here: the descriptor may have been closed, and be another's, by now. */
  if (!fds_read_run(fd, offsetof(struct kvm_run, exit_reason), &run->exit_reason,
                    sizeof(run->exit_reason), false) ||
      !fds_read_run(fd, offsetof(struct kvm_run, hw), run->exit, sizeof(run->exit), false)) {
    return;
  }
  payload->pieces[payload->count++] = (struct piece){CAPTURE_RUN, 0, sizeof(*run), run};
}

static void read_after(struct payload* payload, int fd, uint32_t what, uint32_t request,
                       uint64_t arg, int result, int error) {
  const struct value_ref* value = &payload->value;
  /* One failure has an answer in memory: how many registers there are. */
  const bool list_too_long = request == KVM_GET_REG_LIST && result < 0 && error == E2BIG;
  if (result >= 0 || list_too_long) {
    if ((_IOC_DIR(request) & _IOC_READ) != 0 && payload->bytes != 0) {
      add_piece(payload, CAPTURE_OUT, payload->out, arg, payload->bytes);
    }
  }
  if (result >= 0) {
    if (value->out && value->bytes != 0) {
      add_piece(payload, CAPTURE_VALUE_OUT, payload->value_out, value->address, value->bytes);
    }
  }
  if (request == KVM_RUN && FD_KIND(what) == FD_VCPU) read_run(payload, fd);
}

#ifndef KVM_CREATE_GUEST_MEMFD
struct kvm_create_guest_memfd {
  uint64_t size, flags, reserved[6];
};
#define KVM_CREATE_GUEST_MEMFD _IOWR(KVMIO, 0xd4, struct kvm_create_guest_memfd)
#endif

/* Enters what a successful call created into the table. */
static void note_created(const struct payload* payload, uint32_t what, uint32_t request,
                         int result) {
  const enum fd_kind kind = FD_KIND(what);
  if (kind == FD_SYSTEM && request == KVM_CREATE_VM) fds_add(result, FD_WHAT(FD_VM, 0));
  if (kind == FD_VM && request == KVM_CREATE_VCPU) fds_add(result, FD_WHAT(FD_VCPU, 0));
  if (request == KVM_GET_STATS_FD) fds_add(result, FD_WHAT(FD_STATS, 0));
  if (kind == FD_VM && request == KVM_CREATE_GUEST_MEMFD) {
    fds_add(result, FD_WHAT(FD_GUEST_MEMORY, 0));
  }
  if (kind == FD_VM && request == KVM_CREATE_DEVICE) {
    const struct piece* out = &payload->pieces[payload->count - 1];
    struct kvm_create_device device;
    if (out->kind != CAPTURE_OUT || out->bytes != sizeof(device)) return;
    memcpy(&device, out->data, sizeof(device));
    if ((device.flags & KVM_CREATE_DEVICE_TEST) != 0) return;
    fds_add((int)device.fd, FD_WHAT(FD_DEVICE, device.type & 0xff));
  }
}

static int record_ioctl_with(struct payload* payload, int fd, uint32_t what, unsigned long request,
                             void* arg) {
  const int errno_before = errno;
  const uint32_t number = (uint32_t)request; /* callers may have sign-extended it */
  const uint64_t address = (uint64_t)(uintptr_t)arg;
  struct capture_record record;
  const bool recording = stream_begin();
  if (recording) read_before(payload, fd, what, number, address);
  record_begin(&record, CAPTURE_IOCTL, fd);
  record.request = number;
  record.arg[0] = address;

  errno = errno_before;
  const int result = real()->ioctl(fd, request, arg);
  const int errno_after = errno;

  record_end(&record, result, result < 0 ? errno_after : 0);
  if (recording) {
    read_after(payload, fd, what, number, address, result, errno_after);
    if (result >= 0) note_created(payload, what, number, result);
    stream_append(&record, payload->pieces, payload->count);
  }
  errno = errno_after;
  return result;
}

/* A function of its own so that only calls with large structs need that much stack: the wrapper may
 * run on a signal's small one. */
__attribute__((noinline)) static int record_large_ioctl(int fd, uint32_t what,
                                                        unsigned long request, void* arg) {
  unsigned char in[STRUCT_BYTES_MAX], out[STRUCT_BYTES_MAX];
  struct payload payload;
  payload.in = in;
  payload.out = out;
  payload.capacity = STRUCT_BYTES_MAX;
  payload.value = (struct value_ref){0, 0, false, false};
  memset(&payload.run, 0, sizeof(payload.run));
  payload.count = 0;
  return record_ioctl_with(&payload, fd, what, request, arg);
}

__attribute__((noinline)) static int record_ioctl(int fd, uint32_t what, unsigned long request,
                                                  void* arg) {
  if (_IOC_SIZE(request) > STRUCT_BYTES_SMALL) return record_large_ioctl(fd, what, request, arg);
  unsigned char in[STRUCT_BYTES_SMALL], out[STRUCT_BYTES_SMALL];
  struct payload payload;
  payload.in = in;
  payload.out = out;
  payload.capacity = STRUCT_BYTES_SMALL;
  payload.value = (struct value_ref){0, 0, false, false};
  memset(&payload.run, 0, sizeof(payload.run));
  payload.count = 0;
  return record_ioctl_with(&payload, fd, what, request, arg);
}

EXPORT int ioctl(int fd, unsigned long request, ...) {
  va_list list;
  va_start(list, request);
  void* arg = va_arg(list, void*);
  va_end(list);
  uint32_t what = fds_what(fd);
  if (LIKELY(what == 0)) {
    /* Descriptors also arrive over sockets and exec, where no wrapper sees them. */
    if (LIKELY(!recorder_enabled || _IOC_TYPE(request) != KVMIO || (what = fds_adopt(fd)) == 0)) {
      return real()->ioctl(fd, request, arg);
    }
  }
  return record_ioctl(fd, what, request, arg);
}
