/* SPDX-License-Identifier: Apache-2.0
 *
 * Which memory a KVM ioctl's argument leads to, and reading memory that may not be there.
 *
 * The one idea: how large an ioctl's struct is stands in its number; only a struct kvm_one_reg and
 * a struct kvm_device_attr hold a pointer further, and how much lies there follows from the
 * register's id or from the small table below. The table knows arm64's attributes (and x86's TSC
 * offset); for any other attribute the value is not recorded.
 */
#include <linux/kvm.h>
#include <pthread.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "recorder.h"

/* --- reading --- */

/* This thread's stack, once it is known. */
static THREAD_LOCAL uintptr_t stack_low, stack_high;

void memory_note_stack(void) {
  pthread_attr_t attributes;
  void* low;
  size_t bytes;
  if (pthread_getattr_np(pthread_self(), &attributes) != 0) return;
  if (pthread_attr_getstack(&attributes, &low, &bytes) == 0) {
    stack_low = (uintptr_t)low;
    stack_high = stack_low + bytes;
  }
  pthread_attr_destroy(&attributes);
}

/* Most arguments are the caller's local variables: what lies between our frame and the stack's top
 * is mapped. Only sound while we are on that stack, not on a coroutine's or a signal's. */
static bool on_our_stack(uint64_t from, size_t bytes) {
  const uintptr_t frame = (uintptr_t)__builtin_frame_address(0);
  return frame >= stack_low && frame < stack_high && from >= frame && from < stack_high &&
         bytes <= stack_high - from;
}

/* The cheapest system call that reads user memory and does nothing else: an unknown `how` is
 * refused, but only after the mask has been copied. (A null mask is not copied.) */
static bool word_is_readable(uint64_t address) {
  const int unknown_how = -1;
  const uint64_t word = address & ~UINT64_C(7);
  if (word == 0) return false;
  return syscall(SYS_rt_sigprocmask, unknown_how, word, NULL, 8) == 0 || errno != EFAULT;
}

bool memory_copy(void* to, uint64_t from, size_t bytes) {
  if (bytes == 0) return true;
  if (from + bytes < from) return false;
  if (!on_our_stack(from, bytes)) {
    const uint64_t page = 4096; /* the smallest there is */
    for (uint64_t at = from; at < from + bytes; at = (at / page + 1) * page) {
      if (!word_is_readable(at)) return false;
    }
  }
  memcpy(to, (const void*)(uintptr_t)from, bytes);
  return true;
}

/* --- sizes --- */

static uint32_t register_bytes(uint64_t id) {
  const uint32_t bytes = 1u << ((id & KVM_REG_SIZE_MASK) >> KVM_REG_SIZE_SHIFT);
  return bytes <= VALUE_BYTES_MAX ? bytes : 0; /* no register is larger than U2048 */
}

/* Group and attribute numbers as in arm64's <asm/kvm.h>, which other hosts do not have. */
#define ANY_TYPE 0
#define ANY_ATTR UINT64_MAX

static const struct attr_size {
  uint8_t fd_kind;
  uint8_t device_type;
  uint16_t bytes;
  uint32_t group;
  uint64_t attr;
} attr_sizes[] = {
#if defined(__x86_64__)
    {FD_VCPU, ANY_TYPE, 8, 0, 0}, /* KVM_VCPU_TSC_CTRL: OFFSET */
#endif
    {FD_VCPU, ANY_TYPE, 4, 0, 0},        /* PMU_V3: IRQ */
    {FD_VCPU, ANY_TYPE, 0, 0, 1},        /* PMU_V3: INIT */
    {FD_VCPU, ANY_TYPE, 8, 0, 2},        /* PMU_V3: FILTER, struct kvm_pmu_event_filter */
    {FD_VCPU, ANY_TYPE, 4, 0, 3},        /* PMU_V3: SET_PMU */
    {FD_VCPU, ANY_TYPE, 4, 0, 4},        /* PMU_V3: SET_NR_COUNTERS */
    {FD_VCPU, ANY_TYPE, 4, 1, ANY_ATTR}, /* TIMER: the PPI of each timer */
    {FD_VCPU, ANY_TYPE, 8, 2, 0},        /* PVTIME: IPA */
    {FD_VCPU, ANY_TYPE, 4, 3, 0},        /* SPE: IRQ */
    {FD_VCPU, ANY_TYPE, 0, 3, 1},        /* SPE: INIT */
    {FD_VCPU, ANY_TYPE, 4, 3, 2},        /* SPE: STOP */
    {FD_VCPU, ANY_TYPE, 8, 3, ANY_ATTR}, /* SPE: later proposals, at most a u64 */
    {FD_VM, ANY_TYPE, 24, 0, 0},         /* SMCCC: FILTER, struct kvm_smccc_filter */
    {FD_DEVICE, KVM_DEV_TYPE_ARM_VGIC_V2, 8, 0, ANY_ATTR},  /* ADDR */
    {FD_DEVICE, KVM_DEV_TYPE_ARM_VGIC_V2, 4, 1, ANY_ATTR},  /* DIST_REGS */
    {FD_DEVICE, KVM_DEV_TYPE_ARM_VGIC_V2, 4, 2, ANY_ATTR},  /* CPU_REGS */
    {FD_DEVICE, KVM_DEV_TYPE_ARM_VGIC_V2, 4, 3, ANY_ATTR},  /* NR_IRQS */
    {FD_DEVICE, KVM_DEV_TYPE_ARM_VGIC_V3, 8, 0, ANY_ATTR},  /* ADDR */
    {FD_DEVICE, KVM_DEV_TYPE_ARM_VGIC_V3, 4, 1, ANY_ATTR},  /* DIST_REGS */
    {FD_DEVICE, KVM_DEV_TYPE_ARM_VGIC_V3, 4, 3, ANY_ATTR},  /* NR_IRQS */
    {FD_DEVICE, KVM_DEV_TYPE_ARM_VGIC_V3, 4, 5, ANY_ATTR},  /* REDIST_REGS */
    {FD_DEVICE, KVM_DEV_TYPE_ARM_VGIC_V3, 8, 6, ANY_ATTR},  /* CPU_SYSREGS */
    {FD_DEVICE, KVM_DEV_TYPE_ARM_VGIC_V3, 4, 7, ANY_ATTR},  /* LEVEL_INFO */
    {FD_DEVICE, KVM_DEV_TYPE_ARM_VGIC_V3, 4, 9, ANY_ATTR},  /* MAINT_IRQ */
    {FD_DEVICE, KVM_DEV_TYPE_ARM_VGIC_ITS, 8, 0, ANY_ATTR}, /* ADDR */
    {FD_DEVICE, KVM_DEV_TYPE_ARM_VGIC_ITS, 8, 8, ANY_ATTR}, /* ITS_REGS */
};

static uint32_t attr_bytes(uint32_t what, const struct kvm_device_attr* attr) {
  for (size_t i = 0; i < sizeof(attr_sizes) / sizeof(attr_sizes[0]); ++i) {
    const struct attr_size* size = &attr_sizes[i];
    if (size->fd_kind == FD_KIND(what) &&
        (size->device_type == ANY_TYPE || size->device_type == FD_TYPE(what)) &&
        size->group == attr->group && (size->attr == ANY_ATTR || size->attr == attr->attr)) {
      return size->bytes;
    }
  }
  return 0;
}

static struct value_ref attr_value(uint32_t what, uint32_t request, const void* in) {
  struct kvm_device_attr attr;
  memcpy(&attr, in, sizeof(attr));
  struct value_ref value = {attr.addr, attr_bytes(what, &attr), false, false};
  value.out = request == KVM_GET_DEVICE_ATTR;
  value.in = request == KVM_SET_DEVICE_ATTR;
  /* KVM documents no memory access for HAS, but what was offered may explain an answer. */
  if (request == KVM_HAS_DEVICE_ATTR) value.in = attr.addr != 0;
  /* A GET of a GIC redistributor region finds the region's index in the value. */
  const uint32_t group_addr = 0;
  if (request == KVM_GET_DEVICE_ATTR && FD_KIND(what) == FD_DEVICE && attr.group == group_addr) {
    value.in = true;
  }
  return value;
}

struct value_ref payload_value(uint32_t what, uint32_t request, const void* in, size_t in_bytes) {
  const struct value_ref none = {0, 0, false, false};
  switch (request) {
    case KVM_SET_DEVICE_ATTR:
    case KVM_GET_DEVICE_ATTR:
    case KVM_HAS_DEVICE_ATTR:
      if (in_bytes < sizeof(struct kvm_device_attr)) return none;
      return attr_value(what, request, in);
    case KVM_GET_ONE_REG: /* on a VM this number is KVM_ARM_SET_DEVICE_ADDR */
    case KVM_SET_ONE_REG: {
      struct kvm_one_reg reg;
      if (FD_KIND(what) != FD_VCPU || in_bytes < sizeof(reg)) return none;
      memcpy(&reg, in, sizeof(reg));
      const bool set = request == KVM_SET_ONE_REG;
      return (struct value_ref){reg.addr, register_bytes(reg.id), set, !set};
    }
    default: return none;
  }
}
