// SPDX-License-Identifier: Apache-2.0
//
// Reads a capture stream for the recorder's tests. It shares nothing with the reader in traces/, so
// that the two cannot agree on the same mistake.
#pragma once

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

extern "C" {
#include "../../traces/capture/capture.h"
}

namespace assay::recorder_test {

struct Part {
  capture_part head;
  std::string data;
};

struct Record {
  capture_record head;
  std::vector<Part> parts;

  const Part* part(capture_part_kind kind) const {
    for (const Part& part : parts) {
      if (part.head.kind == kind) return &part;
    }
    return nullptr;
  }
  // Its data; "none" or "unreadable" if there is none.
  std::string data(capture_part_kind kind) const {
    const Part* found = part(kind);
    if (!found) return "none";
    return found->head.flags & CAPTURE_PART_UNREADABLE ? "unreadable" : found->data;
  }
  bool is_call(uint64_t request) const {
    return head.kind == CAPTURE_IOCTL && head.request == request;
  }
};

struct Capture {
  capture_header header{};
  std::vector<Record> records;
  std::size_t unfinished = 0;     // records that were reserved and not written
  std::size_t content_bytes = 0;  // up to the end of the last record
  std::size_t file_bytes = 0;
};

// Throws what is wrong with the stream.
inline Capture read_capture(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("no file " + path.string());
  const std::string bytes((std::istreambuf_iterator<char>(file)), {});
  Capture capture;
  capture.file_bytes = bytes.size();
  if (bytes.size() < sizeof(capture_header)) throw std::runtime_error("no header");
  std::memcpy(&capture.header, bytes.data(), sizeof(capture_header));
  if (std::memcmp(capture.header.magic, CAPTURE_MAGIC, 8) != 0) throw std::runtime_error("magic");
  std::size_t at = capture.header.header_bytes;
  while (at + sizeof(capture_record) <= bytes.size()) {
    Record record;
    std::memcpy(&record.head, bytes.data() + at, sizeof(capture_record));
    const std::size_t length = record.head.bytes & ~7u;
    if (length == 0) break;
    if (length < sizeof(capture_record) || at + length > bytes.size()) {
      throw std::runtime_error("record at " + std::to_string(at) + " has a wrong length");
    }
    const std::size_t end = at + length;
    if (record.head.bytes & 1) {
      ++capture.unfinished;
      at = end;
      continue;
    }
    at += sizeof(capture_record);
    for (unsigned i = 0; i < record.head.parts; ++i) {
      Part part;
      if (at + sizeof(part.head) > end) throw std::runtime_error("part beyond its record");
      std::memcpy(&part.head, bytes.data() + at, sizeof(part.head));
      at += sizeof(part.head);
      if (part.head.bytes > end - at) throw std::runtime_error("data beyond its record");
      part.data = bytes.substr(at, part.head.bytes);
      const std::size_t padded = (part.head.bytes + 7u) & ~7u;
      for (std::size_t j = part.head.bytes; j < padded; ++j) {
        if (bytes[at + j] != 0) throw std::runtime_error("padding is not zero");
      }
      at += padded;
      record.parts.push_back(std::move(part));
    }
    if (at != end) throw std::runtime_error("parts do not fill their record");
    capture.records.push_back(std::move(record));
  }
  capture.content_bytes = at;
  for (; at < bytes.size(); ++at) {
    if (bytes[at] != 0) throw std::runtime_error("content after the end");
  }
  return capture;
}

}  // namespace assay::recorder_test
