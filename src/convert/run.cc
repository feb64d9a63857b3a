// The step `convert`: all files of RUN/model from the trials, with the records that prove them.
#include <algorithm>
#include <set>

#include "base/hash.h"
#include "base/rng.h"
#include "convert/aware.h"
#include "convert/careful.h"
#include "convert/convert.h"
#include "convert/folded.h"
#include "convert/method.h"
#include "convert/quantize.h"
#include "convert/temperature.h"

namespace handlens::convert {
namespace {

using Pixels = std::span<const uint8_t>;
// Pictures to calibrate a model on: one evaluation of the float model each, so fewer of a large one. (A
// backbone of 133 million multiply-adds takes 150.)
constexpr size_t kMostCalibrationPictures = 500, kFewestCalibrationPictures = 64;
constexpr double kCalibrationMultiplyAdds = 2e10;
constexpr size_t kMeansPictures = 200;    // that the guard learns from, the classes in turn
constexpr size_t kMeasuredPictures = 16;  // whose layers are compared one by one

// A trial, the pictures that its model may learn from, and what is deployed of it.
struct Trial {
  train::TrialResult result;
  nn::Weights weights;
  std::vector<int> training, chosen;  // chosen: for calibration
  FoldedModel plain, quantized;       // the same numbers unless they were fine-tuned
  Calibration calibration;
  double temperature = 1;
  std::optional<int> feature_layer;
  std::optional<Guard> guard;
};

// A trial's float and int8 models, and where they are.
struct Pair {
  std::string float_file, quantized_file;
  Bytes float_model, quantized_model;
};

class Step {
 public:
  Step(const Request& request, Progress& progress) : request_(request), progress_(progress) {}

  Result<void> Run() {
    HL_ASSIGN(std::vector<Trial> trials, ReadAll());
    progress_.Begin("convert", static_cast<double>(1 + request_.fold_trials.size()), "models");
    HL_ASSIGN(const std::string runtime, tflite::RuntimeVersion());
    record_["runtime"] = runtime;
    record_["io"] = IoName(request_.io);
    record_["fit"] = image::FitName(request_.data.pixels->fit);
    record_["size_px"] = request_.data.pixels->size_px;
    record_["labels"] = request_.data.dataset->labels;
    const image::GeneratorSpec& generator = trials.front().result.spec.generator;
    record_["generator"] = {{"name", generator.name}, {"camera", generator.camera_share > 0}};
    record_["models"] = Json::array();
    record_["calibration"] = Json::array();
    record_["agreement"] = Json::array();
    for (Trial& trial : trials) HL_TRY(CalibrateOn(trial));
    HL_TRY(Quantize(trials));
    record_["method"] = MethodWords(method_);
    HL_TRY(TakeCare(trials));
    double done = 0;
    for (const Trial& trial : trials) {
      HL_TRY(&trial == &trials.front() ? Final(trial) : OneFold(trial));
      progress_.Update(++done, "");
    }
    HL_TRY(WriteLabels());
    HL_TRY(WriteRecord(request_.out / "engine_scores.json", "handlens-scores", 1, scores_));
    HL_TRY(WriteRecord(request_.out / "answers.json", "handlens-answers", 1, answers_));
    HL_TRY(WriteRecord(request_.out / "conversion.json", "handlens-conversion", 1, record_));
    RemoveTuned(request_.out);
    progress_.End(fmt::format("{} models in {}", record_["models"].size(), request_.out.string()));
    return {};
  }

 private:
  // The final model's trial first.
  Result<std::vector<Trial>> ReadAll() const {
    std::vector<Trial> trials(1);
    HL_ASSIGN(trials[0], Read(request_.final_trial));
    if (trials[0].result.spec.fold != train::kAllFolds) {
      return Fail(ErrorKind::kBadInput, "{}: a trial of fold {}, not of the final model",
                  request_.final_trial.string(), trials[0].result.spec.fold);
    }
    for (const auto& folder : request_.fold_trials) {
      HL_ASSIGN(Trial trial, Read(folder));
      if (trial.result.spec.fold < 0)
        return Fail(ErrorKind::kBadInput, "trial {}: of no fold", trial.result.id);
      trials.push_back(std::move(trial));
    }
    return trials;
  }

  Result<Trial> Read(const std::filesystem::path& folder) const {
    Trial trial;
    HL_ASSIGN(trial.result, train::ReadTrial(folder));
    HL_ASSIGN(trial.weights, train::ReadTrialWeights(folder));
    const nn::ModelSpec& spec = trial.result.trained;
    if (spec.size_px != request_.data.pixels->size_px ||
        static_cast<size_t>(spec.classes) != request_.data.dataset->labels.size()) {
      return Fail(ErrorKind::kBadInput,
                  "{}: a model of {} px and {} classes does not fit pictures of {} px and {} classes",
                  folder.string(), spec.size_px, spec.classes, request_.data.pixels->size_px,
                  request_.data.dataset->labels.size());
    }
    HL_ASSIGN(trial.training, TrainingPictures(trial));
    HL_ASSIGN(const nn::ModelCost cost, nn::Cost(spec, 1));
    trial.chosen = ChooseForCalibration(trial.training, MostCalibrationPictures(cost.multiply_adds));
    HL_ASSIGN(trial.plain, Fold(spec, trial.weights));
    trial.quantized = trial.plain;
    return trial;
  }

  // What the trial trained on, for calibration: never its validation, test or hold-out pictures.
  Result<std::vector<int>> TrainingPictures(const Trial& trial) const {
    const int fold = trial.result.spec.fold;
    const split::Split& split = *request_.data.split;
    if (fold >= static_cast<int>(split.folds.size())) {
      return Fail(ErrorKind::kBadInput, "trial {}: fold {} is not in the split", trial.result.id, fold);
    }
    if (fold >= 0) return split.folds[static_cast<size_t>(fold)].train;
    const std::set<int> held_out(split.holdout.begin(), split.holdout.end());
    std::vector<int> pictures;
    for (int i = 0; i < static_cast<int>(request_.data.dataset->pictures.size()); ++i) {
      if (!held_out.contains(i)) pictures.push_back(i);
    }
    return pictures;
  }

  // The classes in turn, each one's pictures in an order drawn from their ids alone.
  std::vector<int> ChooseForCalibration(const std::vector<int>& pictures, size_t most) const {
    const auto& all = request_.data.dataset->pictures;
    std::vector<std::vector<int>> classes(request_.data.dataset->labels.size());
    for (const int i : pictures) classes[static_cast<size_t>(all[static_cast<size_t>(i)].label)].push_back(i);
    for (size_t c = 0; c < classes.size(); ++c) Rng(1, "calibration", {c}).Shuffle(std::span(classes[c]));
    std::vector<int> chosen;
    for (size_t round = 0; chosen.size() < std::min(most, pictures.size()); ++round) {
      for (const auto& members : classes) {
        if (round < members.size() && chosen.size() < most) chosen.push_back(members[round]);
      }
    }
    return chosen;
  }

  std::vector<Pixels> PixelsOf(std::span<const int> pictures) const {
    std::vector<Pixels> result;
    for (const int i : pictures) result.push_back(request_.data.pixels->Picture(static_cast<size_t>(i)));
    return result;
  }
  const std::string& IdOf(int picture) const {
    return request_.data.dataset->pictures[static_cast<size_t>(picture)].id;
  }

  Result<Bytes> WriteModelFile(const Trial& trial, Variant variant, const std::string& file) {
    if (variant == Variant::kInt8) return WriteModelFile(trial, trial.quantized, variant, file);
    if (variant == Variant::kDynamic)
      return WriteModelFile(trial, ClipDense(trial.plain, trial.calibration), variant, file);
    return WriteModelFile(trial, trial.plain, variant, file);
  }

  Result<Bytes> WriteModelFile(const Trial& trial, const FoldedModel& folded, Variant variant,
                               const std::string& file) {
    HL_ASSIGN(Bytes bytes, Convert(folded, variant, request_.io, &trial.calibration));
    HL_TRY(WriteFileAtomic(request_.out / file, bytes));
    const int fold = trial.result.spec.fold;
    const int64_t element_bytes = variant == Variant::kInt8 ? 1 : 4;
    Json entry = {{"file", file}, {"variant", VariantName(variant)}, {"role", fold < 0 ? "final" : "fold"}};
    entry["fold"] = fold;  // -1 for the final model
    entry["trial"] = trial.result.id;
    entry["bytes"] = bytes.size();
    entry["sha256"] = Sha256(bytes);
    entry["parameters"] = Parameters(folded);
    entry["peak_activation_bytes"] = PeakElements(folded) * element_bytes;
    record_["models"].push_back(entry);
    return bytes;
  }

  Result<void> CalibrateOn(Trial& trial) {
    Json ids = Json::array();
    for (const int i : trial.chosen) ids.push_back(IdOf(i));
    const int fold = trial.result.spec.fold;
    record_["calibration"].push_back({{"role", fold < 0 ? "final" : "fold"},
                                      {"fold", fold},
                                      {"rule", "smallest and largest output of each layer"},
                                      {"n", trial.chosen.size()},
                                      {"pictures", ids}});
    HL_ASSIGN(trial.calibration, Calibrate(trial.plain, PixelsOf(trial.chosen), request_.jobs, progress_));
    return {};
  }

  // Sets the models' int8 numbers, by the method that was asked for or that validation pictures want.
  Result<void> Quantize(std::vector<Trial>& trials) {
    if (request_.method == Method::kAware) return Tune(trials);
    for (Trial& trial : trials) trial.quantized = CorrectBiases(trial.plain, trial.calibration);
    if (request_.method == Method::kPostTraining) return {};
    HL_ASSIGN(const Comparison rounded, OnValidation(trials, Method::kPostTraining));
    const auto& start = trials[0].result.spec.start;
    if (!LosesTooMuch(rounded) || (start && start->method == train::Method::kProbe)) return {};
    std::vector<FoldedModel> before;
    for (const Trial& trial : trials) before.push_back(trial.quantized);
    HL_TRY(Tune(trials));
    HL_ASSIGN(const Comparison tuned, OnValidation(trials, Method::kAware));
    if (IsBetter(tuned, rounded)) return {};
    for (size_t i = 0; i < trials.size(); ++i) trials[i].quantized = std::move(before[i]);
    method_ = Method::kPostTraining;
    return {};
  }

  // The folds' models before the pictures that chose them, which none of them learnt.
  Result<Comparison> OnValidation(const std::vector<Trial>& trials, Method method) {
    Comparison all;
    for (const Trial& trial : trials) {
      const int fold = trial.result.spec.fold;
      if (fold < 0) continue;
      HL_ASSIGN(const Bytes plain, Convert(trial.plain, Variant::kFloat32, request_.io, nullptr));
      HL_ASSIGN(const Bytes int8, Convert(trial.quantized, Variant::kInt8, request_.io, &trial.calibration));
      HL_ASSIGN(const Comparison one,
                CompareFiles(plain, int8, request_.data,
                             request_.data.split->folds[static_cast<size_t>(fold)].validation, progress_));
      all += one;
    }
    record_["validation"].push_back(ToJson(all));
    record_["validation"].back()["method"] = MethodWords(method);
    return all;
  }

  // Every model on its own training pictures.
  Result<void> Tune(std::vector<Trial>& trials) {
    std::vector<Tuning> tunings;
    for (Trial& trial : trials)
      tunings.push_back({&trial.plain,
                         &trial.calibration,
                         &trial.result.spec,
                         {&trial.result.trained, &trial.weights},
                         &trial.quantized});
    HL_TRY(TrainAware(tunings, request_, progress_));
    record_["fine_tuning"] = train::ToJson(AwareRecipe(trials[0].result.spec.recipe));
    method_ = Method::kAware;
    progress_.Begin("convert", static_cast<double>(trials.size()), "models");
    return {};
  }

  // After everything that changes the models' numbers. The engine's last layer follows, since its scores are
  // the files' reference.
  Result<void> TakeCare(std::vector<Trial>& trials) {
    std::vector<Careful> models;
    for (const Trial& trial : trials)
      models.push_back(
          {&trial.result, &trial.weights, ChooseForCalibration(trial.training, kMeansPictures), {}, {}, {}});
    HL_TRY(MakeCareful(models, request_, progress_));
    record_["care"] = Json::array();
    for (size_t i = 0; i < trials.size(); ++i) {
      Trial& trial = trials[i];
      if (CanCool(trial.plain)) {
        trial.temperature = models[i].temperature.kept;
        Cool(trial.temperature, trial.plain);
        Cool(trial.temperature, trial.quantized);
        Cool(trial.temperature, trial.calibration);
        Cool(trial.temperature, trial.result.trained, trial.weights);
      }
      trial.guard = models[i].guard;
      trial.feature_layer = models[i].feature_layer;
      if (trial.guard) {
        AddGuard(*trial.guard, trial.plain);
        AddGuard(*trial.guard, trial.quantized);
        AddGuard(*trial.guard, trial.calibration);
      }
      record_["care"].push_back({{"fold", trial.result.spec.fold},
                                 {"temperature", trial.temperature},
                                 {"fitted_temperature", models[i].temperature.fitted},
                                 {"guard", trial.guard.has_value()}});
    }
    return {};
  }

  Result<void> Final(const Trial& trial) {
    Pair pair{"model.tflite", "quantizedmodel.tflite", {}, {}};
    HL_ASSIGN(pair.float_model, WriteModelFile(trial, Variant::kFloat32, pair.float_file));
    HL_ASSIGN(pair.quantized_model, WriteModelFile(trial, Variant::kInt8, pair.quantized_file));
    HL_TRY(WriteModelFile(trial, Variant::kFloat16, "model_fp16.tflite"));
    HL_TRY(WriteModelFile(trial, Variant::kDynamic, "model_dynamic.tflite"));
    const std::span<const int> measured =
        std::span(trial.chosen).first(std::min(kMeasuredPictures, trial.chosen.size()));
    HL_ASSIGN(const auto layers, MeasureLayers(method_ == Method::kAware ? trial.quantized : trial.plain,
                                               trial.quantized, trial.calibration, PixelsOf(measured)));
    record_["layers"] = Json::array();
    for (const LayerError& layer : layers) {
      record_["layers"].push_back({{"name", layer.name},
                                   {"low", layer.low},
                                   {"high", layer.high},
                                   {"scale", layer.scale},
                                   {"zero_point", layer.zero_point},
                                   {"sqnr_db", layer.sqnr_db}});
    }
    HL_TRY(Agree(pair, "training", train::kAllFolds, trial.training));
    return Score(trial, pair.float_file, request_.data.split->holdout);
  }

  Result<void> OneFold(const Trial& trial) {
    const int fold = trial.result.spec.fold;
    Pair pair{
        fmt::format("folds/fold{}.tflite", fold), fmt::format("folds/fold{}_quantized.tflite", fold), {}, {}};
    HL_ASSIGN(pair.float_model, WriteModelFile(trial, Variant::kFloat32, pair.float_file));
    HL_ASSIGN(pair.quantized_model, WriteModelFile(trial, Variant::kInt8, pair.quantized_file));
    const std::vector<int>& test = request_.data.split->folds[static_cast<size_t>(fold)].test;
    HL_TRY(Agree(pair, "test", fold, test));
    HL_TRY(Answer(pair, fold, test));
    return Score(trial, pair.float_file, test);
  }

  // How often the two models give the same label, and the right one, by the official runtime.
  Result<void> Agree(const Pair& pair, std::string_view pictures_name, int fold,
                     const std::vector<int>& pictures) {
    HL_ASSIGN(const Comparison compared,
              CompareFiles(pair.float_model, pair.quantized_model, request_.data, pictures, progress_));
    Json entry = ToJson(compared);
    entry["float"] = pair.float_file;
    entry["quantized"] = pair.quantized_file;
    entry["pictures"] = pictures_name;
    entry["fold"] = fold;
    record_["agreement"].push_back(std::move(entry));
    return {};
  }

  // What the quantized model says of pictures that it never saw: what `describe` sets the threshold of "not
  // sure" by.
  Result<void> Answer(const Pair& pair, int fold, const std::vector<int>& pictures) {
    HL_ASSIGN(auto judge, tflite::Judge::Load(pair.quantized_model, tflite::Kernels::kXnnpack));
    Json rows = Json::array();
    for (const int i : pictures) {
      if (progress_.StopRequested()) return Interrupted();
      HL_ASSIGN(const auto scores, judge->Classify(request_.data.pixels->Picture(static_cast<size_t>(i))));
      rows.push_back({{"picture", IdOf(i)}, {"scores", scores}});
    }
    answers_["folds"].push_back(
        {{"fold", fold}, {"file", pair.quantized_file}, {"pictures", std::move(rows)}});
    return {};
  }

  // The engine's own scores, so that whoever judges the file can compare without knowing the engine.
  Result<void> Score(const Trial& trial, const std::string& file, const std::vector<int>& pictures) {
    HL_ASSIGN(auto engine, nn::Network::Create(trial.result.trained, 1, trial.result.spec.recipe.optimizer));
    HL_TRY(engine->LoadWeights(trial.weights));
    Json by_picture = Json::object();
    std::vector<float> input, scores(static_cast<size_t>(trial.result.trained.classes)), features;
    if (trial.guard) features.resize(trial.guard->weights.size() / scores.size());
    for (const int i : pictures) {
      if (progress_.StopRequested()) return Interrupted();
      const auto bytes = request_.data.pixels->Picture(static_cast<size_t>(i));
      input.clear();
      for (const uint8_t byte : bytes) input.push_back(static_cast<float>(byte) / 255.0f);
      engine->Predict(input, 1, scores);
      if (trial.guard) {
        const int layer[] = {*trial.feature_layer};
        engine->Features(input, 1, layer, features);
        const double factor = FactorOf(*trial.guard, features);
        for (float& score : scores) score = static_cast<float>(score * factor);
      }
      by_picture[IdOf(i)] = scores;
    }
    scores_["models"][file] = std::move(by_picture);
    return {};
  }

  Result<void> WriteLabels() const {
    std::string text;
    for (const std::string& label : request_.data.dataset->labels) text += label + "\n";
    return WriteFileAtomic(request_.out / "labels.txt", text);
  }

  const Request& request_;
  Progress& progress_;
  Method method_ = Method::kPostTraining;  // that was taken
  Json record_ = Json::object();
  Json scores_ = Json::object(), answers_ = {{"kernels", "xnnpack"}, {"folds", Json::array()}};
};

}  // namespace

size_t MostCalibrationPictures(int64_t multiply_adds) {
  const double affordable = kCalibrationMultiplyAdds / static_cast<double>(multiply_adds + 1);
  return static_cast<size_t>(
      std::clamp<double>(affordable, kFewestCalibrationPictures, kMostCalibrationPictures));
}

Result<void> ConvertRun(const Request& request, Progress& progress) { return Step(request, progress).Run(); }

}  // namespace handlens::convert
