// trial: cells of a search on a folder of pictures, fold by fold. For experiments and studies; not part of
// the product.
//   trial PICTURES [FLAGS] [+ FLAGS]...
//   the cell: [--model nano24] [--size 64] [--generator mild] [--flip 0|1] [--epochs N] [--preset quick]
//             [--rate R] [--batch N] [--adam] [--smoothing S] [--decay D] [--warmup EPOCHS] [--forget
//             MOMENTUM]
//   the run:  [--folds 5] [--validation 0.125] [--order honest|paper] [--fit crop] [--jobs 1] [--seed 1]
//   [--cache DIR]
// Each + begins another cell, which differs from the first by the flags behind it. What is not said is the
// preset's. PICTURES is a folder with a folder per class, or a labels.csv (path,label[,group]); groups stay
// together. Recipes are to be compared by their validation figures.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <map>
#include <string>

#include "base/stats.h"
#include "dataset/dataset.h"
#include "search/presets.h"
#include "search/search.h"
#include "split/split.h"

namespace handlens {
namespace {

using Flags = std::map<std::string, std::string>;

float Number(const Flags& flags, const char* name, float otherwise) {
  const auto found = flags.find(name);
  return found == flags.end() ? otherwise : std::strtof(found->second.c_str(), nullptr);
}

Result<search::Candidate> MakeCandidate(const dataset::Dataset& dataset, Flags flags) {
  search::GridChoice choice;
  choice.models = {flags["model"]};
  choice.generators = {flags["generator"]};
  choice.sizes_px = {std::atoi(flags["size"].c_str())};
  choice.epochs = std::atoi(flags["epochs"].c_str());
  HL_ASSIGN(const auto candidates, search::PresetCandidates(flags["preset"], dataset, choice));
  search::Candidate candidate = candidates.at(0);
  train::Recipe& recipe = candidate.recipe;
  recipe.learning_rate = Number(flags, "rate", recipe.learning_rate);
  recipe.batch = static_cast<int>(Number(flags, "batch", static_cast<float>(recipe.batch)));
  recipe.label_smoothing = Number(flags, "smoothing", recipe.label_smoothing);
  recipe.optimizer.weight_decay = Number(flags, "decay", recipe.optimizer.weight_decay);
  recipe.warmup_epochs = Number(flags, "warmup", recipe.warmup_epochs);
  if (flags.contains("adam")) recipe.optimizer.kind = nn::OptimizerKind::kAdam;
  if (flags.contains("flip")) candidate.generator.flip_horizontal = flags["flip"] == "1";
  for (nn::LayerSpec& layer : candidate.architecture.layers) {
    if (layer.kind == nn::LayerKind::kBatchNorm) layer.momentum = Number(flags, "forget", layer.momentum);
  }
  return candidate;
}

void PrintFolds(const search::CellResult& cell) {
  for (const train::TrialResult& fold : cell.folds) {
    std::printf("fold %d: train %.4f validation %.4f test %.4f (n = %zu), %zu epochs, %.1f s, %s\n",
                fold.spec.fold + 1, fold.train_accuracy, fold.validation_accuracy, fold.test_accuracy,
                fold.test.pictures.size(), fold.epochs.size(), fold.seconds, fold.id.c_str());
  }
}

void PrintCell(const dataset::Dataset& dataset, const search::CellResult& cell) {
  const search::Candidate& candidate = cell.candidate;
  size_t correct = 0, n = 0;
  double loss = 0, seconds = 0;
  for (const train::TrialResult& fold : cell.folds) {
    const std::vector<int> predicted = train::PredictedLabels(fold.validation);
    for (size_t i = 0; i < predicted.size(); ++i) {
      correct +=
          dataset.pictures[static_cast<size_t>(fold.validation.pictures[i])].label == predicted[i] ? 1 : 0;
    }
    n += predicted.size();
    loss += fold.validation_loss * static_cast<double>(predicted.size());
    seconds += fold.seconds;
  }
  const Interval ci95 = Wilson95(correct, n);
  std::printf(
      "%s, %d px, %s, batch %d, %d epochs, %lld parameters, %.0f s: validation %.2f +- %.2f, pooled %zu of "
      "%zu [%.1f, %.1f], loss %.4f; test %.2f +- %.2f %%, pooled %zu of %zu [%.2f, %.2f]\n",
      candidate.model.c_str(), candidate.size_px, candidate.generator.name.c_str(), candidate.recipe.batch,
      candidate.recipe.epochs, static_cast<long long>(cell.parameters), seconds,
      100 * cell.validation_accuracy.mean, 100 * cell.validation_accuracy.std, correct, n, 100 * ci95.low,
      100 * ci95.high, loss / static_cast<double>(n), 100 * cell.test_accuracy.mean,
      100 * cell.test_accuracy.std, cell.test_correct, cell.test_n, 100 * cell.test_ci95.low,
      100 * cell.test_ci95.high);
  std::fflush(stdout);
}

Result<void> Trial(const std::string& pictures, const std::vector<Flags>& cells) {
  Flags flags = cells[0];
  const int jobs = std::atoi(flags["jobs"].c_str());
  HL_ASSIGN(const dataset::Dataset dataset,
            dataset::Inspect({.pictures = pictures, .limits = {}, .thumbnails = {}, .jobs = jobs},
                             SilentProgress()));
  split::SplitOptions split_options;
  split_options.folds = std::atoi(flags["folds"].c_str());
  split_options.validation_share = std::strtod(flags["validation"].c_str(), nullptr);
  split_options.order = flags["order"] == "paper" ? split::Order::kPaper : split::Order::kHonest;
  HL_ASSIGN(const split::Split split, split::MakeSplit(dataset, split_options));
  search::SearchOptions options;
  options.cache = std::filesystem::path(flags["cache"]) / "cache";
  options.trials = std::filesystem::path(flags["cache"]) / "trials";
  options.jobs = jobs;
  options.seed = std::strtoull(flags["seed"].c_str(), nullptr, 10);
  HL_ASSIGN(options.fit, image::ParseFit(flags["fit"]));
  for (const Flags& cell : cells) {
    HL_ASSIGN(const search::Candidate candidate, MakeCandidate(dataset, cell));
    options.candidates = {candidate};
    HL_ASSIGN(const search::Plan plan,
              search::Estimate(options.candidates, dataset, {.folds = static_cast<int>(split.folds.size())},
                               SilentProgress()));
    const std::clock_t begin = std::clock();
    const auto begin_wall = std::chrono::steady_clock::now();
    HL_ASSIGN(const search::SearchResult result, search::Search(dataset, split, options, SilentProgress()));
    const double processor_s = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
    const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - begin_wall;
    std::printf(
        "%.2f s of processor time, %.2f s by the clock (finished trials are only read), %.1f s estimated\n",
        processor_s, wall.count(), plan.seconds);
    if (cells.size() == 1) PrintFolds(result.cells[0]);
    if (const auto words = cell.find("words"); words != cell.end())
      std::printf("%s: ", words->second.c_str());
    PrintCell(dataset, result.cells[0]);
  }
  return {};
}

}  // namespace
}  // namespace handlens

int main(int argc, char** argv) {
  const handlens::Flags usual = {{"model", "nano24"},     {"size", "64"},         {"generator", "mild"},
                                 {"preset", "quick"},     {"folds", "5"},         {"order", "honest"},
                                 {"fit", "crop"},         {"jobs", "1"},          {"seed", "1"},
                                 {"validation", "0.125"}, {"cache", "/tmp/trial"}};
  std::vector<handlens::Flags> cells = {usual};
  std::string pictures;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "+") {
      cells.push_back(cells[0]);
      cells.back()["words"] = "";
      continue;
    }
    if (cells.size() > 1) cells.back()["words"] += word + " ";
    if (word == "--adam") cells.back()["adam"] = "1";
    else if (word.starts_with("--") && i + 1 < argc) {
      cells.back()[word.substr(2)] = argv[++i];
      if (cells.size() > 1) cells.back()["words"] += std::string(argv[i]) + " ";
    } else pictures = word;
  }
  const auto done = handlens::Trial(pictures, cells);
  if (!done) std::fprintf(stderr, "trial: %s\n", done.error().message.c_str());
  return done ? 0 : static_cast<int>(done.error().kind);
}
