// Calls from a capture stream (capture/capture.h): the binary twin of LineSource and read_line.
//
// Reads in blocks with bounded memory. A stream whose writer was killed is fine: it simply ends, or
// holds reserved space that was never filled, which is reported as a lost record. A stream that
// contradicts itself ends with a diagnostic that names the byte.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "traces/abi/arm64/decode.hpp"
#include "traces/capture/capture.h"
#include "traces/header.hpp"

namespace assay::traces {

class CaptureReader {
 public:
  enum class Answer : std::uint8_t { call, end, malformed };

  // No record comes near this; a length beyond it is corruption.
  static constexpr std::uint32_t record_bytes_max = 1u << 20;

  CaptureReader();
  ~CaptureReader();
  CaptureReader(const CaptureReader&) = delete;
  CaptureReader& operator=(const CaptureReader&) = delete;

  // Whether an input that begins like this is a capture stream.
  static bool recognises(std::string_view beginning);

  // "-" is standard input. Reads the header. False: `why` is filled in.
  bool open(const std::string& path, Diagnostic& why);
  // Takes over an open descriptor, of which `begun` (at most 2 MiB) has been read already; closes
  // it only if `own`. -1: `begun` is all there is.
  bool attach(int descriptor, bool own, std::string_view begun, Diagnostic& why);

  const capture_header& header() const { return header_; }
  std::string_view release() const;  // "6.1.0-51-arm64"
  std::string_view machine() const;
  std::string_view program() const;
  // What the machine said of itself (capture/host_facts.h); empty where nobody asked it.
  std::string_view host_facts() const { return host_facts_; }
  // All of this as the header of a trace: kernel, machine, profile and host.
  TraceHeader trace_header() const;

  // The next record as a call or event. The Call is valid until the next call of this.
  Answer next(Call& call, Diagnostic& why);

  std::uint64_t offset() const { return offset_; }  // of the next record, in bytes
  Decoder& decoder() { return decoder_; }

 private:
  std::size_t fill(std::size_t wanted);  // how much is there now, at most `wanted`
  bool read_header(Diagnostic& why);
  void read_host_facts();
  Answer fail(std::string_view expected, std::string message, Diagnostic& why) const;
  Answer lost(Call& call);

  std::unique_ptr<std::uint8_t[]> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::uint64_t offset_ = 0;
  int descriptor_ = -1;
  bool own_ = false;
  bool at_end_ = true;
  bool broken_ = false;
  int error_ = 0;
  capture_header header_{};
  std::string host_facts_;
  Decoder decoder_;
};

}  // namespace assay::traces
