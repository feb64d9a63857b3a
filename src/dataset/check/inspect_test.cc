#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "base/disk.h"
#include "base/rng.h"
#include "dataset/added.h"
#include "dataset/check/checks.h"
#include "dataset/csv.h"
#include "dataset/dataset.h"
#include "dataset/prepare.h"
#include "dataset/scan.h"

namespace handlens::dataset {
namespace {

namespace fs = std::filesystem;

constexpr int kSide = 96;

// A texture of soft blobs, different for each seed.
std::vector<uint8_t> Texture(uint64_t seed) {
  Rng rng(seed, "test texture");
  std::vector<float> grey(kSide * kSide, 120);
  for (int blob = 0; blob < 160; ++blob) {
    const float cx = rng.Uniform(0, kSide), cy = rng.Uniform(0, kSide), r = rng.Uniform(2, 9),
                height = rng.Uniform(-70, 70);
    for (int y = 0; y < kSide; ++y) {
      for (int x = 0; x < kSide; ++x) {
        const float dx = static_cast<float>(x) - cx, dy = static_cast<float>(y) - cy;
        const float d = (dx * dx + dy * dy) / (r * r);
        if (d < 1) grey[static_cast<size_t>(y * kSide + x)] += height * (1 - d);
      }
    }
  }
  std::vector<uint8_t> rgb;
  for (const float value : grey)
    rgb.insert(rgb.end(), 3, static_cast<uint8_t>(std::clamp(value, 0.0F, 255.0F)));
  return rgb;
}

template <class F>  // F(x, y) -> value at kSide x kSide
std::vector<uint8_t> Redraw(F&& value) {
  std::vector<uint8_t> rgb;
  for (int y = 0; y < kSide; ++y) {
    for (int x = 0; x < kSide; ++x)
      rgb.insert(rgb.end(), 3, static_cast<uint8_t>(std::clamp(value(x, y), 0, 255)));
  }
  return rgb;
}

class InspectTest : public testing::Test {
 protected:
  InspectTest() {
    std::string name = (fs::temp_directory_path() / "handlens-dataset-XXXXXX").string();
    root_ = mkdtemp(name.data());
  }
  ~InspectTest() override { fs::remove_all(root_); }

  void Put(const std::string& path, const std::vector<uint8_t>& rgb) {
    ASSERT_TRUE(WriteFileAtomic(root_ / path, image::EncodePng(rgb, kSide, kSide)));
  }
  void PutText(const std::string& path, std::string_view text) {
    ASSERT_TRUE(WriteFileAtomic(root_ / path, text));
  }
  Result<Dataset> Look(const std::string& what = "", int jobs = 2) {
    return Inspect({.pictures = root_ / what, .limits = {}, .thumbnails = {}, .jobs = jobs},
                   SilentProgress());
  }
  void PutTwoClasses(int each) {
    for (int i = 0; i < each; ++i) {
      Put(fmt::format("cat/{}.png", i), Texture(static_cast<uint64_t>(i)));
      Put(fmt::format("dog/{}.png", i), Texture(static_cast<uint64_t>(1000 + i)));
    }
  }
  static std::string ReasonOf(const Dataset& data, const std::string& path) {
    for (const Rejected& rejected : data.rejected) {
      if (rejected.path == path) return rejected.reason;
    }
    return "";
  }

  fs::path root_;
};

TEST_F(InspectTest, SortsLabelsByBytesAndShowsThemUnchanged) {
  uint64_t seed = 0;
  for (const char* name : {"9", "10", "null", "café, noir", "Ünïcode \U0001F33F", "...dots"}) {
    if (name[0] != '.') Put(fmt::format("{}/I.PNG", name), Texture(++seed));
  }
  const auto data = Look();
  ASSERT_TRUE(data) << data.error().message;
  EXPECT_EQ(data->labels, (std::vector<std::string>{"10", "9", "café, noir", "null",
                                                    "Ünïcode "
                                                    "\U0001F33F"}));
}

TEST_F(InspectTest, ListsEveryBrokenFileWithItsReason) {
  PutTwoClasses(2);
  PutText("cat/notes.txt", "hello");
  PutText("dog/empty.png", "");
  PutText("gone/broken.jpg", "\xFF\xD8\xFF");
  ASSERT_EQ(mkfifo((root_ / "cat/pipe.png").c_str(), 0600), 0);
  fs::create_symlink("nowhere.png", root_ / "dog/dangling.png");
  PutText("cat/caf\xE9.png", "x");
  const auto data = Look();
  ASSERT_TRUE(data) << data.error().message;
  EXPECT_EQ(data->pictures.size(), 4U);
  EXPECT_EQ(data->rejected.size(), 6U);
  EXPECT_EQ(ReasonOf(*data, "dog/empty.png"), "the file is empty");
  EXPECT_EQ(ReasonOf(*data, "cat/pipe.png"), "a named pipe, not a file");
  EXPECT_NE(ReasonOf(*data, "cat/caf\\xE9.png").find("UTF-8"), std::string::npos);
  EXPECT_TRUE(std::any_of(data->warnings.begin(), data->warnings.end(), [](const std::string& w) {
    return w.starts_with("6 files are not used: cat/caf") &&
           w.find("; and 2 more. Each") != std::string::npos;
  }));
  EXPECT_TRUE(std::any_of(data->warnings.begin(), data->warnings.end(), [](const std::string& w) {
    return w.find("Class gone has no usable picture") != std::string::npos;
  }));
}

TEST_F(InspectTest, KeepsOneOfExactCopiesAndRejectsContradictions) {
  PutTwoClasses(3);
  Put("cat/copy.png", Texture(0));
  Put("dog/liar.png", Texture(1));
  const auto data = Look();
  ASSERT_TRUE(data);
  EXPECT_EQ(data->pictures.size(), 5U);
  ASSERT_EQ(data->duplicates.size(), 2U);
  EXPECT_FALSE(data->duplicates[0].across_labels);
  EXPECT_EQ(data->duplicates[0].path_b, "cat/copy.png");
  EXPECT_TRUE(data->duplicates[1].across_labels);
  EXPECT_NE(ReasonOf(*data, "dog/liar.png").find("cat"), std::string::npos);
  EXPECT_NE(ReasonOf(*data, "cat/1.png").find("dog"), std::string::npos);
}

TEST_F(InspectTest, RefusesLayoutsThatAreNotClasses) {
  EXPECT_NE(Look().error().message.find("empty"), std::string::npos);
  Put("flat.png", Texture(1));
  EXPECT_NE(Look().error().message.find("no class folders"), std::string::npos);
  Put("Train/cat/1.png", Texture(1));
  EXPECT_NE(Look().error().message.find("give " + (fs::canonical(root_) / "Train").string()),
            std::string::npos);
  Put("val/dog/.hidden", Texture(2));
  EXPECT_NE(Look().error().message.find("at least two classes"), std::string::npos);
  EXPECT_EQ(Look("missing").error().kind, ErrorKind::kBadInput);
}

TEST_F(InspectTest, ReportsWhatTheTestFolderSharesWithTheOthersAsALeak) {
  for (int i = 0; i < 4; ++i) {
    Put(fmt::format("train/cat/{}.png", i), Texture(static_cast<uint64_t>(i)));
    Put(fmt::format("train/dog/{}.png", i), Texture(static_cast<uint64_t>(100 + i)));
    Put(fmt::format("test/dog/{}.png", i), Texture(static_cast<uint64_t>(200 + i)));
  }
  std::vector<uint8_t> darker = Texture(2);
  for (uint8_t& value : darker) value = static_cast<uint8_t>(value * 0.85);
  Put("test/cat/darker.png", darker);
  Put("test/dog/copy.png", Texture(103));
  const auto data = Look();
  ASSERT_TRUE(data) << data.error().message;
  const TestFolder folder = HeldByFolder(*data);
  EXPECT_EQ(folder.held.size(), 5U);  // the copy counts once, here
  EXPECT_EQ(folder.leaks, 1U);
  EXPECT_EQ(folder.copies, 1U);
  EXPECT_NE(TestFolderSentence(*data).find("5 pictures of the test folder are held out of all training; the "
                                           "other 8 make the folds. Leak: 1 picture"),
            std::string::npos)
      << TestFolderSentence(*data);
  ASSERT_TRUE(WriteDataset(root_ / "dataset.json", *data));
  const auto read = ReadDataset(root_ / "dataset.json");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(HeldByFolder(*read).held, folder.held);
}

TEST_F(InspectTest, SaysWhenTheClassesLieOneFolderDeeper) {
  Put("plants/herbs/1.png", Texture(1));
  Put("plants/trees/2.png", Texture(2));
  EXPECT_NE(Look().error().message.find("plants instead"), std::string::npos);
}

TEST_F(InspectTest, FollowsLinkLoopsOnce) {
  PutTwoClasses(2);
  fs::create_directory_symlink("..", root_ / "cat/loop");
  const auto data = Look();
  ASSERT_TRUE(data) << data.error().message;
  std::map<std::string, int> seen;
  for (const Picture& picture : data->pictures) EXPECT_EQ(++seen[picture.id], 1);
}

TEST_F(InspectTest, SkipsHiddenFilesAndCountsThem) {
  PutTwoClasses(2);
  PutText("cat/.DS_Store", "x");
  PutText("Thumbs.db", "x");
  const auto data = Look();
  ASSERT_TRUE(data);
  EXPECT_TRUE(data->rejected.empty());
  EXPECT_EQ(data->warnings[0], "2 hidden files and leftovers of operating systems were skipped.");
}

TEST_F(InspectTest, ReadsLabelsFilesWithGroupsAndListsBadRows) {
  for (uint64_t i = 0; i < 6; ++i) Put(fmt::format("p/{},x.png", i), Texture(i));
  PutText("labels.csv",
          "\xEF\xBB\xBFpath,label,group\r\n\"p/0,x.png\",\"a "
          "\"\"q\"\"\",g1\r\n\"p/1,x.png\",b,g2\r\n\"p/2,x.png\",b,g1\r\n"
          "../secret.png,b,\r\nmissing.png,b,\r\np/3,x.png,b,\r\n\"p\\4,x.png\",b,\r\n");
  const auto data = Look("labels.csv");
  ASSERT_TRUE(data) << data.error().message;
  EXPECT_EQ(data->labels, (std::vector<std::string>{"a \"q\"", "b"}));
  ASSERT_EQ(data->pictures.size(), 4U);
  EXPECT_EQ(data->pictures[0].cluster, data->pictures[2].cluster);
  EXPECT_NE(data->pictures[0].cluster, data->pictures[1].cluster);
  EXPECT_NE(ReasonOf(*data, "../secret.png").find("line 5"), std::string::npos);
  EXPECT_NE(ReasonOf(*data, "missing.png").find("line 6: no such file"), std::string::npos);
  EXPECT_EQ(data->rejected.size(), 3U);
}

TEST_F(InspectTest, PatientsOfDicomFilesAreGroupsThatNobodyCanRead) {
  const fs::path files = fs::path(HANDLENS_SOURCE_DIR) / "src/image/testdata/dicom";
  const auto copy = [&](const char* file, const char* to) {
    ASSERT_TRUE(WriteFileAtomic(root_ / to, *ReadFile(files / file)));
  };
  copy("ct_window.dcm", "ill/1.dcm");       // p-17
  copy("ct_big_endian.dcm", "ill/IM0002");  // p-18
  copy("inverted.dcm", "well/1.dcm");       // p-19
  copy("jpeg_lossless.dcm", "well/2.dcm");  // p-17
  copy("twelve_bits.dcm", "well/3.dcm");    // none
  const auto data = Look();
  ASSERT_TRUE(data) << data.error().message;
  EXPECT_EQ(data->groups_from, "patient ids");
  std::map<std::string, std::string> groups;
  for (const Picture& picture : data->pictures) groups[picture.path] = picture.group;
  ASSERT_EQ(groups.size(), 5u);
  EXPECT_EQ(groups["ill/1.dcm"], groups["well/2.dcm"]);
  EXPECT_NE(groups["ill/1.dcm"], groups["ill/IM0002"]);
  EXPECT_EQ(groups["well/3.dcm"], "");
  ASSERT_TRUE(WriteDataset(root_ / "dataset.json", *data));
  const std::string record = *ReadText(root_ / "dataset.json");
  for (const char* secret : {"p-17", "p-18", "p-19", "Doe"})
    EXPECT_EQ(record.find(secret), std::string::npos) << secret;
}

// What a field test brought has groups of its own: they neither hide the patients nor are taken for one.
TEST_F(InspectTest, PatientsStayGroupsBesideAddedPhotographs) {
  const fs::path files = fs::path(HANDLENS_SOURCE_DIR) / "src/image/testdata/dicom";
  const auto copy = [&](const char* file, const char* to) {
    ASSERT_TRUE(WriteFileAtomic(root_ / to, *ReadFile(files / file)));
  };
  Put("shots/1.png", Texture(1));
  Put("shots/2.png", Texture(2));
  const std::vector<AddedPictures> added = {
      {.from = "field.zip",
       .labels = {"ill", "well"},
       .pictures = {{(root_ / "shots/1.png").string(), "ill", "field test 1"},
                    {(root_ / "shots/2.png").string(), "well", "field test 1"}}}};
  const auto look = [&] {
    InspectOptions options;
    options.pictures = root_ / "scans";
    return InspectWith(options, added, SilentProgress());
  };
  copy("ct_window.dcm", "scans/ill/1.dcm");       // p-17
  copy("jpeg_lossless.dcm", "scans/well/2.dcm");  // p-17, too
  const auto one = look();
  ASSERT_TRUE(one) << one.error().message;
  EXPECT_EQ(one->groups_from, "field tests");
  for (const Picture& picture : one->pictures)
    EXPECT_EQ(picture.group, picture.format == "DICOM" ? "" : "field test 1");

  copy("ct_big_endian.dcm", "scans/ill/IM0002");  // p-18
  const auto two = look();
  ASSERT_TRUE(two) << two.error().message;
  EXPECT_EQ(two->groups_from, "patient ids and field tests");
  for (const Picture& picture : two->pictures)
    EXPECT_EQ(picture.group.starts_with("patient "), picture.format == "DICOM") << picture.path;
  EXPECT_NE(GroupsSentence(*two).find("(by patient ids and field tests)"), std::string::npos);
}

TEST_F(InspectTest, OnePatientIdForAllSaysNothing) {
  const fs::path files = fs::path(HANDLENS_SOURCE_DIR) / "src/image/testdata/dicom";
  for (const auto& [file, to] : {std::pair{"colour.dcm", "a/1.dcm"}, {"colour_planes.dcm", "b/1.dcm"}})
    ASSERT_TRUE(WriteFileAtomic(root_ / to, *ReadFile(files / file)));
  const auto data = Look();
  ASSERT_TRUE(data) << data.error().message;
  EXPECT_FALSE(GroupsKnown(*data));
  EXPECT_EQ(data->groups_from, "");
  EXPECT_NE(
      std::find(
          data->warnings.begin(), data->warnings.end(),
          "2 DICOM files carry one and the same patient id, so the ids do not say which belong together."),
      data->warnings.end());
}

TEST_F(InspectTest, ReadsPicturesOutsideTheFolderOfTheLabelsFile) {
  for (uint64_t i = 0; i < 5; ++i) Put(fmt::format("p/{}.png", i), Texture(i));
  fs::create_directory(root_ / "tables");
  PutText("tables/labels.csv",
          fmt::format("path,label\n../p/0.png,a\n{0}/p/1.png,b\n../tables/../p/2.png,a\n{0}/p/2.png,b\n"
                      "{0}/tables/gone.png,b\n",
                      root_.string()));
  const auto data = Look("tables/labels.csv");
  ASSERT_TRUE(data) << data.error().message;
  ASSERT_EQ(data->pictures.size(), 2U);
  EXPECT_EQ(data->pictures[0].path, "../p/0.png");
  EXPECT_EQ(data->pictures[1].path, (root_ / "p/1.png").string());
  EXPECT_NE(ReasonOf(*data, (root_ / "tables/gone.png").string()).find("line 6: no such file"),
            std::string::npos);
  EXPECT_TRUE(CheckUnchanged(*data, SilentProgress()));
}

TEST_F(InspectTest, FindsTheSamePhotographMirroredTurnedDarkerAndNoisy) {
  PutTwoClasses(12);
  const auto original = Texture(0);
  const auto at = [&](int x, int y) {
    return x < 0 || y < 0 || x >= kSide || y >= kSide ? 0
                                                      : int{original[static_cast<size_t>(y * kSide + x) * 3]};
  };
  Put("cat/mirrored.png", Redraw([&](int x, int y) { return at(kSide - 1 - x, y); }));
  Put("cat/quarter.png", Redraw([&](int x, int y) { return at(y, kSide - 1 - x); }));
  Put("cat/dark.png", Redraw([&](int x, int y) { return at(x, y) * 6 / 10 + 10; }));
  Put("cat/shifted.png", Redraw([&](int x, int y) { return at(x + 6, y - 5); }));
  Put("dog/noisy.png", Redraw([&](int x, int y) { return at(x, y) + (x * 31 + y * 17) % 21 - 10; }));
  // Turned by 10 degrees: tan is about 0.176.
  Put("cat/turned.png", Redraw([&](int x, int y) {
        const double u = x - 47.5, v = y - 47.5;
        return at(static_cast<int>(0.9848 * u - 0.1736 * v + 48),
                  static_cast<int>(0.1736 * u + 0.9848 * v + 48));
      }));
  const auto data = Look();
  ASSERT_TRUE(data) << data.error().message;
  std::map<int, std::vector<std::string>> clusters;
  for (const Picture& picture : data->pictures) clusters[picture.cluster].push_back(picture.path);
  EXPECT_EQ(clusters[0],
            (std::vector<std::string>{"cat/0.png", "cat/dark.png", "cat/mirrored.png", "cat/quarter.png",
                                      "cat/shifted.png", "cat/turned.png", "dog/noisy.png"}));
  EXPECT_EQ(clusters.size(), 24U);
  EXPECT_TRUE(std::any_of(data->duplicates.begin(), data->duplicates.end(),
                          [](const DuplicatePair& pair) { return pair.across_labels; }));
}

TEST_F(InspectTest, GivesTheSameRecordForAnyNumberOfJobsAndReadsItBack) {
  PutTwoClasses(5);
  const auto one = Look("", 1), four = Look("", 4);
  ASSERT_TRUE(one && four);
  ASSERT_TRUE(WriteDataset(root_ / "one.json", *one));
  ASSERT_TRUE(WriteDataset(root_ / "four.json", *four));
  EXPECT_EQ(*ReadText(root_ / "one.json"), *ReadText(root_ / "four.json"));
  const auto read = ReadDataset(root_ / "one.json");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(Fingerprint(*read), Fingerprint(*one));
  std::string text = *ReadText(root_ / "one.json");
  text.replace(text.find("\"label\": \"cat\""), 14, "\"label\": \"dog\"");
  PutText("one.json", text);
  EXPECT_FALSE(ReadDataset(root_ / "one.json"));
}

// Labels of which one stands twice, or that stand in the record twice, would give pictures a class that is
// none.
TEST_F(InspectTest, RefusesARecordWhoseLabelsStandTwice) {
  PutTwoClasses(2);
  const auto data = Look();
  ASSERT_TRUE(data && WriteDataset(root_ / "data.json", *data));
  const std::string good = *ReadText(root_ / "data.json");
  const auto refusal = [&](const std::string& text) {
    PutText("data.json", text);
    const auto read = ReadDataset(root_ / "data.json");
    return read ? "accepted" : read.error().message;
  };
  EXPECT_EQ(refusal(good), "accepted");
  std::string twice = good;
  twice.replace(twice.find("\"cat\","), 6, "\"cat\", \"cat\",");
  EXPECT_NE(refusal(twice).find("a label stands twice"), std::string::npos) << refusal(twice);
  const std::string again = "{\"labels\": [\"x\"]," + good.substr(1);
  EXPECT_NE(refusal(again).find("a label stands twice"), std::string::npos) << refusal(again);
  std::string later = good;
  later.insert(later.rfind('}'), ", \"labels\": [\"x\"]");
  EXPECT_NE(refusal(later).find("a label stands twice"), std::string::npos) << refusal(later);
}

TEST_F(InspectTest, ReadsNoEndlessLevelsOfLists) {
  PutTwoClasses(2);
  const auto data = Look();
  ASSERT_TRUE(data && WriteDataset(root_ / "data.json", *data));
  std::string text = *ReadText(root_ / "data.json");
  text.replace(text.find("\"version\": 1"), 12,
               "\"version\": " + std::string(200'000, '[') + std::string(200'000, ']'));
  PutText("data.json", text);
  EXPECT_FALSE(ReadDataset(root_ / "data.json"));
}

TEST_F(InspectTest, WarnsOfASizeThatTellsTheClass) {
  for (uint64_t i = 0; i < 20; ++i) {
    Put(fmt::format("cat/{}.png", i), Texture(i));
    const auto cut = Texture(100 + i);
    ASSERT_TRUE(WriteFileAtomic(root_ / fmt::format("dog/{}.png", i),
                                image::EncodePng(std::span(cut).first(kSide * 60 * 3), kSide, 60)));
  }
  const auto data = Look();
  ASSERT_TRUE(data);
  ASSERT_FALSE(data->shortcuts.empty());
  EXPECT_TRUE(std::any_of(data->shortcuts.begin(), data->shortcuts.end(),
                          [](const Shortcut& s) { return s.property == "size" && s.accuracy == 1; }));
  EXPECT_TRUE(std::none_of(data->shortcuts.begin(), data->shortcuts.end(), [](const Shortcut& s) {
    return s.property == "format" || s.property == "contrast";
  }));
}

TEST_F(InspectTest, NamesThePictureUnlikeTheRestOfItsClass) {
  PutTwoClasses(10);
  Put("cat/white.png", std::vector<uint8_t>(kSide * kSide * 3, 255));
  const auto data = Look();
  ASSERT_TRUE(data);
  EXPECT_EQ(data->odd_ones_out, std::vector<std::string>{"cat/white.png"});
}

TEST_F(InspectTest, PreparesPixelsOnceAndRemakesADamagedCache) {
  PutTwoClasses(3);
  const auto data = Look();
  const fs::path cache = root_ / "cache";
  const std::vector<int> sizes = {16, 40};
  ASSERT_TRUE(Prepare(*data, sizes, {.cache = cache, .jobs = 2}, SilentProgress()));
  const auto pixels = LoadPixels(*data, 40, image::Fit::kCrop, cache);
  ASSERT_TRUE(pixels) << pixels.error().message;
  const auto expected = image::ModelInput({kSide, kSide, Texture(1)}, 40, image::Fit::kCrop);
  EXPECT_TRUE(std::equal(expected.begin(), expected.end(), pixels->Picture(1).begin()));
  const auto names = ListFolder(cache);
  ASSERT_EQ(names->size(), 2U);
  Bytes bytes = *ReadFile(cache / names->at(1));
  bytes[500] ^= 1;
  ASSERT_TRUE(WriteFileAtomic(cache / names->at(1), bytes));
  EXPECT_FALSE(LoadPixels(*data, 40, image::Fit::kCrop, cache));
  ASSERT_TRUE(Prepare(*data, sizes, {.cache = cache, .jobs = 2}, SilentProgress()));
  EXPECT_TRUE(LoadPixels(*data, 40, image::Fit::kCrop, cache));
}

TEST_F(InspectTest, NamesEveryPictureThatChangedOrVanished) {
  PutTwoClasses(3);
  const auto data = Look();
  ASSERT_TRUE(CheckUnchanged(*data, SilentProgress()));
  Put("cat/1.png", Texture(77));
  fs::remove(root_ / "dog/2.png");
  const auto check = CheckUnchanged(*data, SilentProgress());
  ASSERT_FALSE(check);
  EXPECT_NE(check.error().message.find("cat/1.png has changed, dog/2.png cannot be read"), std::string::npos);
  EXPECT_FALSE(Prepare(*data, std::vector<int>{16}, {.cache = root_ / "cache"}, SilentProgress()));
}

TEST(Csv, TellsTheLineOfWhatIsWrong) {
  EXPECT_NE(ParseCsv("a,b\n1,\"x\ny\" z\n", "f").error().message.find("line 3: text after"),
            std::string::npos);
  EXPECT_NE(ParseCsv("a,b\n1,x\"y\n", "f").error().message.find("line 2: a quote inside"), std::string::npos);
  EXPECT_NE(ParseCsv("a\n\"never", "f").error().message.find("line 2: a quote that is never"),
            std::string::npos);
  EXPECT_NE(ParseCsv("\xFF\xFE", "f").error().message.find("UTF-16"), std::string::npos);
}

TEST(Labels, SurviveRandomBytesAndKeepOnlyRowsThatObeyTheRules) {
  constexpr std::string_view kAlphabet = "path,label\n\r\"\\;\t./x\xC3\xA9\xFF";
  size_t kept = 0;
  for (uint64_t seed = 0; seed < 3000; ++seed) {
    Rng rng(seed, "csv fuzz");
    std::string text = "path,label,group\n";
    for (uint32_t i = rng.Below(60); i > 0; --i)
      text += kAlphabet[rng.Below(static_cast<uint32_t>(kAlphabet.size()))];
    const auto table = ParseLabels(text, "labels.csv");
    if (!table) continue;
    for (const LabelRow& row : table->rows) {
      EXPECT_TRUE(IsUtf8(row.path) && !row.path.empty() && LabelProblem(row.label).empty()) << seed;
    }
    kept += table->rows.size();
    for (const Rejected& rejected : table->rejected)
      EXPECT_NE(rejected.reason.find("line "), std::string::npos);
  }
  EXPECT_GT(kept, 0U);
}

TEST(Csv, ReadsQuotesLineBreaksAndSemicolons) {
  const auto rows = ParseCsv("a;b\r\n\"1\r\n;2\";\r\n\r\nx;y", "f");
  ASSERT_TRUE(rows);
  ASSERT_EQ(rows->size(), 3U);
  EXPECT_EQ((*rows)[1].fields, (std::vector<std::string>{"1\r\n;2", ""}));
  EXPECT_EQ((*rows)[2].line, 5U);
}

}  // namespace
}  // namespace handlens::dataset
