// Claims about a machine that fails while pictures are read: no picture is missing for it, no picture is
// blamed.
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "base/disk.h"
#include "dataset/dataset.h"
#include "dataset/prepare.h"

namespace {
// Reads of files of this name fail; empty = none.
std::string failing_name;
}  // namespace

extern "C" ssize_t read(int descriptor, void* data, size_t size) {
  if (!failing_name.empty()) {
    std::error_code error;
    const auto path = std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(descriptor), error);
    if (path.filename() == failing_name) {
      errno = EIO;
      return -1;
    }
  }
  return reinterpret_cast<ssize_t (*)(int, void*, size_t)>(dlsym(RTLD_NEXT, "read"))(descriptor, data, size);
}

namespace handlens::dataset {
namespace {

namespace fs = std::filesystem;

class FailingReads : public testing::Test {
 protected:
  FailingReads()
      : folder_(fs::path(testing::TempDir()) / fmt::format("handlens-failing-reads-{}", ::getpid())) {
    fs::remove_all(folder_);
    for (const std::string label : {"fern", "oak"}) {
      for (size_t i = 0; i < 4; ++i) {
        std::vector<uint8_t> rgb(40 * 40 * 3);
        for (size_t k = 0; k < rgb.size(); ++k)
          rgb[k] = static_cast<uint8_t>((k * k * (i + 2) + k * (label == "oak" ? 31 : 7)) >> 3);
        EXPECT_TRUE(WriteFileAtomic(folder_ / "leaves" / label / fmt::format("{}{}.png", label, i),
                                    image::EncodePng(rgb, 40, 40)));
      }
    }
  }
  ~FailingReads() override {
    failing_name.clear();
    fs::remove_all(folder_);
  }
  Result<Dataset> Inspected() const {
    return Inspect({.pictures = folder_ / "leaves", .limits = {}, .thumbnails = {}}, SilentProgress());
  }
  const fs::path folder_;
};

TEST_F(FailingReads, EndTheInspectionInsteadOfLosingThePicture) {
  failing_name = "oak2.png";
  const auto dataset = Inspected();
  ASSERT_FALSE(dataset);
  EXPECT_EQ(dataset.error().kind, ErrorKind::kResources);
  EXPECT_NE(dataset.error().message.find("oak2.png"), std::string::npos) << dataset.error().message;
}

TEST_F(FailingReads, AreNoChangeOfThePictures) {
  const auto dataset = Inspected();
  ASSERT_TRUE(dataset) << dataset.error().message;
  failing_name = "fern1.png";
  EXPECT_EQ(CheckUnchanged(*dataset, SilentProgress()).error().kind, ErrorKind::kResources);
  const std::vector<int> sizes = {30};
  EXPECT_EQ(Prepare(*dataset, sizes, {.cache = folder_ / "cache", .jobs = 2}, SilentProgress()).error().kind,
            ErrorKind::kResources);
  failing_name.clear();
  EXPECT_TRUE(CheckUnchanged(*dataset, SilentProgress()));
}

}  // namespace
}  // namespace handlens::dataset
