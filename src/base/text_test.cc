#include "base/text.h"

#include <gtest/gtest.h>

namespace handlens {
namespace {

TEST(Text, CountsInSentences) {
  EXPECT_EQ(Thousands(0), "0");
  EXPECT_EQ(Thousands(999), "999");
  EXPECT_EQ(Thousands(-2360965), "-2,360,965");
  EXPECT_EQ(Plural(0, "picture", "pictures"), "0 pictures");
  EXPECT_EQ(Plural(1, "picture", "pictures"), "1 picture");
  EXPECT_EQ(Plural(1000, "picture", "pictures"), "1,000 pictures");
}

}  // namespace
}  // namespace handlens
