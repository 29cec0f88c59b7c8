// The memory that a simulated SPU writes: a few pages from address 0, each of which may refuse.
#pragma once
#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace assay::spu {

using u8 = std::uint8_t;
using u32 = std::uint32_t;
using u64 = std::uint64_t;

// What an access to a page meets: nothing, a fault of one of the translations, a granule protection
// fault, or a bus that aborts.
enum class Page : u8 { mapped, stage1, stage2, granule, abort };

class Memory {
 public:
  static constexpr u64 page_bytes = 4096, pages = 32, size = page_bytes * pages;

  Memory() : bytes_(size) {}
  // Nothing is mapped behind the last page.
  Page page(u64 address) const {
    return address < size ? pages_[address / page_bytes] : Page::stage1;
  }
  void set_page(unsigned number, Page state) { pages_[number % pages] = state; }
  // Bytes outside are lost, as on a bus without a device.
  void write(u64 address, std::span<const u8> what) {
    for (std::size_t i = 0; i < what.size() && address + i < size; ++i)
      bytes_[address + i] = what[i];
  }
  void write(u64 address, u8 byte) { write(address, std::span(&byte, 1)); }
  std::span<const u8> bytes() const { return bytes_; }

 private:
  std::vector<u8> bytes_;
  std::array<Page, pages> pages_{};
};

}  // namespace assay::spu
