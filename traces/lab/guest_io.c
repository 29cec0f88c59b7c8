/* SPDX-License-Identifier: Apache-2.0
 *
 * The guest's end of the laboratory: host files (guest_host.h), and the batch server.
 *
 *   guest_io job                  print the host folder this machine was started for
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
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "guest_host.h"

enum { PATH_BYTES = HOST_PATH_BYTES, NAME_BYTES = 64 };

static _Noreturn void fail(const char* what, const char* which) {
  fprintf(stderr, "guest_io: %s %s\n", what, which);
  exit(125);
}

static bool fetch(const char* host, const char* guest) {
  int64_t handle = host_open_to_read(host);
  if (handle < 0) return false;
  int file = open(guest, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
  if (file < 0) fail("cannot write", guest);
  for (size_t n; (n = host_read(handle)) > 0;)
    if (write(file, host_chunk, n) != (ssize_t)n) fail("no space for", guest);
  close(file);
  host_close(handle);
  return true;
}

/* Everything from `file` to a new host file, as it comes: what the guest wrote before its kernel
 * died is on the host. */
static bool stream(int file, const char* host) {
  int64_t handle = host_open_to_write(host);
  if (handle < 0) return false;
  bool good = true;
  for (ssize_t n; good;) {
    n = read(file, host_chunk, HOST_CHUNK);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    good = host_write(handle, (size_t)n);
  }
  host_close(handle);
  return good;
}

static bool host_text(const char* path, const char* text) {
  int64_t handle = host_open_to_write(path);
  if (handle < 0) return false;
  size_t bytes = strlen(text);
  memcpy(host_chunk, text, bytes);
  bool good = host_write(handle, bytes);
  host_close(handle);
  return good;
}

/* --- the batch server --------------------------------------------------------------------- */

struct names {
  char ops[PATH_BYTES], partial[PATH_BYTES], capture[PATH_BYTES];
  char reason[PATH_BYTES], failed[PATH_BYTES];
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
    make_name(n.reason, folder, name, ".reason");
    make_name(n.failed, folder, name, ".failed");
    const char* reason = batch(&n, "/tmp/batch");
    if (!reason) continue;
    /* What was performed stays in NAME.partial. The reason comes by rename, like all answers. */
    if (host_text(n.reason, reason)) host_rename(n.reason, n.failed);
  }
  exit(0);
}

int main(int argc, char** argv) {
  const char* wrong = host_prepare();
  if (wrong) fail("cannot start:", wrong);

  const char* verb = argc > 1 ? argv[1] : "";
  if (argc == 2 && !strcmp(verb, "job")) {
    const char* job = host_job();
    if (!job) fail("no", "job");
    puts(job);
  } else if (argc == 4 && !strcmp(verb, "fetch")) {
    if (!fetch(argv[2], argv[3])) fail("no such host file:", argv[2]);
  } else if (argc == 4 && !strcmp(verb, "put")) {
    int file = strcmp(argv[2], "-") ? open(argv[2], O_RDONLY | O_CLOEXEC) : 0;
    if (file < 0) fail("cannot read", argv[2]);
    if (!stream(file, argv[3])) fail("cannot write host file", argv[3]);
  } else if (argc == 3 && !strcmp(verb, "exit")) {
    host_exit(strtoull(argv[2], NULL, 10));
  } else if (argc == 3 && !strcmp(verb, "serve")) {
    serve(argv[2]);
  } else {
    fail("usage:", "job | fetch HOST GUEST | put GUEST HOST | exit N | serve DIR");
  }
  return 0;
}
