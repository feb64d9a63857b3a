// Every test program has a folder for temporary files of its own, removed at its end: tests run side by side.
#include <gmock/gmock.h>
#include <stdlib.h>

#include <cstdio>
#include <filesystem>

int main(int count, char** arguments) {
  testing::InitGoogleMock(&count, arguments);
  std::string folder = (std::filesystem::temp_directory_path() / "handlens-test-XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr) {
    std::perror(folder.c_str());
    return 1;
  }
  ::setenv("TMPDIR", folder.c_str(), 1);
  ::setenv("TEST_TMPDIR", folder.c_str(), 1);
  const int failed = RUN_ALL_TESTS();
  std::filesystem::remove_all(folder);
  return failed;
}
