#include "split/split.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "base/disk.h"
#include "base/hash.h"
#include "split/paper_order.h"
#include "split/usual.h"

namespace handlens::split {
namespace {

namespace fs = std::filesystem;

// counts[l] clusters of class l, each of `members` pictures.
dataset::Dataset MakeDataset(const std::vector<int>& counts, int members) {
  dataset::Dataset data;
  data.root = "/pictures";
  int cluster = 0;
  for (size_t l = 0; l < counts.size(); ++l) {
    data.labels.push_back(fmt::format("class{}", l));
    for (int c = 0; c < counts[l]; ++c, ++cluster) {
      for (int m = 0; m < members; ++m) {
        const std::string path = fmt::format("class{}/{:04}-{}.png", l, c, m);
        data.pictures.push_back({.id = Sha256(path),
                                 .path = path,
                                 .label = static_cast<int>(l),
                                 .group = "",
                                 .cluster = cluster,
                                 .width = 8,
                                 .height = 8,
                                 .format = "PNG",
                                 .colour = "rgb",
                                 .bytes = 1,
                                 .warnings = {}});
      }
    }
  }
  return data;
}

std::map<int, int> CountLabels(const dataset::Dataset& data, const std::vector<int>& pictures) {
  std::map<int, int> counts;
  for (const int i : pictures) ++counts[data.pictures[static_cast<size_t>(i)].label];
  return counts;
}

struct TemporaryFolder {
  fs::path path;
  TemporaryFolder() {
    std::string name = (fs::temp_directory_path() / "handlens-split-XXXXXX").string();
    path = mkdtemp(name.data());
  }
  ~TemporaryFolder() { fs::remove_all(path); }
};

TEST(PaperFolds, AreThoseOfScikitLearnUnshuffled) {
  std::ifstream file(std::string(HANDLENS_SOURCE_DIR) + "/src/split/testdata/stratified_kfold.txt");
  const auto numbers = [](const std::string& text) {
    std::vector<int> values;
    std::stringstream stream(text);
    for (std::string part; std::getline(stream, part, ',');) values.push_back(std::stoi(part));
    return values;
  };
  int folds = 0, cases = 0;
  std::string labels, expected;
  while (file >> folds >> labels >> expected) {
    EXPECT_EQ(PaperFolds(numbers(labels), folds), numbers(expected)) << "case " << cases;
    ++cases;
  }
  EXPECT_EQ(cases, 63);
}

TEST(Split, PutsEveryPictureIntoOneTestFoldOrTheHoldout) {
  const dataset::Dataset data = MakeDataset({60, 45, 33}, 1);
  const auto split = MakeSplit(data, {});
  ASSERT_TRUE(split) << split.error().message;
  std::vector<int> seen(data.pictures.size());
  for (const int i : split->holdout) ++seen[static_cast<size_t>(i)];
  for (const Fold& fold : split->folds) {
    for (const int i : fold.test) ++seen[static_cast<size_t>(i)];
    EXPECT_EQ(fold.train.size() + fold.validation.size() + fold.test.size() + split->holdout.size(),
              data.pictures.size());
  }
  for (const int count : seen) EXPECT_EQ(count, 1);
  EXPECT_EQ(split->holdout.size(), 12U);
}

// Plans and recipes count pictures before anything is dealt; the split has to give them what they counted on.
TEST(Usual, IsWhatTheSplitDoes) {
  for (const int a : {12, 30, 57, 400}) {
    const dataset::Dataset data = MakeDataset({a, 100}, 1);
    const auto split = MakeSplit(data, {});
    ASSERT_TRUE(split) << split.error().message;
    const int held = HeldOutOf(a, kHoldoutPerClass) + HeldOutOf(100, kHoldoutPerClass);
    EXPECT_EQ(split->holdout.size(), static_cast<size_t>(held));
    const size_t counted = TrainedOf(data.pictures.size() - split->holdout.size());
    for (const Fold& fold : split->folds) EXPECT_NEAR(double(fold.train.size()), double(counted), 2) << a;
  }
  for (size_t n = 0; n < 3000; ++n) EXPECT_EQ(TrainedOf(n), n * 7 / 10) << n;
}

TEST(Split, KeepsTheSharesOfClassesInEveryPart) {
  const dataset::Dataset data = MakeDataset({400, 100}, 1);
  const auto split = MakeSplit(data, {.holdout_per_class = 0});
  ASSERT_TRUE(split);
  for (const Fold& fold : split->folds) {
    EXPECT_EQ(CountLabels(data, fold.test), (std::map<int, int>{{0, 80}, {1, 20}}));
    EXPECT_EQ(CountLabels(data, fold.validation), (std::map<int, int>{{0, 40}, {1, 10}}));
    EXPECT_EQ(CountLabels(data, fold.train), (std::map<int, int>{{0, 280}, {1, 70}}));
  }
}

TEST(Split, KeepsAClusterInOneFold) {
  dataset::Dataset data = MakeDataset({30, 30}, 7);
  data.pictures[3].cluster = data.pictures[250].cluster;  // a cluster across labels
  const auto split = MakeSplit(data, {});
  ASSERT_TRUE(split) << split.error().message;
  for (const Fold& fold : split->folds) {
    std::map<int, std::set<int>> parts;
    int part = 0;
    for (const std::vector<int>* pictures : {&fold.train, &fold.validation, &fold.test, &split->holdout}) {
      EXPECT_FALSE(pictures->empty());
      for (const int i : *pictures) parts[data.pictures[static_cast<size_t>(i)].cluster].insert(part);
      ++part;
    }
    for (const auto& [cluster, where] : parts) EXPECT_EQ(where.size(), 1U) << "cluster " << cluster;
  }
}

TEST(Split, IsTheSameForTheSameSeedAndAnotherForAnother) {
  const dataset::Dataset data = MakeDataset({50, 40}, 1);
  const auto a = MakeSplit(data, {.seed = 3}), b = MakeSplit(data, {.seed = 3}),
             c = MakeSplit(data, {.seed = 4});
  for (size_t f = 0; f < 5; ++f) {
    EXPECT_EQ(a->folds[f].test, b->folds[f].test);
    EXPECT_EQ(a->folds[f].validation, b->folds[f].validation);
    EXPECT_NE(a->folds[f].test, c->folds[f].test);
  }
  EXPECT_EQ(a->holdout, b->holdout);
  // The folds themselves, not only because other pictures are left for them.
  const auto whole = MakeSplit(data, {.holdout_per_class = 0, .seed = 3}),
             other = MakeSplit(data, {.holdout_per_class = 0, .seed = 4});
  EXPECT_NE(whole->folds[0].test, other->folds[0].test);
}

TEST(Split, RefusesAClassWithFewerPicturesThanFoldsAndSaysTheNumber) {
  dataset::Dataset data = MakeDataset({30, 1}, 1);
  data.labels[1] = "single";
  const auto split = MakeSplit(data, {});
  ASSERT_FALSE(split);
  EXPECT_EQ(split.error().kind, ErrorKind::kBadInput);
  EXPECT_NE(split.error().message.find("class single has 1 picture; 5 folds need at least 5"),
            std::string::npos);
}

TEST(Split, RefusesAClassThatIsOneCluster) {
  dataset::Dataset data = MakeDataset({30, 1}, 9);
  const auto split = MakeSplit(data, {});
  ASSERT_FALSE(split);
  EXPECT_NE(split.error().message.find("belong together"), std::string::npos);
}

TEST(Split, WarnsWhenAClassHasFewerClustersThanFolds) {
  const dataset::Dataset data = MakeDataset({30, 4}, 5);
  const auto split = MakeSplit(data, {});
  ASSERT_TRUE(split);
  EXPECT_TRUE(std::any_of(split->warnings.begin(), split->warnings.end(), [](const std::string& warning) {
    return warning.find("class class1: 4 clusters for 5 folds") != std::string::npos;
  }));
  for (const Fold& fold : split->folds) EXPECT_GT(CountLabels(data, fold.train)[1], 0);
}

TEST(Split, PaperOrderHoldsNothingOutUnlessAsked) {
  const dataset::Dataset data = MakeDataset({24, 28, 30}, 1);
  const auto plain = MakeSplit(data, {.order = Order::kPaper});
  ASSERT_TRUE(plain);
  EXPECT_TRUE(plain->holdout.empty());
  EXPECT_EQ(plain->folds[0].test.front(), 0);  // the first files of the first class
  const auto asked = MakeSplit(data, {.holdout_per_class = 3, .order = Order::kPaper});
  EXPECT_EQ(asked->holdout.size(), 9U);
}

TEST(Split, DoesNotHoldOutMoreThanAFifthOfASmallClass) {
  const dataset::Dataset data = MakeDataset({100, 10}, 1);
  const auto split = MakeSplit(data, {});
  ASSERT_TRUE(split);
  EXPECT_EQ(CountLabels(data, split->holdout), (std::map<int, int>{{0, 4}, {1, 2}}));
}

// Ten pictures a class in train and five in test; the first of test's class 0 shows what a picture of train
// shows.
dataset::Dataset MakeTestFolder() {
  dataset::Dataset data = MakeDataset({15, 15}, 1);
  data.test_folder = true;
  for (size_t i = 0; i < data.pictures.size(); ++i)
    data.pictures[i].path = (i % 15 < 5 ? "Test/" : "train/") + data.pictures[i].path;
  data.pictures[0].cluster = data.pictures[7].cluster;
  return data;
}

TEST(Split, HoldsOutTheUsersOwnTestFolderButForWhatLeaks) {
  const dataset::Dataset data = MakeTestFolder();
  const auto split = MakeSplit(data, {});
  ASSERT_TRUE(split) << split.error().message;
  EXPECT_EQ(split->holdout, (std::vector<int>{1, 2, 3, 4, 15, 16, 17, 18, 19}));
  std::multiset<int> tested;
  for (const Fold& fold : split->folds) tested.insert(fold.test.begin(), fold.test.end());
  EXPECT_EQ(tested.size(), 21U);
  EXPECT_EQ(tested.count(0), 1U);  // leaks, so it stays beside its sibling
  for (const Fold& fold : split->folds)
    EXPECT_EQ(std::count(fold.test.begin(), fold.test.end(), 0),
              std::count(fold.test.begin(), fold.test.end(), 7));
}

TEST(Split, TakesItsOwnHoldoutWhereAllOfTheTestFolderLeaks) {
  dataset::Dataset data = MakeTestFolder();
  for (size_t i = 0; i < data.pictures.size(); ++i) {
    if (i % 15 < 5) data.pictures[i].cluster = data.pictures[i + 5].cluster;
  }
  EXPECT_TRUE(dataset::HeldByFolder(data).held.empty());
  const auto split = MakeSplit(data, {});
  ASSERT_TRUE(split) << split.error().message;
  EXPECT_FALSE(split->holdout.empty());
}

TEST(Split, RefusesAClassThatIsOnlyInTheTestFolder) {
  dataset::Dataset data = MakeTestFolder();
  for (size_t i = 20; i < 30; ++i) data.pictures[i].label = 0;
  const auto split = MakeSplit(data, {});
  ASSERT_FALSE(split);
  EXPECT_NE(split.error().message.find("class class1 is only in the test folder"), std::string::npos);
}

TEST(SplitRecord, IsOfTheTestFolderAsItWas) {
  dataset::Dataset data = MakeTestFolder();
  const std::string before = dataset::Fingerprint(data);
  data.test_folder = false;
  EXPECT_NE(dataset::Fingerprint(data), before);
}

TEST(SplitRecord, ReadsBackWhatWasWrittenAndRefusesOtherData) {
  TemporaryFolder folder;
  dataset::Dataset data = MakeDataset({30, 25}, 1);
  const auto split = MakeSplit(data, {.seed = 9});
  ASSERT_TRUE(WriteSplit(folder.path / "split.json", data, *split));
  const auto read = ReadSplit(folder.path / "split.json", data);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->holdout, split->holdout);
  EXPECT_EQ(read->seed, 9U);
  for (size_t f = 0; f < 5; ++f) EXPECT_EQ(read->folds[f].train, split->folds[f].train);
  data.pictures[0].label = 1;
  EXPECT_EQ(ReadSplit(folder.path / "split.json", data).error().kind, ErrorKind::kBadInput);
}

TEST(ExportTree, WritesThePapersTreeAndNeverIntoAFullFolder) {
  TemporaryFolder folder;
  dataset::Dataset data = MakeDataset({10, 10}, 1);
  data.labels = {"a/b", "..x"};
  data.pictures[1].path = "other/0000-0.png";  // the same file name twice in a class
  dataset::PixelSet pixels{
      .size_px = 4, .fit = image::Fit::kCrop, .bytes = std::vector<uint8_t>(data.pictures.size() * 48, 7)};
  const auto split = MakeSplit(data, {.holdout_per_class = 0});
  ASSERT_TRUE(split);
  ASSERT_TRUE(ExportTree(data, *split, pixels, folder.path / "tree"));
  size_t files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder.path / "tree"))
    files += entry.is_regular_file() ? 1 : 0;
  EXPECT_EQ(files, 5 * data.pictures.size());
  EXPECT_TRUE(fs::is_directory(folder.path / "tree/fold1_4/train/a_b"));
  EXPECT_TRUE(fs::is_directory(folder.path / "tree/fold5_4/validation/_.x"));
  EXPECT_FALSE(ExportTree(data, *split, pixels, folder.path / "tree"));
}

}  // namespace
}  // namespace handlens::split
