// Puts calls together again that strace split because another thread got in between:
//
//   96 ioctl(7<anon_inode:kvm-vcpu:0>, KVM_RUN, 0 <unfinished ...>
//   97 close(3) = 0
//   96 <... ioctl resumed>) = 0
//
// The two texts are joined and read as one line, because strace may split a call anywhere, also
// within a structure. The whole call appears where it returned, with the time at which it began.
//
// Bounded: so many threads and so much text, after which unfinished calls are refused.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "traces/call/call.hpp"
#include "traces/call/diagnostic.hpp"

namespace assay::traces {

class Joiner {
 public:
  enum class Answer : std::uint8_t {
    ready,      // `call` is to be used: it was whole, or is now, or nobody saw its beginning
    held,       // `call` was the beginning of one
    malformed,  // `why` is filled in
  };

  static constexpr std::size_t held_calls_max = 4096;
  static constexpr std::size_t call_bytes_max = std::size_t{256} << 10;
  static constexpr std::size_t held_bytes_max = std::size_t{16} << 20;

  // `call` as read from `line`. What it refers to afterwards lives until the next take.
  Answer take(std::string_view line, Call& call, Diagnostic& why);

  // What is still unfinished when the input ends, oldest first: each as a call with
  // CallPart::unfinished and with its arguments if they were complete. False: no more.
  bool flush(Call& call);

  // After take() answered malformed: the text that could not be read, which is the line itself or a
  // call that the line completes, with its thread.
  std::string_view joined(std::string_view line) const {
    return joined_.empty() ? line : std::string_view(joined_);
  }

  std::size_t held() const { return held_.size(); }

 private:
  struct Held {
    std::string text;  // "ioctl(7<...>, KVM_RUN, 0 "
    std::string comm;
    std::uint64_t line = 0;
    std::uint64_t time_ns = 0;
    std::int32_t cpu = -1;
    std::uint32_t column = 0;  // of the text in its line
    std::size_t name_bytes = 0;
  };

  Answer hold(std::string_view line, Call& call, Diagnostic& why);
  Answer resume(std::string_view line, Call& call, Diagnostic& why);
  void drop(std::uint32_t tid);

  std::unordered_map<std::uint32_t, Held> held_;
  std::size_t held_bytes_ = 0;
  std::string joined_;
  Held current_;  // what the call handed out last refers to
};

}  // namespace assay::traces
