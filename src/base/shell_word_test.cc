#include "base/shell_word.h"

#include <gtest/gtest.h>

#include <cstdio>

namespace handlens {
namespace {

// What a shell reads back is the path again; dash is the oracle.
TEST(ShellWord, IsOneWordThatTheShellReadsBack) {
  for (const std::string path :
       {"leaves-run", "my leaves", "it's", "$(rm -r x)", "a\\b", "blätter/run", "*", "~", "a;b"}) {
    const std::string command = "printf %s " + ShellWord(path);
    FILE* const pipe = ::popen(command.c_str(), "r");
    ASSERT_NE(pipe, nullptr);
    char read[256] = {};
    const size_t length = std::fread(read, 1, sizeof(read) - 1, pipe);
    ASSERT_EQ(::pclose(pipe), 0);
    EXPECT_EQ(std::string(read, length), path);
  }
  EXPECT_EQ(ShellWord("-v"), "'./-v'");
  EXPECT_EQ(ShellWord("leaves-run/report.html"), "leaves-run/report.html");
}

}  // namespace
}  // namespace handlens
