#include "traces/text/line_source.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <string>
#include <thread>
#include <vector>

namespace assay::traces {
namespace {

int file_of(std::string_view text) {
  const int descriptor = memfd_create("test", MFD_CLOEXEC);
  EXPECT_EQ(write(descriptor, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  lseek(descriptor, 0, SEEK_SET);
  return descriptor;
}

std::vector<std::string> lines_of(std::string_view text, std::size_t limit = 1 << 20) {
  LineSource source(limit);
  source.attach(file_of(text), true);
  std::vector<std::string> out;
  for (SourceLine line; source.next(line);) {
    out.push_back(std::to_string(line.number) + (line.too_long ? "!" : ":") +
                  std::string(line.text));
  }
  EXPECT_FALSE(source.failed());
  return out;
}

using Lines = std::vector<std::string>;

TEST(LineSource, splits_lines) {
  EXPECT_EQ(lines_of(""), Lines{});
  EXPECT_EQ(lines_of("a\nb\n"), (Lines{"1:a", "2:b"}));
  EXPECT_EQ(lines_of("a\n\nb"), (Lines{"1:a", "2:", "3:b"}));
  EXPECT_EQ(lines_of("a\r\nb\r"), (Lines{"1:a", "2:b"}));
}

TEST(LineSource, cuts_and_flags_lines_that_are_too_long) {
  EXPECT_EQ(lines_of("abcd\nabcde\nx\n", 4), (Lines{"1:abcd", "2!abcd", "3:x"}));
  EXPECT_EQ(lines_of("abcde", 4), (Lines{"1!abcd"}));
  EXPECT_EQ(lines_of("abcde\n", 4), (Lines{"1!abcd"}));
}

TEST(LineSource, gives_the_same_lines_wherever_blocks_end) {
  std::string text;
  Lines expected;
  for (std::size_t i = 1; text.size() < (3u << 20); ++i) {
    const std::string line(i % 1000, static_cast<char>('a' + i % 26));
    text += line + "\n";
    expected.push_back(std::to_string(i) + ":" + line);
  }
  EXPECT_EQ(lines_of(text), expected);
  EXPECT_EQ(lines_of(text, 1000), expected);
}

// 300 MB in one line, through a pipe, with far less memory than that.
TEST(LineSource, skips_an_endless_line_in_bounded_memory) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  std::thread writer([end = ends[1]] {
    const std::string block(1 << 20, 'x');
    bool fine = true;
    for (int i = 0; i < 300 && fine; ++i)
      for (std::size_t at = 0; at < block.size() && fine;) {
        const ssize_t put = write(end, block.data() + at, block.size() - at);
        fine = put > 0;
        at += fine ? static_cast<std::size_t>(put) : 0;
      }
    EXPECT_EQ(write(end, "\nnext\n", 6), 6);
    close(end);
  });
  rusage before{}, after{};
  getrusage(RUSAGE_SELF, &before);
  LineSource source;
  source.attach(ends[0], true);
  SourceLine line;
  ASSERT_TRUE(source.next(line));
  EXPECT_TRUE(line.too_long);
  EXPECT_EQ(line.text.size(), source.line_bytes_max());
  ASSERT_TRUE(source.next(line));
  EXPECT_EQ(line.text, "next");
  EXPECT_EQ(line.number, 2u);
  EXPECT_FALSE(source.next(line));
  writer.join();
  getrusage(RUSAGE_SELF, &after);
  EXPECT_LT(after.ru_maxrss - before.ru_maxrss, 16 * 1024);  // KiB
}

TEST(LineSource, recognises_binary_input_without_consuming_it) {
  LineSource source;
  source.attach(file_of(std::string_view("ab\0c\n", 5)), true);
  EXPECT_TRUE(source.looks_binary());
  SourceLine line;
  ASSERT_TRUE(source.next(line));
  EXPECT_EQ(line.text, std::string_view("ab\0c", 4));
  source.attach(file_of("text\n"), true);
  EXPECT_FALSE(source.looks_binary());
  EXPECT_EQ(source.peek(), "text\n");
}

TEST(LineSource, says_why_it_cannot_open) {
  LineSource source;
  Diagnostic why;
  EXPECT_FALSE(source.open("/no/such/file", why));
  EXPECT_EQ(why.message, "cannot open: No such file or directory");
}

TEST(LineSource, says_why_it_cannot_read) {
  LineSource source;
  Diagnostic why;
  ASSERT_TRUE(source.open("/", why));
  SourceLine line;
  EXPECT_FALSE(source.next(line));
  EXPECT_TRUE(source.failed());
  EXPECT_EQ(source.failure().message, "cannot read: Is a directory");
  EXPECT_EQ(source.failure().line, 1u);
}

}  // namespace
}  // namespace assay::traces
