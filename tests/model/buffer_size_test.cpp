// PMBIDR_EL1.MaxBuffSize, every encoding (D24.7; N03, N08).
#include <gtest/gtest.h>

#include <set>

#include "spec/kvm/spe/designs.hpp"
#include "tests/arm64.hpp"

namespace assay {
namespace {

constexpr u64 encodings = 1 << 14;

u64 size_of(u64 field) { return buffer_size_of<Concrete>(Bits<16>(field)).value(); }

TEST(BufferSize, EveryEncodingIsLargerThanTheOneBefore) {
  EXPECT_EQ(size_of(1), 4096u);
  EXPECT_EQ(size_of(0x3fff), u64{4092} << 40);
  for (u64 field = 1; field < encodings; ++field)
    ASSERT_LT(size_of(field - 1), size_of(field)) << field;
}

TEST(BufferSize, CanBeToldExactlyIfSomeEncodingSaysIt) {
  std::set<u64> sizes;
  for (u64 field = 0; field < encodings; ++field) sizes.insert(size_of(field));
  for (const u64 size : sizes)
    for (const u64 other : {size, size + 1, size + page_bytes, size - page_bytes, size / 2 * 3})
      ASSERT_EQ(can_be_told<Concrete>(Number(other)), sizes.contains(other)) << other;
}

}  // namespace
}  // namespace assay
