// Several threads on the pictures of one batch: the same bits.
#include <gtest/gtest.h>

#include "base/hash.h"
#include "base/rng.h"
#include "nn/nn.h"
#include "nn/test_layers.h"
#include "nn/zoo.h"

namespace handlens::nn {
namespace {

// Hash of weights, scores and features after some steps, the last on a short batch.
std::string DigestWithThreads(const ModelSpec& spec, int threads) {
  constexpr int kBatch = 7;
  const auto pixels = static_cast<size_t>(spec.size_px) * static_cast<size_t>(spec.size_px) * 3;
  auto net = *Network::Create(spec, kBatch,
                              {.kind = OptimizerKind::kMomentum, .start_decay = 1e-2f, .clip_norm = 0.5f},
                              Backend::kFast);
  net->Initialize(4);
  EXPECT_EQ(net->MostThreads(), kBatch);
  std::vector<float> inputs(kBatch * pixels), scores(kBatch * 3), means(kBatch * 4 * 24);
  for (int step = 0; step < 4; ++step) {
    // Threads come and go between steps.
    EXPECT_TRUE(net->UseThreads(step == 1 ? 1 : threads));
    Rng rng(6, "batch", {static_cast<uint64_t>(step)});
    for (float& v : inputs) v = rng.Uniform();
    const std::vector<int> labels(step == 3 ? 2 : kBatch, step % 3);
    net->TrainStep({inputs, labels, {}, 0}, 0.02f, {2, static_cast<uint64_t>(step)});
    net->Predict(inputs, kBatch, scores);
    net->Features(inputs, kBatch, std::vector<int>{3, 25}, means);
  }
  Weights all = net->SaveState();
  all.push_back({"scores", {kBatch * 3}, scores});
  all.push_back({"features", {kBatch * 4 * 24}, means});
  return Sha256(EncodeWeights(all));
}

TEST(Fast, GivesTheSameBitsForAnyNumberOfThreads) {
  for (const size_t frozen : {0, 4, 12}) {
    const ModelSpec spec = Tuned(61, 24, 5, 2, frozen);
    const std::string one = DigestWithThreads(spec, 1);
    for (int round = 0; round < 10; ++round)
      ASSERT_EQ(DigestWithThreads(spec, 2 + round % 4), one) << frozen << " frozen, round " << round;
  }
}

// A batch norm that sees the batch needs all pictures; so does the order of dropout's numbers.
TEST(Network, SharesPicturesOnlyWhereTheyDoNotDependOnEachOther) {
  EXPECT_EQ((*Network::Create(*NamedModel("nano24", 64, 3), 8, {}))->MostThreads(), 1);
  ModelSpec spec = Tuned(61, 24, 5, 2, 0);
  EXPECT_EQ((*Network::Create(spec, 8, {}))->MostThreads(), 8);
  EXPECT_EQ((*Network::Create(Tuned(13, 6, 3, 2, 0), 8, {}))->MostThreads(), 1) << "too little to do";
  spec.layers[6] = {.kind = LayerKind::kDropout, .rate = 0.2f};
  EXPECT_EQ((*Network::Create(spec, 8, {}))->MostThreads(), 1);
}

}  // namespace
}  // namespace handlens::nn
