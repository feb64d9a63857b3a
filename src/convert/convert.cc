#include "convert/convert.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <mutex>

#include "base/parallel.h"
#include "convert/build_graph.h"
#include "convert/evaluate.h"
#include "convert/folded.h"
#include "convert/quantize.h"

namespace handlens::convert {
namespace {

// Each channel's mean of (pixels, channels).
std::vector<double> ChannelMeans(const std::vector<float>& values, int channels) {
  std::vector<double> means(static_cast<size_t>(channels));
  for (size_t k = 0; k < values.size(); ++k) means[k % means.size()] += static_cast<double>(values[k]);
  for (double& mean : means) mean *= static_cast<double>(channels) / static_cast<double>(values.size());
  return means;
}

// The picture's channels, then every layer's.
std::vector<std::vector<double>> MeansOf(const FoldedModel& model, std::span<const uint8_t> picture,
                                         const std::vector<std::vector<float>>& outputs) {
  std::vector<float> levels;
  for (const uint8_t byte : picture) levels.push_back(static_cast<float>(byte) / 255.0f);
  std::vector<std::vector<double>> means = {ChannelMeans(levels, 3)};
  for (size_t i = 0; i < outputs.size(); ++i)
    means.push_back(ChannelMeans(outputs[i], model.layers[i].out.channels));
  return means;
}

bool Fits(const FoldedModel& model, const Calibration* calibration) {
  return calibration != nullptr && calibration->low.size() == model.layers.size() &&
         calibration->high.size() == model.layers.size() &&
         calibration->means.size() == model.layers.size() + 1;
}

}  // namespace

const char* VariantName(Variant variant) {
  switch (variant) {
    case Variant::kFloat32: return "float32";
    case Variant::kFloat16: return "float16";
    case Variant::kDynamic: return "dynamic";
    case Variant::kInt8: return "int8";
  }
  return "";
}

const char* IoName(Io io) { return io == Io::kUint8 ? "uint8" : io == Io::kInt8 ? "int8" : "float32"; }

Result<Io> ParseIo(std::string_view name) {
  for (const Io io : {Io::kUint8, Io::kInt8, Io::kFloat32}) {
    if (name == IoName(io)) return io;
  }
  return Fail(ErrorKind::kUsage, "{} is no type of input and output; choose uint8, int8 or float32", name);
}

const char* MethodName(Method method) {
  return method == Method::kAuto ? "auto" : method == Method::kAware ? "aware" : "post-training";
}

const char* MethodWords(Method method) {
  return method == Method::kAware ? "quantization-aware training" : "post-training quantization";
}

Result<Method> ParseMethod(std::string_view name) {
  for (const Method method : {Method::kAuto, Method::kPostTraining, Method::kAware}) {
    if (name == MethodName(method)) return method;
  }
  return Fail(ErrorKind::kUsage, "{} is no method of quantization; choose auto, post-training or aware",
              name);
}

const char* StrangersName(Strangers strangers) {
  return strangers == Strangers::kAnswer ? "answer" : "not-sure";
}

Result<Strangers> ParseStrangers(std::string_view name) {
  for (const Strangers strangers : {Strangers::kNotSure, Strangers::kAnswer}) {
    if (name == StrangersName(strangers)) return strangers;
  }
  return Fail(ErrorKind::kUsage,
              "{} is no way to treat pictures of something else; choose not-sure or answer", name);
}

Result<Calibration> Calibrate(const nn::ModelSpec& spec, const nn::Weights& weights,
                              const std::vector<std::span<const uint8_t>>& pictures, int jobs,
                              Progress& progress) {
  HL_ASSIGN(const FoldedModel model, Fold(spec, weights));
  return Calibrate(model, pictures, jobs, progress);
}

Result<Calibration> Calibrate(const FoldedModel& model, const std::vector<std::span<const uint8_t>>& pictures,
                              int jobs, Progress& progress) {
  if (pictures.empty())
    return Fail(ErrorKind::kBadInput, "model {}: no picture to calibrate with", model.name);
  const Evaluator evaluator(model);
  const size_t layers = model.layers.size();
  Calibration calibration;
  calibration.low.assign(layers, std::numeric_limits<float>::max());
  calibration.high.assign(layers, std::numeric_limits<float>::lowest());
  calibration.least_top = std::numeric_limits<float>::max();
  calibration.pictures = static_cast<int>(pictures.size());
  std::vector<std::vector<std::vector<double>>> means(pictures.size());  // summed in order of the pictures
  std::mutex mutex;
  std::atomic<bool> stopped = false;
  ParallelFor(pictures.size(), std::max(1, jobs), [&](size_t i) {
    if (stopped || progress.StopRequested()) {
      stopped = true;
      return;
    }
    const auto outputs = evaluator.Run(pictures[i]);
    means[i] = MeansOf(model, pictures[i], outputs);
    const std::lock_guard lock(mutex);
    for (size_t k = 0; k < layers; ++k) {
      const auto [low, high] = std::minmax_element(outputs[k].begin(), outputs[k].end());
      calibration.low[k] = std::min(calibration.low[k], *low);
      calibration.high[k] = std::max(calibration.high[k], *high);
      if (k + 1 == layers) calibration.least_top = std::min(calibration.least_top, *high);
    }
  });
  if (stopped) return Interrupted();
  calibration.means = means[0];
  for (size_t i = 1; i < means.size(); ++i) {
    for (size_t k = 0; k <= layers; ++k) {
      for (size_t c = 0; c < means[i][k].size(); ++c) calibration.means[k][c] += means[i][k][c];
    }
  }
  for (std::vector<double>& layer : calibration.means) {
    for (double& mean : layer) mean /= static_cast<double>(pictures.size());
  }
  return calibration;
}

Result<Bytes> Convert(const nn::ModelSpec& spec, const nn::Weights& weights, Variant variant, Io io,
                      const Calibration* calibration) {
  HL_ASSIGN(const FoldedModel model, Fold(spec, weights));
  if (variant != Variant::kInt8 || !Fits(model, calibration)) return Convert(model, variant, io, calibration);
  return Convert(CorrectBiases(model, *calibration), variant, io, calibration);
}

Result<Bytes> Convert(const FoldedModel& model, Variant variant, Io io, const Calibration* calibration) {
  if (variant == Variant::kInt8 && !Fits(model, calibration)) {
    return Fail(ErrorKind::kBadInput, "model {}: the calibration is not of this model", model.name);
  }
  return tflite::WriteModel(BuildGraph(model, variant, io, calibration).graph);
}

Result<std::vector<LayerError>> MeasureLayers(const nn::ModelSpec& spec, const nn::Weights& weights,
                                              const Calibration& calibration,
                                              const std::vector<std::span<const uint8_t>>& pictures) {
  HL_ASSIGN(const FoldedModel model, Fold(spec, weights));
  return MeasureLayers(model, CorrectBiases(model, calibration), calibration, pictures);
}

Result<std::vector<LayerError>> MeasureLayers(const FoldedModel& exact, const FoldedModel& rounded,
                                              const Calibration& calibration,
                                              const std::vector<std::span<const uint8_t>>& pictures) {
  const BuiltGraph built = BuildGraph(rounded, Variant::kInt8, Io::kUint8, &calibration);
  const Evaluator evaluator(exact);
  std::vector<std::vector<std::vector<float>>> expected;
  for (const auto& picture : pictures) expected.push_back(evaluator.Run(picture));
  const auto scales = ActivationScales(exact, calibration);
  std::vector<LayerError> errors;
  for (size_t i = 0; i < exact.layers.size(); ++i) {
    const Bytes prefix = tflite::WriteModel(Prefix(built.graph, built.layer_tensor[i]));
    HL_ASSIGN(auto judge, tflite::Judge::Load(prefix, tflite::Kernels::kBuiltin));
    double signal = 0, noise = 0;
    for (size_t p = 0; p < pictures.size(); ++p) {
      HL_ASSIGN(const auto values, judge->Classify(pictures[p]));
      const std::vector<float>& truth = expected[p][i];
      for (size_t k = 0; k < truth.size(); ++k) {
        signal += static_cast<double>(truth[k]) * truth[k];
        // A range that leaves out on purpose what changes no score (AddGuard) is no error.
        const double error =
            static_cast<double>(values[k]) -
            std::clamp(truth[k], std::min(0.0f, calibration.low[i]), std::max(0.0f, calibration.high[i]));
        noise += error * error;
      }
    }
    const double sqnr = noise > 0 && signal > 0 ? 10 * std::log10(signal / noise) : 300;
    errors.push_back({exact.layers[i].name, calibration.low[i], calibration.high[i], scales[i].scales[0],
                      scales[i].zero_points[0], std::round(sqnr * 100) / 100});
  }
  return errors;
}

}  // namespace handlens::convert
