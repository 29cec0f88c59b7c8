// Compressed inputs, marks at their beginning, and inputs that break off.
#include "traces/inflated.hpp"

#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <cstdlib>
#include <string>

#include "traces/text/line_source.hpp"

namespace assay::traces {
namespace {

std::string gzipped(const std::string& text) {
  z_stream z{};
  constexpr int gzip_window = 15 + 16, memory = 8;
  EXPECT_EQ(deflateInit2(&z, Z_BEST_SPEED, Z_DEFLATED, gzip_window, memory, Z_DEFAULT_STRATEGY),
            Z_OK);
  std::string in = text, out(deflateBound(&z, text.size()) + 64, 0);
  z.next_in = reinterpret_cast<Bytef*>(in.data());
  z.avail_in = static_cast<uInt>(in.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&z, Z_FINISH), Z_STREAM_END);
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}

std::string zstandard(const std::string& text) {
  std::string out(ZSTD_compressBound(text.size()), 0);
  const std::size_t bytes = ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 1);
  EXPECT_EQ(ZSTD_isError(bytes), 0u);
  out.resize(bytes);
  return out;
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
  for (const std::string& bytes : {text, gzipped(text), zstandard(text)}) {
    const Read read(bytes);
    EXPECT_FALSE(read.failed) << read.message;
    EXPECT_EQ(read.lines, 50'000u);
    EXPECT_EQ(read.first, "line 0");
    EXPECT_EQ(read.last, "line 49999");
  }
}

TEST(Inflated, OneThatBreaksOffFailsAfterWhatItHeld) {
  const std::string text = many_lines();
  for (std::string bytes : {gzipped(text), zstandard(text)}) {
    bytes.resize(bytes.size() / 2);
    const Read read(bytes);
    EXPECT_TRUE(read.failed) << static_cast<int>(bytes[0]);
    EXPECT_NE(read.message.find("cut short"), std::string::npos) << read.message;
    EXPECT_GT(read.lines, 0u);
    EXPECT_LT(read.lines, 50'000u);
  }
}

TEST(Inflated, PartsFollowOneAnother) {
  for (const std::string& bytes :
       {gzipped("one\n") + gzipped("two\n"), zstandard("one\n") + zstandard("two\n")}) {
    const Read read(bytes);
    EXPECT_FALSE(read.failed) << read.message;
    EXPECT_EQ(read.lines, 2u);
    EXPECT_EQ(read.last, "two");
  }
  // Of much that is alike comes more out than one buffer holds.
  const std::string alike(1'000'000, 'x');
  EXPECT_EQ(Read(gzipped(alike + "\nend\n")).last, "end");
}

TEST(Inflated, DamageIsNoticed) {
  std::string bytes = gzipped(many_lines());
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
  for (const std::string& bytes : {text, gzipped(text)}) {
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
