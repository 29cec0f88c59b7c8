// Bytes by position, from memory or from a descriptor, for readers that trust no size.
//
// A pipe can only be read forwards; `seekable` tells. Nothing is mapped, as a file that shrinks
// while it is read must not kill us.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace assay::traces::spe {

class ByteInput {
 public:
  virtual ~ByteInput() = default;
  // Reads bytes from position `offset` on; fewer than asked for only at the end, after an error, or
  // if a pipe is already past `offset`.
  virtual std::size_t read(std::uint64_t offset, std::span<std::uint8_t> to) = 0;
  virtual bool seekable() const = 0;
  // Which error of the system ended the last read; 0 for the end of the input.
  virtual int error() const { return 0; }
};

// Of a buffer that outlives the input. `as_pipe` behaves as a pipe does, for tests.
class MemoryInput : public ByteInput {
 public:
  explicit MemoryInput(std::span<const std::uint8_t> bytes, bool as_pipe = false)
      : bytes_(bytes), as_pipe_(as_pipe) {}
  std::size_t read(std::uint64_t offset, std::span<std::uint8_t> to) override;
  bool seekable() const override { return !as_pipe_; }

 private:
  std::span<const std::uint8_t> bytes_;
  bool as_pipe_;
  std::uint64_t position_ = 0;
};

// Of an open descriptor, which stays open. Whether it can seek is found out by trying.
class DescriptorInput : public ByteInput {
 public:
  explicit DescriptorInput(int descriptor);
  std::size_t read(std::uint64_t offset, std::span<std::uint8_t> to) override;
  bool seekable() const override { return seekable_; }
  int error() const override { return error_; }

 private:
  std::size_t read_forward(std::span<std::uint8_t> to);
  int descriptor_;
  bool seekable_ = false;
  std::uint64_t position_ = 0;
  int error_ = 0;
};

}  // namespace assay::traces::spe
