// Lines of a file or of standard input, in bounded memory whatever the input is.
//
// Reads big blocks and hands out views into them. A line longer than the limit is handed out cut
// and flagged, and the rest of it is skipped as it streams by. Nothing is ever mapped: a file that
// is truncated while it is read must not kill us. gzip and zstd input is inflated on the way, a
// byte order mark of UTF-8 is dropped, and a request to stop (traces/stop.hpp) ends a wait for
// input.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "traces/call/diagnostic.hpp"
#include "traces/inflated.hpp"

namespace assay::traces {

struct SourceLine {
  std::string_view text;     // without the line end ("\n" or "\r\n"); valid until the next call
  std::uint64_t number = 0;  // 1-based
  bool too_long = false;     // text is only the beginning
};

class LineSource {
 public:
  static constexpr std::size_t line_bytes_default = std::size_t{1} << 20;

  explicit LineSource(std::size_t line_bytes_max = line_bytes_default);
  ~LineSource();
  LineSource(const LineSource&) = delete;
  LineSource& operator=(const LineSource&) = delete;

  // "-" is standard input. False: `why` says what the system said.
  bool open(const std::string& path, Diagnostic& why);
  // Before open: at the end of a file wait for more, until a stop is requested. Pipes and
  // compressed inputs end where they end.
  void follow() { follows_ = true; }
  // Takes over an open descriptor; it is closed only if `own`.
  void attach(int descriptor, bool own);

  // The next line. False at the end and after an error, which `failed` tells apart.
  bool next(SourceLine& line);
  bool failed() const { return error_ != 0 || !damage_.empty(); }
  // A stop was requested while more input could have come.
  bool stopped() const { return stopped_; }
  Diagnostic failure() const;

  // The beginning of the input (up to 4 KiB), without consuming it: to tell formats apart.
  std::string_view peek();
  // Whether that beginning holds a NUL byte: then this is no text, and reading on would only
  // produce one complaint per line.
  bool looks_binary();

  // Everything read so far and not handed out: to pass an input on to a binary reader.
  std::string_view buffered() const { return {buffer_.get() + begin_, end_ - begin_}; }
  int descriptor() const { return inflated_ ? inflated_->descriptor() : descriptor_; }
  std::size_t line_bytes_max() const { return line_bytes_max_; }

 private:
  ssize_t read_some(char* to, std::size_t bytes);
  bool may_grow() const;
  void inflate();
  bool refill();
  bool next_slowly(SourceLine& line);
  void skip_rest_of_line();

  std::size_t line_bytes_max_;
  std::size_t capacity_;
  std::unique_ptr<char[]> buffer_;
  std::size_t begin_ = 0;  // what is not handed out yet: [begin_, end_) of the buffer
  std::size_t end_ = 0;
  std::uint64_t number_ = 0;
  int descriptor_ = -1;
  bool own_ = false;
  bool at_end_ = true;
  bool follows_ = false;
  bool stopped_ = false;
  int error_ = 0;
  std::unique_ptr<Inflated> inflated_;  // reads descriptor_, which is then its input
  std::string damage_;                  // of a compressed input
};

}  // namespace assay::traces
