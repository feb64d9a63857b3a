// Claims about RUN/apps/android: whatever goes wrong, the old app stays; a packing for one processor leaves
// the others'.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <functional>

#include "base/json.h"
#include "describe/describe.h"
#include "describe/sample_models.h"
#include "package/android/words.h"
#include "package/package.h"
#include "package/zip.h"
#include "tflite/tflite.h"

namespace handlens::package {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr int64_t kNow = 1'760'000'000;

struct Sample {
  fs::path folder;
  AndroidRequest request;
  SigningKey key;
};

// A template as small as one can be: a manifest, an icon, one library.
Bytes Template(const std::string& abi) {
  const Bytes manifest = ReadFile(HANDLENS_SOURCE_DIR "/src/package/testdata/manifest.axml").value();
  const auto layout = WriteZip({StoredEntry("AndroidManifest.xml", manifest),
                                StoredEntry("lib/" + abi + "/libx.so", Bytes(300'000, 7))});
  return layout.bytes;
}

Bytes Model() {
  describe::Description d;
  d.name = "colours";
  d.size_px = describe::sample::kSizePx;
  d.labels = {"red", "green", "blue"};
  tflite::Metadata metadata;
  metadata.name = d.name;
  metadata.mean = {0};
  metadata.std = {255};
  metadata.min = {0};
  metadata.max = {1};
  metadata.labels = d.labels;
  metadata.preprocess_json = describe::PreprocessJson(d);
  return tflite::AddMetadata(describe::sample::FloatModel(), metadata).value();
}

Sample MakeSample(const std::string& name) {
  const fs::path folder = fs::path(testing::TempDir()) / ("handlens-android-" + name);
  fs::remove_all(folder);
  EXPECT_TRUE(WriteFileAtomic(folder / "model.tflite", Model()));
  const auto rgb = describe::sample::Flat(200, 30, 40, 9);
  EXPECT_TRUE(WriteFileAtomic(folder / "red.png", image::EncodePng(rgb, 9, 9)));
  for (const char* abi : {"arm64-v8a", "x86_64"})
    EXPECT_TRUE(WriteFileAtomic(folder / (std::string(abi) + ".apk"), Template(abi)));
  Sample sample{folder, {}, SigningKey::Create(folder / "key.pem", kNow).value()};
  sample.request.bundle = {folder / "model.tflite", {}, "Leaves", {{folder / "red.png", "red"}}};
  sample.request.templates = {folder / "arm64-v8a.apk"};
  sample.request.application_id = "org.example.leaves";
  sample.request.icon = {9, 9, rgb};
  sample.request.out = folder / "apps/android";
  return sample;
}

Result<AndroidFolder> Pack(const Sample& sample) {
  return PackAndroidFolder(sample.request, sample.key, {}, "model/model.tflite");
}

Json Record(const Sample& sample) {
  return ReadRecord(sample.request.out / "android.json", "handlens-android", 1).value();
}

// A project for somebody who goes on in Android Studio is his: what he added or changed there stays, and only
// the rest is made anew.
TEST(AndroidFolder, LeavesInAProjectWhatTheUserAddedOrChanged) {
  Sample sample = MakeSample("project");
  const fs::path skeleton = sample.folder / "skeleton", project = sample.request.out / "project";
  const fs::path main = "app/src/main/Main.java", gradle = "app/build.gradle";
  ASSERT_TRUE(WriteFileAtomic(skeleton / main, std::string_view("class Main {}")));
  ASSERT_TRUE(WriteFileAtomic(skeleton / gradle, std::string_view("versionCode 1\n")));
  ASSERT_TRUE(WriteFileAtomic(skeleton / "old.txt", std::string_view("old")));
  const auto pack = [&] { return PackAndroidFolder(sample.request, sample.key, skeleton, "model"); };
  ASSERT_TRUE(pack());
  ASSERT_TRUE(WriteFileAtomic(project / "local.properties", std::string_view("sdk.dir=here")));
  ASSERT_TRUE(WriteFileAtomic(project / "app/src/main/Mine.java", std::string_view("class Mine {}")));
  ASSERT_TRUE(WriteFileAtomic(project / main, std::string_view("class Main { /* better */ }")));
  fs::remove(skeleton / "old.txt");
  sample.request.version_code = 7;
  for (int i = 0; i < 2; ++i) {
    EXPECT_THAT(*ChangedFiles(project), ElementsAre(main.string()));
    ASSERT_TRUE(pack());
    EXPECT_EQ(*ReadText(project / "local.properties"), "sdk.dir=here");
    EXPECT_EQ(*ReadText(project / "app/src/main/Mine.java"), "class Mine {}");
    EXPECT_EQ(*ReadText(project / main), "class Main { /* better */ }");
    EXPECT_EQ(*ReadText(project / gradle), "versionCode 7\n");
    EXPECT_FALSE(fs::exists(project / "old.txt"));
    EXPECT_TRUE(fs::exists(project / "app/src/main/assets/bundle/model.tflite"));
    EXPECT_TRUE(fs::exists(project / "app/src/main/jniLibs/arm64-v8a/libx.so"));
  }
  fs::remove(project / main);
  ASSERT_TRUE(pack());
  EXPECT_EQ(*ReadText(project / main), "class Main {}");
}

TEST(AndroidFolder, KeepsTheAppsOfOtherProcessors) {
  Sample sample = MakeSample("abis");
  const auto first = Pack(sample);
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(first->apps[0].apk, sample.request.out / "Leaves-arm64-v8a.apk");
  const Bytes arm64 = ReadFile(first->apps[0].apk).value();
  ASSERT_TRUE(WriteFileAtomic(sample.request.out / "notes.txt", std::string_view("mine")));
  sample.request.templates = {sample.folder / "x86_64.apk"};
  sample.request.version_code = 2;
  ASSERT_TRUE(Pack(sample));
  EXPECT_THAT(ListFolder(sample.request.out).value(),
              ElementsAre("Leaves-arm64-v8a.apk", "Leaves-x86_64.apk", "android.json", "notes.txt"));
  EXPECT_EQ(ReadFile(sample.request.out / "Leaves-arm64-v8a.apk").value(), arm64);
  // The record says of each what it is.
  const Json record = Record(sample);
  ASSERT_EQ(record["apps"].size(), 2u);
  EXPECT_EQ(record["version_code"], 2);
  EXPECT_EQ(record["apps"][0]["abi"], "x86_64");
  EXPECT_FALSE(record["apps"][0].contains("version_code"));
  EXPECT_EQ(record["apps"][1]["abi"], "arm64-v8a");
  EXPECT_EQ(record["apps"][1]["version_code"], 1);
  EXPECT_FALSE(record["apps"][1].contains("application_id"));
  // The same again for both: nothing of the first packing is left.
  sample.request.templates = {sample.folder / "arm64-v8a.apk", sample.folder / "x86_64.apk"};
  ASSERT_TRUE(Pack(sample));
  EXPECT_EQ(Record(sample)["apps"].size(), 2u);
  EXPECT_FALSE(Record(sample)["apps"][0].contains("version_code"));
}

TEST(AndroidFolder, ReplacesTheAppUnderAnotherName) {
  Sample sample = MakeSample("renamed");
  ASSERT_TRUE(Pack(sample));
  sample.request.bundle.name = "Trees";
  ASSERT_TRUE(Pack(sample));
  EXPECT_THAT(ListFolder(sample.request.out).value(), ElementsAre("Trees-arm64-v8a.apk", "android.json"));
}

TEST(AndroidFolder, AMistakeKeepsTheOldApp) {
  Sample sample = MakeSample("mistakes");
  ASSERT_TRUE(Pack(sample));
  const Bytes old = ReadFile(sample.request.out / "Leaves-arm64-v8a.apk").value();
  const AndroidRequest good = sample.request;
  const auto wrong = [&](const std::function<void(AndroidRequest&)>& change) {
    sample.request = good;
    change(sample.request);
    const auto packed = Pack(sample);
    EXPECT_FALSE(packed);
    EXPECT_THAT(ListFolder(good.out).value(), ElementsAre("Leaves-arm64-v8a.apk", "android.json"));
    EXPECT_EQ(ReadFile(good.out / "Leaves-arm64-v8a.apk").value(), old);
    EXPECT_THAT(ListFolder(good.out.parent_path()).value(), ElementsAre("android"));
  };
  wrong([](AndroidRequest& r) { r.application_id = "leaves"; });
  wrong([](AndroidRequest& r) { r.version_code = 0; });
  wrong([](AndroidRequest& r) { r.bundle.name = ""; });
  wrong([&](AndroidRequest& r) { r.templates.push_back(sample.folder / "nothing.apk"); });
  wrong([&](AndroidRequest& r) { r.bundle.model = sample.folder / "red.png"; });
  wrong([&](AndroidRequest& r) { r.bundle.check_pictures[0].path = sample.folder / "gone.png"; });
}

// Ends the packing in a process of its own, by a limit on the size of files: as a full disk (an error) or a
// kill.
TEST(AndroidFolder, AFullDiskOrAKillKeepsTheOldApp) {
  const Sample sample = MakeSample("full");
  ASSERT_TRUE(Pack(sample));
  const Bytes old = ReadFile(sample.request.out / "Leaves-arm64-v8a.apk").value();
  for (const bool killed : {false, true}) {
    const pid_t child = ::fork();
    if (child == 0) {
      std::signal(SIGXFSZ, killed ? SIG_DFL : SIG_IGN);
      const rlimit limit{100'000, 100'000}, no_core{0, 0};
      ::setrlimit(RLIMIT_CORE, &no_core);
      ::setrlimit(RLIMIT_FSIZE, &limit);
      const auto packed = Pack(sample);
      ::_exit(!packed && packed.error().kind == ErrorKind::kResources ? 7 : 1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(WIFSIGNALED(status), killed);
    if (!killed) {
      EXPECT_EQ(WEXITSTATUS(status), 7);
    }
    EXPECT_EQ(ReadFile(sample.request.out / "Leaves-arm64-v8a.apk").value(), old);
    EXPECT_THAT(ListFolder(sample.request.out).value(), ElementsAre("Leaves-arm64-v8a.apk", "android.json"));
    // A kill leaves its unfinished folder for the next command to sweep.
    EXPECT_EQ(SweepUnfinished(sample.request.out.parent_path(), Depth::kBelow), killed ? 1u : 0u);
    EXPECT_THAT(ListFolder(sample.request.out.parent_path()).value(), ElementsAre("android"));
  }
}

TEST(AndroidFolder, ANewerRecordIsRefused) {
  const Sample sample = MakeSample("newer");
  const std::string newer = "{\"format\": \"handlens-android\", \"version\": 2, \"apps\": []}";
  ASSERT_TRUE(WriteFileAtomic(sample.request.out / "android.json", newer));
  const auto packed = Pack(sample);
  ASSERT_FALSE(packed);
  EXPECT_THAT(packed.error().message, HasSubstr("android.json: written by a newer handlens"));
  EXPECT_EQ(ReadText(sample.request.out / "android.json").value(), newer);
}

}  // namespace
}  // namespace handlens::package
