#include "base/suggest.h"

#include <gtest/gtest.h>

#include <vector>

namespace handlens {
namespace {

TEST(EditDistance, CountsASwapOnce) {
  EXPECT_EQ(EditDistance("serach", "search"), 1);
  EXPECT_EQ(EditDistance("kitten", "sitting"), 3);
  EXPECT_EQ(EditDistance("", "abc"), 3);
}

TEST(Nearest, IsSilentWhenNothingIsNear) {
  EXPECT_EQ(Nearest("xyzzy", std::vector<std::string>{"run", "search", "help"}), "");
}

}  // namespace
}  // namespace handlens
