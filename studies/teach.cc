// teach: what a small network learns from the scores of a large one beside the labels (distillation by
// "function matching": Beyer et al. 2022). For a study (docs/studies/transfer.md); not part of the product.
//   teach PICTURES WORK BACKBONE.safetensors [--teacher lite0-tune] [--teacher-size 128]
//         [--student lite0-thin75-cut3-train] [--size 96] [--generator camera] [--shares 0,0.5,1]
//         [--temperature 1] [--epochs 0] [--folds 5] [--jobs 2]
// A fold's student is taught by that fold's teacher alone, which saw the same training pictures; both look at
// the same view of a picture, each at its own size. Shares: how much of the target is the teacher's.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <sstream>
#include <string>

#include "backbone/thin.h"
#include "base/rng.h"
#include "base/stats.h"
#include "search/presets.h"
#include "search/search.h"
#include "train/epoch.h"
#include "train/feed.h"
#include "train/schedule.h"
#include "train/start.h"

namespace handlens {
namespace {

using Flags = std::map<std::string, std::string>;

struct Side {
  train::TrialSpec spec;
  train::TrialData data;
  std::unique_ptr<nn::Network> network;
};

std::span<float> Room(std::vector<float>& values, size_t count) { return std::span(values).first(count); }

// p^(1/T), summing to 1.
void Temper(std::span<float> scores, size_t classes, float temperature) {
  if (temperature == 1.0f) return;
  for (size_t at = 0; at < scores.size(); at += classes) {
    float sum = 0;
    for (size_t c = 0; c < classes; ++c) sum += scores[at + c] = std::pow(scores[at + c], 1 / temperature);
    for (size_t c = 0; c < classes; ++c) scores[at + c] /= sum;
  }
}

// Varied by the student's key, at the size of `side`.
void Fill(const Side& side, const train::TrialSpec& key, int epoch, std::span<const int> batch,
          std::span<float> inputs) {
  const size_t stride = inputs.size() / batch.size();
  for (size_t i = 0; i < batch.size(); ++i) {
    const auto picture = static_cast<size_t>(batch[i]);
    const Rng rng(key.seed, "trial augment",
                  {static_cast<uint64_t>(key.fold + 1), static_cast<uint64_t>(epoch), picture});
    image::Augment(side.data.pixels->Picture(picture), side.spec.size_px, key.generator, rng,
                   inputs.subspan(i * stride, stride));
  }
}

size_t Stride(const Side& side) {
  return static_cast<size_t>(side.spec.size_px) * static_cast<size_t>(side.spec.size_px) * 3;
}

// Right test pictures of a student taught by `teacher`.
Result<size_t> Teach(Side& student, Side& teacher, float share, float temperature) {
  const train::TrialSpec& spec = student.spec;
  HL_ASSIGN(const split::Fold pictures, train::PicturesOf(spec.fold, student.data));
  const auto classes = static_cast<size_t>(spec.architecture.classes),
             most = static_cast<size_t>(spec.recipe.batch);
  const std::vector<float> class_weights = spec.recipe.class_weights
                                               ? train::ClassWeights(*student.data.dataset, pictures.train)
                                               : std::vector<float>(classes, 1.0f);
  const size_t steps = train::StepsPerEpoch(pictures.train.size(), spec.recipe);
  std::vector<float> seen(most * Stride(student)), shown(most * Stride(teacher)), taught(most * classes);
  for (int epoch = 0; epoch < spec.recipe.epochs; ++epoch) {
    const std::vector<int> order = train::EpochOrder(pictures.train, spec, epoch);
    for (size_t step = 0; step < steps; ++step) {
      const size_t from = train::BatchBegin(order.size(), steps, step),
                   to = train::BatchBegin(order.size(), steps, step + 1);
      const auto batch = std::span(order).subspan(from, to - from);
      std::vector<int> labels;
      std::vector<float> weights;
      for (const int picture : batch) {
        labels.push_back(student.data.dataset->pictures[static_cast<size_t>(picture)].label);
        weights.push_back(class_weights[static_cast<size_t>(labels.back())]);
      }
      const auto inputs = Room(seen, batch.size() * Stride(student));
      Fill(student, spec, epoch, batch, inputs);
      nn::TrainBatch train_batch{inputs, labels, weights, spec.recipe.label_smoothing};
      if (share > 0) {
        const auto views = Room(shown, batch.size() * Stride(teacher));
        const auto scores = Room(taught, batch.size() * classes);
        Fill(teacher, spec, epoch, batch, views);
        teacher.network->Predict(views, static_cast<int>(batch.size()), scores);
        Temper(scores, classes, temperature);
        train_batch.taught = scores;
        train_batch.teaching = share;
      }
      const auto global_step = static_cast<uint64_t>(epoch) * steps + step;
      const float rate =
          train::LearningRate(spec.recipe, static_cast<int64_t>(global_step), static_cast<int64_t>(steps));
      student.network->TrainStep(train_batch, rate, {spec.seed, global_step});
    }
  }
  size_t right = 0;
  for (const int picture : pictures.test) {
    const int one[] = {picture};
    const auto inputs = Room(seen, Stride(student));
    train::FillPlain(*student.data.pixels, one, inputs);
    const auto scores = Room(taught, classes);
    student.network->Predict(inputs, 1, scores);
    const auto best = std::max_element(scores.begin(), scores.end()) - scores.begin();
    right += best == student.data.dataset->pictures[static_cast<size_t>(picture)].label ? 1 : 0;
  }
  return right;
}

// Fresh weights, or the backbone's under a fresh classifier.
Result<void> Begin(Side& side) {
  const train::TrialSpec& spec = side.spec;
  HL_ASSIGN(side.network, nn::Network::Create(spec.architecture, spec.recipe.batch, spec.recipe.optimizer));
  side.network->Initialize(Rng(spec.seed, "trial weights", {static_cast<uint64_t>(spec.fold + 1)}).Next());
  if (!spec.start) return {};
  HL_ASSIGN(const backbone::Backbone* backbone, train::BackboneOf(*spec.start, side.data.backbones));
  nn::Weights weights = side.network->SaveWeights();
  HL_TRY(train::Overlay(weights, backbone::WeightsOf(*backbone, spec.start->cut)));
  return side.network->LoadWeights(weights);
}

// What stays the same over all shares.
struct Setting {
  dataset::Dataset dataset;
  split::Split split;
  std::vector<const backbone::Backbone*> backbones;
  search::Candidate student;
  search::SearchOptions options;
  search::CellResult teacher;
  dataset::PixelSet small, large;  // of the student's and of the teacher's size
  float temperature = 1;
};

// Right test pictures of one fold.
Result<size_t> TeachFold(const Setting& s, size_t fold, float share) {
  const search::Candidate& c = s.student;
  Side student{
      {c.model, c.architecture, c.generator, c.recipe, c.size_px, static_cast<int>(fold), 1, c.start},
      {&s.dataset, &s.split, &s.small, nullptr, s.backbones},
      nullptr};
  Side teacher{s.teacher.folds[fold].spec, {&s.dataset, &s.split, &s.large, nullptr, s.backbones}, nullptr};
  teacher.spec.recipe.batch = std::max(teacher.spec.recipe.batch, c.recipe.batch);
  HL_TRY(Begin(student));
  HL_TRY(Begin(teacher));
  HL_ASSIGN(const nn::Weights weights, train::ReadTrialWeights(s.options.trials / s.teacher.folds[fold].id));
  HL_TRY(teacher.network->LoadWeights(weights));
  return Teach(student, teacher, share, s.temperature);
}

Result<void> TeachAll(const Setting& s, const std::string& share) {
  size_t right = 0, n = 0;
  for (size_t fold = 0; fold < s.split.folds.size(); ++fold) {
    HL_ASSIGN(const size_t correct, TeachFold(s, fold, std::strtof(share.c_str(), nullptr)));
    const size_t of = s.split.folds[fold].test.size();
    std::printf("  share %s fold %zu: %zu of %zu\n", share.c_str(), fold + 1, correct, of);
    std::fflush(stdout);
    right += correct;
    n += of;
  }
  const Interval ci95 = Wilson95(right, n);
  std::printf("%s %d px, %s, %d epochs, teacher's share %s, temperature %g: %.1f %% [%.1f, %.1f] n=%zu\n",
              s.student.model.c_str(), s.student.size_px, s.student.generator.name.c_str(),
              s.student.recipe.epochs, share.c_str(), static_cast<double>(s.temperature),
              100.0 * static_cast<double>(right) / static_cast<double>(n), 100 * ci95.low, 100 * ci95.high,
              n);
  std::fflush(stdout);
  return {};
}

Result<search::Candidate> CandidateOf(const Setting& s, const std::string& model, const std::string& size,
                                      const std::string& generator) {
  search::GridChoice choice;
  choice.models = {model};
  choice.generators = {generator};
  choice.sizes_px = {std::atoi(size.c_str())};
  choice.backbones = s.backbones;
  HL_ASSIGN(const auto candidates, search::PresetCandidates("standard", s.dataset, choice));
  return candidates.at(0);
}

// Searches (or reads) the teacher, one for each fold, and makes the pictures of both sizes.
Result<void> MakeTeacher(const Flags& flags, Setting& s) {
  HL_ASSIGN(const search::Candidate teacher,
            CandidateOf(s, flags.at("teacher"), flags.at("teacher-size"), flags.at("generator")));
  s.options.backbones = s.backbones;
  s.options.candidates = {teacher};
  HL_ASSIGN(const search::SearchResult found,
            search::Search(s.dataset, s.split, s.options, SilentProgress()));
  s.teacher = found.cells[0];
  std::printf("teacher %s, %d px: test %.1f %% of %zu\n", teacher.model.c_str(), teacher.size_px,
              100.0 * static_cast<double>(s.teacher.test_correct) / static_cast<double>(s.teacher.test_n),
              s.teacher.test_n);
  const int sizes[] = {s.student.size_px, teacher.size_px};
  HL_TRY(dataset::Prepare(s.dataset, sizes, {image::Fit::kCrop, s.options.cache, 2}, SilentProgress()));
  HL_ASSIGN(s.small, dataset::LoadPixels(s.dataset, sizes[0], image::Fit::kCrop, s.options.cache));
  HL_ASSIGN(s.large, dataset::LoadPixels(s.dataset, sizes[1], image::Fit::kCrop, s.options.cache));
  return {};
}

Result<void> Study(const std::vector<std::string>& words, const Flags& flags) {
  Setting s;
  s.options.cache = std::filesystem::path(words[1]) / "cache";
  s.options.trials = std::filesystem::path(words[1]) / "trials";
  s.options.jobs = std::atoi(flags.at("jobs").c_str());
  s.temperature = std::strtof(flags.at("temperature").c_str(), nullptr);
  HL_ASSIGN(s.dataset, dataset::Inspect({.pictures = words[0], .limits = {}, .thumbnails = {}, .jobs = 2},
                                        SilentProgress()));
  split::SplitOptions split_options;
  split_options.folds = std::atoi(flags.at("folds").c_str());
  HL_ASSIGN(s.split, split::MakeSplit(s.dataset, split_options));
  HL_ASSIGN(const backbone::Backbone whole, backbone::Read(words[2]));
  s.backbones = {&whole};
  std::optional<backbone::Backbone> thin;
  if (const int percent = backbone::ThinPercent(flags.at("student"), whole.name); percent > 0) {
    HL_ASSIGN(thin, backbone::Thin(whole, percent));
    s.backbones.push_back(&*thin);
  }
  HL_ASSIGN(s.student, CandidateOf(s, flags.at("student"), flags.at("size"), flags.at("generator")));
  if (const int epochs = std::atoi(flags.at("epochs").c_str()); epochs > 0) s.student.recipe.epochs = epochs;
  HL_TRY(MakeTeacher(flags, s));
  std::stringstream list(flags.at("shares"));
  for (std::string share; std::getline(list, share, ',');) HL_TRY(TeachAll(s, share));
  return {};
}

}  // namespace
}  // namespace handlens

int main(int argc, char** argv) {
  handlens::Flags flags = {{"teacher", "lite0-tune"},
                           {"teacher-size", "128"},
                           {"student", "lite0-thin75-cut3-train"},
                           {"size", "96"},
                           {"generator", "camera"},
                           {"shares", "0,0.5,1"},
                           {"temperature", "1"},
                           {"epochs", "0"},
                           {"folds", "5"},
                           {"jobs", "2"}};
  std::vector<std::string> words;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word.starts_with("--") && i + 1 < argc) flags[word.substr(2)] = argv[++i];
    else words.push_back(word);
  }
  if (words.size() != 3) return std::fprintf(stderr, "usage: see the first lines of studies/teach.cc\n"), 2;
  const auto done = handlens::Study(words, flags);
  if (!done) std::fprintf(stderr, "teach: %s\n", done.error().message.c_str());
  return done ? 0 : static_cast<int>(done.error().kind);
}
