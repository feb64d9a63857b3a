// Claims about groups: folders inside classes and patterns over names keep a patient's pictures together;
// what is not known is said.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dataset/scan.h"

namespace handlens::dataset {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

Listing Folders(const std::vector<std::string>& paths) {
  Listing listing;
  for (const std::string& path : paths)
    listing.entries.push_back({path, path.substr(0, path.find('/')), "", path.find('/') + 1});
  return listing;
}

std::vector<std::string> Groups(const Listing& listing) {
  std::vector<std::string> groups;
  for (const Entry& entry : listing.entries) groups.push_back(entry.group);
  return groups;
}

std::vector<std::string> GroupsBy(const GroupRules& rules, const std::vector<std::string>& paths) {
  Listing listing = Folders(paths);
  const auto done = AssignGroups(rules, SilentProgress(), listing);
  EXPECT_TRUE(done) << done.error().message;
  return Groups(listing);
}

TEST(Groups, FoldersInsideAClassAreGroups) {
  Listing listing = Folders({"ill/patient07/1.jpg", "ill/patient07/visit 2/1.jpg", "ill/patient08/1.jpg",
                             "ill/3.jpg", "well/patient07/1.jpg"});
  ASSERT_TRUE(AssignGroups({}, SilentProgress(), listing));
  EXPECT_THAT(Groups(listing), ElementsAre("patient07", "patient07", "patient08", "", "patient07"));
  EXPECT_EQ(listing.groups_from, "folders");
  EXPECT_THAT(listing.warnings, Contains(HasSubstr("2 folders inside the classes are taken as groups")));
}

TEST(Groups, FoldersAreNothingWhenToldSo) {
  Listing listing = Folders({"ill/a/1.jpg", "well/b/1.jpg"});
  ASSERT_TRUE(AssignGroups({.subfolders = Subfolders::kIgnore, .pattern = ""}, SilentProgress(), listing));
  EXPECT_THAT(Groups(listing), ElementsAre("", ""));
  EXPECT_EQ(listing.groups_from, "");
}

TEST(Groups, AFolderThatHoldsEverythingIsPassedOver) {
  EXPECT_THAT(GroupsBy({}, {"ill/images/p1/1.jpg", "ill/images/p2/1.jpg", "well/images/p3/1.jpg"}),
              ElementsAre("p1", "p2", "p3"));
  EXPECT_THAT(GroupsBy({}, {"ill/images/1.jpg", "well/images/1.jpg"}), ElementsAre("", ""));
}

TEST(Groups, FoldersCalledTrainAndTestAreNoGroups) {
  Listing listing = Folders({"ill/train/1.jpg", "ill/Test/2.jpg", "well/train/p9/1.jpg"});
  ASSERT_TRUE(AssignGroups({}, SilentProgress(), listing));
  EXPECT_THAT(Groups(listing), ElementsAre("", "", "p9"));
  EXPECT_THAT(listing.warnings, Contains(HasSubstr("look like splits")));
}

TEST(Groups, APatternTakesTheFirstCaptureOrTheWholeMatch) {
  const std::vector<std::string> paths = {"ill/p07_left.jpg", "ill/p07_right.jpg", "well/p31_left.jpg"};
  EXPECT_THAT(GroupsBy({.subfolders = Subfolders::kGroup, .pattern = "^p([0-9]+)_"}, paths),
              ElementsAre("07", "07", "31"));
  EXPECT_THAT(GroupsBy({.subfolders = Subfolders::kGroup, .pattern = "p\\d+"}, paths),
              ElementsAre("p07", "p07", "p31"));
}

TEST(Groups, APatternThatTakesTooLongOnANameIsRefused) {
  const std::string name = std::string(60, 'a') + "_left.jpg";
  for (const char* pattern : {"^(a+)+$", "(([a-z]*)*)*Z", "(a|a)*b", "((a|aa)*c){2,}", "(|||){20}x",
                              ".*.*.*.*.*.*=", "(a?){200}b"}) {
    Listing listing = Folders({"ill/p07_left.jpg", "ill/" + name});
    const auto assigned =
        AssignGroups({.subfolders = Subfolders::kGroup, .pattern = pattern}, SilentProgress(), listing);
    ASSERT_FALSE(assigned) << pattern;
    EXPECT_THAT(assigned.error().message, HasSubstr("takes too long on ")) << pattern;
  }
  for (const char* pattern : {"^([a-z]+)[0-9_]", "(aa)+", "[(+]*(a)", "(a+)?", ".*(a).*_.*", "^(?:a|b)*_"}) {
    Listing listing = Folders({"ill/" + name});
    const auto assigned =
        AssignGroups({.subfolders = Subfolders::kGroup, .pattern = pattern}, SilentProgress(), listing);
    EXPECT_TRUE(assigned) << pattern << ": " << assigned.error().message;
  }
}

TEST(Groups, NamesThatThePatternDoesNotMatchAreNamed) {
  Listing listing = Folders({"ill/p07_left.jpg", "ill/odd.jpg"});
  ASSERT_TRUE(
      AssignGroups({.subfolders = Subfolders::kGroup, .pattern = "^p([0-9]+)_"}, SilentProgress(), listing));
  EXPECT_THAT(Groups(listing), ElementsAre("07", ""));
  EXPECT_THAT(listing.warnings,
              Contains(HasSubstr("1 name does not match the group pattern, such as odd.jpg")));
}

TEST(Groups, TheColumnOfALabelsFileGoesBeforeThePattern) {
  Listing listing;
  listing.labels_file = "/x/labels.csv";
  listing.entries = {{"a/p1_1.jpg", "ill", "given"}, {"a/p2_1.jpg", "ill", ""}};
  ASSERT_TRUE(
      AssignGroups({.subfolders = Subfolders::kGroup, .pattern = "(p[0-9])_"}, SilentProgress(), listing));
  EXPECT_THAT(Groups(listing), ElementsAre("given", "p2"));
}

TEST(Groups, ABadPatternIsAClearError) {
  for (const auto& [pattern, reason] :
       std::vector<std::pair<std::string, std::string>>{{"(p[0-9]+", "parenthesis"},
                                                        {"p[0-9", "bracket"},
                                                        {"*p", "not a regular expression"},
                                                        {"(p|+)", "not a regular expression"},
                                                        {"p{2,1}", "braces"},
                                                        {"\\", "backslash"},
                                                        {"nothing like it", "matches no picture"},
                                                        {"^(.)", "cuts a letter"}}) {
    Listing listing = Folders({"ill/äp07.jpg", "well/äp08.jpg"});
    const auto done =
        AssignGroups({.subfolders = Subfolders::kGroup, .pattern = pattern}, SilentProgress(), listing);
    ASSERT_FALSE(done) << pattern;
    EXPECT_EQ(done.error().kind, ErrorKind::kUsage);
    EXPECT_THAT(done.error().message, HasSubstr(reason)) << pattern;
    EXPECT_THAT(done.error().message, HasSubstr("--group-pattern"));
  }
}

TEST(Groups, SaysWhatIsKnownAndWhatIsNot) {
  Dataset data;
  data.pictures.resize(5);
  EXPECT_FALSE(GroupsKnown(data));
  EXPECT_THAT(GroupsSentence(data), HasSubstr("not known which pictures belong together"));
  data.pictures[0].group = data.pictures[1].group = "p1";
  data.pictures[2].group = "p2";
  data.groups_from = "folders";
  EXPECT_THAT(GroupsSentence(data), HasSubstr("3 of 5 pictures belong to 2 groups (by folders)"));
  EXPECT_THAT(GroupsSentence(data), HasSubstr("Of the others it is not known"));
}

// A patient may have pictures in two classes, and a day of photographs is no patient: only the user knows.
TEST(Groups, OneNameInSeveralClassesIsSaidWhereNamesMadeTheGroups) {
  Dataset data;
  data.labels = {"cat", "dog"};
  data.groups_from = "folders";
  for (const auto& [label, group] :
       std::vector<std::pair<int, std::string>>{{0, "day1"}, {0, "day1"}, {0, "day2"}, {1, "day3"}}) {
    data.pictures.push_back({});
    data.pictures.back().label = label;
    data.pictures.back().group = group;
  }
  EXPECT_EQ(SharedGroupsSentence(data), "");
  data.pictures.back().group = "day1";
  EXPECT_THAT(SharedGroupsSentence(data),
              AllOf(HasSubstr("1 group stands under one name in several classes and counts as one each: day1 "
                              "(cat, dog)."),
                    HasSubstr("labels.csv")));
  data.groups_from = "labels file";
  EXPECT_EQ(SharedGroupsSentence(data), "");
}

}  // namespace
}  // namespace handlens::dataset
