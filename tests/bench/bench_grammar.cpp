// How many lines a second of processor time one core turns into calls, including reading the input
// and splitting it into lines. Processor time, so that a busy machine does not change the answer.
//
//   bench_grammar [SECONDS] [FILE...]      each FILE's lines are repeated until they fill 16 MiB
//
// Without a file: the lines below, each kind on its own.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>

#include "traces/text/grammar.hpp"
#include "traces/text/line_source.hpp"

namespace {

using namespace assay::traces;

constexpr std::size_t input_bytes = std::size_t{16} << 20;

struct Sample {
  const char* name;
  const char* line;
};

constexpr Sample samples[] = {
    {"memory region",
     "ioctl(4<vm>, KVM_SET_USER_MEMORY_REGION, {slot=0, flags=0, guest_phys_addr=0x1000, "
     "memory_size=2146304, userspace_addr=0xffffb94f4000}) = 0"},
    {"strace -f -ttt -y",
     "96    1795211290.634013 ioctl(7<anon_inode:kvm-vcpu:0>, KVM_ARM_SET_DEVICE_ADDR or "
     "KVM_GET_ONE_REG, 0xffffeabd5c70) = 0"},
    {"device attribute",
     "96 ioctl(5<anon_inode:kvm-vcpu:0>, KVM_SET_DEVICE_ATTR, {flags=0, "
     "group=KVM_ARM_VCPU_PMU_V3_CTRL, attr=KVM_ARM_VCPU_PMU_V3_IRQ, addr=[23]}) = 0"},
    {"failing call",
     "96 ioctl(7<anon_inode:kvm-vcpu:0>, KVM_RUN, 0) = -1 EINTR (Interrupted system call)"},
    {"ftrace kvm_exit",
     "        vcpu-0-1234    [002] d..1.  1234.567890: kvm_exit: TRAP: HSR_EC: 0x0024 "
     "(DABT_LOW), PC: 0xffff800008082000"},
};

// A descriptor of an unnamed file that holds `text` over and over; returns how many lines.
int make_input(const std::string& text, std::size_t& bytes) {
  const int descriptor = memfd_create("bench", MFD_CLOEXEC);
  if (descriptor < 0) std::abort();
  for (bytes = 0; bytes < input_bytes; bytes += text.size())
    if (write(descriptor, text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
      std::abort();
    }
  return descriptor;
}

double seconds_used() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

void measure(const char* name, const std::string& text, double seconds_wanted) {
  std::size_t bytes = 0;
  const int descriptor = make_input(text, bytes);
  LineSource source;
  Call call;
  Diagnostic why;
  std::uint64_t events = 0, malformed = 0, passes = 0;
  double seconds = 0;
  const double begin = seconds_used();
  do {
    lseek(descriptor, 0, SEEK_SET);
    source.attach(descriptor, false);
    for (SourceLine line; source.next(line);) {
      const LineKind kind = read_line(line.text, line.number, call, why);
      events += kind == LineKind::call;
      malformed += kind == LineKind::malformed;
    }
    ++passes;
    seconds = seconds_used() - begin;
  } while (seconds < seconds_wanted);
  close(descriptor);
  const double megabytes = static_cast<double>(bytes * passes) / 1e6;
  std::printf("%-20s %8.2f M events/s %8.0f MB/s%s\n", name,
              static_cast<double>(events) / seconds / 1e6, megabytes / seconds,
              malformed ? "  MALFORMED LINES" : "");
}

std::string whole_file(const char* path) {
  std::string out;
  LineSource source;
  Diagnostic why;
  if (!source.open(path, why)) return out;
  for (SourceLine line; source.next(line);) out.append(line.text).append("\n");
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  const double seconds = argc > 1 ? std::atof(argv[1]) : 1.0;
  if (argc <= 2) {
    for (const Sample& sample : samples)
      measure(sample.name, std::string(sample.line) + "\n", seconds);
    return 0;
  }
  for (int i = 2; i < argc; ++i) {
    const std::string text = whole_file(argv[i]);
    if (text.empty()) {
      std::fprintf(stderr, "%s: cannot read, or empty\n", argv[i]);
      return 3;
    }
    measure(argv[i], text, seconds);
  }
  return 0;
}
