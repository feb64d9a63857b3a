// Claims about "refer": the threshold is the exact binomial one, its promise is broken no more often than it
// says, groups count once.
#include "describe/referral.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/rng.h"
#include "describe/describe.h"

namespace handlens::describe {
namespace {

const std::vector<std::string> kLabels = {"harmless", "melanoma", "a = b"};

// `n` pictures of melanoma with scores 0.25 + i / 512, and as many others with scores i / 1024.
std::vector<JudgedPicture> Rising(int n) {
  std::vector<JudgedPicture> pictures;
  for (int i = 0; i < n; ++i) {
    for (const int truth : {1, 0}) {
      const float score = truth == 1 ? 0.25f + static_cast<float>(i) / 512 : static_cast<float>(i) / 1024;
      pictures.push_back({.top = 0.9,
                          .right = true,
                          .cluster = 2 * i + truth,
                          .fold = i % 5,
                          .truth = truth,
                          .scores = {1 - score, score, 0}});
    }
  }
  return pictures;
}

// The rank of the lowest score that is still referred, from 1: that many minus one of the pictures are
// missed.
size_t Rank(int n, double share) {
  const Referral referral = *ChooseReferral(Rising(n), kLabels, {"melanoma", share});
  return referral.shown ? static_cast<size_t>(n) - referral.counted.referred + 1 : 0;
}

// Recorded by tools/oracles/referral_scipy.py: the largest k with scipy.stats.binom.cdf(k - 1, n, 1 - share)
// <= 0.05.
TEST(Referral, MissesAsManyAsScipysBinomialAllows) {
  const int ns[] = {14, 29, 45, 58, 59, 93, 124, 200, 299};
  const size_t expected[][9] = {{1, 2, 5, 7, 7, 12, 18, 31, 49},
                                {0, 1, 1, 2, 2, 5, 7, 13, 22},
                                {0, 0, 0, 0, 1, 2, 3, 5, 9},
                                {0, 0, 0, 0, 0, 0, 0, 0, 1}};
  const double shares[] = {0.8, 0.9, 0.95, 0.99};
  for (size_t s = 0; s < 4; ++s) {
    for (size_t i = 0; i < 9; ++i)
      EXPECT_EQ(Rank(ns[i], shares[s]), expected[s][i]) << ns[i] << " pictures, " << shares[s];
  }
  EXPECT_EQ(FewestToRefer(0.95, 0.95), 59u);
  EXPECT_EQ(FewestToRefer(0.8, 0.95), 14u);
}

// Melanoma's scores are spread evenly over 0..1, so a threshold t finds 1 - t of them. `copies` of a picture
// make a group.
int Broken(int runs, int groups, int copies, bool groups_known) {
  int broken = 0;
  for (int run = 0; run < runs; ++run) {
    std::vector<JudgedPicture> pictures;
    Rng rng(17, "referral", {static_cast<uint64_t>(run)});
    for (int group = 0; group < groups; ++group) {
      const float score = rng.Uniform();
      for (int c = 0; c < copies; ++c) {
        const int cluster = groups_known ? group : group * copies + c;
        pictures.push_back(
            {.cluster = cluster, .fold = group % 5, .truth = 1, .scores = {1 - score, score, 0}});
      }
    }
    const Referral referral = *ChooseReferral(pictures, kLabels, {"melanoma", 0.9});
    if (referral.shown && 1 - referral.from < 0.9) ++broken;
  }
  return broken;
}

// 95 % confidence: of 1000 sets of pictures at most 50 break it; 65 leaves two deviations for chance.
TEST(Referral, IsBrokenNoMoreOftenThanItSays) { EXPECT_LE(Broken(1000, 120, 1, true), 65); }

TEST(Referral, CountsAGroupOnceAndWouldBeBrokenOtherwise) {
  EXPECT_LE(Broken(200, 60, 10, true), 16);
  EXPECT_GT(Broken(200, 60, 10, false), 30);
}

TEST(Referral, SaysWhatItFindsAndWhatItCosts) {
  const Referral referral = *ChooseReferral(Rising(100), kLabels, {"melanoma", 0.95});
  EXPECT_TRUE(referral.shown);
  EXPECT_DOUBLE_EQ(referral.from, 0.251);  // the second lowest is 0.25195
  EXPECT_EQ(referral.counted.pictures, 100u);
  EXPECT_EQ(referral.counted.referred, 99u);
  EXPECT_EQ(referral.counted.others, 100u);
  EXPECT_EQ(referral.counted.others_referred, 0u);
  EXPECT_EQ(referral.elsewhere.pictures, 100u);
  EXPECT_EQ(referral.elsewhere.others, 100u);
  EXPECT_LT(referral.elsewhere.referred, 101u);
  EXPECT_NE(referral.sentence.find("at least 95 % of the pictures of melanoma, with 95 % confidence"),
            std::string::npos)
      << referral.sentence;
  EXPECT_NE(referral.sentence.find("specificity 100.0 % (100 of 100; 96.3 to 100.0)"), std::string::npos)
      << referral.sentence;
}

TEST(Referral, SaysThatFewPicturesShowNothing) {
  const Referral referral = *ChooseReferral(Rising(20), kLabels, {"melanoma", 0.95});
  EXPECT_FALSE(referral.shown);
  EXPECT_EQ(referral.counted.referred, 19u);  // 95 % of these very pictures
  EXPECT_NE(referral.sentence.find("takes 59 pictures of it at least, there are 20"), std::string::npos)
      << referral.sentence;
}

TEST(Referral, NamesAClassThatIsNotThere) {
  EXPECT_NE(
      ChooseReferral(Rising(9), kLabels, {"melanom", 0.95}).error().message.find("did you mean 'melanoma'"),
      std::string::npos);
  EXPECT_EQ(ChooseReferral(Rising(9), kLabels, {"a = b", 0.95}).error().kind,
            ErrorKind::kBadInput);  // no picture of it
}

TEST(Sensitivity, IsReadWithItsShare) {
  EXPECT_EQ(ParseSensitivity("melanoma=0.9")->share, 0.9);
  EXPECT_EQ(ParseSensitivity("melanoma")->share, 0.95);
  EXPECT_EQ(ParseSensitivity("a = b=0.99")->label, "a = b");
  for (const char* wrong :
       {"", "=0.9", "melanoma=", "melanoma=0.4", "melanoma=1", "melanoma=95 %", "melanoma=nan"}) {
    EXPECT_FALSE(ParseSensitivity(wrong).has_value()) << wrong;
  }
}

TEST(Referral, IsReadBackAsItWasWritten) {
  Description description;
  description.size_px = 32;
  description.labels = kLabels;
  description.referral = *ChooseReferral(Rising(60), kLabels, {"melanoma", 0.9});
  const auto read = DescriptionFromJson(PreprocessJson(description), "here");
  ASSERT_TRUE(read.has_value()) << read.error().message;
  ASSERT_TRUE(read->referral.has_value());
  EXPECT_EQ(ToJson(*read->referral), ToJson(*description.referral));
  description.referral->label = 0;  // not melanoma's place
  EXPECT_FALSE(DescriptionFromJson(PreprocessJson(description), "here").has_value());
}

}  // namespace
}  // namespace handlens::describe
