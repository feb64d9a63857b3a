// Claims about why it answered: exactly one square is covered, and a model that looks at one place is found
// to do so.
#include "verify/routes/occlusion.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "base/rng.h"
#include "verify/sample_run.h"

namespace handlens::verify {
namespace {

TEST(Covered, ChangesOneSquareToTheMeanColour) {
  constexpr int kSize = 28;  // cells of 4 px
  std::vector<uint8_t> pixels;
  for (int i = 0; i < kSize * kSize; ++i)
    pixels.insert(pixels.end(), {static_cast<uint8_t>(i % 2 == 0 ? 0 : 200), 10, 255});
  for (const auto& [row, column, pixels_changed] : {std::tuple{3, 3, 64}, {0, 0, 36}, {6, 2, 48}}) {
    const std::vector<uint8_t> covered = Covered(pixels, kSize, row, column);
    int changed = 0;
    for (int y = 0; y < kSize; ++y) {
      for (int x = 0; x < kSize; ++x) {
        const size_t at = static_cast<size_t>(3 * (y * kSize + x));
        const bool inside = y >= 4 * row - 2 && y < 4 * row + 6 && x >= 4 * column - 2 && x < 4 * column + 6;
        EXPECT_EQ(covered[at], inside ? 100 : pixels[at]);
        EXPECT_EQ(covered[at + 1], 10);
        changed += inside ? 1 : 0;
      }
    }
    EXPECT_EQ(changed, pixels_changed);
  }
}

// Three outputs, each a sum of weighted values: what covering takes off is known without asking.
TEST(CoveredScores, AreThoseOfALinearModel) {
  if (const auto version = tflite::RuntimeVersion(); !version) GTEST_SKIP() << version.error().message;
  constexpr int kSize = 14;
  constexpr size_t kValues = 3 * kSize * kSize;
  std::vector<float> weights(3 * kValues);
  std::vector<uint8_t> pixels(kValues);
  Rng rng(6, "linear", {});
  for (float& weight : weights) weight = rng.Uniform(-0.01f, 0.01f);
  for (uint8_t& byte : pixels) byte = static_cast<uint8_t>(rng.Below(256));
  Bytes data(4 * weights.size());
  std::memcpy(data.data(), weights.data(), data.size());
  tflite::Graph graph;
  graph.tensors = {{.name = "picture", .shape = {1, kSize, kSize, 3}},
                   {.name = "kernel", .shape = {3, static_cast<int>(kValues)}, .data = data},
                   {.name = "bias", .shape = {3}, .data = Bytes(12, 0)},
                   {.name = "flat", .shape = {1, static_cast<int>(kValues)}},
                   {.name = "scores", .shape = {1, 3}}};
  graph.ops = {{.op = tflite::Op::kReshape,
                .inputs = {0},
                .outputs = {3},
                .new_shape = {1, static_cast<int>(kValues)}},
               {.op = tflite::Op::kFullyConnected, .inputs = {3, 1, 2}, .outputs = {4}}};
  graph.input = 0;
  graph.output = 4;
  auto judge = tflite::Judge::Load(tflite::WriteModel(graph), tflite::Kernels::kXnnpack);
  ASSERT_TRUE(judge.has_value()) << judge.error().message;
  const auto scores = CoveredScores(**judge, pixels, kSize, 1);
  ASSERT_TRUE(scores.has_value());
  ASSERT_EQ(scores->size(), 1u + kWhyCells * kWhyCells);
  int means[3] = {0, 0, 0};
  for (size_t i = 0; i < kValues; ++i) means[i % 3] += pixels[i];
  for (int row = 0; row < kWhyCells; ++row) {
    for (int column = 0; column < kWhyCells; ++column) {
      double drop = 0;
      for (int y = std::max(0, 2 * row - 1); y < std::min(kSize, 2 * row + 3); ++y) {
        for (int x = std::max(0, 2 * column - 1); x < std::min(kSize, 2 * column + 3); ++x) {
          for (int c = 0; c < 3; ++c) {
            const auto at = static_cast<size_t>(3 * (y * kSize + x) + c);
            const int mean = means[c] / (kSize * kSize);
            drop += static_cast<double>(weights[kValues + at]) * (pixels[at] - mean) / 255;
          }
        }
      }
      EXPECT_NEAR((*scores)[0] - (*scores)[static_cast<size_t>(1 + row * kWhyCells + column)], drop, 1e-4)
          << row << " " << column;
    }
  }
}

// Whoever shares models and threads says what a model says that was loaded for this picture alone.
TEST(ExplainAnswers, GivesTheSameScoresOnAnyNumberOfThreads) {
  if (const auto version = tflite::RuntimeVersion(); !version) GTEST_SKIP() << version.error().message;
  const sample::Run run = sample::MakeRun("why");
  auto shipped = ReadShipped(run.folder);
  ASSERT_TRUE(shipped.has_value()) << shipped.error().message;
  // The two folds answer differently, so that a picture asked of the wrong one is noticed.
  for (ModelFile& model : shipped->folds[1].models) {
    if (model.variant == "int8") model.bytes = describe::sample::FloatModel();
  }
  Route route;
  route.name = "quantized";
  route.status = "done";
  for (size_t fold = 0; fold < 2; ++fold) {
    for (const int picture : shipped->split.folds[fold].test) {
      route.pictures.push_back(picture);
      route.truth.push_back(picture % 3);
      route.predicted.push_back(picture == 4 || picture == 13 ? 2 : picture % 3);
      route.scores.push_back(sample::TrueScores(picture));
    }
  }
  std::vector<Verdict> verdicts(3);
  const int jobs[] = {1, 2, 7};
  for (size_t i = 0; i < verdicts.size(); ++i) {
    Reading reading{shipped->dataset, shipped->size_px, shipped->fit, jobs[i], SilentProgress(), 0, {}};
    verdicts[i].routes = {route};
    const auto done = ExplainAnswers(*shipped, reading, verdicts[i]);
    ASSERT_TRUE(done.has_value()) << done.error().message;
    EXPECT_TRUE(reading.troubles.empty());
  }
  ASSERT_EQ(verdicts[0].explained.size(), 5u);  // two mistakes, a right answer of each class
  for (size_t i = 0; i < 5; ++i) {
    const Explained& explained = verdicts[0].explained[i];
    const auto at = std::find_if(shipped->dataset.pictures.begin(), shipped->dataset.pictures.end(),
                                 [&](const auto& p) { return p.id == explained.picture; });
    const int picture = static_cast<int>(at - shipped->dataset.pictures.begin());
    auto judge = tflite::Judge::Load(
        picture < 12 ? describe::sample::QuantizedModel() : describe::sample::FloatModel(),
        tflite::Kernels::kXnnpack);
    ASSERT_TRUE(judge.has_value()) << judge.error().message;
    const auto scores = CoveredScores(
        **judge, image::ModelInput({9, 7, sample::PictureRgb(picture)}, shipped->size_px, shipped->fit),
        shipped->size_px, static_cast<size_t>(explained.called));
    ASSERT_TRUE(scores.has_value());
    for (const Verdict& verdict : verdicts) {
      EXPECT_EQ(verdict.explained[i].picture, explained.picture);
      EXPECT_EQ(verdict.explained[i].score, (*scores)[0]);
      for (size_t cell = 0; cell + 1 < scores->size(); ++cell)
        EXPECT_EQ(verdict.explained[i].drops[cell], (*scores)[0] - (*scores)[cell + 1]);
    }
  }
}

}  // namespace
}  // namespace handlens::verify
