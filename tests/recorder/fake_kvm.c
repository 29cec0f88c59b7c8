/* SPDX-License-Identifier: Apache-2.0
 *
 * A KVM without KVM, preloaded behind the recorder: opening /dev/kvm gives a memory file, and a
 * handful of ioctls on it give answers that follow from their arguments, so that a test knows what
 * a correct record of each must hold.
 *
 * The one idea: a fake descriptor carries what it is in its memory file's name, so this library has
 * no state and works across dup, fork and exec like the real thing.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "fake_kvm.h"

#define PREFIX "/memfd:fake-"

int fake_kvm_present = 1;

/* Like the kernel: EFAULT where a plain access would be a signal. */
static int user_copy(void* ours, uint64_t theirs, size_t bytes, int write) {
  struct iovec local = {ours, bytes}, remote = {(void*)(uintptr_t)theirs, bytes};
  const ssize_t done = write ? process_vm_writev(getpid(), &local, 1, &remote, 1, 0)
                             : process_vm_readv(getpid(), &local, 1, &remote, 1, 0);
  if (done == (ssize_t)bytes) return 0;
  errno = EFAULT;
  return -1;
}

static int create(const char* name) {
  const int fd = memfd_create(name, MFD_CLOEXEC);
  if (fd >= 0 && ftruncate(fd, FAKE_VCPU_BYTES) != 0) return -1;
  return fd;
}

static int fail(int error) {
  errno = error;
  return -1;
}

static int name_of(int fd, char* name, size_t room) {
  char path[40], text[128];
  snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
  const ssize_t bytes = syscall(SYS_readlinkat, AT_FDCWD, path, text, sizeof(text) - 1);
  if (bytes < 0) return 0;
  text[bytes] = 0;
  if (strncmp(text, PREFIX, strlen(PREFIX)) != 0) return 0;
  const size_t length = strcspn(text + strlen(PREFIX), " ");
  snprintf(name, room, "%.*s", (int)length, text + strlen(PREFIX));
  return 1;
}

static int run(int fd) {
  uint8_t immediate_exit = 0;
  if (pread(fd, &immediate_exit, 1, offsetof(struct kvm_run, immediate_exit)) != 1) return -1;
  const uint32_t reason = immediate_exit ? KVM_EXIT_INTR : KVM_EXIT_FAIL_ENTRY;
  const uint64_t exit[4] = {FAKE_EXIT(0), FAKE_EXIT(1), FAKE_EXIT(2), FAKE_EXIT(3)};
  if (pwrite(fd, &reason, sizeof(reason), offsetof(struct kvm_run, exit_reason)) < 0) return -1;
  if (pwrite(fd, exit, sizeof(exit), offsetof(struct kvm_run, hw)) < 0) return -1;
  return immediate_exit ? fail(EINTR) : 0;
}

static int one_reg(uint64_t arg, int set) {
  struct kvm_one_reg reg;
  unsigned char value[256];
  if (user_copy(&reg, arg, sizeof(reg), 0) != 0) return -1;
  const size_t bytes = (size_t)1 << (reg.id >> 52 & 15);
  if (bytes > sizeof(value)) return fail(ENOENT);
  if (set) return user_copy(value, reg.addr, bytes, 0);
  for (size_t i = 0; i < bytes; ++i) value[i] = FAKE_BYTE(reg.id, i);
  return user_copy(value, reg.addr, bytes, 1);
}

static int device_attr(uint64_t arg, int set) {
  struct kvm_device_attr attr;
  unsigned char value[256];
  if (user_copy(&attr, arg, sizeof(attr), 0) != 0) return -1;
  const size_t bytes = attr.flags; /* the test's programs say here how large the value is */
  if (bytes > sizeof(value)) return fail(EINVAL);
  if (set) return bytes ? user_copy(value, attr.addr, bytes, 0) : 0;
  for (size_t i = 0; i < bytes; ++i) value[i] = FAKE_BYTE(attr.attr, i);
  return user_copy(value, attr.addr, bytes, 1);
}

static int create_device(uint64_t arg) {
  struct kvm_create_device device;
  if (user_copy(&device, arg, sizeof(device), 0) != 0) return -1;
  if (device.flags & KVM_CREATE_DEVICE_TEST) return 0;
  device.fd = (uint32_t)create("fake-kvm-arm-vgic-v3");
  return user_copy(&device, arg, sizeof(device), 1);
}

/* Two registers; their number is told also where there is no room for them. */
static int reg_list(uint64_t arg) {
  struct {
    uint64_t n, reg[2];
  } list;
  if (user_copy(&list, arg, sizeof(list.n), 0) != 0) return -1;
  const int fits = list.n >= 2;
  list.n = 2;
  list.reg[0] = list.reg[1] = UINT64_C(0x603000000013c000);
  if (user_copy(&list, arg, fits ? sizeof(list) : sizeof(list.n), 1) != 0) return -1;
  return fits ? 0 : fail(E2BIG);
}

static int fake_ioctl(int fd, unsigned request, uint64_t arg) {
  char name[64];
  switch (request) {
    case KVM_CHECK_EXTENSION: /* first and without a look at fd: it is also the benchmark */
      return arg >= FAKE_ERROR(0) ? fail((int)(arg - FAKE_ERROR(0))) : (int)arg;
    case KVM_CREATE_VM: return create("fake-kvm-vm");
    case KVM_CREATE_VCPU:
      snprintf(name, sizeof(name), "fake-kvm-vcpu:%d", (int)arg);
      return create(name);
    case KVM_GET_STATS_FD: return create("fake-kvm-vcpu-stats:0");
    case KVM_CREATE_DEVICE: return create_device(arg);
    case KVM_GET_ONE_REG: return one_reg(arg, 0);
    case KVM_SET_ONE_REG: return one_reg(arg, 1);
    case KVM_GET_DEVICE_ATTR: return device_attr(arg, 0);
    case KVM_SET_DEVICE_ATTR: return device_attr(arg, 1);
    case KVM_HAS_DEVICE_ATTR: return 0;
    case KVM_RUN: return run(fd);
    case KVM_GET_REG_LIST: return reg_list(arg);
    case FAKE_PREFERRED_TARGET: {
      struct fake_vcpu_init init;
      for (size_t i = 0; i < sizeof(init); ++i) ((unsigned char*)&init)[i] = FAKE_BYTE(0, i);
      return user_copy(&init, arg, sizeof(init), 1);
    }
    default: return fail(ENOTTY);
  }
}

int ioctl(int fd, unsigned long request, ...) {
  va_list list;
  va_start(list, request);
  void* arg = va_arg(list, void*);
  va_end(list);
  char name[64];
  if (request == FAKE_NUMBERED) return (int)((const struct fake_numbered*)arg)->number;
  if (_IOC_TYPE(request) == KVMIO &&
      (request == KVM_CHECK_EXTENSION || name_of(fd, name, sizeof(name)))) {
    return fake_ioctl(fd, (unsigned)request, (uint64_t)(uintptr_t)arg);
  }
  return (int)syscall(SYS_ioctl, fd, request, arg);
}

static int fake_open(int directory, const char* path, int flags, int mode) {
  if (path != NULL && (uintptr_t)path > 65536 && strcmp(path, "/dev/kvm") == 0) {
    return create("fake-dev-kvm");
  }
  return (int)syscall(SYS_openat, directory, path, flags, mode);
}

#define MODE(flags)                   \
  va_list list;                       \
  va_start(list, flags);              \
  const int mode = va_arg(list, int); \
  va_end(list)

int open(const char* path, int flags, ...) {
  MODE(flags);
  return fake_open(AT_FDCWD, path, flags, mode);
}

int open64(const char* path, int flags, ...) {
  MODE(flags);
  return fake_open(AT_FDCWD, path, flags, mode);
}

int openat(int directory, const char* path, int flags, ...) {
  MODE(flags);
  return fake_open(directory, path, flags, mode);
}

/* /proc/self/fd says of a fake descriptor what it would of a real one. */
ssize_t readlink(const char* path, char* text, size_t room) {
  int fd;
  char name[64], link[96];
  if (sscanf(path, "/proc/self/fd/%d", &fd) == 1 && name_of(fd, name, sizeof(name))) {
    snprintf(link, sizeof(link), strcmp(name, "dev-kvm") == 0 ? "/dev/kvm" : "anon_inode:%s", name);
    const size_t bytes = strlen(link) < room ? strlen(link) : room;
    memcpy(text, link, bytes);
    return (ssize_t)bytes;
  }
  return syscall(SYS_readlinkat, AT_FDCWD, path, text, room);
}
