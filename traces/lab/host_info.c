/* SPDX-License-Identifier: Apache-2.0
 *
 * host_info: what a model must know about this machine, as key=value lines (capture/host_facts.h).
 * Exit status: 1 if /dev/kvm could not be asked.
 */
#include "../capture/host_facts.h"

int main(void) { return host_facts(stdout) ? 0 : 1; }
