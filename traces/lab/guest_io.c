/* SPDX-License-Identifier: Apache-2.0
 *
 * The guest's end of the laboratory: host files by semihosting, and the batch server.
 *
 * QEMU with `-semihosting-config enable=on,userspace=on,target=native` carries out the Arm
 * semihosting calls of EL0 programs, so bulk data needs no driver in the kernel under test. The
 * argument block and the buffers are reached through the page tables as they are: no fault is
 * taken and no copy-on-write is done, so every page must have been written before the call.
 *
 *   guest_io job                  print the host folder this machine was started for (arg= option)
 *   guest_io fetch HOST GUEST     copy a host file into the guest
 *   guest_io put GUEST HOST       copy a guest file ("-": standard input, as it comes) to the host
 *   guest_io exit N               leave QEMU at once with status N
 *   guest_io serve DIR            perform batches, see lab.sh
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

enum { CHUNK = 1 << 20, PATH_BYTES = 4096, NAME_BYTES = 64 };

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
static char path_a[PATH_BYTES], path_b[PATH_BYTES];
static uint8_t chunk[CHUNK];

static _Noreturn void fail(const char* what, const char* which) {
  fprintf(stderr, "guest_io: %s %s\n", what, which);
  exit(125);
}

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

static uint64_t set_path(char* buffer, const char* path) {
  size_t length = strlen(path);
  if (length >= PATH_BYTES) fail("path too long:", path);
  memcpy(buffer, path, length + 1);
  return length;
}

static int64_t host_open(const char* path, enum open_mode mode) {
  uint64_t length = set_path(path_a, path);
  return semihost(SYS_OPEN, address(path_a), mode, length, 0);
}

static void host_close(int64_t handle) { semihost(SYS_CLOSE, (uint64_t)handle, 0, 0, 0); }

/* What is in `chunk` goes to the host; false when the host did not take all of it. */
static bool host_write(int64_t handle, size_t bytes) {
  return semihost(SYS_WRITE, (uint64_t)handle, address(chunk), bytes, 0) == 0;
}

static size_t host_read(int64_t handle) {
  int64_t left = semihost(SYS_READ, (uint64_t)handle, address(chunk), CHUNK, 0);
  return left < 0 || left > CHUNK ? 0 : (size_t)(CHUNK - left);
}

static void host_remove(const char* path) {
  uint64_t length = set_path(path_a, path);
  semihost(SYS_REMOVE, address(path_a), length, 0, 0);
}

static bool host_rename(const char* from, const char* to) {
  uint64_t a = set_path(path_a, from), b = set_path(path_b, to);
  return semihost(SYS_RENAME, address(path_a), a, address(path_b), b) == 0;
}

static bool fetch(const char* host, const char* guest) {
  int64_t handle = host_open(host, READ_BINARY);
  if (handle < 0) return false;
  int file = open(guest, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
  if (file < 0) fail("cannot write", guest);
  for (size_t n; (n = host_read(handle)) > 0;)
    if (write(file, chunk, n) != (ssize_t)n) fail("no space for", guest);
  close(file);
  host_close(handle);
  return true;
}

/* Everything from `file` to a new host file, as it comes: what the guest wrote before its kernel
 * died is on the host. */
static bool stream(int file, const char* host) {
  int64_t handle = host_open(host, WRITE_BINARY);
  if (handle < 0) return false;
  bool good = true;
  for (ssize_t n; good;) {
    n = read(file, chunk, CHUNK);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    good = host_write(handle, (size_t)n);
  }
  host_close(handle);
  return good;
}

static bool host_text(const char* path, const char* text) {
  int64_t handle = host_open(path, WRITE_BINARY);
  if (handle < 0) return false;
  size_t bytes = strlen(text);
  memcpy(chunk, text, bytes);
  bool good = host_write(handle, bytes);
  host_close(handle);
  return good;
}

/* --- the batch server --------------------------------------------------------------------- */

struct names {
  char ops[PATH_BYTES], partial[PATH_BYTES], capture[PATH_BYTES], failed[PATH_BYTES];
};

static void make_name(char* out, const char* folder, const char* name, const char* suffix) {
  if (snprintf(out, PATH_BYTES, "%s/%s%s", folder, name, suffix) >= PATH_BYTES)
    fail("path too long:", folder);
}

/* The reason, or NULL. */
static const char* batch(const struct names* n, const char* input) {
  if (!fetch(n->ops, input)) return "no such request";
  host_remove(n->ops); /* begun: whoever starts the next guest must not perform it again */
  int out[2];
  if (pipe2(out, O_CLOEXEC)) return "pipe failed";
  pid_t pid = fork();
  if (pid < 0) return "fork failed";
  if (pid == 0) {
    dup2(out[1], 1);
    execl("/bin/perform", "perform", input, (char*)NULL);
    _exit(127);
  }
  close(out[1]);
  bool good = stream(out[0], n->partial);
  close(out[0]);
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
  if (!good) return "the host did not take the answer";
  if (WIFEXITED(status) && WEXITSTATUS(status) == 2) return "malformed operations";
  if (status) return "the performer failed";
  return host_rename(n->partial, n->capture) ? NULL : "the host did not take the answer";
}

static _Noreturn void serve(const char* folder) {
  struct termios raw;
  if (!tcgetattr(0, &raw)) {
    raw.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ISIG);
    tcsetattr(0, TCSANOW, &raw);
  }
  static struct names n;
  char line[256], name[NAME_BYTES + 1];
  make_name(n.ops, folder, "listening", "");
  if (!host_text(n.ops, "")) fail("cannot reach", folder);
  while (fgets(line, sizeof line, stdin)) {
    if (sscanf(line, "%64[-_0-9A-Za-z]", name) != 1) continue;
    make_name(n.ops, folder, name, ".ops");
    make_name(n.partial, folder, name, ".partial");
    make_name(n.capture, folder, name, ".capture");
    make_name(n.failed, folder, name, ".failed");
    const char* reason = batch(&n, "/tmp/batch");
    if (!reason) continue;
    if (host_text(n.partial, reason)) host_rename(n.partial, n.failed);
  }
  exit(0);
}

int main(int argc, char** argv) {
  memset(chunk, 1, sizeof chunk);
  memset(path_a, 1, sizeof path_a);
  memset(path_b, 1, sizeof path_b);
  memset(block, 1, sizeof block);
  if (mlockall(MCL_CURRENT)) fail("cannot lock", "memory");

  const char* verb = argc > 1 ? argv[1] : "";
  if (argc == 2 && !strcmp(verb, "job")) {
    if (semihost(SYS_GET_CMDLINE, address(path_a), PATH_BYTES - 1, 0, 0)) fail("no", "job");
    puts(path_a);
  } else if (argc == 4 && !strcmp(verb, "fetch")) {
    if (!fetch(argv[2], argv[3])) fail("no such host file:", argv[2]);
  } else if (argc == 4 && !strcmp(verb, "put")) {
    int file = strcmp(argv[2], "-") ? open(argv[2], O_RDONLY | O_CLOEXEC) : 0;
    if (file < 0) fail("cannot read", argv[2]);
    if (!stream(file, argv[3])) fail("cannot write host file", argv[3]);
  } else if (argc == 3 && !strcmp(verb, "exit")) {
    semihost(SYS_EXIT, 0x20026, strtoull(argv[2], NULL, 10), 0,
             0); /* ADP_Stopped_ApplicationExit */
  } else if (argc == 3 && !strcmp(verb, "serve")) {
    serve(argv[2]);
  } else {
    fail("usage:", "job | fetch HOST GUEST | put GUEST HOST | exit N | serve DIR");
  }
  return 0;
}
