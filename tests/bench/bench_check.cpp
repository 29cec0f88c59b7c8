// How fast traces are judged: text and binary, six kinds of load, events per second of CPU time
// on one core, best of five. Usage: bench_check [WORDS]: only loads whose names hold the words
#include <fmt/format.h>
#include <unistd.h>

#include <ctime>
#include <string>

#include "checker/check.hpp"
#include "spec/system.hpp"
#include "traces/binary.hpp"
#include "traces/trace_file.hpp"

namespace {

using namespace assay;

const traces::Binder& binder() {
  static const traces::Binder bound(default_system());
  return bound;
}

// What a trace begins with, under a profile.
std::string header(std::string_view profile) {
  return fmt::format("# assay-trace 1\n# profile {}\n", profile) +
         "# host *=0 ipa_bits_max=48 user_address_bits=48 "
         "vcpus_max=512 slots_max=32767 target=5 pmu_event_space=65536 pmu_v3=1 gic_v3=1 "
         "pe[0].pmu=8 "
         "pmu[0].type=8\n96 openat(AT_FDCWD, \"/dev/kvm\", O_RDWR|O_CLOEXEC) = 3</dev/kvm>\n"
         "96 ioctl(3</dev/kvm>, KVM_CREATE_VM, 0x0) = 4<anon_inode:kvm-vm>\n";
}

// A VMM that changes memory slots; `slots` of them stay alive.
std::string memslots(unsigned slots, unsigned events) {
  std::string out = header("linux-6.1");
  for (unsigned i = 0; i < events; ++i) {
    unsigned slot = i % slots;
    bool remove = (i / slots) % 2 == 1;
    out += fmt::format(
        "96 ioctl(4<anon_inode:kvm-vm>, KVM_SET_USER_MEMORY_REGION, {{slot={}, flags=0, "
        "guest_phys_addr=0x{:x}, memory_size=0x{:x}, userspace_addr=0xffffb94f0000}}) = 0\n",
        slot, slot * 0x100000, remove ? 0 : 0x10000);
  }
  return out;
}

// A vCPU that runs.
std::string runs(std::string_view profile, unsigned events,
                 std::string_view init = "{target=5, features=[0]}") {
  std::string out = header(profile);
  out += fmt::format(
      "96 ioctl(4<anon_inode:kvm-vm>, KVM_CREATE_VCPU, 0) = 5<anon_inode:kvm-vcpu:0>\n"
      "96 ioctl(5<anon_inode:kvm-vcpu:0>, KVM_ARM_VCPU_INIT, {}) = 0\n",
      init);
  for (unsigned i = 0; i < events; ++i)
    out +=
        "96 ioctl(5<anon_inode:kvm-vcpu:0>, KVM_RUN, {immediate_exit=0, cpu=0, "
        "exit_reason=KVM_EXIT_MMIO}) = 0\n";
  return out;
}

// The same trace without its host line: everything that rules read of the host is unknown.
std::string without_host(std::string text) {
  const std::size_t begin = text.find("# host ");
  return text.erase(begin, text.find('\n', begin) + 1 - begin);
}

double seconds() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

double best_rate(const std::string& file, const char* what) {
  double best = 0;
  for (int round = 0; round < 5; ++round) {
    std::optional<checker::Checker> judge;
    traces::TraceSink sink;
    std::uint64_t events = 0;
    sink.header = [&](const traces::TraceHeader& h) {
      checker::CheckOptions options;
      options.profile = find_profile(h.profile);
      checker::take_host(h, options);
      judge.emplace(binder(), options);
    };
    sink.event = [&](const traces::TraceEvent& e, std::string_view) {
      judge->feed(e);
      return ++events != 0;
    };
    traces::ReadFailure failure;
    double start = seconds();
    read_trace(file, traces::Format::automatic, binder(), sink, failure);
    checker::Report report = judge->finish();
    double rate = static_cast<double>(events) / (seconds() - start);
    if (report.verdict != checker::Verdict::conforms)
      fmt::print("unexpected verdict on {}\n", what);
    best = std::max(best, rate);
  }
  return best;
}

void measure(const char* what, const std::string& text, std::string_view wanted) {
  if (std::string_view(what).find(wanted) == std::string_view::npos) return;
  std::string path = fmt::format("/tmp/assay-bench-{}", ::getpid());
  std::FILE* f = std::fopen(path.c_str(), "w");
  std::fwrite(text.data(), 1, text.size(), f);
  std::fclose(f);
  std::string binary = path + ".atrace";
  std::optional<traces::BinaryWriter> writer;
  traces::Diagnostic why;
  traces::TraceSink sink;
  sink.header = [&](const traces::TraceHeader& h) {
    writer.emplace(binder(), h);
    writer->open(binary, why);
  };
  sink.event = [&](const traces::TraceEvent& e, std::string_view) {
    writer->event(e);
    return true;
  };
  traces::ReadFailure failure;
  read_trace(path, traces::Format::automatic, binder(), sink, failure);
  writer->close(why);
  double text_rate = best_rate(path, what), binary_rate = best_rate(binary, what);
  fmt::print("{:<28} text {:>6.2f} M events/s   binary {:>6.2f} M events/s   ratio {:.1f}\n", what,
             text_rate / 1e6, binary_rate / 1e6, binary_rate / text_rate);
  ::unlink(path.c_str());
  ::unlink(binary.c_str());
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view wanted = argc > 1 ? argv[1] : "";
  measure("KVM_RUN", runs("linux-6.1", 500000), wanted);
  // The same text; under an SPE profile properties of steps are judged as well.
  measure("KVM_RUN under spe-v5", runs("spe-v5", 500000), wanted);
  measure("memory slots, 4 alive", memslots(4, 500000), wanted);
  measure("memory slots, 64 alive", memslots(64, 300000), wanted);
  // Of a VM that holds unknown values.
  measure("KVM_RUN, features unknown", runs("linux-6.1", 500000, "0xffffe5d0"), wanted);
  measure("memory slots, host unknown", without_host(memslots(4, 500000)), wanted);
}
