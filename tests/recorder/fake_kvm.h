/* SPDX-License-Identifier: Apache-2.0
 *
 * What the fake KVM answers, for those who check it.
 */
#ifndef ASSAY_TESTS_FAKE_KVM_H
#define ASSAY_TESTS_FAKE_KVM_H

#include <linux/kvm.h>
#include <stdint.h>
#include <sys/ioctl.h>

/* Null in a program where the fake is not loaded: then /dev/kvm would be the machine's own. */
extern int fake_kvm_present __attribute__((weak));

#define FAKE_VCPU_BYTES 8192

/* KVM_CHECK_EXTENSION returns its argument, or fails with the error asked for. */
#define FAKE_ERROR(error) (UINT64_C(0x70000000) + (error))

/* Returns its number, which is in the struct: a call whose record is much larger. */
struct fake_numbered {
  uint64_t number;
  uint64_t filler[64];
};
#define FAKE_NUMBERED _IOW(KVMIO, 0xf1, struct fake_numbered)

/* Byte i of the value of a register or attribute. */
#define FAKE_BYTE(id, i) ((unsigned char)((id)*7 + (i) + 3))

/* Word i of the exit union after KVM_RUN. */
#define FAKE_EXIT(i) (UINT64_C(0x1111111100000000) * ((i) + 1) + 0x55)

/* arm64's KVM_ARM_PREFERRED_TARGET, whose struct other hosts' headers lack. */
struct fake_vcpu_init {
  uint32_t target;
  uint32_t features[7];
};
#define FAKE_PREFERRED_TARGET _IOR(KVMIO, 0xaf, struct fake_vcpu_init)

#endif
