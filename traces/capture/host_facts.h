/* SPDX-License-Identifier: Apache-2.0
 *
 * What a model must know about a KVM host, as key=value lines.
 *
 *   release, machine   uname -r, uname -m; version, page_size, online_cpus, possible_cpus
 *   cap.NAME           KVM_CHECK_EXTENSION on a VM, and cap.system.NAME on /dev/kvm where the two
 *                      differ (some answers depend on the VM)
 *   device.NAME        0 or the errno name of KVM_CREATE_DEVICE with KVM_CREATE_DEVICE_TEST
 *   pmu.NAME.type      for KVM_ARM_VCPU_PMU_V3_SET_PMU; pmu.NAME.cpus: the CPUs it belongs to
 *   vendor             of an x86 CPU, as CPUID tells it
 *   tsc_khz            of a new vCPU on x86; clock_flags of KVM_GET_CLOCK; clocksource of the host
 *   sve.vector_bytes   the lengths a vCPU with KVM_ARM_VCPU_SVE can use
 *   kvm                the errno name of why /dev/kvm cannot be asked; nothing of it follows
 */
#ifndef ASSAY_HOST_FACTS_H
#define ASSAY_HOST_FACTS_H

#include <stdbool.h>
#include <stdio.h>

/* Writes them; false: KVM could not be asked, and its part is missing. */
bool host_facts(FILE* out);

#endif
