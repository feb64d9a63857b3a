// carried_weights: the paper's four generators as its code trains them, to see what its published cells rest
// on. For studies; not part of the product.
//   carried_weights PICTURES [--model m1] [--size 50] [--epochs 50] [--seed 1] [--cache DIR]
// The paper's code makes a model once a fold and trains it under generators 1, 2, 3 and 4 in turn without
// fresh weights, and its featurewise statistics are never fitted, so that generators 3 and 4 do not
// normalise. The folds are the paper's, unshuffled. Prints test accuracy after each generator, beside the
// honest way's in docs/studies.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>

#include "base/rng.h"
#include "base/stats.h"
#include "dataset/dataset.h"
#include "dataset/prepare.h"
#include "nn/zoo.h"
#include "split/split.h"
#include "train/train.h"

namespace handlens {
namespace {

using Flags = std::map<std::string, std::string>;

double TestAccuracy(nn::Network& network, const dataset::Dataset& dataset, const dataset::PixelSet& pixels,
                    const std::vector<int>& pictures) {
  size_t correct = 0;
  std::vector<float> scores(dataset.labels.size()), input;
  for (const int picture : pictures) {
    input.clear();
    for (const uint8_t byte : pixels.Picture(static_cast<size_t>(picture)))
      input.push_back(static_cast<float>(byte) / 255.0f);
    network.Predict(input, 1, scores);
    correct +=
        train::PredictedLabels({{picture}, scores})[0] == dataset.pictures[static_cast<size_t>(picture)].label
            ? 1
            : 0;
  }
  return static_cast<double>(correct) / static_cast<double>(pictures.size());
}

Result<void> Study(const std::string& pictures, Flags flags) {
  HL_ASSIGN(
      const dataset::Dataset dataset,
      dataset::Inspect({.pictures = pictures, .limits = {}, .thumbnails = {}, .jobs = 1}, SilentProgress()));
  split::SplitOptions split_options;
  split_options.order = split::Order::kPaper;
  HL_ASSIGN(const split::Split split, split::MakeSplit(dataset, split_options));
  const int sizes[] = {std::atoi(flags["size"].c_str())};
  const std::filesystem::path cache = flags["cache"];
  HL_TRY(dataset::Prepare(dataset, sizes, {.cache = cache}, SilentProgress()));
  HL_ASSIGN(const dataset::PixelSet pixels, dataset::LoadPixels(dataset, sizes[0], image::Fit::kCrop, cache));
  train::TrialSpec spec;
  spec.model = flags["model"];
  spec.size_px = sizes[0];
  spec.seed = std::strtoull(flags["seed"].c_str(), nullptr, 10);
  spec.recipe = train::PaperRecipe();
  spec.recipe.epochs = std::atoi(flags["epochs"].c_str());
  HL_ASSIGN(spec.architecture,
            nn::NamedModel(spec.model, spec.size_px, static_cast<int>(dataset.labels.size())));
  const char* generators[] = {"gen1", "gen2", "gen3", "gen4"};
  std::map<std::string, std::vector<double>> accuracies;
  for (spec.fold = 0; spec.fold < static_cast<int>(split.folds.size()); ++spec.fold) {
    HL_ASSIGN(const auto network, nn::Network::Create(spec.architecture, 1, {}));
    network->Initialize(Rng(spec.seed, "carried weights", {static_cast<uint64_t>(spec.fold)}).Next());
    for (const char* generator : generators) {
      HL_ASSIGN(spec.generator, image::NamedGenerator(generator));
      spec.generator.featurewise = false;
      HL_ASSIGN(const nn::Weights weights,
                train::FineTune(spec, network->SaveWeights(), {&dataset, &split, &pixels}, SilentProgress()));
      HL_TRY(network->LoadWeights(weights));
      accuracies[generator].push_back(
          TestAccuracy(*network, dataset, pixels, split.folds[static_cast<size_t>(spec.fold)].test));
    }
  }
  for (const char* generator : generators) {
    const MeanStd summary = Summarize(accuracies[generator]);
    std::printf("%s,%d,%s,%.2f,%.2f\n", spec.model.c_str(), spec.size_px, generator, 100 * summary.mean,
                100 * summary.std);
  }
  return {};
}

}  // namespace
}  // namespace handlens

int main(int argc, char** argv) {
  handlens::Flags flags = {
      {"model", "m1"}, {"size", "50"}, {"epochs", "50"}, {"seed", "1"}, {"cache", "/tmp/carried-weights"}};
  std::string pictures;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word.starts_with("--") && i + 1 < argc) flags[word.substr(2)] = argv[++i];
    else pictures = word;
  }
  const auto done = handlens::Study(pictures, flags);
  if (!done) std::fprintf(stderr, "%s\n", done.error().message.c_str());
  return done ? 0 : 1;
}
