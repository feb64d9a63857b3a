// Conversion: trained weights become .tflite files. Batch norm folded, biases always present, per-channel
// int8 weights, fixed batch 1, softmax inside. Normalisation statistics live inside the model: in its first
// convolution where that is exact, else as its first operator. Quantized after training, or by fine-tuning
// that computes as the quantized file does (docs/quantization.md). No metadata (`describe`).
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/progress.h"
#include "base/result.h"
#include "dataset/prepare.h"
#include "nn/nn.h"
#include "tflite/tflite.h"
#include "train/train.h"

namespace handlens::convert {

struct FoldedModel;  // folded.h: what is deployed

enum class Variant { kFloat32, kFloat16, kDynamic, kInt8 };
enum class Io { kUint8, kInt8, kFloat32 };  // of the int8 variant's input and output
const char* VariantName(Variant variant);   // "float32", "float16", "dynamic", "int8"
const char* IoName(Io io);                  // "uint8", "int8", "float32"
Result<Io> ParseIo(std::string_view name);  // kind kUsage

// How the int8 files come about: from the trained weights as they are, or after fine-tuning with everything
// rounded as the file will round it; kAuto: the second where validation pictures show that the first loses
// more than 0.7 of a hundred right answers and the second loses less (never of a probe, whose backbone stays
// as it was given).
enum class Method { kAuto, kPostTraining, kAware };
const char* MethodName(Method method);              // "auto", "post-training", "aware"
const char* MethodWords(Method method);             // for people: "quantization-aware training"; not of kAuto
Result<Method> ParseMethod(std::string_view name);  // kind kUsage

// What becomes of pictures that are unlike the training pictures: kNotSure lowers their scores (guard.h), so
// that apps say "not sure"; kAnswer leaves them.
enum class Strangers { kNotSure, kAnswer };
const char* StrangersName(Strangers strangers);           // "not-sure", "answer"
Result<Strangers> ParseStrangers(std::string_view name);  // kind kUsage

// Every activation, from running the float model over calibration pictures (training pictures only).
struct Calibration {
  std::vector<float> low, high;  // a layer of the folded model
  std::vector<std::vector<double>>
      means;            // of the picture, then of every layer: each channel's over all pixels
  float least_top = 0;  // the lowest that a picture's highest logit was
  int pictures = 0;
};

// Smallest, largest and mean outputs of every folded layer over `pictures`, each (size, size, 3) bytes.
// Pictures are shared between `jobs` threads; the numbers do not depend on how. Kind kBadInput without
// pictures or with weights that do not fit, kInterrupted when progress asks to stop.
Result<Calibration> Calibrate(const nn::ModelSpec& spec, const nn::Weights& weights,
                              const std::vector<std::span<const uint8_t>>& pictures, int jobs,
                              Progress& progress);
Result<Calibration> Calibrate(const FoldedModel& model, const std::vector<std::span<const uint8_t>>& pictures,
                              int jobs, Progress& progress);

// A .tflite file. `calibration` is needed for Variant::kInt8 and ignored by the others, as is `io`. Biases of
// int8 files are corrected for the rounding of their weights (CorrectBiases), but not those of a folded
// model: whoever folded it has decided that. Kind kBadInput when weights or calibration do not fit the spec.
Result<Bytes> Convert(const nn::ModelSpec& spec, const nn::Weights& weights, Variant variant, Io io,
                      const Calibration* calibration);
Result<Bytes> Convert(const FoldedModel& model, Variant variant, Io io, const Calibration* calibration);

// What the int8 variant does to each layer, measured with the official runtime's builtin kernels against the
// float evaluator of `exact` over `pictures`; `rounded` is what was quantized, layer by layer the same
// network.
struct LayerError {
  std::string name;  // of the folded layer: "conv_0"
  float low = 0, high = 0;
  float scale = 0;
  int64_t zero_point = 0;
  double sqnr_db = 0;  // 10 log10(sum of squares / sum of squared errors); 300 when there is no error
};
// Kind kInternal when the runtime's library is not there.
Result<std::vector<LayerError>> MeasureLayers(const nn::ModelSpec& spec, const nn::Weights& weights,
                                              const Calibration& calibration,
                                              const std::vector<std::span<const uint8_t>>& pictures);
Result<std::vector<LayerError>> MeasureLayers(const FoldedModel& exact, const FoldedModel& rounded,
                                              const Calibration& calibration,
                                              const std::vector<std::span<const uint8_t>>& pictures);

// Everything that the step `convert` works on.
struct Request {
  train::TrialData data;              // pixels at the model's size
  std::filesystem::path final_trial;  // RUN/trials/ID of the trial with fold kAllFolds
  std::vector<std::filesystem::path>
      fold_trials;  // of the same spec on each fold, for the out-of-fold proof; may be empty
  Io io = Io::kUint8;
  Method method = Method::kAuto;
  Strangers strangers = Strangers::kNotSure;  // models without a global average pool answer in any case
  int jobs = 1;
  std::filesystem::path out;  // RUN/model
};

// Writes into `out`: model.tflite, quantizedmodel.tflite, model_fp16.tflite, model_dynamic.tflite,
// labels.txt, folds/fold<K>.tflite and folds/fold<K>_quantized.tflite, engine_scores.json, answers.json and,
// last, conversion.json (docs/formats.md). All of it is the same bytes when repeated, whatever the number of
// jobs. Calibrates on training pictures of the model at hand only, at most 500 (fewer where a picture takes
// long), the classes in turn; fine-tuning learns each model's own training pictures, anew at each call, and
// changes the int8 files alone. Kind kBadInput when trials and data do not belong together,
// kInternal when the runtime's library is not there, kInterrupted when progress asks to stop.
Result<void> ConvertRun(const Request& request, Progress& progress);

// Of the final model and of each fold's, where there are as many: the more a model multiplies for a picture,
// the fewer.
size_t MostCalibrationPictures(int64_t multiply_adds);

}  // namespace handlens::convert
