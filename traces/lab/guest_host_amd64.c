/* SPDX-License-Identifier: Apache-2.0
 *
 * There is no semihosting on x86: guest_init has mounted the job's folder at /host (virtio-9p).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/reboot.h>
#include <unistd.h>

#include "guest_host.h"

uint8_t host_chunk[HOST_CHUNK];

const char* host_prepare(void) { return NULL; }
const char* host_job(void) { return access("/host/script", R_OK) ? NULL : "/host"; }

int64_t host_open_to_read(const char* path) { return open(path, O_RDONLY | O_CLOEXEC); }
int64_t host_open_to_write(const char* path) {
  return open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
}
void host_close(int64_t handle) { close((int)handle); }

bool host_write(int64_t handle, size_t bytes) {
  for (size_t at = 0; at < bytes;) {
    ssize_t n = write((int)handle, host_chunk + at, bytes - at);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    at += (size_t)n;
  }
  return true;
}

size_t host_read(int64_t handle) {
  ssize_t n;
  do n = read((int)handle, host_chunk, HOST_CHUNK);
  while (n < 0 && errno == EINTR);
  return n < 0 ? 0 : (size_t)n;
}

void host_remove(const char* path) { unlink(path); }
bool host_rename(const char* from, const char* to) { return rename(from, to) == 0; }

/* QEMU ends where the machine would start again. What the status was is in the job's folder. */
void host_exit(uint64_t status) {
  (void)status;
  reboot(RB_AUTOBOOT);
}
