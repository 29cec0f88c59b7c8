// Error numbers by name and back.
#include "model/errno.hpp"

#include <gtest/gtest.h>

#include <set>

namespace assay {
namespace {

TEST(Errno, NamesReadBackAndAreDistinct) {
  unsigned count = 0;
  const Errno* codes = all_errnos(count);
  std::set<std::string_view> names, texts;
  ASSERT_GT(count, 20u);
  EXPECT_EQ(codes[0], Errno::ok);
  for (unsigned i = 1; i < count; ++i) {
    names.insert(name_of(codes[i]));
    texts.insert(text_of(codes[i]));
    EXPECT_EQ(errno_named(name_of(codes[i])), codes[i]);
  }
  EXPECT_EQ(names.size(), count - 1);
  EXPECT_EQ(texts.size(), count - 1);
}

TEST(Errno, SuccessAndWhatNobodyKnowsHaveNoName) {
  EXPECT_FALSE(errno_named(name_of(Errno::ok)));
  EXPECT_FALSE(errno_named("ENOSUCH"));
  EXPECT_FALSE(errno_named(""));
  EXPECT_EQ(name_of(static_cast<Errno>(250)), "E?");
  EXPECT_EQ(text_of(static_cast<Errno>(250)), "Unknown error");
}

TEST(Errno, EveryCodeHasItsNumberOnLinux) {
  EXPECT_EQ(static_cast<int>(Errno::perm), 1);
  EXPECT_EQ(name_of(Errno::exist), "EEXIST");
  EXPECT_EQ(name_of(Errno::opnotsupp), "EOPNOTSUPP");
  unsigned count = 0;
  const Errno* codes = all_errnos(count);
  EXPECT_EQ(codes[count - 1], Errno::opnotsupp);
}

}  // namespace
}  // namespace assay
