// Compressed inputs, marks at their beginning, and inputs that break off.
#include "traces/inflated.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/iostreams/copy.hpp>
#include <boost/iostreams/device/array.hpp>
#include <boost/iostreams/filter/gzip.hpp>
#include <boost/iostreams/filter/zstd.hpp>
#include <boost/iostreams/filtering_streambuf.hpp>
#include <cstdlib>
#include <sstream>

#include "traces/text/line_source.hpp"

namespace assay::traces {
namespace {

namespace io = boost::iostreams;

template <class Compressor>
std::string compressed(const std::string& text) {
  io::filtering_streambuf<io::input> in;
  in.push(Compressor());
  in.push(io::array_source(text.data(), text.size()));
  std::ostringstream out;
  io::copy(in, out);
  return out.str();
}

std::string many_lines() {
  std::string out;
  for (int i = 0; i < 50'000; ++i) out += "line " + std::to_string(i) + "\n";
  return out;
}

// An input as a file of its own, read by lines.
struct Read {
  explicit Read(const std::string& bytes) {
    std::string path = "/tmp/assay-inflated-XXXXXX";
    const int fd = mkstemp(path.data());
    EXPECT_GE(fd, 0);
    EXPECT_EQ(::write(fd, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
    ::close(fd);
    LineSource source;
    Diagnostic why;
    EXPECT_TRUE(source.open(path, why)) << why.message;
    for (SourceLine line; source.next(line);) {
      if (line.number == 1) first = line.text;
      last = line.text;
      lines = line.number;
    }
    failed = source.failed();
    if (failed) message = source.failure().message;
    ::unlink(path.c_str());
  }
  std::string first, last, message;
  std::uint64_t lines = 0;
  bool failed = false;
};

TEST(Inflated, GzipAndZstdReadAsWhatTheyHold) {
  const std::string text = many_lines();
  for (const std::string& bytes :
       {text, compressed<io::gzip_compressor>(text), compressed<io::zstd_compressor>(text)}) {
    const Read read(bytes);
    EXPECT_FALSE(read.failed) << read.message;
    EXPECT_EQ(read.lines, 50'000u);
    EXPECT_EQ(read.first, "line 0");
    EXPECT_EQ(read.last, "line 49999");
  }
}

TEST(Inflated, OneThatBreaksOffFailsAfterWhatItHeld) {
  const std::string text = many_lines();
  for (std::string bytes :
       {compressed<io::gzip_compressor>(text), compressed<io::zstd_compressor>(text)}) {
    bytes.resize(bytes.size() / 2);
    const Read read(bytes);
    EXPECT_TRUE(read.failed) << static_cast<int>(bytes[0]);
    EXPECT_NE(read.message.find("cut short"), std::string::npos) << read.message;
    EXPECT_GT(read.lines, 0u);
    EXPECT_LT(read.lines, 50'000u);
  }
}

TEST(Inflated, DamageIsNoticed) {
  std::string bytes = compressed<io::gzip_compressor>(many_lines());
  for (std::size_t i = bytes.size() / 2; i < bytes.size() / 2 + 64; ++i) bytes[i] ^= '\x5a';
  const Read read(bytes);
  EXPECT_TRUE(read.failed);
  EXPECT_NE(read.message.find("gzip"), std::string::npos) << read.message;
}

TEST(Inflated, TheFirstBytesDecide) {
  EXPECT_EQ(compression_of("\x1f\x8b\x08"), Compression::gzip);
  EXPECT_EQ(compression_of("\x28\xb5\x2f\xfd"), Compression::zstd);
  EXPECT_EQ(compression_of("7 ioctl("), Compression::none);
  EXPECT_EQ(compression_of(""), Compression::none);
}

TEST(Inflated, AByteOrderMarkIsNoPartOfTheFirstLine) {
  const std::string text = "\xef\xbb\xbf# assay-trace 1\nx\n";
  for (const std::string& bytes : {text, compressed<io::gzip_compressor>(text)}) {
    const Read read(bytes);
    EXPECT_EQ(read.first, "# assay-trace 1");
    EXPECT_EQ(read.lines, 2u);
  }
  EXPECT_EQ(Read("\xef\xbb\xbf").lines, 0u);
  EXPECT_EQ(Read("x").first, "x");
  EXPECT_EQ(Read("").lines, 0u);
}

}  // namespace
}  // namespace assay::traces
