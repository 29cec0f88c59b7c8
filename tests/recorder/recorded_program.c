/* SPDX-License-Identifier: Apache-2.0
 *
 * The VMMs that recorder_test.cpp records: `recorded_program SCENARIO`, on the fake KVM. A scenario
 * prints what the test must find in the capture ("name value" lines) and exits with 1 if the
 * recorder changed what the program itself can see.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fake_kvm.h"

#define EXPECT(condition)                                                                       \
  do {                                                                                          \
    if (!(condition)) {                                                                         \
      fprintf(stderr, "%s:%d: not so: %s (errno %d)\n", __FILE__, __LINE__, #condition, errno); \
      exit(1);                                                                                  \
    }                                                                                           \
  } while (0)

static char* self;
static char* argument; /* of the scenario, "" if none */

static void say(const char* name, long long value) {
  printf("%s %lld\n", name, value);
  fflush(stdout);
}

static int open_kvm(void) {
  EXPECT(&fake_kvm_present != NULL);
  const int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
  EXPECT(kvm >= 0);
  return kvm;
}

static int make_vm(int kvm) {
  const int vm = ioctl(kvm, KVM_CREATE_VM, 0);
  EXPECT(vm >= 0);
  return vm;
}

/* Records of different sizes: those of equal size hide mistakes in the arithmetic of space. */
static void call(int fd, long value) {
  if (value % 3 == 2) {
    struct fake_numbered numbered = {(uint64_t)value, {0}};
    EXPECT(ioctl(fd, FAKE_NUMBERED, &numbered) == value);
  } else {
    EXPECT(ioctl(fd, KVM_CHECK_EXTENSION, value) == value);
  }
}

/* --- payloads --- */

static void scenario_basic(void) {
  int pipes[2], waiting;
  EXPECT(pipe(pipes) == 0);
  const int kvm = open_kvm();
  const int vm = make_vm(kvm);
  const int vcpu = ioctl(vm, KVM_CREATE_VCPU, 3);
  EXPECT(ioctl(pipes[0], FIONREAD, &waiting) == 0 && waiting == 0);
  struct fake_vcpu_init init;
  memset(&init, 0xee, sizeof(init));
  EXPECT(ioctl(vm, FAKE_PREFERRED_TARGET, &init) == 0);
  const int stats = ioctl(vcpu, KVM_GET_STATS_FD, 0);
  say("kvm", kvm), say("vm", vm), say("vcpu", vcpu), say("stats", stats);
  say("init", (long long)(uintptr_t)&init);
  EXPECT(close(stats) == 0 && close(vcpu) == 0 && close(vm) == 0 && close(kvm) == 0);
  EXPECT(close(kvm) == -1 && errno == EBADF);
}

static void one_reg(int vcpu, unsigned long request, uint64_t id, void* value) {
  struct kvm_one_reg reg = {id, (uint64_t)(uintptr_t)value};
  EXPECT(ioctl(vcpu, request, &reg) == 0);
}

static void device_attr(int fd, unsigned long request, uint32_t group, uint64_t attr, void* value,
                        uint32_t bytes) {
  struct kvm_device_attr device = {bytes, group, attr, (uint64_t)(uintptr_t)value};
  EXPECT(ioctl(fd, request, &device) == 0);
}

static void scenario_values(void) {
  const int vm = make_vm(open_kvm());
  const int vcpu = ioctl(vm, KVM_CREATE_VCPU, 0);
  struct kvm_create_device create = {KVM_DEV_TYPE_ARM_VGIC_V3, 0, 0};
  EXPECT(ioctl(vm, KVM_CREATE_DEVICE, &create) == 0);
  struct kvm_create_device try = {KVM_DEV_TYPE_ARM_VGIC_V3, 0, KVM_CREATE_DEVICE_TEST};
  EXPECT(ioctl(vm, KVM_CREATE_DEVICE, &try) == 0);
  const int gic = (int)create.fd;
  say("vcpu", vcpu), say("gic", gic);
  unsigned char* heap = malloc(512);
  for (int i = 0; i < 512; ++i) heap[i] = (unsigned char)(200 - i);
  const uint64_t arm64 = UINT64_C(0x6000000000000000);
  one_reg(vcpu, KVM_SET_ONE_REG, arm64 | UINT64_C(3) << 52 | 0x13c080, heap);
  one_reg(vcpu, KVM_SET_ONE_REG, arm64 | UINT64_C(8) << 52 | 0x15, heap);
  one_reg(vcpu, KVM_GET_ONE_REG, arm64 | UINT64_C(2) << 52 | 0x42, heap);
  device_attr(vcpu, KVM_SET_DEVICE_ATTR, 0, 2, heap + 7, 8); /* PMU filter */
  device_attr(vcpu, KVM_SET_DEVICE_ATTR, 0, 1, NULL, 0);     /* PMU init */
  device_attr(vcpu, KVM_SET_DEVICE_ATTR, 1, 0, heap + 9, 4); /* timer */
  device_attr(vcpu, KVM_GET_DEVICE_ATTR, 2, 0, heap, 8);     /* PVTIME */
  device_attr(gic, KVM_SET_DEVICE_ATTR, 0, 2, heap + 32, 8); /* ADDR */
  device_attr(gic, KVM_SET_DEVICE_ATTR, 3, 0, heap + 48, 4); /* NR_IRQS */
  device_attr(gic, KVM_SET_DEVICE_ATTR, 4, 0, NULL, 0);      /* CTRL init */
  device_attr(gic, KVM_GET_DEVICE_ATTR, 1, 0x104, heap, 4);  /* DIST_REGS */
  device_attr(gic, KVM_GET_DEVICE_ATTR, 6, 0xc664, heap, 8); /* CPU_SYSREGS */
  device_attr(gic, KVM_HAS_DEVICE_ATTR, 4, 0, NULL, 0);
  static unsigned char large[5000];
  memset(large, 'x', sizeof(large));
  EXPECT(ioctl(vm, _IOW(KVMIO, 0xf0, large), large) == -1 && errno == ENOTTY);
  EXPECT(ioctl(vm, _IOW(KVMIO, 0xf0, unsigned char[700]), large) == -1 && errno == ENOTTY);
}

static void scenario_list(void) {
  const int vcpu = ioctl(make_vm(open_kvm()), KVM_CREATE_VCPU, 0);
  struct kvm_reg_list* list = calloc(1, sizeof(*list) + 2 * sizeof(uint64_t));
  EXPECT(ioctl(vcpu, KVM_GET_REG_LIST, list) == -1 && errno == E2BIG && list->n == 2);
  EXPECT(ioctl(vcpu, KVM_GET_REG_LIST, list) == 0);
}

static void scenario_unreadable(void) {
  const int vm = make_vm(open_kvm());
  const int vcpu = ioctl(vm, KVM_CREATE_VCPU, 0);
  unsigned char* pages =
      mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  EXPECT(munmap(pages + 4096, 4096) == 0);
  const uint64_t id = UINT64_C(0x6030000000000000);
  EXPECT(ioctl(vcpu, KVM_SET_ONE_REG, pages + 4096) == -1 && errno == EFAULT);
  EXPECT(ioctl(vcpu, KVM_SET_ONE_REG, NULL) == -1 && errno == EFAULT);
  EXPECT(ioctl(vcpu, KVM_SET_ONE_REG, (void*)-8l) == -1 && errno == EFAULT);
  EXPECT(ioctl(vcpu, KVM_SET_ONE_REG, pages + 4096 - 8) == -1 && errno == EFAULT); /* straddles */
  struct kvm_one_reg reg = {id, (uint64_t)(uintptr_t)(pages + 4096 - 4)};
  EXPECT(ioctl(vcpu, KVM_SET_ONE_REG, &reg) == -1 && errno == EFAULT);
  struct kvm_one_reg* last = (void*)(pages + 4096 - sizeof(reg));
  last->id = id;
  last->addr = (uint64_t)(uintptr_t)pages;
  EXPECT(ioctl(vcpu, KVM_SET_ONE_REG, last) == 0); /* ends exactly at the page's end */
  EXPECT(open((const char*)8, O_RDONLY) == -1 && errno == EFAULT);
}

static int mapped_vcpus(void) {
  char line[512];
  int count = 0;
  FILE* maps = fopen("/proc/self/maps", "r");
  while (fgets(line, sizeof(line), maps)) count += strstr(line, "fake-kvm-vcpu") != NULL;
  fclose(maps);
  return count;
}

static void scenario_run(void) {
  const int vm = make_vm(open_kvm());
  const int seen = ioctl(vm, KVM_CREATE_VCPU, 0);
  struct kvm_run* run = mmap(NULL, FAKE_VCPU_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, seen, 0);
  EXPECT(run != MAP_FAILED);
  EXPECT(ioctl(seen, KVM_RUN, 0) == 0);
  run->immediate_exit = 1;
  EXPECT(ioctl(seen, KVM_RUN, 0) == -1 && errno == EINTR);
  EXPECT(mapped_vcpus() == 1);
  const int again = dup(seen);
  EXPECT(ioctl(again, KVM_RUN, 0) == -1 && errno == EINTR);
  EXPECT(munmap(run, FAKE_VCPU_BYTES) == 0);
  EXPECT(mapped_vcpus() == 0);
  EXPECT(ioctl(again, KVM_RUN, 0) == -1 && errno == EINTR); /* by a mapping of the recorder's own */
  EXPECT(mapped_vcpus() == 1);
  EXPECT(close(again) == 0 && mapped_vcpus() == 0); /* which must not outlive the descriptor */
  say("vcpu", seen), say("again", again), say("map", (long long)(uintptr_t)run);
}

static void scenario_errno(void) {
  const int kvm = open_kvm();
  for (int i = 0; i < 1000; ++i) {
    errno = 1234;
    EXPECT(ioctl(kvm, KVM_CHECK_EXTENSION, 5) == 5 && errno == 1234);
    EXPECT(ioctl(kvm, KVM_CHECK_EXTENSION, FAKE_ERROR(77)) == -1 && errno == 77);
  }
  errno = 1234;
  const int vm = make_vm(kvm);
  const int vcpu = ioctl(vm, KVM_CREATE_VCPU, 0);
  EXPECT(ioctl(vcpu, KVM_RUN, 0) == 0 && errno == 1234);
  const int copy = dup(vm);
  EXPECT(fcntl(vm, F_DUPFD, 100) == 100 && dup2(vm, 120) == 120 && errno == 1234);
  EXPECT(close(copy) == 0 && close(100) == 0 && errno == 1234);
  cpu_set_t mask;
  EXPECT(sched_getaffinity(0, sizeof(mask), &mask) == 0);
  EXPECT(sched_setaffinity(0, sizeof(mask), &mask) == 0 && errno == 1234);
  EXPECT(open("/nonexistent/file", O_RDONLY) == -1 && errno == ENOENT);
}

/* --- threads and signals --- */

struct worker {
  pthread_t thread;
  int kvm;
  long base, calls;
  volatile long* done; /* how many calls have returned; NULL: nobody asks */
};

static void* work(void* pointer) {
  struct worker* worker = pointer;
  for (long i = 0; i < worker->calls; ++i) {
    call(worker->kvm, worker->base + i);
    if (worker->done) *worker->done = i + 1;
  }
  return NULL;
}

static void run_workers(int count, long calls, volatile long* done) {
  struct worker workers[16];
  const int kvm = open_kvm();
  for (int i = 0; i < count; ++i) {
    workers[i] = (struct worker){0, kvm, (long)(i + 1) << 26, calls, done ? done + i * 8 : NULL};
    EXPECT(pthread_create(&workers[i].thread, NULL, work, &workers[i]) == 0);
  }
  for (int i = 0; i < count; ++i) pthread_join(workers[i].thread, NULL);
}

static void scenario_threads(void) { run_workers(8, 40000, NULL); }

/* Runs until it is killed; the file named by the argument says how far each thread got. */
static void scenario_killed(void) {
  const int file = open(argument, O_RDWR | O_CREAT, 0600);
  EXPECT(file >= 0 && ftruncate(file, 4096) == 0);
  volatile long* done = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  run_workers(4, 1l << 25, done);
}

static volatile long handled;
static int handler_kvm;

static void on_signal(int signal) {
  (void)signal;
  const int saved_errno = errno;
  call(handler_kvm, (2l << 26) + handled++);
  errno = saved_errno;
}

static void scenario_signal(void) {
  handler_kvm = open_kvm();
  static unsigned char stack[16384];
  const stack_t alternative = {.ss_sp = stack, .ss_size = sizeof(stack)};
  EXPECT(sigaltstack(&alternative, NULL) == 0);
  const struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART | SA_ONSTACK};
  EXPECT(sigaction(SIGALRM, &action, NULL) == 0);
  const struct itimerval often = {{0, 50}, {0, 50}}, never = {{0, 0}, {0, 0}};
  setitimer(ITIMER_REAL, &often, NULL);
  long calls = 0;
  while (handled < 2000) call(handler_kvm, (1l << 26) + calls++);
  setitimer(ITIMER_REAL, &never, NULL);
  say("calls", calls), say("handled", handled);
}

static void* wait_for_main(void* pointer) {
  pthread_barrier_wait(pointer);
  return (void*)(intptr_t)syscall(SYS_gettid);
}

static void scenario_affinity(void) {
  pthread_barrier_t barrier;
  pthread_t early, late, placed;
  void *early_tid, *late_tid, *placed_tid;
  pthread_barrier_init(&barrier, NULL, 4);
  EXPECT(pthread_create(&early, NULL, wait_for_main, &barrier) == 0);
  open_kvm();
  EXPECT(pthread_create(&late, NULL, wait_for_main, &barrier) == 0);
  cpu_set_t mask;
  EXPECT(sched_getaffinity(0, sizeof(mask), &mask) == 0);
  EXPECT(sched_setaffinity(0, 8, &mask) == 0);
  EXPECT(pthread_setaffinity_np(early, 16, &mask) == 0);
  EXPECT(pthread_setaffinity_np(late, 24, &mask) == 0);
  pthread_attr_t attributes; /* the C library sets this affinity, not a call of ours */
  EXPECT(pthread_attr_init(&attributes) == 0);
  EXPECT(pthread_attr_setaffinity_np(&attributes, sizeof(mask), &mask) == 0);
  EXPECT(pthread_create(&placed, &attributes, wait_for_main, &barrier) == 0);
  cpu_set_t empty;
  CPU_ZERO(&empty);
  EXPECT(pthread_setaffinity_np(pthread_self(), 32, &empty) == EINVAL);
  pthread_barrier_wait(&barrier);
  pthread_join(early, &early_tid), pthread_join(late, &late_tid);
  pthread_join(placed, &placed_tid), say("placed", (intptr_t)placed_tid);
  say("main", getpid()), say("early", (intptr_t)early_tid), say("late", (intptr_t)late_tid);
  say("mask", (long long)mask.__bits[0]);
}

/* --- descriptors --- */

static void scenario_dup(void) {
  const int vm = make_vm(open_kvm());
  const int other = open("/dev/null", O_RDONLY);
  const int a = dup(vm), b = fcntl(vm, F_DUPFD_CLOEXEC, 200);
  EXPECT(dup2(vm, 210) == 210 && dup3(vm, 211, O_CLOEXEC) == 211);
  call(a, 1), call(b, 2), call(210, 3), call(211, 4);
  EXPECT(dup2(other, 210) == 210);                   /* closes one of KVM's */
  EXPECT(ioctl(210, KVM_CHECK_EXTENSION, 99) == 99); /* the fake's; on no KVM descriptor now */
  EXPECT(dup2(vm, 211) == 211);
  EXPECT(dup2(vm, 9999999) == -1 && errno == EBADF);
  call(211, 5);
  const int hidden = (int)syscall(SYS_dup, vm); /* as if it had come over a socket */
  call(hidden, 6);
  say("vm", vm), say("a", a), say("b", b), say("hidden", hidden);
}

static void scenario_close_range(void) {
  const int kvm = open_kvm();
  EXPECT(dup2(kvm, 50) == 50 && dup2(kvm, 60) == 60 && dup2(kvm, 70) == 70);
  EXPECT(close_range(40, 65, 0) == 0);
  EXPECT(fcntl(50, F_GETFD) == -1 && fcntl(60, F_GETFD) == -1 && fcntl(70, F_GETFD) >= 0);
  EXPECT(close_range(60, 50, 0) == -1 && errno == EINVAL);
  EXPECT(dup2(1, 50) == 50);
  call(70, 1);
  closefrom(3);
  EXPECT(fcntl(70, F_GETFD) == -1);
  const int again = open_kvm();
  EXPECT(again == 3); /* and none of the low numbers is the recorder's */
  for (long i = 0; i < 20000; ++i) call(again, 2 + i); /* the file must still be able to grow */
}

/* Takes the recorder's own descriptor away in every way. */
static void scenario_hostile(void) {
  for (int fd = 3; fd < 1024; ++fd) syscall(SYS_close, fd); /* whatever we inherited */
  const int kvm = open_kvm();
  call(kvm, 0);
  for (int fd = kvm + 1; fd < 1024; ++fd) EXPECT(close(fd) == -1 && errno == EBADF);
  for (int fd = kvm + 1; fd < 1024; ++fd) EXPECT(dup2(0, fd) == fd);
  for (long i = 1; i < 10000; ++i) call(kvm, i);
  for (int fd = kvm + 1; fd < 2048; ++fd) syscall(SYS_close, fd);
  for (int fd = kvm + 1; fd < 1024; ++fd) syscall(SYS_dup2, 0, fd);
  for (long i = 10000; i < 40000; ++i) call(kvm, i);
}

/* --- processes --- */

static void wait_for(pid_t pid, int expected) {
  int status;
  EXPECT(waitpid(pid, &status, 0) == pid && status == expected);
}

static void scenario_fork(void) {
  const int kvm = open_kvm();
  const int vm = make_vm(kvm);
  call(vm, 1);
  const pid_t closer = fork();
  if (closer == 0) close(vm), close(kvm), _exit(0);
  wait_for(closer, 0);
  const pid_t user = fork();
  if (user == 0) {
    for (long i = 0; i < 5000; ++i) call(vm, 100000 + i);
    close(vm);
    _exit(0);
  }
  for (long i = 2; i < 5000; ++i) call(vm, i);
  wait_for(user, 0);
  const pid_t raw = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0); /* no atfork handler sees it */
  if (raw == 0) call(vm, 200000), _exit(0);
  wait_for(raw, 0);
  call(vm, 5000);
  say("closer", closer), say("user", user), say("raw", raw);
}

static void scenario_vfork(void) {
  const int kvm = open_kvm();
  const int vm = make_vm(kvm);
  const pid_t child = vfork();
  if (child == 0) {
    close(vm);
    dup2(0, kvm);
    close_range(3, ~0u, 0);
    execl(self, self, "nothing", (char*)NULL);
    _exit(9);
  }
  wait_for(child, 0);
  for (long i = 1; i < 20000; ++i) call(vm, i);
  call(kvm, 20000);
}

static void scenario_nothing(void) {}

static void scenario_exec(void) {
  const int kvm = open_kvm();
  call(kvm, 1);
  EXPECT(execl("/nonexistent", "x", (char*)NULL) == -1 && errno == ENOENT);
  call(kvm, 2);
  const pid_t child = fork();
  if (child == 0) execl(self, self, "basic", (char*)NULL), _exit(9);
  wait_for(child, 0);
  say("child", child);
  char variable[] = "EXECLE=1", *environment[] = {variable, NULL};
  execle(self, self, "environment", (char*)NULL, environment);
  EXPECT(0);
}

static void scenario_environment(void) {
  EXPECT(getenv("EXECLE") != NULL && getenv("ASSAY_RECORD") == NULL);
}

static void scenario_exit(void) {
  const int kvm = open_kvm();
  call(kvm, 1);
  _exit(0);
}

static int busy_kvm;

static void* work_forever(void* base) {
  for (long i = 0;; ++i) call(busy_kvm, (long)(intptr_t)base + i);
  return NULL;
}

/* Forks and ends while other threads are in the middle of their calls. */
static void scenario_exit_busy(void) {
  busy_kvm = open_kvm();
  for (long i = 1; i <= 4; ++i) {
    pthread_t thread;
    EXPECT(pthread_create(&thread, NULL, work_forever, (void*)(intptr_t)(i << 26)) == 0);
  }
  for (long i = 0; i < 10; ++i) {
    const pid_t child = fork();
    if (child == 0) call(busy_kvm, 1), _exit(0);
    wait_for(child, 0);
    say("child", child);
  }
  exit(0);
}

/* --- no space --- */

/* The argument is the size limit. SIGXFSZ is left deadly. */
static void scenario_limited(void) {
  const struct rlimit none = {RLIM_INFINITY, RLIM_INFINITY};
  const struct rlimit limit = {strtoul(argument, NULL, 10), RLIM_INFINITY};
  EXPECT(setrlimit(RLIMIT_FSIZE, &limit) == 0);
  const int kvm = open_kvm();
  for (long i = 0; i < 5000; ++i) call(kvm, i);
  EXPECT(setrlimit(RLIMIT_FSIZE, &none) == 0);
  usleep(250000);
  for (long i = 5000; i < 7000; ++i) call(kvm, i);
}

static void scenario_full(void) {
  const int kvm = open_kvm();
  for (long i = 0; i < 50000; ++i) call(kvm, i);
  kill(getpid(), SIGKILL); /* the count of lost records must be in the file already */
}

#define SCENARIO(name) \
  { #name, scenario_##name }
static const struct {
  const char* name;
  void (*run)(void);
} scenarios[] = {
    SCENARIO(basic),       SCENARIO(values),  SCENARIO(unreadable),  SCENARIO(run),
    SCENARIO(errno),       SCENARIO(threads), SCENARIO(killed),      SCENARIO(signal),
    SCENARIO(affinity),    SCENARIO(dup),     SCENARIO(close_range), SCENARIO(hostile),
    SCENARIO(fork),        SCENARIO(vfork),   SCENARIO(nothing),     SCENARIO(exec),
    SCENARIO(environment), SCENARIO(exit),    SCENARIO(limited),     SCENARIO(full),
    SCENARIO(exit_busy),   SCENARIO(list),
};

int main(int count, char** arguments) {
  self = arguments[0];
  argument = count > 2 ? arguments[2] : "";
  for (size_t i = 0; count > 1 && i < sizeof(scenarios) / sizeof(scenarios[0]); ++i) {
    if (strcmp(arguments[1], scenarios[i].name) != 0) continue;
    scenarios[i].run();
    return 0;
  }
  fprintf(stderr, "usage: recorded_program SCENARIO [ARGUMENT]\n");
  return 2;
}
