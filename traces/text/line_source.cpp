#include "traces/text/line_source.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "traces/stop.hpp"

namespace assay::traces {
namespace {

constexpr std::size_t block_bytes = std::size_t{256} << 10;
constexpr std::size_t peek_bytes = 4096;
constexpr std::size_t peek_bytes_wanted = 16;  // a pipe may give less; do not wait for more

std::string_view without_return(std::string_view text) {
  if (!text.empty() && text.back() == '\r') text.remove_suffix(1);
  return text;
}

}  // namespace

LineSource::LineSource(std::size_t line_bytes_max)
    : line_bytes_max_(std::max<std::size_t>(line_bytes_max, 1)),
      capacity_(line_bytes_max_ + block_bytes),
      buffer_(new char[capacity_]) {}

LineSource::~LineSource() {
  inflated_.reset();  // it reads the descriptor
  if (own_ && descriptor_ >= 0) ::close(descriptor_);
}

bool LineSource::open(const std::string& path, Diagnostic& why) {
  if (path == "-") {
    attach(STDIN_FILENO, false);
    return true;
  }
  // Opening a FIFO would wait for its writer where no stop can end it; reading waits for one too.
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) {
    why = Diagnostic{};
    why.message = std::string("cannot open: ") + std::strerror(errno);
    return false;
  }
  ::fcntl(descriptor, F_SETFL, ::fcntl(descriptor, F_GETFL) & ~O_NONBLOCK);
  attach(descriptor, true);
  return true;
}

void LineSource::attach(int descriptor, bool own) {
  inflated_.reset();
  if (own_ && descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = descriptor;
  own_ = own;
  begin_ = end_ = 0;
  number_ = 0;
  at_end_ = stopped_ = false;
  error_ = 0;
  damage_.clear();
  inflate();
}

// The end of a pipe, or of a compressed stream, is the end.
bool LineSource::may_grow() const {
  struct stat there {};
  return !inflated_ && ::fstat(descriptor_, &there) == 0 && S_ISREG(there.st_mode);
}

// Some bytes; 0 at the end, -1 with error_ or stopped_ set.
ssize_t LineSource::read_some(char* to, std::size_t bytes) {
  constexpr int pause_milliseconds = 50;
  for (;;) {
    const ssize_t got = stop::read(descriptor(), to, bytes);
    if (got > 0) return got;
    if (got == 0 && follows_ && may_grow()) {
      if (!stop::wait(pause_milliseconds)) continue;
      errno = ECANCELED;
    } else if (got == 0) {
      if (inflated_) damage_ = inflated_->error();
      return 0;
    }
    stopped_ = errno == ECANCELED;
    if (!stopped_) error_ = errno;
    return -1;
  }
}

// Looks at the first bytes: they tell a compressed input, and a byte order mark.
void LineSource::inflate() {
  constexpr std::size_t mark_bytes = 4;
  const auto look = [this] {
    while (end_ < mark_bytes && !at_end_) {
      const ssize_t got = read_some(buffer_.get() + end_, capacity_ - end_);
      if (got <= 0) at_end_ = true;
      else end_ += static_cast<std::size_t>(got);
    }
    return std::string_view(buffer_.get(), end_);
  };
  const std::string_view beginning = look();
  if (const Compression kind = compression_of(beginning); kind != Compression::none) {
    inflated_ = std::make_unique<Inflated>(kind, descriptor_, std::string(beginning));
    end_ = 0;
    at_end_ = false;
  }
  if (look().starts_with("\xef\xbb\xbf")) begin_ = 3;
}

// Moves what is left to the front and reads one more block. False: nothing came.
bool LineSource::refill() {
  if (at_end_) return false;
  if (begin_ > 0) {
    std::memmove(buffer_.get(), buffer_.get() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  const ssize_t got = end_ < capacity_ ? read_some(buffer_.get() + end_, capacity_ - end_) : 0;
  if (got > 0) end_ += static_cast<std::size_t>(got);
  else at_end_ = true;
  return got > 0;
}

bool LineSource::next(SourceLine& line) {
  const char* from = buffer_.get() + begin_;
  const void* newline = begin_ < end_ ? std::memchr(from, '\n', end_ - begin_) : nullptr;
  if (!newline) return next_slowly(line);
  const std::size_t bytes = static_cast<std::size_t>(static_cast<const char*>(newline) - from);
  line.too_long = bytes > line_bytes_max_;
  line.text = without_return({from, std::min(bytes, line_bytes_max_)});
  line.number = ++number_;
  begin_ += bytes + 1;
  return true;
}

// The buffer holds no whole line.
bool LineSource::next_slowly(SourceLine& line) {
  std::size_t searched = end_ - begin_;
  while (end_ - begin_ <= line_bytes_max_) {
    if (!refill()) break;
    const std::size_t fresh = begin_ + searched;
    if (std::memchr(buffer_.get() + fresh, '\n', end_ - fresh)) return next(line);
    searched = end_ - begin_;
  }
  // What an interrupted or damaged input leaves is no line.
  const bool is_cut = stopped_ || !damage_.empty();
  if (begin_ == end_ || is_cut) return false;
  line.too_long = end_ - begin_ > line_bytes_max_;
  const std::size_t bytes = std::min(end_ - begin_, line_bytes_max_);
  line.text = {buffer_.get() + begin_, bytes};
  line.number = ++number_;
  if (!line.too_long) {
    begin_ = end_;
    line.text = without_return(line.text);
    return true;
  }
  // The head stays where it is while the rest goes through the space behind it.
  skip_rest_of_line();
  return true;
}

// Reads and drops everything up to the next newline, without touching [begin_, begin_ + max).
void LineSource::skip_rest_of_line() {
  const std::size_t keep = begin_ + line_bytes_max_;
  for (;;) {
    const void* newline = std::memchr(buffer_.get() + keep, '\n', end_ - keep);
    if (newline) {
      begin_ = static_cast<std::size_t>(static_cast<const char*>(newline) - buffer_.get()) + 1;
      return;
    }
    const ssize_t got = read_some(buffer_.get() + keep, capacity_ - keep);
    if (got <= 0) {
      at_end_ = true;
      begin_ = end_;
      return;
    }
    end_ = keep + static_cast<std::size_t>(got);
  }
}

Diagnostic LineSource::failure() const {
  Diagnostic out;
  out.line = number_ + 1;
  out.message = damage_.empty() ? std::string("cannot read: ") + std::strerror(error_) : damage_;
  return out;
}

std::string_view LineSource::peek() {
  while (end_ - begin_ < peek_bytes_wanted && refill()) continue;
  return {buffer_.get() + begin_, std::min(end_ - begin_, peek_bytes)};
}

bool LineSource::looks_binary() { return peek().find('\0') != std::string_view::npos; }

}  // namespace assay::traces
