// Claims about a machine that fails while pictures are read: no picture is missing for it, no picture is
// blamed.
#include <dlfcn.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "base/disk.h"
#include "dataset/dataset.h"
#include "dataset/prepare.h"

namespace {
// Reads of files of this name fail; empty = none.
std::string failing_name;
// So does asking for their status, or opening a folder of this name.
std::string failing_status, failing_folder;

bool Fails(const std::string& name, const char* path) {
  if (name.empty() || std::filesystem::path(path).filename() != name) return false;
  errno = EIO;
  return true;
}

template <class F>
F Real(const char* name) {
  return reinterpret_cast<F>(dlsym(RTLD_NEXT, name));
}
}  // namespace

extern "C" int stat(const char* path, struct stat* out) noexcept {
  return Fails(failing_status, path) ? -1 : Real<int (*)(const char*, struct stat*)>("stat")(path, out);
}

// How the standard library opens folders.
extern "C" int openat(int folder, const char* path, int flags, ...) {
  return Fails(failing_folder, path)
             ? -1
             : Real<int (*)(int, const char*, int, ...)>("openat")(folder, path, flags);
}

extern "C" ssize_t read(int descriptor, void* data, size_t size) {
  if (!failing_name.empty()) {
    std::error_code error;
    const auto path = std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(descriptor), error);
    if (path.filename() == failing_name) {
      errno = EIO;
      return -1;
    }
  }
  return Real<ssize_t (*)(int, void*, size_t)>("read")(descriptor, data, size);
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
    failing_name = failing_status = failing_folder = "";
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

TEST_F(FailingReads, OfANameOrAFolderDoSoToo) {
  failing_status = "fern3.png";
  const auto no_status = Inspected();
  ASSERT_FALSE(no_status);
  EXPECT_EQ(no_status.error().kind, ErrorKind::kResources);
  EXPECT_NE(no_status.error().message.find("fern3.png"), std::string::npos) << no_status.error().message;
  failing_status.clear();
  failing_folder = "oak";
  const auto no_folder = Inspected();
  ASSERT_FALSE(no_folder);
  EXPECT_EQ(no_folder.error().kind, ErrorKind::kResources);
}

TEST_F(FailingReads, OfALabelsFilesPicturesDoSoToo) {
  ASSERT_TRUE(WriteFileAtomic(folder_ / "labels.csv",
                              "path,label\nleaves/fern/fern0.png,fern\n"
                              "leaves/fern/fern1.png,fern\n"
                              "leaves/oak/oak0.png,oak\nleaves/oak/oak1.png,oak\n"));
  const auto inspected = [&] {
    return Inspect({.pictures = folder_ / "labels.csv", .limits = {}, .thumbnails = {}}, SilentProgress());
  };
  ASSERT_TRUE(inspected()) << inspected().error().message;
  failing_status = "oak1.png";
  EXPECT_EQ(inspected().error().kind, ErrorKind::kResources);
}

TEST_F(FailingReads, OfTheRecordAreNoFaultOfTheRecord) {
  const auto dataset = Inspected();
  ASSERT_TRUE(dataset) << dataset.error().message;
  ASSERT_TRUE(WriteDataset(folder_ / "dataset.json", *dataset));
  failing_name = "dataset.json";
  const auto read = ReadDataset(folder_ / "dataset.json");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().kind, ErrorKind::kResources) << read.error().message;
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
