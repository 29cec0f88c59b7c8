// Capture streams made by hand, byte by byte, for tests of what reads them.
#pragma once
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "traces/capture/capture.h"
#include "traces/capture_reader.hpp"
#include "traces/text/print.hpp"

namespace assay::traces::test {

using Bytes = std::vector<std::uint8_t>;

template <typename T>
void put(Bytes& to, const T& value) {
  const auto* at = reinterpret_cast<const std::uint8_t*>(&value);
  to.insert(to.end(), at, at + sizeof value);
}

template <typename... Words>
Bytes words32(Words... words) {
  Bytes out;
  (put(out, static_cast<std::uint32_t>(words)), ...);
  return out;
}

template <typename... Words>
Bytes words64(Words... words) {
  Bytes out;
  (put(out, static_cast<std::uint64_t>(words)), ...);
  return out;
}

inline Bytes joined(std::initializer_list<Bytes> pieces) {
  Bytes out;
  for (const Bytes& piece : pieces) out.insert(out.end(), piece.begin(), piece.end());
  return out;
}

struct Piece {
  capture_part_kind kind;
  Bytes data;
  bool unreadable = false;
};

// A stream and the records in it.
class Stream {
 public:
  Stream() {
    capture_header header{};
    std::memcpy(header.magic, CAPTURE_MAGIC, sizeof header.magic);
    header.version = CAPTURE_VERSION;
    header.header_bytes = sizeof header;
    header.page_size = 4096;
    header.possible_cpus = 4;
    std::strcpy(header.release, "6.1.0-test");
    put(bytes, header);
  }

  void add(capture_record record, const std::vector<Piece>& pieces = {}) {
    Bytes tail;
    for (const Piece& piece : pieces) {
      capture_part part{};
      part.kind = static_cast<std::uint16_t>(piece.kind);
      part.flags = piece.unreadable ? CAPTURE_PART_UNREADABLE : 0;
      part.bytes = static_cast<std::uint32_t>(piece.data.size());
      put(tail, part);
      tail.insert(tail.end(), piece.data.begin(), piece.data.end());
      tail.resize((tail.size() + 7) / 8 * 8);
    }
    record.bytes = static_cast<std::uint32_t>(sizeof record + tail.size());
    record.parts = static_cast<std::uint16_t>(pieces.size());
    put(bytes, record);
    bytes.insert(bytes.end(), tail.begin(), tail.end());
  }

  void open(int descriptor) {
    capture_record record = blank(CAPTURE_OPEN, -1);
    record.result = descriptor;
    record.arg[0] = 0x80002;
    add(record, {{CAPTURE_PATH, {'/', 'd', 'e', 'v', '/', 'k', 'v', 'm'}, false}});
  }

  // An ioctl without times, so that its text is only the call.
  void ioctl(int descriptor, std::uint64_t request, std::uint64_t argument, std::int64_t result,
             const std::vector<Piece>& pieces = {}, int error = 0) {
    capture_record record = blank(CAPTURE_IOCTL, descriptor);
    record.request = request;
    record.arg[0] = argument;
    record.result = result;
    record.error = error;
    add(record, pieces);
  }

  static capture_record blank(capture_kind kind, int descriptor) {
    capture_record record{};
    record.kind = static_cast<std::uint16_t>(kind);
    record.fd = descriptor;
    record.cpu_begin = record.cpu_end = -1;
    return record;
  }

  int file() const {
    const int descriptor = memfd_create("capture", MFD_CLOEXEC);
    EXPECT_EQ(write(descriptor, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
    lseek(descriptor, 0, SEEK_SET);
    return descriptor;
  }

  // Every record as text; a diagnostic as its last line.
  std::vector<std::string> texts() const {
    std::vector<std::string> out;
    CaptureReader reader;
    Diagnostic why;
    if (!reader.attach(file(), true, {}, why)) return {render(why, "c", {})};
    Call call;
    for (;;) {
      const CaptureReader::Answer answer = reader.next(call, why);
      if (answer == CaptureReader::Answer::end) return out;
      if (answer == CaptureReader::Answer::malformed) {
        out.push_back(render(why, "c", {}));
        return out;
      }
      out.push_back(print(call));
    }
  }

  Bytes bytes;
};

// A stream in which 3 is /dev/kvm, 4 a VM, 5 its vCPU 0 and 6 its vGIC.
inline Stream with_vm() {
  Stream out;
  out.open(3);
  out.ioctl(3, 0xae01, 0, 4);
  out.ioctl(4, 0xae41, 0, 5);
  out.ioctl(4, 0xc00caee0, 0x1000, 0,
            {{CAPTURE_IN, words32(7, 0, 0), false}, {CAPTURE_OUT, words32(7, 6, 0), false}});
  return out;
}

}  // namespace assay::traces::test
