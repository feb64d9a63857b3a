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

TEST(Visible, ShowsWhatCouldMisleadATerminalAndLeavesTheRest) {
  EXPECT_EQ(Visible("Blätter 枫树 \xF0\x9F\x8C\xB5"), "Blätter 枫树 \xF0\x9F\x8C\xB5");
  EXPECT_EQ(Visible("a\x1b[31mb\x07\r\n\t\x7f"), "a\\x1B[31mb\\x07\\x0D\\x0A\\x09\\x7F");
  EXPECT_EQ(Visible("\xC2\x9B"
                    "31m"),
            "\\u{009B}31m");  // C1: an escape sequence in one character
  EXPECT_EQ(Visible("cat\xE2\x80\xAEgpj.exe"), "cat\\u{202E}gpj.exe");  // right-to-left override
  EXPECT_EQ(Visible("\xE2\x81\xA6x\xE2\x81\xA9\xD8\x9C"), "\\u{2066}x\\u{2069}\\u{061C}");
  EXPECT_EQ(Visible("\x9B"
                    "31m\xFF\xC0\x80\xED\xA0\x80"),
            "\\x9B31m\\xFF\\xC0\\x80\\xED\\xA0\\x80");
  EXPECT_EQ(Visible(std::string_view("a\0b", 3)), "a\\x00b");
  EXPECT_EQ(VisibleLines("a\n\tb\r\x1b"), "a\n\tb\\x0D\\x1B");
}

TEST(Visible, LeavesJsonReadableAsItWas) {
  EXPECT_EQ(VisibleJson("{\n \"a\": \"\xC2\x9B\x7f\xE2\x80\xAE\xF3\xA0\x81\x81 é\"\n}"),
            "{\n \"a\": \"\\u009b\\u007f\\u202e\\udb40\\udc41 é\"\n}");
}

TEST(CsvCell, QuotesByTheRulesAndRunsNoFormula) {
  EXPECT_EQ(CsvCell("plain"), "plain");
  EXPECT_EQ(CsvCell("a,\"b\""), "\"a,\"\"b\"\"\"");
  EXPECT_EQ(CsvCell("=1+1"), "'=1+1");
  EXPECT_EQ(CsvCell("=HYPERLINK(\"x\")"), "\"'=HYPERLINK(\"\"x\"\")\"");
  EXPECT_EQ(CsvCell("@SUM(A1)"), "'@SUM(A1)");
  EXPECT_EQ(CsvCell("+cmd"), "'+cmd");
  EXPECT_EQ(CsvCell("-cmd"), "'-cmd");
  EXPECT_EQ(CsvCell("\t=1"), "'\t=1");
  EXPECT_EQ(CsvCell("-0.5"), "-0.5");
  EXPECT_EQ(CsvCell("-1e-07"), "-1e-07");
  EXPECT_EQ(CsvCell(""), "");
  for (const char* text : {"=1", "-x", "plain", "'quoted'", "-3"})
    EXPECT_EQ(WithoutCsvGuard(CsvCell(text)), text);
}

}  // namespace
}  // namespace handlens
