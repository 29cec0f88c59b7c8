// The binary twin of a trace: what text says, bound to rules once, readable at 10 M events/s.
//
// Layout, little-endian: "ASSAYTRC", version, the header as text, the names of the rules used by
// this file with their number of arguments (so that a file survives changes of the rule list),
// records, and a footer with the number of records. A file without its footer was truncated.
//
// Conversion is lossless: a line that its bound event would not print exactly is stored as text.
#pragma once
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "traces/bind/binder.hpp"
#include "traces/call/diagnostic.hpp"
#include "traces/header.hpp"

namespace assay::traces {

inline constexpr std::string_view binary_magic = "ASSAYTRC";

// Writes a binary trace to a file, atomically: to FILE.part, synced, renamed by close().
class BinaryWriter {
 public:
  BinaryWriter(const Binder& binder, const TraceHeader& header);
  ~BinaryWriter();
  BinaryWriter(const BinaryWriter&) = delete;
  BinaryWriter& operator=(const BinaryWriter&) = delete;
  bool open(const std::string& path, Diagnostic& why);
  void event(const TraceEvent& e);
  void text(std::string_view line);
  bool close(Diagnostic& why);

 private:
  void append(const void* data, std::size_t bytes);
  const Binder& binder_;
  TraceHeader header_;
  std::string path_;
  std::FILE* file_ = nullptr;
  std::string buffer_;
  std::uint64_t records_ = 0;
  bool failed_ = false;
};

struct BinaryHandlers {
  std::function<bool(std::string_view line, Diagnostic& why)> header_line;
  // After the header: by whose rules the rest is read. May be empty.
  std::function<const Binder&()> binder;
  // Returns false to stop.
  std::function<bool(const TraceEvent&)> event;
  std::function<bool(std::string_view line)> text;
};

// Reads an open descriptor to its end, in bounded memory; `begun` has been read from it already.
// False: `why` says what is wrong, with the byte offset, or is empty when a handler stopped; what
// came before was delivered.
bool read_binary(int descriptor, std::string_view begun, const Binder& binder,
                 const BinaryHandlers& handlers, Diagnostic& why);

}  // namespace assay::traces
