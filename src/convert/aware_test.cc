// Claims about quantization-aware training: the network that is trained computes what the finished file
// computes in the official runtime, for every kind of layer and after training; and its numbers make the way
// there and back.
#include "convert/aware.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "base/disk.h"
#include "convert/build_graph.h"
#include "convert/sample_models.h"
#include "nn/zoo.h"
#include "tflite/tflite.h"
#include "train/synthetic.h"

namespace handlens::convert {
namespace {

using namespace sample;

#define SKIP_WITHOUT_RUNTIME() \
  if (const auto version = tflite::RuntimeVersion(); !version) GTEST_SKIP() << version.error().message

// The training network's view of a picture against the runtime's.
struct Difference {
  int pictures = 0, labels = 0;  // labels that differ
  double steps = 0;  // largest difference of any two logits' distance, in steps of the logits' scale
  double score = 0;  // largest difference of a score
};

size_t Largest(const std::vector<float>& v) {
  return static_cast<size_t>(std::max_element(v.begin(), v.end()) - v.begin());
}

Difference Compare(const FoldedModel& model, const Calibration& calibration,
                   const std::vector<std::span<const uint8_t>>& pictures, tflite::Kernels kernels) {
  const AwareNetwork network = MakeAware(model, calibration);
  auto engine = nn::Network::Create(network.spec, 1, {});
  EXPECT_TRUE(engine) << engine.error().message;
  EXPECT_TRUE((*engine)->LoadWeights(WeightsOf(model, network)));
  const BuiltGraph built = BuildGraph(model, Variant::kInt8, Io::kUint8, &calibration);
  auto logits_of =
      tflite::Judge::Load(tflite::WriteModel(Prefix(built.graph, built.layer_tensor.back())), kernels);
  EXPECT_TRUE(logits_of) << logits_of.error().message;
  auto whole = tflite::Judge::Load(tflite::WriteModel(built.graph), kernels);
  EXPECT_TRUE(whole) << whole.error().message;
  const float step = network.spec.layers.back().step;
  Difference difference;
  for (const auto& picture : pictures) {
    const std::vector<float> logits = *(*logits_of)->Classify(picture);
    std::vector<float> input, scores(logits.size());
    for (const uint8_t pixel : picture) input.push_back(static_cast<float>(pixel) / 255.0f);
    (*engine)->Predict(input, 1, scores);
    const size_t label = Largest(logits);
    ++difference.pictures;
    if (Largest(scores) != label) ++difference.labels;
    const std::vector<float> runtime_scores = *(*whole)->Classify(picture);
    for (size_t k = 0; k < logits.size(); ++k) {
      difference.score =
          std::max(difference.score, static_cast<double>(std::abs(runtime_scores[k] - scores[k])));
      // Scores tell logits but for a common summand; tiny scores tell little.
      if (scores[k] < 1e-6f || scores[label] < 1e-6f) continue;
      const double engine_distance =
          std::log(static_cast<double>(scores[label]) / static_cast<double>(scores[k]));
      const double distance = static_cast<double>(logits[label]) - static_cast<double>(logits[k]);
      difference.steps =
          std::max(difference.steps, std::abs(engine_distance - distance) / static_cast<double>(step));
    }
  }
  return difference;
}

constexpr tflite::Kernels kBoth[] = {tflite::Kernels::kBuiltin, tflite::Kernels::kXnnpack};

TEST(Aware, ComputesWhatTheRuntimeDoesForEveryKindOfLayer) {
  SKIP_WITHOUT_RUNTIME();
  for (const Case& c : Cases()) {
    const auto pictures = Pictures(c.spec.size_px, 12);
    const FoldedModel model = *Fold(c.spec, RandomWeights(c.spec, 11));
    const Calibration calibration = *Calibrate(model, Spans(pictures), 1, SilentProgress());
    for (const tflite::Kernels kernels : kBoth) {
      const Difference difference = Compare(model, calibration, Spans(pictures), kernels);
      EXPECT_EQ(difference.labels, 0) << c.name;
      EXPECT_LE(difference.steps, 2.01) << c.name;
    }
  }
}

TEST(Aware, NumbersMakeTheWayThereAndBack) {
  for (const Case& c : Cases()) {
    const auto pictures = Pictures(c.spec.size_px, 2);
    const FoldedModel model = *Fold(c.spec, RandomWeights(c.spec, 12));
    const AwareNetwork network = MakeAware(model, *Calibrate(model, Spans(pictures), 1, SilentProgress()));
    const nn::Weights weights = WeightsOf(model, network);
    ASSERT_TRUE((*nn::Network::Create(network.spec, 1, {}))->LoadWeights(weights)) << c.name;
    FoldedModel back = model;
    for (FoldedLayer& layer : back.layers) {
      std::fill(layer.weights.begin(), layer.weights.end(), 0.0f);
      std::fill(layer.bias.begin(), layer.bias.end(), 0.0f);
    }
    TakeWeights(weights, network, back);
    for (size_t i = 0; i < model.layers.size(); ++i) {
      EXPECT_EQ(back.layers[i].weights, model.layers[i].weights) << c.name << " " << model.layers[i].name;
      EXPECT_EQ(back.layers[i].bias, model.layers[i].bias) << c.name << " " << model.layers[i].name;
    }
  }
}

// The paper's net keeps the engine's fused kernel: convolution, ReLU, pool, and only then the rounding.
TEST(Aware, RoundsBehindTheMaxPool) {
  const nn::ModelSpec spec = Cases()[0].spec;
  const FoldedModel model = *Fold(spec, RandomWeights(spec, 1));
  std::vector<LayerKind> kinds;
  for (const LayerSpec& layer :
       MakeAware(model, *Calibrate(model, Spans(Pictures(13, 2)), 1, SilentProgress())).spec.layers) {
    kinds.push_back(layer.kind);
  }
  using enum LayerKind;
  EXPECT_EQ(kinds, (std::vector{kConv, kRelu, kMaxPool, kFakeQuantize, kDense, kFakeQuantize, kDense,
                                kFakeQuantize}));
}

struct Trained {
  FoldedModel before, after;
  Calibration calibration;
};

// A few epochs of training and of fine-tuning, on pictures of 32 px.
enum class Keep { kNothing, kFolder };
Trained Train(const train::Synthetic& made, const char* name, int jobs, Keep keep = Keep::kNothing) {
  train::TrialSpec spec = train::TinyTrial(made, 3);
  spec.recipe = train::ModernRecipe(60);
  spec.recipe.batch = 8;
  spec.model = name;
  spec.architecture = *nn::NamedModel(name, 32, 3);
  spec.generator.flip_horizontal = true;
  auto start = *nn::Network::Create(spec.architecture, 1, {});
  start->Initialize(3);
  const auto trained = train::FineTune(spec, start->SaveWeights(), made.Data(), SilentProgress());
  EXPECT_TRUE(trained) << trained.error().message;
  Trained result{*Fold(spec.architecture, *trained), {}, {}};
  std::vector<std::span<const uint8_t>> pictures;
  for (const int i : made.split.folds[0].train)
    pictures.push_back(made.pixels.Picture(static_cast<size_t>(i)));
  result.calibration = *Calibrate(result.before, pictures, 1, SilentProgress());
  Request request;
  request.data = made.Data();
  request.jobs = jobs;
  request.out = std::filesystem::path(testing::TempDir()) / fmt::format("handlens-aware-{}", name);
  if (keep == Keep::kNothing) std::filesystem::remove_all(request.out);
  const auto done = TrainAware(
      {{&result.before, &result.calibration, &spec, {&spec.architecture, &*trained}, &result.after}}, request,
      SilentProgress());
  EXPECT_TRUE(done) << done.error().message;
  return result;
}

TEST(Aware, TrainedModelsComputeInTheRuntimeWhatTrainingSaw) {
  SKIP_WITHOUT_RUNTIME();
  const train::Synthetic made = train::MakeSynthetic({14, 14, 14}, 32, 5);
  std::vector<std::span<const uint8_t>> pictures;
  for (const int i : made.split.folds[0].test)
    pictures.push_back(made.pixels.Picture(static_cast<size_t>(i)));
  for (const char* name : {"m1d1", "nano8", "mobilenetv2-0.35"}) {
    const Trained trained = Train(made, name, 1);
    size_t changed = 0;
    for (size_t i = 0; i < trained.before.layers.size(); ++i) {
      changed += trained.before.layers[i].weights != trained.after.layers[i].weights ? 1 : 0;
    }
    EXPECT_GT(changed, trained.before.layers.size() / 3) << name;
    // The kernels that phones use. The others round twice on their way from 32 bits to 8; in a net of 60
    // layers the two differ from each other by up to 18 steps here.
    const Difference difference =
        Compare(trained.after, trained.calibration, pictures, tflite::Kernels::kXnnpack);
    EXPECT_EQ(difference.pictures, 18) << name;
    EXPECT_EQ(difference.labels, 0) << name;
    EXPECT_LE(difference.steps, 2.01) << name;
    EXPECT_LE(difference.score, 2.0 / 256) << name;
  }
}

TEST(Aware, IsNamedAndOtherNamesAreRefused) {
  for (const Method method : {Method::kAuto, Method::kPostTraining, Method::kAware})
    EXPECT_EQ(*ParseMethod(MethodName(method)), method);
  const auto other = ParseMethod("both");
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().kind, ErrorKind::kUsage);
  EXPECT_EQ(other.error().message, "both is no method of quantization; choose auto, post-training or aware");
}

TEST(Aware, ItsNetworkIsNotConvertedItself) {
  const nn::ModelSpec spec = Cases()[0].spec;
  const FoldedModel model = *Fold(spec, RandomWeights(spec, 1));
  const AwareNetwork network =
      MakeAware(model, *Calibrate(model, Spans(Pictures(13, 2)), 1, SilentProgress()));
  const auto folded = Fold(network.spec, WeightsOf(model, network));
  ASSERT_FALSE(folded);
  EXPECT_NE(folded.error().message.find("is a fake quantization"), std::string::npos);
}

// A file that another run, or a fault, left under the name of a finished model: it is trained again.
TEST(Aware, TrainsAgainWhereWhatIsKeptDoesNotFit) {
  const train::Synthetic made = train::MakeSynthetic({14, 14, 14}, 32, 5);
  const Trained once = Train(made, "m1d1", 1);
  const auto folder = std::filesystem::path(testing::TempDir()) / "handlens-aware-m1d1";
  const auto files = *ListFolder(folder);
  ASSERT_EQ(files.size(), 1u);
  nn::Weights kept = *nn::DecodeWeights(*ReadFile(folder / files[0]));
  kept[0].values.pop_back();
  kept[0].shape = {static_cast<int>(kept[0].values.size())};
  for (const Bytes& bytes : {Bytes{1, 2, 3}, nn::EncodeWeights(kept)}) {
    ASSERT_TRUE(WriteFileAtomic(folder / files[0], bytes));
    const Trained again = Train(made, "m1d1", 1, Keep::kFolder);
    for (size_t i = 0; i < once.after.layers.size(); ++i)
      EXPECT_EQ(again.after.layers[i].weights, once.after.layers[i].weights);
  }
}

TEST(Aware, RecipeIsGentleWhateverTheTrainingWas) {
  for (const train::Recipe& trained :
       {train::PaperRecipe(), train::PaperCodeRecipe(), train::ModernRecipe(600)}) {
    const train::Recipe recipe = AwareRecipe(trained);
    EXPECT_LE(recipe.learning_rate, 1e-4f);
    EXPECT_GE(recipe.epochs, 3);
    EXPECT_LE(recipe.epochs, 30);
    EXPECT_EQ(recipe.batch, trained.batch);
    EXPECT_EQ(recipe.label_smoothing, trained.label_smoothing);
    EXPECT_EQ(recipe.optimizer.weight_decay, trained.optimizer.weight_decay);
  }
}

}  // namespace
}  // namespace handlens::convert
