#include "traces/spe/byte_input.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <limits>

namespace assay::traces::spe {

std::size_t MemoryInput::read(std::uint64_t offset, std::span<std::uint8_t> to) {
  if (offset > bytes_.size() || (as_pipe_ && offset < position_)) return 0;
  const std::size_t got = std::min<std::uint64_t>(to.size(), bytes_.size() - offset);
  if (got > 0) std::memcpy(to.data(), bytes_.data() + offset, got);
  position_ = offset + got;
  return got;
}

DescriptorInput::DescriptorInput(int descriptor)
    : descriptor_(descriptor), seekable_(::lseek(descriptor, 0, SEEK_CUR) >= 0) {}

std::size_t DescriptorInput::read_forward(std::span<std::uint8_t> to) {
  std::size_t done = 0;
  while (done < to.size()) {
    const ssize_t got = ::read(descriptor_, to.data() + done, to.size() - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) error_ = errno;
    if (got <= 0) break;
    done += static_cast<std::size_t>(got);
  }
  position_ += done;
  return done;
}

std::size_t DescriptorInput::read(std::uint64_t offset, std::span<std::uint8_t> to) {
  error_ = 0;
  if (!seekable_) {
    if (offset < position_) return 0;
    std::array<std::uint8_t, 4096> dropped;
    while (position_ < offset) {
      const std::uint64_t gap = std::min<std::uint64_t>(dropped.size(), offset - position_);
      if (read_forward({dropped.data(), static_cast<std::size_t>(gap)}) < gap) return 0;
    }
    return read_forward(to);
  }
  std::size_t done = 0;
  while (done < to.size()) {
    if (offset + done > static_cast<std::uint64_t>(std::numeric_limits<off_t>::max())) break;
    const ssize_t got =
        ::pread(descriptor_, to.data() + done, to.size() - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) error_ = errno;
    if (got <= 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

}  // namespace assay::traces::spe
