#include "traces/inflated.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <new>
#include <stdexcept>
#include <system_error>
#include <vector>

#include "traces/stop.hpp"

namespace assay::traces {
namespace {

// What was read already, and then the descriptor; it ends early when nobody reads any more at the
// other end of `reader`, or a stop is requested.
class Raw {
 public:
  Raw(int descriptor, int reader, std::string beginning)
      : descriptor_(descriptor), reader_(reader), beginning_(std::move(beginning)) {}
  // Some bytes; 0 at the end. An error shows as an input that breaks off.
  std::size_t read(char* to, std::size_t bytes) {
    if (at_ < beginning_.size()) {
      const std::size_t n = std::min(beginning_.size() - at_, bytes);
      std::memcpy(to, beginning_.data() + at_, n);
      at_ += n;
      return n;
    }
    const ssize_t got = wait() ? ::read(descriptor_, to, bytes) : -1;
    return got > 0 ? static_cast<std::size_t>(got) : 0;
  }

 private:
  bool wait() const {
    for (;;) {
      pollfd waits[3] = {
          {descriptor_, POLLIN, 0}, {reader_, 0, 0}, {stop::descriptor(), POLLIN, 0}};
      if (::poll(waits, 3, -1) < 0 && errno != EINTR) return false;
      if (waits[1].revents != 0 || stop::requested()) return false;
      if (waits[0].revents != 0) return true;
    }
  }

  int descriptor_, reader_;
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

// Libraries that wrap these two wait until a block is full, and take a zstd stream that breaks off
// for one that ends; a trace that is still being written is to be seen as it comes.

// Several frames may follow one another.
void inflate_zstd(Raw& in, int to) {
  struct Free {
    void operator()(ZSTD_DStream* stream) const { ZSTD_freeDStream(stream); }
  };
  const std::unique_ptr<ZSTD_DStream, Free> stream(ZSTD_createDStream());
  std::vector<char> packed(ZSTD_DStreamInSize()), plain(ZSTD_DStreamOutSize());
  std::size_t left_of_frame = 0;
  while (const std::size_t got = in.read(packed.data(), packed.size())) {
    ZSTD_inBuffer from{packed.data(), got, 0};
    while (from.pos < from.size) {
      ZSTD_outBuffer out{plain.data(), plain.size(), 0};
      left_of_frame = ZSTD_decompressStream(stream.get(), &out, &from);
      if (ZSTD_isError(left_of_frame) != 0) throw std::runtime_error("damaged");
      if (out.pos > 0 && !send_all(to, plain.data(), out.pos)) return;
    }
  }
  if (left_of_frame != 0) throw std::runtime_error("cut short");
}

// A zlib stream that ends with its scope.
struct Zlib {
  z_stream stream{};
  Zlib() {
    constexpr int window_bits = 15, gzip_only = 16;
    if (inflateInit2(&stream, window_bits + gzip_only) != Z_OK) throw std::bad_alloc();
  }
  ~Zlib() { inflateEnd(&stream); }
  Zlib(const Zlib&) = delete;
  Zlib& operator=(const Zlib&) = delete;
};

// Several members may follow one another.
void inflate_gzip(Raw& in, int to) {
  Zlib z;
  std::vector<char> packed(65536), plain(65536);
  bool in_member = true;
  while (const std::size_t got = in.read(packed.data(), packed.size())) {
    z.stream.next_in = reinterpret_cast<Bytef*>(packed.data());
    z.stream.avail_in = static_cast<uInt>(got);
    bool is_full = false;  // there may be more to come out of what was taken in
    while (z.stream.avail_in > 0 || is_full) {
      if (!in_member && inflateReset(&z.stream) != Z_OK) throw std::runtime_error("damaged");
      in_member = true;
      z.stream.next_out = reinterpret_cast<Bytef*>(plain.data());
      z.stream.avail_out = static_cast<uInt>(plain.size());
      const int result = inflate(&z.stream, Z_NO_FLUSH);
      if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
        throw std::runtime_error("damaged");
      in_member = result != Z_STREAM_END;
      is_full = in_member && z.stream.avail_out == 0;
      const std::size_t made = plain.size() - z.stream.avail_out;
      if (made > 0 && !send_all(to, plain.data(), made)) return;
    }
  }
  if (in_member) throw std::runtime_error("cut short");
}

}  // namespace

void Inflated::run(Compression kind, int descriptor, std::string beginning) {
  Raw in(descriptor, theirs_, std::move(beginning));
  try {
    if (kind == Compression::gzip) inflate_gzip(in, theirs_);
    else inflate_zstd(in, theirs_);
  } catch (const std::exception&) {
    error_ = kind == Compression::gzip ? "the gzip data are damaged or cut short"
                                       : "the zstd data are damaged or cut short";
  }
  ::close(theirs_);
}

}  // namespace assay::traces
