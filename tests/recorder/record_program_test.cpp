// SPDX-License-Identifier: Apache-2.0
//
// assay-record: the program that runs a VMM under the recorder where assay is not installed.
#include <csignal>

#include "recorder_fixture.hpp"

namespace assay::recorder_test {
namespace {

class RecordProgram : public Recorder {
 protected:
  // Starts `assay-record -o FILE -- recorded_program SCENARIO`, on the fake KVM.
  pid_t start_recording(const std::vector<std::string>& command, const char* library) {
    const pid_t pid = fork();
    if (pid != 0) return pid;
    setenv("LD_PRELOAD", FAKE_KVM_SO, 1);  // the program itself is static
    if (library != nullptr) setenv("ASSAY_RECORDER", library, 1);
    const int out = open((directory_ / "out").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    dup2(out, STDOUT_FILENO);
    std::vector<std::string> words{RECORD_PROGRAM, "-o", file_.string(), "--"};
    words.insert(words.end(), command.begin(), command.end());
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    execv(argv[0], argv.data());
    _exit(126);
  }
  int status_of(const std::vector<std::string>& command, const char* library = nullptr) {
    const int status = wait(start_recording(command, library));
    EXPECT_TRUE(WIFEXITED(status));
    read_values();
    return WEXITSTATUS(status);
  }
};

TEST_F(RecordProgram, FindsTheLibraryBesideItAndPutsTheHostFirst) {
  EXPECT_EQ(status_of({RECORDED_PROGRAM, "exit"}), 0);
  const Capture capture = read_capture(file_);
  ASSERT_FALSE(capture.records.empty());
  EXPECT_EQ(capture.records[0].head.kind, CAPTURE_HOST);
  const std::string facts = capture.records[0].data(CAPTURE_PATH);
  EXPECT_TRUE(facts.starts_with("release=")) << facts;
  EXPECT_NE(facts.find("\nonline_cpus="), std::string::npos) << facts;
  EXPECT_EQ(of_kind(capture, CAPTURE_HOST).size(), 1u);
  EXPECT_EQ(numbers(capture), sequence(1, 2));
}

TEST_F(RecordProgram, KeepsTheCapturesOfAllProcesses) {
  EXPECT_EQ(status_of({RECORDED_PROGRAM, "fork"}), 0);
  unsigned captures = 0;
  for (const auto& entry : fs::directory_iterator(directory_)) {
    if (!entry.path().filename().string().starts_with("capture")) continue;
    ++captures;
    EXPECT_EQ(read_capture(entry.path()).records.at(0).head.kind, CAPTURE_HOST) << entry.path();
  }
  EXPECT_GE(captures, 2u);
}

TEST_F(RecordProgram, EndsAsTheCommandDid) {
  EXPECT_EQ(status_of({"/bin/sh", "-c", "exit 7"}), 7);
  EXPECT_EQ(status_of({"/bin/sh", "-c", "kill -KILL $$"}), 128 + SIGKILL);
  EXPECT_EQ(status_of({"/does/not/exist"}), 127);
  EXPECT_EQ(status_of({RECORDED_PROGRAM, "nothing"}), 1);  // and no file
  EXPECT_FALSE(fs::exists(file_));
  EXPECT_EQ(status_of({RECORDED_PROGRAM, "exit"}, "/does/not/exist.so"), 3);
}

// What the command did before it was ended is kept.
TEST_F(RecordProgram, SignalThatWouldEndItEndsTheCommand) {
  const fs::path marker = directory_ / "marker";
  const std::string script =
      std::string(RECORDED_PROGRAM) + " exit; : >" + marker.string() + "; exec sleep 3600";
  const pid_t pid = start_recording({"/bin/sh", "-c", script}, nullptr);
  int status = 0;
  bool ended = false;
  while (!fs::exists(marker) && !ended) {
    ended = waitpid(pid, &status, WNOHANG) != 0;
    sched_yield();
  }
  ASSERT_FALSE(ended);
  kill(pid, SIGTERM);
  status = wait(pid);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 128 + SIGTERM);
  EXPECT_EQ(read_capture(file_).records.at(0).head.kind, CAPTURE_HOST);
}

}  // namespace
}  // namespace assay::recorder_test
