// A compressed input (gzip, zstd) as a descriptor of what it holds, so that every reader can read
// it. A thread of its own inflates; it ends when the input does, or when nobody reads any more.
#pragma once
#include <string>
#include <string_view>
#include <thread>

namespace assay::traces {

enum class Compression : unsigned char { none, gzip, zstd };
// By the first bytes of an input.
Compression compression_of(std::string_view beginning);

class Inflated {
 public:
  // `beginning` was read from `descriptor` already and comes first. The descriptor stays the
  // caller's and must stay open. Throws std::system_error when there are no resources for it.
  Inflated(Compression kind, int descriptor, std::string beginning);
  ~Inflated();
  Inflated(const Inflated&) = delete;
  Inflated& operator=(const Inflated&) = delete;

  int descriptor() const { return ours_; }
  // After the end was read from descriptor(): what is wrong with the input, empty if nothing is.
  std::string error();

 private:
  void run(Compression kind, int descriptor, std::string beginning);

  int ours_ = -1, theirs_ = -1;
  std::string error_;  // written by the thread before it ends
  std::thread thread_;
};

}  // namespace assay::traces
