#include "convert/aware.h"

#include <algorithm>
#include <map>
#include <mutex>

#include "base/disk.h"
#include "base/hash.h"
#include "base/parallel.h"
#include "convert/quantize.h"

namespace handlens::convert {
namespace {

using nn::LayerKind;
using nn::LayerSpec;

class Maker {
 public:
  Maker(const FoldedModel& model, const Calibration& calibration)
      : model_(model), scales_(ActivationScales(model, calibration)), readers_(model.layers.size()) {
    for (size_t i = 0; i < model.layers.size(); ++i) {
      for (const int input : model.layers[i].inputs) {
        if (input >= 0) readers_[static_cast<size_t>(input)].push_back(i);
      }
    }
  }

  AwareNetwork Run() {
    network_.spec = {model_.name, model_.size_px, model_.classes, {}};
    for (size_t i = 0; i < model_.layers.size(); ++i) Add(i);
    return std::move(network_);
  }

 private:
  int Push(LayerSpec layer, std::vector<int> inputs) {
    layer.inputs = std::move(inputs);
    network_.spec.layers.push_back(std::move(layer));
    return static_cast<int>(network_.spec.layers.size()) - 1;
  }

  // Rounded only behind the pool that alone reads it: the largest of rounded numbers is the rounded largest.
  bool RoundedLater(size_t i) const {
    return readers_[i].size() == 1 && model_.layers[readers_[i][0]].kind == FoldedKind::kMaxPool &&
           i + 1 < model_.layers.size();
  }

  void Add(size_t i) {
    const FoldedLayer& layer = model_.layers[i];
    std::vector<int> inputs;
    for (const int input : layer.inputs)
      inputs.push_back(input < 0 ? -1 : output_[static_cast<size_t>(input)]);
    int at = inputs[0];
    network_.layer_of.push_back(-1);
    if (layer.kind != FoldedKind::kRelu && layer.kind != FoldedKind::kRelu6) {
      LayerSpec bare = Bare(layer);
      if (bare.int8_kernel) bare.input_step = InputScale(layer).scales[0];
      at = Push(std::move(bare), inputs);
      if (!layer.weights.empty()) network_.layer_of.back() = at;
    }
    if (RoundedLater(i)) {
      // For the fused kernel; any other activation is cut off by the rounding alone.
      if (layer.activation == tflite::Activation::kRelu) at = Push({.kind = LayerKind::kRelu}, {at});
    } else if (!AlreadyRounded(layer)) {
      at = Push({.kind = LayerKind::kFakeQuantize,
                 .step = scales_[i].scales[0],
                 .zero = static_cast<int>(scales_[i].zero_points[0])},
                {at});
    }
    output_.push_back(at);
  }

  tflite::Quantization InputScale(const FoldedLayer& layer) const {
    return layer.inputs[0] < 0 ? PictureScale() : scales_[static_cast<size_t>(layer.inputs[0])];
  }

  // The largest of rounded numbers is one of them; so is a byte of the picture.
  bool AlreadyRounded(const FoldedLayer& layer) const {
    return layer.kind == FoldedKind::kMaxPool &&
           (layer.inputs[0] < 0 || !RoundedLater(static_cast<size_t>(layer.inputs[0])));
  }

  static LayerSpec Bare(const FoldedLayer& layer) {
    LayerSpec spec;
    spec.kernel = layer.kernel;
    spec.stride = layer.stride;
    spec.padding = layer.same_padding ? nn::Padding::kSame : nn::Padding::kValid;
    spec.int8_kernel = !layer.weights.empty();
    switch (layer.kind) {
      case FoldedKind::kConv:
        spec.kind = LayerKind::kConv;
        spec.units = layer.out.channels;
        break;
      case FoldedKind::kDepthwise: spec.kind = LayerKind::kDepthwise; break;
      case FoldedKind::kDense:
        spec.kind = LayerKind::kDense;
        spec.units = layer.out.channels;
        break;
      case FoldedKind::kMaxPool: spec.kind = LayerKind::kMaxPool; break;
      case FoldedKind::kAvgPool: spec.kind = LayerKind::kAvgPool; break;
      case FoldedKind::kGlobalAvgPool: spec.kind = LayerKind::kGlobalAvgPool; break;
      case FoldedKind::kAdd: spec.kind = LayerKind::kAdd; break;
      case FoldedKind::kRelu:
      case FoldedKind::kRelu6: break;  // have no layer of their own
    }
    return spec;
  }

  const FoldedModel& model_;
  std::vector<tflite::Quantization> scales_;
  std::vector<std::vector<size_t>> readers_;
  std::vector<int> output_;  // the network's layer that gives each folded layer's output
  AwareNetwork network_;
};

std::vector<int> KernelShape(const FoldedLayer& layer) {
  const int ins = layer.in.height * layer.in.width * layer.in.channels;
  if (layer.kind == FoldedKind::kDense) return {ins, layer.out.channels};
  if (layer.kind == FoldedKind::kDepthwise) return {layer.kernel, layer.kernel, layer.out.channels};
  return {layer.kernel, layer.kernel, layer.in.channels, layer.out.channels};
}

}  // namespace

AwareNetwork MakeAware(const FoldedModel& model, const Calibration& calibration) {
  HL_CHECK(calibration.low.size() == model.layers.size());
  return Maker(model, calibration).Run();
}

nn::Weights WeightsOf(const FoldedModel& model, const AwareNetwork& network) {
  nn::Weights weights;
  for (size_t i = 0; i < model.layers.size(); ++i) {
    const FoldedLayer& layer = model.layers[i];
    if (network.layer_of[i] < 0) continue;
    const size_t outs = layer.bias.size(), ins = layer.weights.size() / outs;
    const bool turn = layer.kind != FoldedKind::kDepthwise;
    weights.push_back({fmt::format("{}.kernel", network.layer_of[i]), KernelShape(layer),
                       turn ? Transposed(layer.weights, ins) : layer.weights});
    weights.push_back({fmt::format("{}.bias", network.layer_of[i]), {layer.out.channels}, layer.bias});
  }
  return weights;
}

void TakeWeights(const nn::Weights& weights, const AwareNetwork& network, FoldedModel& model) {
  std::map<std::string, const std::vector<float>*> by_name;
  for (const nn::Tensor& tensor : weights) by_name[tensor.name] = &tensor.values;
  for (size_t i = 0; i < model.layers.size(); ++i) {
    FoldedLayer& layer = model.layers[i];
    if (network.layer_of[i] < 0) continue;
    const std::vector<float>& kernel = *by_name.at(fmt::format("{}.kernel", network.layer_of[i]));
    layer.weights = layer.kind == FoldedKind::kDepthwise ? kernel : Transposed(kernel, layer.bias.size());
    layer.bias = *by_name.at(fmt::format("{}.bias", network.layer_of[i]));
  }
}

// Rates from 3e-5 to 3e-3 were tried: all gave the same accuracy, the slower ones kept more of the float
// model's answers; a twentieth of the epochs did as well as a tenth (validation pictures,
// docs/quantization.md). The batch norms are folded away, so the rate does not follow that of the training.
train::Recipe AwareRecipe(const train::Recipe& trained) {
  train::Recipe recipe = trained;
  recipe.optimizer = {
      .kind = nn::OptimizerKind::kMomentum, .nesterov = true, .weight_decay = trained.optimizer.weight_decay};
  recipe.schedule = train::Schedule::kCosine;
  recipe.learning_rate = std::min(1e-4f, trained.learning_rate);
  recipe.warmup_epochs = 0;
  recipe.epochs = std::clamp(trained.epochs / 20, 3, 30);
  recipe.early_stop_patience = 0;
  recipe.keep_best = false;
  return recipe;
}

namespace {

constexpr std::string_view kTunedPrefix = "tuned-";

// Many trainings' epochs as one count. Thread-safe.
class SharedEpochs final : public Progress {
 public:
  explicit SharedEpochs(Progress& progress) : progress_(progress) {}
  void Begin(std::string_view, double, std::string_view) override {}
  void Update(double, std::string_view) override {
    const std::lock_guard lock(mutex_);
    progress_.Update(++done_, "");
  }
  void End(std::string_view) override {}
  void Say(std::string_view line) override { progress_.Say(line); }
  void Warn(std::string_view line) override { progress_.Warn(line); }
  bool StopRequested() const override { return progress_.StopRequested(); }

 private:
  Progress& progress_;
  std::mutex mutex_;
  double done_ = 0;
};

bool Fits(const nn::Weights& weights, const nn::Weights& start) {
  return std::equal(weights.begin(), weights.end(), start.begin(), start.end(),
                    [](const nn::Tensor& a, const nn::Tensor& b) {
                      return a.name == b.name && a.values.size() == b.values.size();
                    });
}

Result<void> TrainOne(const Tuning& tuning, const Request& request, Progress& progress) {
  const AwareNetwork network = MakeAware(*tuning.model, *tuning.calibration);
  const nn::Weights start = WeightsOf(CorrectBiases(*tuning.model, *tuning.calibration), network);
  train::TrialSpec spec = *tuning.trial;
  spec.architecture = network.spec;
  spec.recipe = AwareRecipe(tuning.trial->recipe);
  *tuning.tuned = *tuning.model;
  tuning.tuned->name += fmt::format(", {}", MethodWords(Method::kAware));  // the file says it itself
  // Of all that the result depends on: the trial stands for the pictures, the network for the ranges.
  const std::string key =
      Sha256(train::ToJson(spec).dump() + Sha256(nn::EncodeWeights(start)) +
             train::DataFingerprint(*request.data.dataset, *request.data.split, request.data.pixels->fit));
  const std::filesystem::path file =
      request.out / fmt::format("{}{}.safetensors", kTunedPrefix, key.substr(0, 16));
  if (const auto bytes = ReadFile(file)) {
    const auto weights = nn::DecodeWeights(*bytes);
    if (weights && Fits(*weights, start)) {
      TakeWeights(*weights, network, *tuning.tuned);
      for (int i = 0; i < spec.recipe.epochs; ++i) progress.Update(0, "");
      return {};
    }
  }
  HL_ASSIGN(const nn::Weights weights, train::FineTune(spec, start, request.data, progress, tuning.trained));
  TakeWeights(weights, network, *tuning.tuned);
  return WriteFileAtomic(file, nn::EncodeWeights(weights));
}

}  // namespace

Result<void> TrainAware(const std::vector<Tuning>& tunings, const Request& request, Progress& progress) {
  double epochs = 0;
  for (const Tuning& tuning : tunings) epochs += AwareRecipe(tuning.trial->recipe).epochs;
  progress.Begin("fine-tune", epochs, "epochs");
  HL_TRY(MakeFolder(request.out));
  SharedEpochs shared(progress);
  std::vector<Result<void>> results(tunings.size());
  ParallelFor(tunings.size(), std::max(1, request.jobs),
              [&](size_t i) { results[i] = TrainOne(tunings[i], request, shared); });
  for (const Result<void>& result : results) HL_TRY(result);
  progress.End(fmt::format("{} models fine-tuned as int8", tunings.size()));
  return {};
}

void RemoveTuned(const std::filesystem::path& out) {
  const auto names = ListFolder(out);
  if (!names) return;  // what stays behind costs disk, nothing else
  for (const std::string& name : *names) {
    std::error_code ignored;
    if (name.starts_with(kTunedPrefix)) std::filesystem::remove(out / name, ignored);
  }
}

}  // namespace handlens::convert
