/* SPDX-License-Identifier: Apache-2.0
 *
 * Asks this machine's kernel what host_facts.h lists. Makes a VM of its own and keeps nothing.
 */
#define _GNU_SOURCE
#include "host_facts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/utsname.h>
#include <unistd.h>

/* Newer than the oldest supported kernel headers. */
#define CAP_USER_MEMORY2 231
#define CAP_VM_TYPES 235

static const struct {
  const char* name;
  int number;
} caps[] = {
    {"NR_VCPUS", KVM_CAP_NR_VCPUS},
    {"MAX_VCPUS", KVM_CAP_MAX_VCPUS},
    {"NR_MEMSLOTS", KVM_CAP_NR_MEMSLOTS},
    {"MAX_VCPU_ID", KVM_CAP_MAX_VCPU_ID},
    {"ARM_VM_IPA_SIZE", KVM_CAP_ARM_VM_IPA_SIZE},
    {"ARM_PMU_V3", KVM_CAP_ARM_PMU_V3},
    {"ARM_SVE", KVM_CAP_ARM_SVE},
    {"ARM_EL1_32BIT", KVM_CAP_ARM_EL1_32BIT},
    {"ARM_PTRAUTH_ADDRESS", KVM_CAP_ARM_PTRAUTH_ADDRESS},
    {"ARM_PTRAUTH_GENERIC", KVM_CAP_ARM_PTRAUTH_GENERIC},
    {"ARM_MTE", KVM_CAP_ARM_MTE},
    {"STEAL_TIME", KVM_CAP_STEAL_TIME},
    {"IMMEDIATE_EXIT", KVM_CAP_IMMEDIATE_EXIT},
    {"USER_MEMORY2", CAP_USER_MEMORY2},
    {"READONLY_MEM", KVM_CAP_READONLY_MEM},
    {"SET_GUEST_DEBUG", KVM_CAP_SET_GUEST_DEBUG},
    {"ADJUST_CLOCK", KVM_CAP_ADJUST_CLOCK},
    {"GET_TSC_KHZ", KVM_CAP_GET_TSC_KHZ},
    {"TSC_CONTROL", KVM_CAP_TSC_CONTROL},
    {"VM_TSC_CONTROL", KVM_CAP_VM_TSC_CONTROL},
    {"VCPU_ATTRIBUTES", KVM_CAP_VCPU_ATTRIBUTES},
    {"VM_TYPES", CAP_VM_TYPES},
};

static const struct {
  const char* name;
  uint32_t type;
} devices[] = {
    {"VGIC_V2", KVM_DEV_TYPE_ARM_VGIC_V2},
    {"VGIC_V3", KVM_DEV_TYPE_ARM_VGIC_V3},
    {"VGIC_ITS", KVM_DEV_TYPE_ARM_VGIC_ITS},
};

/* One line of a file in sysfs, "" if there is none. */
static const char* line_of(const char* format, const char* name) {
  static char path[512], line[512];
  snprintf(path, sizeof path, format, name);
  FILE* file = fopen(path, "re");
  if (!file || !fgets(line, sizeof line, file)) line[0] = 0;
  if (file) fclose(file);
  line[strcspn(line, "\n")] = 0;
  return line;
}

static void print_pmus(FILE* out) {
  struct dirent** list;
  int count = scandir("/sys/bus/event_source/devices", &list, NULL, alphasort);
  for (int i = 0; i < count; i++) {
    const char* name = list[i]->d_name;
    if (strncmp(name, "armv8", 5)) continue;
    fprintf(out, "pmu.%s.type=%s\n", name, line_of("/sys/bus/event_source/devices/%s/type", name));
    fprintf(out, "pmu.%s.cpus=%s\n", name, line_of("/sys/bus/event_source/devices/%s/cpus", name));
  }
}

#ifdef __aarch64__
static void print_vcpu(FILE* out, int vm) {
  struct kvm_vcpu_init init;
  if (ioctl(vm, KVM_ARM_PREFERRED_TARGET, &init)) return;
  fprintf(out, "preferred_target=%u\n", init.target);
  int vcpu = ioctl(vm, KVM_CREATE_VCPU, 0);
  if (vcpu < 0 || ioctl(vm, KVM_CHECK_EXTENSION, KVM_CAP_ARM_SVE) <= 0) return;
  init.features[0] |= 1u << KVM_ARM_VCPU_SVE;
  uint64_t lengths[KVM_ARM64_SVE_VLS_WORDS] = {0}; /* bit q: 16 * (q + 1) bytes */
  struct kvm_one_reg reg = {KVM_REG_ARM64_SVE_VLS, (uint64_t)(uintptr_t)lengths};
  if (ioctl(vcpu, KVM_ARM_VCPU_INIT, &init) || ioctl(vcpu, KVM_GET_ONE_REG, &reg)) return;
  fprintf(out, "sve.vector_bytes=");
  const char* comma = "";
  for (unsigned q = 0; q < 64 * KVM_ARM64_SVE_VLS_WORDS; q++) {
    if (!(lengths[q / 64] >> (q % 64) & 1)) continue;
    fprintf(out, "%s%u", comma, 16 * (q + 1));
    comma = ",";
  }
  fprintf(out, "\n");
}
#elif defined __x86_64__
static void print_vcpu(FILE* out, int vm) {
  struct kvm_clock_data clock = {0};
  int vcpu = ioctl(vm, KVM_CREATE_VCPU, 0);
  if (vcpu < 0) return;
  uint32_t b = 0, c = 0, d = 0, leaf = 0;
  __asm__("cpuid" : "+a"(leaf), "=b"(b), "+c"(c), "=d"(d));
  fprintf(out, "vendor=%.4s%.4s%.4s\n", (char*)&b, (char*)&d, (char*)&c);
  fprintf(out, "tsc_khz=%d\n", ioctl(vcpu, KVM_GET_TSC_KHZ, 0));
  if (!ioctl(vm, KVM_GET_CLOCK, &clock)) fprintf(out, "clock_flags=%u\n", clock.flags);
  fprintf(out, "clocksource=%s\n",
          line_of("/sys/devices/system/clocksource/clocksource0/%s", "current_clocksource"));
  close(vcpu);
}
#else
static void print_vcpu(FILE* out, int vm) { (void)out, (void)vm; }
#endif

/* The bound of user addresses is how the kernel was built, whatever the CPU's page tables reach:
 * only a call that compares with it tells. */
static int user_address_bits(int vm) {
  struct kvm_userspace_memory_region beyond_48 = {.memory_size = 4096,
                                                  .userspace_addr = UINT64_C(1) << 48};
  if (ioctl(vm, KVM_SET_USER_MEMORY_REGION, &beyond_48)) return 48;
  beyond_48.memory_size = 0;
  ioctl(vm, KVM_SET_USER_MEMORY_REGION, &beyond_48);
  return 52;
}

/* A VM to ask; -1 with the reason said. */
static int make_vm(FILE* out, int kvm) {
  const int vm = kvm < 0 ? -1 : ioctl(kvm, KVM_CREATE_VM, 0);
  if (vm < 0) fprintf(out, "kvm=%s\n", strerrorname_np(errno));
  return vm;
}

bool host_facts(FILE* out) {
  struct utsname name;
  uname(&name);
  fprintf(out, "release=%s\nversion=%s\nmachine=%s\n", name.release, name.version, name.machine);
  fprintf(out, "page_size=%ld\n", sysconf(_SC_PAGESIZE));
  fprintf(out, "online_cpus=%s\n", line_of("/sys/devices/system/cpu/%s", "online"));
  fprintf(out, "possible_cpus=%s\n", line_of("/sys/devices/system/cpu/%s", "possible"));
  print_pmus(out);

  const int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
  const int vm = make_vm(out, kvm);
  if (vm < 0) {
    if (kvm >= 0) close(kvm);
    return false;
  }
  fprintf(out, "api_version=%d\n", ioctl(kvm, KVM_GET_API_VERSION, 0));
  fprintf(out, "vcpu_mmap_size=%d\n", ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0));
  fprintf(out, "user_address_bits=%d\n", user_address_bits(vm));
  for (size_t i = 0; i < sizeof caps / sizeof *caps; i++) {
    int of_vm = ioctl(vm, KVM_CHECK_EXTENSION, caps[i].number);
    int of_system = ioctl(kvm, KVM_CHECK_EXTENSION, caps[i].number);
    fprintf(out, "cap.%s=%d\n", caps[i].name, of_vm);
    if (of_vm != of_system) fprintf(out, "cap.system.%s=%d\n", caps[i].name, of_system);
  }
  for (size_t i = 0; i < sizeof devices / sizeof *devices; i++) {
    struct kvm_create_device make = {devices[i].type, 0, KVM_CREATE_DEVICE_TEST};
    int failed = ioctl(vm, KVM_CREATE_DEVICE, &make);
    fprintf(out, "device.%s=%s\n", devices[i].name, failed ? strerrorname_np(errno) : "0");
  }
  print_vcpu(out, vm);
  close(vm);
  close(kvm);
  return true;
}
