// SPDX-License-Identifier: Apache-2.0
//
// The recorder across descriptors that are duplicated and closed, and processes that fork, execute
// and end: each capture holds its own process's calls, and all of them.
#include <set>

#include "recorder_fixture.hpp"

namespace assay::recorder_test {
namespace {

TEST_F(Recorder, follows_duplicates) {
  const Capture capture = record("dup");
  EXPECT_EQ(numbers(capture), sequence(1, 7));
  const int64_t vm = said("vm");
  std::ostringstream expected;
  for (const int64_t copy : {said("a"), said("b"), int64_t{210}, int64_t{211}}) {
    expected << "8:" << vm << ':' << copy << ":0 ";
  }
  expected << "1:" << said("a") << ":1:0 1:" << said("b") << ":2:0 1:210:3:0 1:211:4:0 "
           << "3:210:0:0 3:211:0:0 8:" << vm << ":211:0 8:" << vm << ":-1:" << EBADF
           << " 1:211:5:0 1:" << said("hidden") << ":6:0 ";
  EXPECT_NE(shape(capture).find(expected.str()), std::string::npos) << shape(capture);
  const Record adopted = of_kind(capture, CAPTURE_OPEN).back();
  EXPECT_EQ(adopted.head.request, CAPTURE_AS_FOUND);
  EXPECT_EQ(adopted.head.result, said("hidden"));
  EXPECT_EQ(adopted.data(CAPTURE_PATH), "anon_inode:kvm-vm");
}

TEST_F(Recorder, records_what_a_range_closes_and_keeps_its_own_descriptor) {
  const Capture capture = record("close_range");
  std::vector<int> closed;
  for (const Record& record : of_kind(capture, CAPTURE_CLOSE)) closed.push_back(record.head.fd);
  ASSERT_GE(closed.size(), 3u);
  EXPECT_EQ(closed[0], 50);
  EXPECT_EQ(closed[1], 60);
  EXPECT_EQ(closed.back(), 70);
  EXPECT_EQ(numbers(capture), sequence(1, 20002));
}

TEST_F(Recorder, survives_the_loss_of_its_descriptor) {
  EXPECT_EQ(numbers(record("hostile")), sequence(0, 40000));
}

TEST_F(Recorder, gives_a_forked_child_a_file_of_its_own) {
  const Capture capture = record("fork");
  EXPECT_EQ(numbers(capture), sequence(1, 5001));
  for (const Record& record : capture.records) {
    EXPECT_EQ(record.head.tid, static_cast<uint32_t>(pid_));
  }
  const Capture user = read_capture(child_file("user"));
  EXPECT_EQ(numbers(user), sequence(100000, 105000));
  EXPECT_EQ(user.header.pid, static_cast<uint32_t>(said("user")));
  for (const Record& record : user.records) EXPECT_EQ(record.head.tid, user.header.pid);
  std::set<std::string> inherited;
  for (const Record& record : of_kind(user, CAPTURE_OPEN)) {
    EXPECT_EQ(record.head.request, CAPTURE_AS_FOUND);
    inherited.insert(record.data(CAPTURE_PATH));
  }
  EXPECT_EQ(inherited, (std::set<std::string>{"/dev/kvm", "anon_inode:kvm-vm"}));
  EXPECT_EQ(of_kind(user, CAPTURE_CLOSE).size(), 1u);
  EXPECT_EQ(user.file_bytes, user.content_bytes);
  EXPECT_EQ(numbers(read_capture(child_file("raw"))), sequence(200000, 200001));
  EXPECT_FALSE(fs::exists(child_file("closer"))) << "a child that only closes leaves no file";
}

TEST_F(Recorder, is_not_confused_by_what_a_vfork_child_closes) {
  const Capture capture = record("vfork");
  EXPECT_EQ(numbers(capture), sequence(1, 20001));
  EXPECT_TRUE(of_kind(capture, CAPTURE_CLOSE).empty());
  EXPECT_EQ(of_kind(capture, CAPTURE_OPEN).size(), 1u) << "forgotten and found again";
}

TEST_F(Recorder, ends_its_file_at_exec_and_begins_another_in_a_child) {
  const Capture capture = record("exec");
  EXPECT_EQ(numbers(capture), sequence(1, 3)) << "the first exec failed";
  EXPECT_EQ(capture.file_bytes, capture.content_bytes);
  EXPECT_EQ(calls(read_capture(child_file("child")), KVM_CREATE_VM).size(), 1u);
}

TEST_F(Recorder, trims_its_file_at_underscore_exit) {
  const Capture capture = record("exit");
  EXPECT_EQ(numbers(capture), sequence(1, 2));
  EXPECT_EQ(capture.file_bytes, capture.content_bytes);
}

TEST_F(Recorder, ends_and_forks_safely_while_threads_are_recording) {
  for (int attempt = 0; attempt < 10; ++attempt) {
    fs::remove(file_);
    const Capture capture = record("exit_busy");
    std::map<int64_t, std::vector<int64_t>> by_base;
    for (const int64_t number : numbers(capture)) by_base[number >> 26].push_back(number);
    EXPECT_EQ(by_base.size(), 4u);
    EXPECT_LT(capture.file_bytes - capture.content_bytes, 2 * capture.header.page_size);
    for (const auto& [base, made] : by_base) {
      EXPECT_EQ(made, sequence(base << 26, (base << 26) + static_cast<int64_t>(made.size())));
    }
    EXPECT_EQ(numbers(read_capture(child_file("child"))), sequence(1, 2));
  }
}

TEST_F(Recorder, never_overwrites_a_file) {
  std::ofstream(file_) << "precious";
  pid_ = start("exit");
  EXPECT_EQ(wait(pid_), 0);
  std::string text;
  std::ifstream(file_) >> text;
  EXPECT_EQ(text, "precious");
  EXPECT_EQ(numbers(read_capture(file_.string() + "." + std::to_string(pid_))), sequence(1, 2));
}

TEST_F(Recorder, leaves_no_file_for_a_program_without_kvm) {
  EXPECT_EQ(wait(start("nothing")), 0);
  EXPECT_FALSE(fs::exists(file_));
}

TEST_F(Recorder, does_not_break_a_program_whose_file_cannot_be_created) {
  file_ = directory_ / "missing" / "capture";
  EXPECT_EQ(wait(start("threads")), 0);
}

}  // namespace
}  // namespace assay::recorder_test
