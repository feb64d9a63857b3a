// Claims about the user's words in other makers' files. That whole files read back is in tests/projects.
#include "package/words.h"

#include <gtest/gtest.h>

namespace handlens::package {
namespace {

TEST(Words, MakeThreeNumbersOfAVersion) {
  EXPECT_EQ(NumericVersion("1").value(), "1.0.0");
  EXPECT_EQ(NumericVersion("2.5").value(), "2.5.0");
  EXPECT_EQ(NumericVersion("10.20.30").value(), "10.20.30");
  for (const char* wrong :
       {"", "1.", ".1", "1..2", "1.2.3.4", "1.2b", "v1", "-1", "+1", "1.-2", " 1", "99999999999"}) {
    const auto version = NumericVersion(wrong);
    ASSERT_FALSE(version) << wrong;
    EXPECT_EQ(version.error().kind, ErrorKind::kUsage);
  }
}

TEST(Words, AreEscapedForPropertyLists) {
  EXPECT_EQ(PlistEscaped("a<b>&c\"'"), "a&lt;b&gt;&amp;c\"'");
  EXPECT_EQ(PlistEscaped("$(HOME) ${X} $5 $"), "\xEF\xBC\x84(HOME) \xEF\xBC\x84{X} $5 $");
  EXPECT_EQ(PlistEscaped("a\n\x01\x7f z"), "a z");
}

TEST(Words, AreEscapedForAndroidAndYaml) {
  EXPECT_EQ(AndroidEscaped("@a@\\\"<&"), "\\@a@\\\\&quot;&lt;&amp;");
  EXPECT_EQ(AndroidEscaped("?x"), "\\?x");
  EXPECT_EQ(YamlQuoted("a\"\\\n#: x"), "\"a\\\"\\\\\\x0a#: x\"");
}

TEST(Words, MakeNamesThatAppleAndDartTake) {
  EXPECT_EQ(AppleId("org.example.leaf_guide"), "org.example.leaf-guide");
  EXPECT_EQ(DartPackage("org.example.Leaf_Guide2"), "leaf_guide2");
  EXPECT_EQ(DartPackage("org.example.class"), "app_class");
  EXPECT_EQ(DartPackage("org.example.flutter"), "app_flutter");
}

TEST(Words, APackagesNameNeverIsThatOfTheSystem) {
  EXPECT_EQ(ProgramName("org.example.Leaf_Guide2"), "handlens-leaf-guide2");
  EXPECT_EQ(ProgramName("org.example.bash"), "handlens-bash");
  EXPECT_EQ(ProgramName("org.example.handlens"), "handlens-handlens");
  EXPECT_EQ(ProgramName("org.example.handlens_bash_"), "handlens-bash");
}

TEST(Words, NameWhatIsWrongWithAnId) {
  EXPECT_TRUE(CheckApplicationId("org.example.leaves_2"));
  for (const char* wrong : {"", "leaves", "org.2x", "org..x", "org.x.", "org.\xC3\xA4"}) {
    EXPECT_FALSE(CheckApplicationId(wrong)) << wrong;
  }
  EXPECT_FALSE(CheckAppName(""));
  EXPECT_TRUE(CheckAppName("\xE5\x8F\xB6"));
}

}  // namespace
}  // namespace handlens::package
