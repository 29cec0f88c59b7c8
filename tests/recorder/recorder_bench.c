/* SPDX-License-Identifier: Apache-2.0
 *
 * What the recorder costs: nanoseconds per ioctl, the best of several rounds. Run it on the fake
 * KVM alone, and again with the recorder before it; the difference is the recorder's.
 *
 *   LD_PRELOAD=fake_kvm.so recorder_bench
 *   ASSAY_RECORD=FILE LD_PRELOAD="assay-recorder-<arch>.so fake_kvm.so" recorder_bench
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "fake_kvm.h"

#define CALLS 100000
#define ROUNDS 9

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static void measure(const char* name, int fd, unsigned long request, void* arg) {
  double best = 1e9;
  for (int round = 0; round < ROUNDS; ++round) {
    const double begin = now();
    for (int i = 0; i < CALLS; ++i) ioctl(fd, request, arg);
    const double each = (now() - begin) / CALLS;
    if (each < best) best = each;
  }
  printf("%-32s %7.1f ns\n", name, best);
}

int main(void) {
  if (&fake_kvm_present == NULL) {
    fprintf(stderr, "recorder_bench: runs on the fake KVM only\n");
    return 2;
  }
  const int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
  const int other = open("/dev/null", O_RDONLY | O_CLOEXEC);
  struct fake_numbered local = {1, {0}}, *heap = calloc(1, sizeof(*heap));
  measure("another descriptor", other, 0x1234, NULL);
  measure("KVM, no payload", kvm, KVM_CHECK_EXTENSION, (void*)1);
  measure("KVM, 520 bytes on the stack", kvm, FAKE_NUMBERED, &local);
  measure("KVM, 520 bytes elsewhere", kvm, FAKE_NUMBERED, heap);
  free(heap);
  return 0;
}
