// SPDX-License-Identifier: Apache-2.0
//
// Running a scenario of the recorded program under the recorder, and looking at its capture.
//
// Built with RECORDER_SO, FAKE_KVM_SO and RECORDED_PROGRAM defined as the paths of those three.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <sstream>

#include "capture_file.hpp"
#include "fake_kvm.h"

namespace assay::recorder_test {

namespace fs = std::filesystem;

class Recorder : public testing::Test {
 protected:
  Recorder() {
    std::string pattern = (fs::temp_directory_path() / "recorder-test-XXXXXX").string();
    directory_ = mkdtemp(pattern.data());
    file_ = directory_ / "capture";
  }
  ~Recorder() override {
    std::error_code ignored;
    fs::remove_all(directory_, ignored);
  }

  // Starts a scenario of the recorded program; its standard output goes to a file.
  pid_t start(const std::string& scenario, const std::string& argument = "") {
    const pid_t pid = fork();
    if (pid != 0) return pid;
    setenv("ASSAY_RECORD", file_.c_str(), 1);
    setenv("LD_PRELOAD", RECORDER_SO " " FAKE_KVM_SO, 1);
    const int out = open((directory_ / "out").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    dup2(out, STDOUT_FILENO);
    close(out);
    execl(RECORDED_PROGRAM, RECORDED_PROGRAM, scenario.c_str(), argument.c_str(), nullptr);
    _exit(127);
  }

  static int wait(pid_t pid) {
    int status = -1;
    EXPECT_EQ(waitpid(pid, &status, 0), pid);
    return status;
  }

  // Runs a scenario to its good end and reads its capture.
  Capture record(const std::string& scenario, const std::string& argument = "") {
    pid_ = start(scenario, argument);
    EXPECT_EQ(wait(pid_), 0) << scenario;
    read_values();
    return read_capture(file_);
  }

  void read_values() {
    std::ifstream out(directory_ / "out");
    std::string name;
    for (int64_t value; out >> name >> value;) values_[name] = value;
  }

  // What the program said it did.
  int64_t said(const std::string& name) const {
    const auto found = values_.find(name);
    EXPECT_NE(found, values_.end()) << name;
    return found == values_.end() ? -1 : found->second;
  }

  fs::path child_file(const std::string& name) const {
    return file_.string() + "." + std::to_string(said(name));
  }

  fs::path directory_, file_;
  pid_t pid_ = -1;
  std::map<std::string, int64_t> values_;
};

inline std::vector<Record> calls(const Capture& capture, uint64_t request) {
  std::vector<Record> found;
  for (const Record& record : capture.records) {
    if (record.is_call(request)) found.push_back(record);
  }
  return found;
}

inline std::vector<Record> of_kind(const Capture& capture, capture_kind kind) {
  std::vector<Record> found;
  for (const Record& record : capture.records) {
    if (record.head.kind == kind) found.push_back(record);
  }
  return found;
}

// The number of a call that a scenario numbered; -1 if it is another.
inline int64_t number(const Record& record) {
  if (record.is_call(KVM_CHECK_EXTENSION)) {
    EXPECT_EQ(record.head.result, static_cast<int64_t>(record.head.arg[0]));
    return record.head.result;
  }
  if (!record.is_call(FAKE_NUMBERED)) return -1;
  fake_numbered numbered{};
  const std::string in = record.data(CAPTURE_IN);
  EXPECT_EQ(in.size(), sizeof(numbered));
  std::memcpy(&numbered, in.data(), std::min(in.size(), sizeof(numbered)));
  EXPECT_EQ(record.head.result, static_cast<int64_t>(numbered.number));
  return record.head.result;
}

inline std::vector<int64_t> numbers(const Capture& capture) {
  std::vector<int64_t> found;
  for (const Record& record : capture.records) {
    if (number(record) >= 0) found.push_back(number(record));
  }
  return found;
}

inline std::vector<int64_t> sequence(int64_t first, int64_t end) {
  std::vector<int64_t> all;
  for (; first < end; ++first) all.push_back(first);
  return all;
}

// The records without what the recorder found when it began.
inline std::string shape(const Capture& capture) {
  std::ostringstream text;
  for (const Record& record : capture.records) {
    const bool found = record.head.request == CAPTURE_AS_FOUND &&
                       (record.head.kind == CAPTURE_OPEN || record.head.kind == CAPTURE_AFFINITY);
    if (found) continue;
    text << record.head.kind << ':' << record.head.fd << ':' << record.head.result << ':'
         << record.head.error << ' ';
  }
  return text.str();
}

}  // namespace assay::recorder_test
