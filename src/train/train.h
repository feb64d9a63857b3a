// One trial: a model, a size, a generator, a recipe and a fold, trained from fresh weights or from a
// backbone's to a result. Bit-identical for the same spec, data and seed, however often it was interrupted;
// resumes at its last whole epoch.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "backbone/backbone.h"
#include "base/parallel.h"
#include "base/progress.h"
#include "base/result.h"
#include "dataset/dataset.h"
#include "dataset/prepare.h"
#include "image/augment.h"
#include "image/camera/camera.h"
#include "nn/nn.h"
#include "split/split.h"

namespace handlens::train {

enum class Schedule { kConstant, kCosine };

// Hyper-parameters. One epoch is ceil(training pictures / batch) steps whose batches differ by at most one
// picture.
struct Recipe {
  nn::Optimizer optimizer;
  Schedule schedule = Schedule::kConstant;
  float learning_rate = 0.01f;
  float warmup_epochs = 0;  // the rate rises in equal steps from 0; inside `epochs`, not before them
  int epochs = 50;
  int batch = 10;
  float label_smoothing = 0;
  int early_stop_patience = 0;  // epochs without a better validation loss; 0 = train all epochs
  bool keep_best = false;       // the weights of the best validation epoch instead of the last
  bool class_weights = false;   // each class counts alike in the loss

  bool operator==(const Recipe&) const = default;
};
Recipe PaperRecipe();             // Table 10: SGD 0.01, batch 10, 50 epochs
Recipe PaperCodeRecipe();         // the authors' code: Adam 0.001, batch 5, 20 epochs
Recipe ModernRecipe(int epochs);  // docs/models.md: Nesterov, cosine, warm-up, label smoothing, weight decay
Recipe ProbeRecipe();  // a backbone's features under a linear classifier: nothing but class weights matters
Recipe
TuneRecipe();  // all of a backbone, gently, beginning with the probe's classifier (LP-FT, Kumar et al. 2022)
Json ToJson(const Recipe& recipe);
Result<Recipe> RecipeFromJson(const Json& json);

// A final model: trains on every picture but the hold-out. It has no validation pictures, so it trains all
// its epochs and keeps the last weights, whatever early_stop_patience and keep_best say.
constexpr int kAllFolds = -1;

// How a trial learns that begins with a backbone. kProbe: the classifier alone, fitted to convergence on the
// features of the frozen layers (logistic.h). kTune: the same classifier first, then all layers that
// `architecture` does not freeze, by the recipe.
enum class Method { kProbe, kTune };

// What a trial begins with instead of fresh weights.
struct Start {
  std::string backbone;  // its name, for people
  std::string hash;      // of its layers and weights
  int cut = 0;           // index into Backbone::cuts
  Method method = Method::kProbe;
  int views = 0;  // varied views of a picture whose features the classifier is fitted on, besides itself

  bool operator==(const Start&) const = default;
};

struct TrialSpec {
  std::string model;           // name, for tables
  nn::ModelSpec architecture;  // a leading kNormalize layer is added by the trial when the generator wants it
  image::GeneratorSpec generator;
  Recipe recipe;
  int size_px = 0;
  int fold = 0;  // or kAllFolds
  uint64_t seed = 1;
  std::optional<Start> start =
      {};  // `architecture` is then backbone::Classifier's, with the frozen layers marked
};
Json ToJson(const TrialSpec& spec);
Result<TrialSpec> TrialSpecFromJson(const Json& json);

// Hash (16 hexadecimal digits) of canonical spec, dataset fingerprint, split and engine version.
std::string TrialId(const TrialSpec& spec, const std::string& data_fingerprint);

// What TrialId wants: hash over the dataset's fingerprint, every fold, the hold-out and the fit.
std::string DataFingerprint(const dataset::Dataset& dataset, const split::Split& split, image::Fit fit);

// Scores of pictures by a trained network, (pictures.size(), classes), softmax.
struct Predictions {
  std::vector<int> pictures;  // indices into Dataset::pictures
  std::vector<float> scores;
};
// The class with the highest score, the first of equals, for each picture.
std::vector<int> PredictedLabels(const Predictions& predictions);

struct Epoch {
  float train_loss = 0, train_accuracy = 0, validation_loss = 0, validation_accuracy = 0;
};

struct TrialResult {
  std::string id;
  TrialSpec spec;
  nn::ModelSpec trained;  // the architecture as trained, normalisation included
  int64_t parameters = 0;
  std::vector<Epoch> epochs;
  int best_epoch = 0;   // index into epochs whose weights were kept
  double seconds = 0;   // of training, summed over resumptions; the only field that differs between reruns
  double strength = 0;  // Method::kProbe: of the penalty that the validation pictures chose; else 0
  double train_accuracy = 0, train_loss = 0;  // of the kept weights, without augmentation
  double validation_accuracy = 0, validation_loss = 0;
  double test_accuracy = 0, test_loss = 0;  // 0 and empty predictions for kAllFolds
  Predictions train, validation, test;
  // The validation pictures as a phone's camera shows them, each kCameraShots times in a row
  // (camera_check.h); empty where nobody asked. Behind them: image::Backdrops::id.
  Predictions camera = {};
  std::string camera_backdrops = {};
};

class FeatureStore;  // features.h

// What a trial works on; shared by trials, read only but for the threads and the features.
struct TrialData {
  const dataset::Dataset* dataset = nullptr;
  const split::Split* split = nullptr;
  const dataset::PixelSet* pixels = nullptr;  // at spec.size_px
  SpareThreads* spare = nullptr;  // a trial may borrow them; changes nothing but the time it takes
  std::vector<const backbone::Backbone*> backbones = {};  // those that trials may begin with
  FeatureStore* features = nullptr;                       // needed with backbones
  bool camera_check = false;                              // fill TrialResult::camera of a fold's trial
  const image::Backdrops* backdrops = nullptr;            // behind its subjects; null: the built-in ones
  bool all_cuts = false;  // features of shallower cuts are asked for too: take all in one pass
};

// Trains in `folder` (RUN/trials/ID): writes events.jsonl (one line an epoch), state.bin (after an epoch, at
// most every 2 s and so rarely that it costs under 1 %; removed when done), weights.safetensors,
// predictions.safetensors, trial.json (last, atomically: its presence means done). A finished trial is read,
// not repeated; where data.camera_check wants camera.json and there is none, that alone is made. Formats:
// docs/models.md. One thread, and those that data.spare has where the network can use them; the caller sees
// to it that no one else trains in this folder. Kind kInterrupted when progress asks to stop: then at most
// one epoch is lost. A loss that is no longer finite ends the training and is a result, not an error.
Result<TrialResult> RunTrial(const TrialSpec& spec, const TrialData& data,
                             const std::filesystem::path& folder, Progress& progress);

// A network whose scores are learnt in place of labels. Both outlive the training.
struct Teacher {
  const nn::ModelSpec* spec = nullptr;  // of the same input and classes
  const nn::Weights* weights = nullptr;
};

// Trains on from given weights: spec.architecture as it is, on the training pictures of its fold with its
// generator and recipe, all epochs; gives the last weights. Writes nothing: one that was stopped begins anew.
// One thread; `progress` hears of every epoch and may ask to stop (kInterrupted). Kind kBadInput when `start`
// does not fit the architecture, or when the loss is no longer finite. With a teacher, what that says of each
// varied picture is learnt instead of the labels.
Result<nn::Weights> FineTune(const TrialSpec& spec, const nn::Weights& start, const TrialData& data,
                             Progress& progress, const std::optional<Teacher>& teacher = std::nullopt);

Result<TrialResult> ReadTrial(const std::filesystem::path& folder);
// All weights of the trained model. A trial's own file holds those that its training may have changed; the
// frozen ones come from RUN/backbones/HASH.safetensors, beside the folder of the trials. Kind kBadInput when
// a file is missing or changed.
Result<nn::Weights> ReadTrialWeights(const std::filesystem::path& folder);

// RUN/backbones/HASH.safetensors, of the folder RUN/trials.
std::filesystem::path BackboneFile(const std::filesystem::path& trials, const std::string& hash);
// Puts it there, unless it is there: a run does not depend on what else is installed.
Result<void> KeepBackbone(const std::filesystem::path& trials, const backbone::Backbone& backbone);

}  // namespace handlens::train
