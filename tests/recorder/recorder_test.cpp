// SPDX-License-Identifier: Apache-2.0
//
// The recorder, tested from outside: programs run on a fake KVM under the preloaded recorder, and
// their capture must hold exactly the calls they made, also when they are killed or space runs out.
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>

#include <chrono>
#include <fstream>
#include <set>
#include <thread>

#include "recorder_fixture.hpp"

namespace assay::recorder_test {
namespace {

using namespace std::chrono_literals;

std::string pattern(uint64_t id, std::size_t bytes) {
  std::string value;
  for (std::size_t i = 0; i < bytes; ++i) value += static_cast<char>(FAKE_BYTE(id, i));
  return value;
}

std::string descending(std::size_t from, std::size_t bytes) {
  std::string value;
  for (std::size_t i = from; i < from + bytes; ++i) value += static_cast<char>(200 - i);
  return value;
}

TEST_F(Recorder, records_a_programs_calls_and_nothing_else) {
  const Capture capture = record("basic");
  EXPECT_EQ(capture.header.version, CAPTURE_VERSION);
  EXPECT_EQ(capture.header.header_bytes, sizeof(capture_header));
  EXPECT_EQ(capture.header.page_size, static_cast<uint32_t>(sysconf(_SC_PAGESIZE)));
  EXPECT_GE(capture.header.possible_cpus, static_cast<uint32_t>(sysconf(_SC_NPROCESSORS_ONLN)));
  EXPECT_EQ(capture.header.pid, static_cast<uint32_t>(pid_));
  EXPECT_EQ(fs::path(capture.header.program), fs::canonical(RECORDED_PROGRAM));
  EXPECT_EQ(capture.file_bytes, capture.content_bytes) << "not trimmed";

  const int64_t kvm = said("kvm"), vm = said("vm"), vcpu = said("vcpu"), stats = said("stats");
  std::ostringstream expected;
  expected << "2:-1:" << kvm << ":0 1:" << kvm << ':' << vm << ":0 1:" << vm << ':' << vcpu
           << ":0 1:" << vm << ":0:0 1:" << vcpu << ':' << stats << ":0 ";
  for (const int64_t fd : {stats, vcpu, vm, kvm}) expected << "3:" << fd << ":0:0 ";
  EXPECT_EQ(shape(capture), expected.str());

  EXPECT_EQ(of_kind(capture, CAPTURE_OPEN).at(0).data(CAPTURE_PATH), "/dev/kvm");
  EXPECT_EQ(calls(capture, KVM_CREATE_VCPU).at(0).head.arg[0], 3u);
  const Record target = calls(capture, FAKE_PREFERRED_TARGET).at(0);
  EXPECT_EQ(target.head.arg[0], static_cast<uint64_t>(said("init")));
  EXPECT_EQ(target.data(CAPTURE_OUT), pattern(0, sizeof(fake_vcpu_init)));
  EXPECT_EQ(target.data(CAPTURE_IN), "none") << "the call does not read it";
}

TEST_F(Recorder, times_follow_each_other_and_cpus_are_known) {
  const Capture capture = record("basic");
  uint64_t end = 0;
  for (const Record& record : capture.records) {
    if (record.head.request == CAPTURE_AS_FOUND) continue;
    EXPECT_GE(record.head.begin_ns, end);
    end = record.head.begin_ns + record.head.elapsed_ns;
    EXPECT_GE(record.head.cpu_begin, 0);
    EXPECT_LT(record.head.cpu_end, static_cast<int>(capture.header.possible_cpus));
    EXPECT_EQ(record.head.tid, static_cast<uint32_t>(pid_));
  }
}

// E2BIG has an answer in memory: how many there are.
TEST_F(Recorder, CopiesTheNumberOfRegistersThatDidNotFit) {
  constexpr uint64_t get_reg_list = 0xc008aeb0;  // the header's structure has another size in C++
  const auto lists = calls(record("list"), get_reg_list);
  ASSERT_EQ(lists.size(), 2u);
  const std::string two("\2\0\0\0\0\0\0\0", 8);
  EXPECT_EQ(lists[0].head.error, E2BIG);
  EXPECT_EQ(lists[0].data(CAPTURE_IN), std::string(8, '\0'));
  EXPECT_EQ(lists[0].data(CAPTURE_OUT), two);
  EXPECT_EQ(lists[1].data(CAPTURE_OUT), two);
}

TEST_F(Recorder, copies_what_registers_and_attributes_point_to) {
  const Capture capture = record("values");
  const auto sets = calls(capture, KVM_SET_ONE_REG);
  ASSERT_EQ(sets.size(), 2u);
  EXPECT_EQ(sets[0].data(CAPTURE_VALUE_IN), descending(0, 8));
  EXPECT_EQ(sets[1].data(CAPTURE_VALUE_IN), descending(0, 256));
  EXPECT_EQ(sets[0].data(CAPTURE_VALUE_OUT), "none");
  kvm_one_reg reg;
  ASSERT_EQ(sets[0].data(CAPTURE_IN).size(), sizeof(reg));
  std::memcpy(&reg, sets[0].data(CAPTURE_IN).data(), sizeof(reg));
  EXPECT_EQ(reg.id, 0x603000000013c080u);
  const Record get = calls(capture, KVM_GET_ONE_REG).at(0);
  EXPECT_EQ(get.data(CAPTURE_VALUE_OUT), pattern(0x6020000000000042, 4));
  EXPECT_EQ(get.data(CAPTURE_VALUE_IN), "none");

  const auto set = calls(capture, KVM_SET_DEVICE_ATTR);
  ASSERT_EQ(set.size(), 6u);
  EXPECT_EQ(set[0].data(CAPTURE_VALUE_IN), descending(7, 8)) << "PMU filter";
  EXPECT_EQ(set[1].data(CAPTURE_VALUE_IN), "none") << "PMU init";
  EXPECT_EQ(set[2].data(CAPTURE_VALUE_IN), descending(9, 4)) << "timer";
  EXPECT_EQ(set[3].data(CAPTURE_VALUE_IN), descending(32, 8)) << "vGIC address";
  EXPECT_EQ(set[4].data(CAPTURE_VALUE_IN), descending(48, 4)) << "vGIC NR_IRQS";
  EXPECT_EQ(set[5].data(CAPTURE_VALUE_IN), "none") << "vGIC init";
  EXPECT_EQ(set[3].head.fd, said("gic"));
  const auto got = calls(capture, KVM_GET_DEVICE_ATTR);
  ASSERT_EQ(got.size(), 3u);
  EXPECT_EQ(got[0].data(CAPTURE_VALUE_OUT), pattern(0, 8)) << "PVTIME";
  EXPECT_EQ(got[1].data(CAPTURE_VALUE_OUT), pattern(0x104, 4)) << "distributor register";
  EXPECT_EQ(got[2].data(CAPTURE_VALUE_OUT), pattern(0xc664, 8)) << "CPU system register";
  EXPECT_EQ(calls(capture, KVM_HAS_DEVICE_ATTR).at(0).data(CAPTURE_VALUE_IN), "none");

  const auto created = calls(capture, KVM_CREATE_DEVICE);
  ASSERT_EQ(created.size(), 2u);
  kvm_create_device device;
  std::memcpy(&device, created[0].data(CAPTURE_OUT).data(), sizeof(device));
  EXPECT_EQ(device.fd, static_cast<uint32_t>(said("gic")));
  std::memcpy(&device, created[0].data(CAPTURE_IN).data(), sizeof(device));
  EXPECT_EQ(device.fd, 0u) << "IN must be from before the call";
}

TEST_F(Recorder, cuts_large_structs) {
  const Capture capture = record("values");
  EXPECT_EQ(calls(capture, _IOW(KVMIO, 0xf0, char[5000])).at(0).data(CAPTURE_IN),
            std::string(4096, 'x'));
  EXPECT_EQ(calls(capture, _IOW(KVMIO, 0xf0, char[700])).at(0).data(CAPTURE_IN),
            std::string(700, 'x'));
}

TEST_F(Recorder, survives_pointers_that_lead_nowhere) {
  const Capture capture = record("unreadable");
  const auto sets = calls(capture, KVM_SET_ONE_REG);
  ASSERT_EQ(sets.size(), 6u);
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(sets[i].data(CAPTURE_IN), "unreadable") << i;
    EXPECT_EQ(sets[i].head.error, EFAULT);
    EXPECT_EQ(sets[i].parts.size(), 1u);
  }
  EXPECT_EQ(sets[4].data(CAPTURE_IN).size(), sizeof(kvm_one_reg));
  EXPECT_EQ(sets[4].data(CAPTURE_VALUE_IN), "unreadable");
  EXPECT_EQ(sets[5].data(CAPTURE_VALUE_IN), std::string(8, '\0'));
}

TEST_F(Recorder, reads_the_run_page_whoever_mapped_it) {
  const Capture capture = record("run");
  const auto runs = calls(capture, KVM_RUN);
  ASSERT_EQ(runs.size(), 4u);
  for (std::size_t i = 0; i < runs.size(); ++i) {
    capture_run run;
    ASSERT_EQ(runs[i].data(CAPTURE_RUN).size(), sizeof(run)) << i;
    std::memcpy(&run, runs[i].data(CAPTURE_RUN).data(), sizeof(run));
    EXPECT_EQ(run.immediate_exit, i == 0 ? 0 : 1) << i;
    EXPECT_EQ(run.exit_reason, i == 0 ? KVM_EXIT_FAIL_ENTRY : KVM_EXIT_INTR) << i;
    for (int word = 0; word < 4; ++word) EXPECT_EQ(run.exit[word], FAKE_EXIT(word));
    EXPECT_EQ(runs[i].head.error, i == 0 ? 0 : EINTR);
    EXPECT_EQ(runs[i].head.fd, said(i < 2 ? "vcpu" : "again"));
  }
  const auto mapped = of_kind(capture, CAPTURE_MMAP), unmapped = of_kind(capture, CAPTURE_MUNMAP);
  ASSERT_EQ(mapped.size(), 1u);
  ASSERT_EQ(unmapped.size(), 1u);
  EXPECT_EQ(mapped[0].head.result, said("map"));
  EXPECT_EQ(mapped[0].head.arg[1], static_cast<uint64_t>(FAKE_VCPU_BYTES));
  EXPECT_EQ(mapped[0].head.request, uint64_t{MAP_SHARED} << 32 | PROT_READ | PROT_WRITE);
  EXPECT_EQ(unmapped[0].head.arg[0], static_cast<uint64_t>(said("map")));
}

TEST_F(Recorder, preserves_errno) {
  const Capture capture = record("errno");  // the program itself checks
  int failed = 0;
  for (const Record& call : calls(capture, KVM_CHECK_EXTENSION)) failed += call.head.error == 77;
  EXPECT_EQ(failed, 1000);
}

TEST_F(Recorder, keeps_every_call_of_eight_threads_in_its_threads_order) {
  const Capture capture = record("threads");
  std::map<uint32_t, std::vector<int64_t>> by_thread;
  std::set<uint32_t> created;
  for (const Record& record : capture.records) {
    if (record.head.kind == CAPTURE_CLONE) {
      EXPECT_EQ(record.head.tid, static_cast<uint32_t>(pid_));
      EXPECT_TRUE(created.insert(static_cast<uint32_t>(record.head.result)).second);
    }
    if (number(record) < 0) continue;
    EXPECT_TRUE(created.contains(record.head.tid)) << "acts before its creation";
    by_thread[record.head.tid].push_back(record.head.result);
  }
  ASSERT_EQ(by_thread.size(), 8u);
  std::set<int64_t> bases;
  for (const auto& [tid, made] : by_thread) {
    EXPECT_EQ(made, sequence(made.at(0), made.at(0) + 40000)) << tid;
    bases.insert(made.at(0));
  }
  EXPECT_EQ(bases.size(), 8u);
  EXPECT_EQ(capture.unfinished, 0u);
  EXPECT_EQ(capture.file_bytes, capture.content_bytes);
}

TEST_F(Recorder, keeps_the_calls_of_signal_handlers_among_those_they_interrupt) {
  const Capture capture = record("signal");
  std::map<int64_t, std::vector<int64_t>> by_base;
  for (const int64_t number : numbers(capture)) by_base[number >> 26].push_back(number);
  EXPECT_EQ(by_base[1], sequence(1 << 26, (1 << 26) + said("calls")));
  EXPECT_EQ(by_base[2], sequence(2 << 26, (2 << 26) + said("handled")));
}

TEST_F(Recorder, leaves_every_completed_call_behind_when_killed) {
  const fs::path progress = directory_ / "progress";
  for (int attempt = 0; attempt < 12; ++attempt) {
    fs::remove(file_);
    fs::remove(progress);
    const pid_t pid = start("killed", progress.string());
    for (int i = 0; i < 500 && !fs::exists(file_); ++i) std::this_thread::sleep_for(10ms);
    std::this_thread::sleep_for(std::chrono::milliseconds(30 + attempt * 3));
    kill(pid, SIGKILL);
    const int status = wait(pid);
    ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);

    const Capture capture = read_capture(file_);
    std::map<int64_t, std::vector<int64_t>> by_base;
    for (const int64_t number : numbers(capture)) by_base[number >> 26].push_back(number);
    std::ifstream file(progress, std::ios::binary);
    int64_t completed[4][8] = {};
    file.read(reinterpret_cast<char*>(completed), sizeof(completed));
    int64_t total = 0;
    for (int i = 0; i < 4; ++i) {
      const std::vector<int64_t>& made = by_base[i + 1];
      const int64_t base = int64_t{i + 1} << 26;
      EXPECT_EQ(made, sequence(base, base + static_cast<int64_t>(made.size())));
      EXPECT_GE(static_cast<int64_t>(made.size()), completed[i][0]) << "thread " << i;
      total += completed[i][0];
    }
    EXPECT_GT(total, 0);
    EXPECT_LE(capture.unfinished, 4u);
  }
}

TEST_F(Recorder, records_affinities_with_the_tid_they_are_for) {
  const Capture capture = record("affinity");
  std::map<int64_t, std::vector<Record>> by_tid;
  for (const Record& record : of_kind(capture, CAPTURE_AFFINITY)) {
    by_tid[static_cast<int64_t>(record.head.arg[0])].push_back(record);
    const std::string mask = record.data(CAPTURE_IN);
    ASSERT_GE(mask.size(), 8u);
    if (record.head.error != 0) continue;
    EXPECT_EQ(std::memcmp(mask.data(), &values_["mask"], 8), 0);
  }
  const auto requests = [&](const char* who) {
    std::string text;
    for (const Record& record : by_tid[said(who)]) {
      text += record.head.request == CAPTURE_AS_FOUND
                  ? "found "
                  : std::to_string(record.part(CAPTURE_IN)->head.bytes) + ":" +
                        std::to_string(record.head.error) + " ";
    }
    return text;
  };
  EXPECT_EQ(requests("main"), "found 8:0 32:" + std::to_string(EINVAL) + " ");
  EXPECT_EQ(requests("early"), "found 16:0 ");
  EXPECT_EQ(requests("late"), "24:0 ");
  EXPECT_EQ(requests("placed"), "found ");
}

// Checks that numbered calls and counted losses add up, in place; returns the losses.
int64_t expect_all_accounted_for(const Capture& capture) {
  int64_t next = 0, all_lost = 0;
  for (const Record& record : capture.records) {
    if (record.head.kind == CAPTURE_LOST) {
      next += static_cast<int64_t>(record.head.arg[0]);
      all_lost += static_cast<int64_t>(record.head.arg[0]);
    }
    if (number(record) < 0) continue;
    EXPECT_EQ(number(record), next);
    if (number(record) != next) return -1;
    ++next;
  }
  return all_lost + (next << 32);
}

TEST_F(Recorder, counts_what_a_size_limit_makes_it_lose_and_goes_on_after) {
  // Different limits, because what still fits at the end differs.
  for (const int limit : {100000, 100200, 100400, 100600}) {
    fs::remove(file_);
    const Capture capture = record("limited", std::to_string(limit));
    const int64_t outcome = expect_all_accounted_for(capture);
    EXPECT_EQ(outcome >> 32, 7000);
    EXPECT_GT(static_cast<int32_t>(outcome), 3000) << "such a file does not hold that many";
    EXPECT_EQ(of_kind(capture, CAPTURE_LOST).size(), 1u);
    EXPECT_EQ(numbers(capture).back(), 6999);
  }
}

bool write_to(const char* path, const std::string& text) {
  std::ofstream file(path);
  return static_cast<bool>(file << text << std::flush);
}

// From here on this process has mounts of its own and may make more: as root, or as the root of a
// user namespace that it makes for that.
testing::AssertionResult has_own_mounts() {
  const uid_t user = getuid();
  const gid_t group = getgid();
  if (unshare(CLONE_NEWNS) != 0) {
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
      return testing::AssertionFailure() << "no user namespace: " << strerror(errno);
    if (!write_to("/proc/self/setgroups", "deny") ||
        !write_to("/proc/self/uid_map", "0 " + std::to_string(user) + " 1") ||
        !write_to("/proc/self/gid_map", "0 " + std::to_string(group) + " 1"))
      return testing::AssertionFailure() << "the user namespace takes no ids";
  }
  if (mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
    return testing::AssertionFailure() << "no mounts of its own: " << strerror(errno);
  return testing::AssertionSuccess();
}

TEST_F(Recorder, counts_what_a_full_disk_makes_it_lose_even_when_killed) {
  ASSERT_TRUE(has_own_mounts());
  const fs::path small = directory_ / "small";
  fs::create_directory(small);
  ASSERT_EQ(mount("none", small.c_str(), "tmpfs", 0, "size=300k"), 0) << strerror(errno);
  file_ = small / "capture";
  const int status = wait(start("full"));
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << status;
  const int64_t outcome = expect_all_accounted_for(read_capture(file_));
  EXPECT_EQ(outcome >> 32, 50000);
  EXPECT_GT(static_cast<int32_t>(outcome), 40000);
  umount(small.c_str());
}

}  // namespace
}  // namespace assay::recorder_test
