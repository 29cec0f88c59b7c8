/* SPDX-License-Identifier: Apache-2.0
 *
 * assay-record -o FILE [--] COMMAND...: runs a VMM under the recorder, on any Linux machine.
 *
 * A static program that needs nothing but the recorder library beside it, for machines on which
 * assay itself is not installed. It writes the capture stream to FILE (other processes of the VMM
 * to FILE.<pid>) and puts what it knows of the host into it, so that `assay check FILE` and
 * `assay convert FILE` elsewhere know which host answered.
 *
 * Exit status: the command's, or 128 and the signal that ended it; 1 nothing was recorded or a file
 * could not be written; 3 bad usage; 127 the command could not be run.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture.h"
#include "host_facts.h"

enum { STATUS_NOTHING = 1, STATUS_USAGE = 3, STATUS_NO_COMMAND = 127 };

static void say(const char* format, ...) {
  va_list list;
  va_start(list, format);
  fputs("assay-record: ", stderr);
  vfprintf(stderr, format, list);
  fputc('\n', stderr);
  va_end(list);
}

/* --- the library --- */

/* ASSAY_RECORDER, or the library beside this program or in the library folder of its prefix. */
static bool find_library(char path[PATH_MAX]) {
  const char* named = getenv("ASSAY_RECORDER");
  if (named != NULL && *named != 0) return realpath(named, path) != NULL;
  char here[PATH_MAX];
  const ssize_t length = readlink("/proc/self/exe", here, sizeof(here) - 1);
  if (length <= 0) return false;
  here[length] = 0;
  *strrchr(here, '/') = 0;
  static const char* const places[] = {"%s/assay-recorder.so", "%s/../lib/assay/assay-recorder.so"};
  for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); ++i) {
    char there[PATH_MAX + 64];
    snprintf(there, sizeof(there), places[i], here);
    if (realpath(there, path) != NULL) return true;
  }
  return false;
}

/* --- the command --- */

static volatile sig_atomic_t child;

/* What would end us ends the command: then its records are kept. */
static void pass_on(int number) {
  if (child > 0) kill((pid_t)child, number);
}

static _Noreturn void run_command(const char* library, const char* file, char** command) {
  const char* others = getenv("LD_PRELOAD");
  char* preload = NULL;
  const bool more = others != NULL && *others != 0;
  if (asprintf(&preload, "%s%s%s", library, more ? ":" : "", more ? others : "") < 0 ||
      setenv("LD_PRELOAD", preload, 1) != 0 || setenv("ASSAY_RECORD", file, 1) != 0) {
    say("out of memory");
    _exit(STATUS_NO_COMMAND);
  }
  execvp(command[0], command);
  say("cannot run %s: %s", command[0], strerror(errno));
  _exit(STATUS_NO_COMMAND);
}

static int wait_for_command(void) {
  int status = 0;
  while (waitpid((pid_t)child, &status, 0) < 0)
    if (errno != EINTR) return STATUS_NOTHING;
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* --- the host record --- */

static bool copy_rest(FILE* from, FILE* to) {
  static char block[1 << 16];
  for (size_t n; (n = fread(block, 1, sizeof(block), from)) > 0;)
    if (fwrite(block, 1, n, to) != n) return false;
  return !ferror(from);
}

/* A record of its own that holds the text. */
static bool write_host_record(FILE* to, const char* text, size_t bytes) {
  static const char padding[8];
  const size_t padded = (bytes + 7) & ~(size_t)7;
  struct capture_part part = {.kind = CAPTURE_PATH, .bytes = (uint32_t)bytes};
  struct capture_record record = {.kind = CAPTURE_HOST, .parts = 1};
  record.bytes = (uint32_t)(sizeof(record) + sizeof(part) + padded);
  record.cpu_begin = record.cpu_end = -1;
  record.fd = -1;
  return fwrite(&record, sizeof(record), 1, to) == 1 && fwrite(&part, sizeof(part), 1, to) == 1 &&
         fwrite(text, 1, bytes, to) == bytes &&
         fwrite(padding, 1, padded - bytes, to) == padded - bytes;
}

/* The capture once more with the host behind its header; renamed, so that there is always one. */
static bool add_host(const char* file, const char* text, size_t bytes) {
  char name[PATH_MAX + 8];
  snprintf(name, sizeof(name), "%s.part", file);
  FILE* from = fopen(file, "re");
  FILE* to = from == NULL ? NULL : fopen(name, "we");
  struct capture_header header;
  bool good = to != NULL && fread(&header, sizeof(header), 1, from) == 1 &&
              fwrite(&header, sizeof(header), 1, to) == 1 && write_host_record(to, text, bytes) &&
              copy_rest(from, to);
  if (to != NULL) good = fclose(to) == 0 && good;
  if (from != NULL) fclose(from);
  good = good && rename(name, file) == 0;
  if (!good) {
    say("%s: the host could not be added: %s", file, strerror(errno));
    unlink(name);
  }
  return good;
}

/* Every capture of the command: its own and those of other processes. */
static bool add_host_to_all(const char* file) {
  char* text = NULL;
  size_t bytes = 0;
  FILE* memory = open_memstream(&text, &bytes);
  if (memory == NULL) return false;
  host_facts(memory); /* also half of it is worth having */
  fclose(memory);
  glob_t found = {0};
  char pattern[PATH_MAX + 16];
  snprintf(pattern, sizeof(pattern), "%s.[0-9]*", file);
  bool good = access(file, F_OK) != 0 || add_host(file, text, bytes);
  if (glob(pattern, 0, NULL, &found) == 0)
    for (size_t i = 0; i < found.gl_pathc; ++i)
      good = add_host(found.gl_pathv[i], text, bytes) && good;
  globfree(&found);
  free(text);
  return good;
}

static bool make_folder_of(const char* file) {
  char folder[PATH_MAX];
  snprintf(folder, sizeof(folder), "%s", file);
  char* slash = strrchr(folder, '/');
  if (slash == NULL || slash == folder) return true;
  *slash = 0;
  return mkdir(folder, 0777) == 0 || errno == EEXIST;
}

int main(int argc, char** argv) {
  int first = 3;
  if (argc > first && strcmp(argv[first], "--") == 0) ++first;
  if (argc <= first || strcmp(argv[1], "-o") != 0 || strlen(argv[2]) > PATH_MAX / 2) {
    fputs("usage: assay-record -o FILE [--] COMMAND...\n", stderr);
    return STATUS_USAGE;
  }
  const char* file = argv[2];
  char library[PATH_MAX];
  if (!find_library(library)) {
    say("assay-recorder.so is neither beside this program nor named by ASSAY_RECORDER");
    return STATUS_USAGE;
  }
  if (!make_folder_of(file) || (unlink(file) != 0 && errno != ENOENT)) {
    say("%s cannot be written: %s", file, strerror(errno));
    return STATUS_NOTHING;
  }
  const int passed_on[] = {SIGHUP, SIGINT, SIGTERM};
  const pid_t pid = fork();
  if (pid == 0) run_command(library, file, argv + first);
  if (pid < 0) {
    say("cannot start a process: %s", strerror(errno));
    return STATUS_NOTHING;
  }
  child = pid;
  for (size_t i = 0; i < sizeof(passed_on) / sizeof(passed_on[0]); ++i)
    signal(passed_on[i], pass_on);
  const int status = wait_for_command();
  const bool good = add_host_to_all(file);
  if (access(file, F_OK) != 0) {
    say("no KVM call was recorded (a static program, or one without /dev/kvm?)");
    return status != 0 ? status : STATUS_NOTHING;
  }
  return status != 0 || good ? status : STATUS_NOTHING;
}
