/* SPDX-License-Identifier: Apache-2.0
 *
 * QEMU with `-semihosting-config enable=on,userspace=on,target=native` carries out the Arm
 * semihosting calls of EL0 programs, so bulk data needs no driver in the kernel under test. The
 * argument block and the buffers are reached through the page tables as they are: no fault is
 * taken and no copy-on-write is done, so every page must have been written before the call.
 */
#define _GNU_SOURCE
#include <string.h>
#include <sys/mman.h>

#include "guest_host.h"

enum semihosting {
  SYS_OPEN = 0x01,
  SYS_CLOSE = 0x02,
  SYS_WRITE = 0x05,
  SYS_READ = 0x06,
  SYS_REMOVE = 0x0e,
  SYS_RENAME = 0x0f,
  SYS_GET_CMDLINE = 0x15,
  SYS_EXIT = 0x18,
};

enum open_mode { READ_BINARY = 1, WRITE_BINARY = 5 };

/* Locked, written, and nowhere else: see above. */
static uint64_t block[4];
static char path_a[HOST_PATH_BYTES], path_b[HOST_PATH_BYTES];
uint8_t host_chunk[HOST_CHUNK];

static int64_t semihost(enum semihosting number, uint64_t a, uint64_t b, uint64_t c, uint64_t d) {
  block[0] = a;
  block[1] = b;
  block[2] = c;
  block[3] = d;
  register uint64_t x0 __asm__("x0") = number;
  register void* x1 __asm__("x1") = block;
  __asm__ volatile("hlt #0xf000" : "+r"(x0) : "r"(x1) : "memory");
  return (int64_t)x0;
}

static uint64_t address(const void* p) { return (uint64_t)(uintptr_t)p; }

/* A path that does not fit names no file. */
static uint64_t set_path(char* buffer, const char* path) {
  size_t length = strlen(path);
  if (length >= HOST_PATH_BYTES) length = 0;
  memcpy(buffer, path, length);
  buffer[length] = 0;
  return length;
}

const char* host_prepare(void) {
  memset(host_chunk, 1, sizeof host_chunk);
  memset(path_a, 1, sizeof path_a);
  memset(path_b, 1, sizeof path_b);
  memset(block, 1, sizeof block);
  return mlockall(MCL_CURRENT) ? "memory cannot be locked" : NULL;
}

const char* host_job(void) {
  return semihost(SYS_GET_CMDLINE, address(path_a), HOST_PATH_BYTES - 1, 0, 0) ? NULL : path_a;
}

static int64_t host_open(const char* path, enum open_mode mode) {
  uint64_t length = set_path(path_a, path);
  return semihost(SYS_OPEN, address(path_a), mode, length, 0);
}
int64_t host_open_to_read(const char* path) { return host_open(path, READ_BINARY); }
int64_t host_open_to_write(const char* path) { return host_open(path, WRITE_BINARY); }

void host_close(int64_t handle) { semihost(SYS_CLOSE, (uint64_t)handle, 0, 0, 0); }

bool host_write(int64_t handle, size_t bytes) {
  return semihost(SYS_WRITE, (uint64_t)handle, address(host_chunk), bytes, 0) == 0;
}

size_t host_read(int64_t handle) {
  int64_t left = semihost(SYS_READ, (uint64_t)handle, address(host_chunk), HOST_CHUNK, 0);
  return left < 0 || left > HOST_CHUNK ? 0 : (size_t)(HOST_CHUNK - left);
}

void host_remove(const char* path) {
  uint64_t length = set_path(path_a, path);
  semihost(SYS_REMOVE, address(path_a), length, 0, 0);
}

bool host_rename(const char* from, const char* to) {
  uint64_t a = set_path(path_a, from), b = set_path(path_b, to);
  return semihost(SYS_RENAME, address(path_a), a, address(path_b), b) == 0;
}

void host_exit(uint64_t status) {
  enum { ADP_STOPPED_APPLICATION_EXIT = 0x20026 };
  semihost(SYS_EXIT, ADP_STOPPED_APPLICATION_EXIT, status, 0, 0);
}
