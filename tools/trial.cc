// trial: one cell of a search on a folder of pictures, fold by fold. For experiments and studies; not part of the product.
//   trial PICTURES [--model nano24] [--size 64] [--generator mild] [--epochs 60] [--folds 5] [--order honest|paper]
//         [--fit crop] [--jobs 1] [--seed 1] [--cache DIR] [--rate R] [--batch N] [--adam]
// PICTURES is a folder with a folder per class, or a labels.csv (path,label[,group]); groups stay together.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <map>
#include <string>

#include "dataset/dataset.h"
#include "search/presets.h"
#include "search/search.h"
#include "split/split.h"

namespace handlens {
namespace {

using Flags = std::map<std::string, std::string>;

Result<search::Candidate> MakeCandidate(const dataset::Dataset& dataset, Flags& flags) {
  search::GridChoice choice;
  choice.models = {flags["model"]};
  choice.generators = {flags["generator"]};
  choice.sizes_px = {std::atoi(flags["size"].c_str())};
  choice.epochs = std::atoi(flags["epochs"].c_str());
  HL_ASSIGN(const auto candidates, search::PresetCandidates("quick", dataset, choice));
  search::Candidate candidate = candidates.at(0);
  if (flags.contains("rate")) candidate.recipe.learning_rate = std::strtof(flags["rate"].c_str(), nullptr);
  if (flags.contains("batch")) candidate.recipe.batch = std::atoi(flags["batch"].c_str());
  if (flags.contains("adam")) candidate.recipe.optimizer.kind = nn::OptimizerKind::kAdam;
  return candidate;
}

Result<void> Trial(const std::string& pictures, Flags& flags) {
  const int jobs = std::atoi(flags["jobs"].c_str());
  HL_ASSIGN(const dataset::Dataset dataset, dataset::Inspect({pictures, {}, {}, jobs}, SilentProgress()));
  split::SplitOptions split_options;
  split_options.folds = std::atoi(flags["folds"].c_str());
  split_options.order = flags["order"] == "paper" ? split::Order::kPaper : split::Order::kHonest;
  HL_ASSIGN(const split::Split split, split::MakeSplit(dataset, split_options));
  search::SearchOptions options;
  HL_ASSIGN(const search::Candidate candidate, MakeCandidate(dataset, flags));
  options.candidates = {candidate};
  options.cache = std::filesystem::path(flags["cache"]) / "cache";
  options.trials = std::filesystem::path(flags["cache"]) / "trials";
  options.jobs = jobs;
  options.seed = std::strtoull(flags["seed"].c_str(), nullptr, 10);
  HL_ASSIGN(options.fit, image::ParseFit(flags["fit"]));
  HL_ASSIGN(const search::SearchResult result, search::Search(dataset, split, options, SilentProgress()));
  const search::CellResult& cell = result.cells[0];
  for (const train::TrialResult& fold : cell.folds) {
    std::printf("fold %d: train %.4f validation %.4f test %.4f (n = %zu), %zu epochs, %.1f s, %s\n", fold.spec.fold + 1,
                fold.train_accuracy, fold.validation_accuracy, fold.test_accuracy, fold.test.pictures.size(),
                fold.epochs.size(), fold.seconds, fold.id.c_str());
  }
  std::printf("%s, %d px, %s, %lld parameters: validation %.2f +- %.2f, test %.2f +- %.2f %%, pooled %zu of %zu [%.2f, %.2f]\n",
              candidate.model.c_str(), candidate.size_px, candidate.generator.name.c_str(),
              static_cast<long long>(cell.parameters), 100 * cell.validation_accuracy.mean,
              100 * cell.validation_accuracy.std, 100 * cell.test_accuracy.mean, 100 * cell.test_accuracy.std,
              cell.test_correct, cell.test_n, 100 * cell.test_ci95.low, 100 * cell.test_ci95.high);
  return {};
}

}  // namespace
}  // namespace handlens

int main(int argc, char** argv) {
  handlens::Flags flags = {{"model", "nano24"}, {"size", "64"},  {"generator", "mild"}, {"epochs", "60"}, {"folds", "5"},
                           {"order", "honest"}, {"fit", "crop"}, {"jobs", "1"},         {"seed", "1"},    {"cache", "/tmp/trial"}};
  std::string pictures;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--adam") flags["adam"] = "1";
    else if (word.starts_with("--") && i + 1 < argc) flags[word.substr(2)] = argv[++i];
    else pictures = word;
  }
  const auto done = handlens::Trial(pictures, flags);
  if (!done) std::fprintf(stderr, "trial: %s\n", done.error().message.c_str());
  return done ? 0 : static_cast<int>(done.error().kind);
}
