#include "traces/text/line_source.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

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
  if (own_ && descriptor_ >= 0) ::close(descriptor_);
}

bool LineSource::open(const std::string& path, Diagnostic& why) {
  if (path == "-") {
    attach(STDIN_FILENO, false);
    return true;
  }
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) {
    why = Diagnostic{};
    why.message = std::string("cannot open: ") + std::strerror(errno);
    return false;
  }
  attach(descriptor, true);
  return true;
}

void LineSource::attach(int descriptor, bool own) {
  if (own_ && descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = descriptor;
  own_ = own;
  begin_ = end_ = 0;
  number_ = 0;
  at_end_ = false;
  error_ = 0;
}

// Moves what is left to the front and reads one more block. False: nothing came.
bool LineSource::refill() {
  if (at_end_) return false;
  if (begin_ > 0) {
    std::memmove(buffer_.get(), buffer_.get() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  while (end_ < capacity_) {
    const ssize_t got = ::read(descriptor_, buffer_.get() + end_, capacity_ - end_);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) error_ = errno;
    if (got <= 0) break;
    end_ += static_cast<std::size_t>(got);
    return true;
  }
  at_end_ = true;
  return false;
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
  if (begin_ == end_) return false;
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
    ssize_t got = 0;
    do {
      got = ::read(descriptor_, buffer_.get() + keep, capacity_ - keep);
    } while (got < 0 && errno == EINTR);
    if (got < 0) error_ = errno;
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
  out.message = std::string("cannot read: ") + std::strerror(error_);
  return out;
}

std::string_view LineSource::peek() {
  while (end_ - begin_ < peek_bytes_wanted && refill()) continue;
  return {buffer_.get() + begin_, std::min(end_ - begin_, peek_bytes)};
}

bool LineSource::looks_binary() { return peek().find('\0') != std::string_view::npos; }

}  // namespace assay::traces
