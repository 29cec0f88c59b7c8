#include "traces/inflated.hpp"

#include <sys/socket.h>
#include <unistd.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <boost/iostreams/filter/gzip.hpp>
#include <boost/iostreams/filtering_streambuf.hpp>
#include <cerrno>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <system_error>
#include <vector>

#include "traces/stop.hpp"

namespace assay::traces {
namespace {

namespace io = boost::iostreams;

// What was read already, and then the descriptor.
class Raw {
 public:
  using char_type = char;
  using category = io::source_tag;
  Raw(int descriptor, std::string beginning)
      : descriptor_(descriptor), beginning_(std::move(beginning)) {}
  std::streamsize read(char* to, std::streamsize bytes) {
    if (at_ < beginning_.size()) {
      const std::size_t n = std::min(beginning_.size() - at_, static_cast<std::size_t>(bytes));
      std::memcpy(to, beginning_.data() + at_, n);
      at_ += n;
      return static_cast<std::streamsize>(n);
    }
    const ssize_t got = stop::read(descriptor_, to, static_cast<std::size_t>(bytes));
    return got > 0 ? got : -1;  // an error shows as an input that breaks off
  }

 private:
  int descriptor_;
  std::string beginning_;
  std::size_t at_ = 0;
};

// False: nobody reads any more.
bool send_all(int to, const char* bytes, std::size_t count) {
  while (count > 0) {
    const ssize_t sent = ::send(to, bytes, count, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    bytes += sent;
    count -= static_cast<std::size_t>(sent);
  }
  return true;
}

}  // namespace

Compression compression_of(std::string_view beginning) {
  if (beginning.starts_with("\x1f\x8b")) return Compression::gzip;
  if (beginning.starts_with("\x28\xb5\x2f\xfd")) return Compression::zstd;
  return Compression::none;
}

Inflated::Inflated(Compression kind, int descriptor, std::string beginning) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    throw std::system_error(errno, std::generic_category(), "socketpair");
  ours_ = ends[0];
  theirs_ = ends[1];
  thread_ = std::thread([this, kind, descriptor, beginning = std::move(beginning)]() mutable {
    run(kind, descriptor, std::move(beginning));
  });
}

Inflated::~Inflated() {
  ::close(ours_);  // the thread's next send fails
  if (thread_.joinable()) thread_.join();
}

std::string Inflated::error() {
  if (thread_.joinable()) thread_.join();
  return error_;
}

namespace {

// Boost's own filter for zstd takes an input that breaks off for one that ends, so zstd is asked
// itself. Several frames may follow one another.
void inflate_zstd(Raw& in, int to) {
  struct Free {
    void operator()(ZSTD_DStream* stream) const { ZSTD_freeDStream(stream); }
  };
  const std::unique_ptr<ZSTD_DStream, Free> stream(ZSTD_createDStream());
  std::vector<char> packed(ZSTD_DStreamInSize()), plain(ZSTD_DStreamOutSize());
  std::size_t left_of_frame = 0;
  for (;;) {
    const std::streamsize got = in.read(packed.data(), static_cast<std::streamsize>(packed.size()));
    if (got <= 0) break;
    ZSTD_inBuffer from{packed.data(), static_cast<std::size_t>(got), 0};
    while (from.pos < from.size) {
      ZSTD_outBuffer out{plain.data(), plain.size(), 0};
      left_of_frame = ZSTD_decompressStream(stream.get(), &out, &from);
      if (ZSTD_isError(left_of_frame) != 0) throw std::runtime_error("damaged");
      if (out.pos > 0 && !send_all(to, plain.data(), out.pos)) return;
    }
  }
  if (left_of_frame != 0) throw std::runtime_error("cut short");
}

void inflate_gzip(Raw in, int to) {
  io::filtering_streambuf<io::input> plain;
  plain.push(io::gzip_decompressor());
  plain.push(std::move(in));
  std::array<char, 65536> block;
  for (std::streamsize got = 1; got > 0;) {
    got = plain.sgetn(block.data(), block.size());
    if (got > 0 && !send_all(to, block.data(), static_cast<std::size_t>(got))) return;
  }
}

}  // namespace

void Inflated::run(Compression kind, int descriptor, std::string beginning) {
  Raw in(descriptor, std::move(beginning));
  try {
    if (kind == Compression::gzip) inflate_gzip(std::move(in), theirs_);
    else inflate_zstd(in, theirs_);
  } catch (const std::exception&) {
    error_ = kind == Compression::gzip ? "the gzip data are damaged or cut short"
                                       : "the zstd data are damaged or cut short";
  }
  ::close(theirs_);
}

}  // namespace assay::traces
