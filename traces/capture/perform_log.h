/* SPDX-License-Identifier: Apache-2.0
 *
 * The kernel's log, as far as it is new: what a kernel says of a call (a WARNING, an oops that it
 * survived) is as much its answer as the errno.
 */
#ifndef ASSAY_PERFORM_LOG_H
#define ASSAY_PERFORM_LOG_H

#include <stdint.h>

enum { PERFORM_LOG_BYTES = 64 << 10 }; /* of what is logged during one operation; more is cut */

/* /dev/kmsg at its end, or -1 where it cannot be read. */
int perform_open_log(void);

/* Makes the kernel forget which of its WARN_ON_ONCE() it has warned of: each program shall show its
 * own. Does nothing without debugfs. */
void perform_forget_warnings(void);

/* What was logged since the last look, one message a line, "<severity>text"; how long it is. */
uint32_t perform_read_log(int log, char text[PERFORM_LOG_BYTES]);

#endif
