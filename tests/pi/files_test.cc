// Claims about files that the program for the Raspberry Pi reads: damaged ones are refused, whatever they say
// of their sizes.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "base/hash.h"
#include "frames.h"
#include "pack.h"

namespace handlens::device {
namespace {

class PiFiles : public testing::Test {
 protected:
  ~PiFiles() override { std::filesystem::remove(path_); }
  const std::filesystem::path path_ =
      std::filesystem::temp_directory_path() / ("handlens-pi-file-" + std::to_string(::getpid()) + ".y4m");
};

// One file of an archive whose head says that it has `size` bytes.
std::string Packed(std::string_view size) {
  std::string tar(512, '\0');
  tar.replace(0, 8, "app.json");
  tar.replace(124, size.size(), size);
  tar += "{}" + std::string(510, '\0');
  std::string program = "program" + tar;
  for (size_t i = 0; i < 8; ++i) program += static_cast<char>(tar.size() >> (8 * i));
  return program + Sha256(tar) + "HLPACK01";
}

TEST_F(PiFiles, APackWhoseSizesAreNoneHasNoFiles) {
  ASSERT_TRUE(WriteFileAtomic(path_, Packed("00000000002")));
  EXPECT_EQ(Pack::Read(path_)->Text("app.json"), "{}");
  for (const char* size : {"-0000000001", "xxxxxxxxxxx", "77777777777", "           "}) {
    ASSERT_TRUE(WriteFileAtomic(path_, Packed(size)));
    const auto pack = Pack::Read(path_);
    ASSERT_TRUE(pack) << pack.error().message;
    EXPECT_FALSE(pack->File("app.json")) << size;
  }
}

TEST_F(PiFiles, AVideoOfGiganticFramesIsRefused) {
  ASSERT_TRUE(WriteFileAtomic(path_, "YUV4MPEG2 W4 H2 C420\nFRAME\n123456789012"));
  const auto small = OpenY4m(path_.string());
  ASSERT_TRUE(small);
  EXPECT_EQ((*small)().value()->width, 4);
  ASSERT_TRUE(WriteFileAtomic(path_, "YUV4MPEG2 W65535 H65535 C420\nFRAME\n1"));
  EXPECT_FALSE(OpenY4m(path_.string()));
}

}  // namespace
}  // namespace handlens::device
