// How fast traces are judged: text and binary, several kinds of load, events per second of CPU time
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

// A PE that profiles: three events for each record.
std::string spe_records(unsigned events) {
  std::string out =
      "# assay-trace 1\n# profile documented\n"
      "# host *=0 pe[0].spe=2 pe[0].spe_record_max=64 pe[0].spe_in_flight_max=1\n"
      "spe_write_pmbsr: cpu=0 s=0 dl=0 ea=0 coll=0 ec=0 mss=0\n"
      "spe_write_pmbptr: cpu=0 ptr=0x10000\n"
      "spe_write_pmblimitr: cpu=0 limit=0x40000000 fm=0 e=1\n"
      "spe_write_pmsirr: cpu=0 interval=1 rnd=0\n"
      "spe_write_pmsicr: cpu=0 count=256\n"
      "spe_write_pmscr_el1: cpu=0 e0spe=1 e1spe=0 pa=0 ts=0 pct=0\n"
      "spe_context: cpu=0 el=0 tge=0 e2pb=3 excluded=0\n";
  for (unsigned i = 0; i < events / 3; ++i)
    out += fmt::format(
        "spe_count: cpu=0 operations=256\nspe_sample: cpu=0 el=0 reload=256\n"
        "spe_record: cpu=0 address=0x{:x} size=64 events=2\n",
        0x10000 + i * 64);
  return out;
}

// A guest whose SPE registers are switched, again and again.
std::string spe_switches(unsigned events) {
  std::string out =
      "# assay-trace 1\n# profile spe-v5\n"
      "# host *=0 ipa_bits_max=48 user_address_bits=48 vcpus_max=512 slots_max=32767 target=5 "
      "pmu_event_space=65536 pmu_counters_max=6 pmu_v3=1 gic_v3=1 its=1 memlock_pages=64 "
      "pe[0].spe=2 pe[0].spe_record_max=64 pe[0].spe_in_flight_max=1 pe[1].spe=255\n"
      "7 openat(AT_FDCWD, \"/dev/kvm\", O_RDWR) = 3</dev/kvm>\n"
      "7 ioctl(3</dev/kvm>, KVM_CREATE_VM, 0) = 4<anon_inode:kvm-vm>\n"
      "7 ioctl(4<anon_inode:kvm-vm>, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_ARM_VGIC_V3, "
      "fd=5<anon_inode:kvm-arm-vgic-v3>, flags=0}) = 0\n"
      "7 ioctl(4<anon_inode:kvm-vm>, KVM_CREATE_VCPU, 0) = 6<anon_inode:kvm-vcpu:0>\n"
      "7 ioctl(6<anon_inode:kvm-vcpu:0>, KVM_ARM_VCPU_INIT, {target=5, features=[0x80]}) = 0\n"
      "7 ioctl(5<anon_inode:kvm-arm-vgic-v3>, KVM_SET_DEVICE_ATTR, "
      "{group=KVM_DEV_ARM_VGIC_GRP_ADDR, attr=KVM_VGIC_V3_ADDR_TYPE_DIST, addr=[0x8000000]}) = 0\n"
      "7 ioctl(5<anon_inode:kvm-arm-vgic-v3>, KVM_SET_DEVICE_ATTR, "
      "{group=KVM_DEV_ARM_VGIC_GRP_ADDR, attr=KVM_VGIC_V3_ADDR_TYPE_REDIST, "
      "addr=[0x80a0000]}) = 0\n"
      "7 ioctl(5<anon_inode:kvm-arm-vgic-v3>, KVM_SET_DEVICE_ATTR, "
      "{group=KVM_DEV_ARM_VGIC_GRP_CTRL, attr=KVM_DEV_ARM_VGIC_CTRL_INIT}) = 0\n"
      "7 ioctl(6<anon_inode:kvm-vcpu:0>, KVM_SET_DEVICE_ATTR, {group=KVM_ARM_VCPU_SPE_CTRL, "
      "attr=KVM_ARM_VCPU_SPE_IRQ, addr=[21]}) = 0\n"
      "7 ioctl(6<anon_inode:kvm-vcpu:0>, KVM_SET_DEVICE_ATTR, {group=KVM_ARM_VCPU_SPE_CTRL, "
      "attr=KVM_ARM_VCPU_SPE_INIT}) = 0\n"
      "7 ioctl(6<anon_inode:kvm-vcpu:0>, KVM_RUN, {immediate_exit=1, cpu=0, "
      "exit_reason=KVM_EXIT_UNKNOWN}) = -1 EINTR (Interrupted system call)\n"
      "spe_context: cpu=0 el=2 tge=1 e2pb=0 excluded=0\n";
  const char* const there_and_back =
      "7 kvm_spe_host_saved: fd=6 cpu=0\nspe_context: cpu=0 el=2 tge=0 e2pb=2 excluded=0\n"
      "7 kvm_spe_restoring: fd=6 cpu=0\nspe_write_pmbptr: cpu=0 ptr=0x10000\n"
      "spe_write_pmbsr: cpu=0 s=0 dl=0 ea=0 coll=0 ec=0 mss=0\n"
      "spe_write_pmblimitr: cpu=0 limit=0x11000 fm=0 e=0\n"
      "spe_write_pmscr_el1: cpu=0 e0spe=0 e1spe=0 pa=0 ts=0 pct=0\n"
      "7 kvm_spe_enter: fd=6 cpu=0\nspe_context: cpu=0 el=2 tge=0 e2pb=2 excluded=0\n"
      "spe_drained: cpu=0\n7 kvm_spe_guest_saved: fd=6 cpu=0\n"
      "spe_context: cpu=0 el=2 tge=1 e2pb=0 excluded=0\n"
      "spe_write_pmscr_el1: cpu=0 e0spe=0 e1spe=0 pa=0 ts=0 pct=0\n"
      "spe_write_pmblimitr: cpu=0 limit=0x0 fm=0 e=0\nspe_write_pmbptr: cpu=0 ptr=0x0\n"
      "spe_write_pmbsr: cpu=0 s=0 dl=0 ea=0 coll=0 ec=0 mss=0\n"
      "7 kvm_spe_host_restored: fd=6 cpu=0\n";
  for (unsigned i = 0; i < events / 17; ++i) out += there_and_back;
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
      fmt::print("unexpected verdict on {}: {}\n", what,
                 report.findings.empty() ? report.reason : report.findings[0].check);
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
  measure("SPE records", spe_records(300000), wanted);
  measure("SPE world switch", spe_switches(300000), wanted);
  // Of a VM that holds unknown values.
  measure("KVM_RUN, features unknown", runs("linux-6.1", 500000, "0xffffe5d0"), wanted);
  measure("memory slots, host unknown", without_host(memslots(4, 500000)), wanted);
}
