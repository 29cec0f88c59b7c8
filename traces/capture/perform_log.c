/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "perform_log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { MESSAGE_BYTES = 8 << 10 }; /* the kernel gives no longer one */

int perform_open_log(void) {
  int log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (log >= 0) lseek(log, 0, SEEK_END);
  return log;
}

void perform_forget_warnings(void) {
  static int forget = -2;
  if (forget == -2) forget = open("/sys/kernel/debug/clear_warn_once", O_WRONLY | O_CLOEXEC);
  if (forget >= 0 && write(forget, "1", 1) != 1) close(forget), forget = -1;
}

/* One message as /dev/kmsg has it: "severity,sequence,time,flags;text\n", and lines of properties
 * that begin with a space. Appends it to `out`, of which `length` bytes are there. */
static uint32_t append_message(const char* message, size_t bytes, char* out, uint32_t length) {
  const char* text = memchr(message, ';', bytes);
  if (!text) return length;
  text++;
  const char* end = memchr(text, '\n', bytes - (size_t)(text - message));
  if (!end) end = message + bytes;
  size_t size = (size_t)(end - text);
  if (length + size + 4 > PERFORM_LOG_BYTES) return length;
  unsigned severity = 0; /* the facility stands above the three lowest bits */
  for (const char* c = message; *c >= '0' && *c <= '9'; c++)
    severity = severity * 10 + (unsigned)(*c - '0');
  out[length++] = '<';
  out[length++] = (char)('0' + severity % 8);
  out[length++] = '>';
  memcpy(out + length, text, size);
  length += (uint32_t)size;
  out[length++] = '\n';
  return length;
}

uint32_t perform_read_log(int log, char text[PERFORM_LOG_BYTES]) {
  static char message[MESSAGE_BYTES];
  uint32_t length = 0;
  for (;;) {
    ssize_t n = read(log, message, sizeof message);
    /* EPIPE: the ring has overwritten messages; the next ones can be read. */
    if (n < 0 && (errno == EPIPE || errno == EINTR)) continue;
    if (n <= 0) return length;
    length = append_message(message, (size_t)n, text, length);
  }
}
