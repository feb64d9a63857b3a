// Claims about the step: what it writes is complete, the same when repeated, honest about which pictures it
// used, and equal to the engine.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <set>

#include "base/hash.h"
#include "base/rng.h"
#include "convert/convert.h"
#include "convert/method.h"
#include "nn/zoo.h"
#include "train/synthetic.h"

namespace handlens::convert {
namespace {

namespace fs = std::filesystem;

constexpr int kSize = 32, kPictures = 36;

// Three classes that differ in colour, 12 pictures each; two folds; three held out.
struct World {
  dataset::Dataset dataset;
  split::Split split;
  dataset::PixelSet pixels;
  fs::path folder;

  train::TrialData data() const { return {&dataset, &split, &pixels}; }
};

World MakeWorld(const std::string& name) {
  World world;
  world.folder = fs::path(testing::TempDir()) / ("handlens-convert-" + name);
  fs::remove_all(world.folder);
  world.dataset.labels = {"blue", "green", "red"};
  world.pixels.size_px = kSize;
  world.split.folds.resize(2);
  for (int i = 0; i < kPictures; ++i) {
    dataset::Picture picture;
    picture.id = Sha256(std::to_string(i));
    picture.path = fmt::format("{}.png", i);
    picture.label = i % 3;
    picture.cluster = i;
    world.dataset.pictures.push_back(picture);
    Rng rng(5, "pixels", {static_cast<uint64_t>(i)});
    for (int k = 0; k < kSize * kSize * 3; ++k) {
      world.pixels.bytes.push_back(static_cast<uint8_t>((k % 3 == 2 - i % 3 ? 110 : 60) + rng.Below(100)));
    }
    if (i >= kPictures - 3) {
      world.split.holdout.push_back(i);
      continue;
    }
    for (int fold = 0; fold < 2; ++fold) {
      split::Fold& f = world.split.folds[static_cast<size_t>(fold)];
      (i % 2 == fold ? f.test : i % 7 == 0 ? f.validation : f.train).push_back(i);
    }
  }
  return world;
}

fs::path Train(const World& world, std::string_view model, int fold, std::string_view generator = "gen1") {
  train::TrialSpec spec;
  spec.generator = *image::NamedGenerator(generator);
  spec.model = std::string(model);
  spec.architecture = *nn::NamedModel(model, kSize, 3);
  spec.recipe = train::PaperRecipe();
  spec.recipe.epochs = 3;
  spec.size_px = kSize;
  spec.fold = fold;
  const fs::path folder = world.folder / "trials" / fmt::format("{}-{}-{}", model, fold, generator);
  const auto result = train::RunTrial(spec, world.data(), folder, SilentProgress());
  EXPECT_TRUE(result.has_value()) << result.error().message;
  return folder;
}

Request MakeRequest(const World& world, std::string_view model, const fs::path& out) {
  Request request;
  request.data = world.data();
  request.final_trial = Train(world, model, train::kAllFolds);
  request.fold_trials = {Train(world, model, 0), Train(world, model, 1)};
  request.out = out;
  return request;
}

#define SKIP_WITHOUT_RUNTIME() \
  if (const auto version = tflite::RuntimeVersion(); !version) GTEST_SKIP() << version.error().message

TEST(ConvertRun, RecordsWhetherTrainingSimulatedACamera) {
  SKIP_WITHOUT_RUNTIME();
  const World world = MakeWorld("generator");
  for (const auto& [generator, camera] : {std::pair{"camera", true}, {"mild", false}}) {
    Request request;
    request.data = world.data();
    request.final_trial = Train(world, "nano8", train::kAllFolds, generator);
    request.out = world.folder / generator;
    ASSERT_TRUE(ConvertRun(request, SilentProgress()).has_value());
    const auto record = ReadRecord(request.out / "conversion.json", "handlens-conversion", 1);
    ASSERT_TRUE(record.has_value());
    EXPECT_EQ((*record)["generator"], (Json{{"name", generator}, {"camera", camera}}));
  }
}

TEST(ConvertRun, WritesEveryFileAndTheSameBytesWhenRepeated) {
  SKIP_WITHOUT_RUNTIME();
  const World world = MakeWorld("files");
  Request request = MakeRequest(world, "nano8", world.folder / "a");
  ASSERT_TRUE(ConvertRun(request, SilentProgress()).has_value());
  request.out = world.folder / "b";
  request.jobs = 3;
  ASSERT_TRUE(ConvertRun(request, SilentProgress()).has_value());
  for (const char* file :
       {"model.tflite", "quantizedmodel.tflite", "model_fp16.tflite", "model_dynamic.tflite",
        "folds/fold0.tflite", "folds/fold0_quantized.tflite", "folds/fold1.tflite",
        "folds/fold1_quantized.tflite", "labels.txt", "engine_scores.json", "conversion.json"}) {
    const auto a = ReadFile(world.folder / "a" / file), b = ReadFile(world.folder / "b" / file);
    ASSERT_TRUE(a.has_value() && b.has_value()) << file;
    EXPECT_EQ(*a, *b) << file;
  }
  const auto record = ReadRecord(world.folder / "a" / "conversion.json", "handlens-conversion", 1);
  ASSERT_TRUE(record.has_value());
  for (const Json& model : (*record)["models"]) {
    const auto bytes = ReadFile(world.folder / "a" / model["file"].get<std::string>());
    EXPECT_EQ(model["sha256"], Sha256(*bytes));
    EXPECT_EQ(model["bytes"], bytes->size());
    EXPECT_GT(model["peak_activation_bytes"], 0);
  }
  EXPECT_EQ((*record)["models"].size(), 8u);
}

// Everything that quantization-aware training may change, and nothing else.
TEST(ConvertRun, TrainsAwareTheSameWithAnyNumberOfThreadsAndAfterAStop) {
  SKIP_WITHOUT_RUNTIME();
  const World world = MakeWorld("aware");
  for (const char* model : {"nano8", "m1d1"}) {
    Request request = MakeRequest(world, model, world.folder / "post");
    request.method = Method::kPostTraining;
    ASSERT_TRUE(ConvertRun(request, SilentProgress()).has_value());
    request.method = Method::kAware;
    request.out = world.folder / "one";
    ASSERT_TRUE(ConvertRun(request, SilentProgress()).has_value());
    request.out = world.folder / "three";
    request.jobs = 3;
    ASSERT_TRUE(ConvertRun(request, SilentProgress()).has_value());
    request.out = world.folder / "stopped";
    request.jobs = 1;
    // The final model takes 3 epochs of 4 steps; the calibration before it asks once a picture.
    int stops = 0;
    for (int questions = 80; questions < 200; questions += 5) {
      StopAfter progress(questions);
      const auto done = ConvertRun(request, progress);
      if (done) break;
      EXPECT_EQ(done.error().kind, ErrorKind::kInterrupted);
      ++stops;
    }
    EXPECT_GE(stops, 3);
    ASSERT_TRUE(ConvertRun(request, SilentProgress()).has_value());
    const auto files = *ListFolder(world.folder / "post");
    for (const char* other : {"one", "three", "stopped"})
      EXPECT_EQ(*ListFolder(world.folder / other), files) << other;
    for (const char* file :
         {"model.tflite", "model_fp16.tflite", "model_dynamic.tflite", "quantizedmodel.tflite",
          "engine_scores.json", "folds/fold0.tflite", "folds/fold0_quantized.tflite",
          "folds/fold1_quantized.tflite", "conversion.json"}) {
      const Bytes post = *ReadFile(world.folder / "post" / file),
                  one = *ReadFile(world.folder / "one" / file);
      const bool changes = std::string_view(file).find("quantized") != std::string_view::npos ||
                           std::string_view(file) == "conversion.json";
      EXPECT_EQ(post != one, changes) << file;
      EXPECT_EQ(one, *ReadFile(world.folder / "three" / file)) << file;
      EXPECT_EQ(one, *ReadFile(world.folder / "stopped" / file)) << file;
    }
    const auto record = ReadRecord(world.folder / "one" / "conversion.json", "handlens-conversion", 1);
    EXPECT_EQ((*record)["method"], "quantization-aware training");
    EXPECT_EQ((*record)["fine_tuning"]["epochs"], 3);
    fs::remove_all(world.folder / "stopped");
  }
}

// The same function of floats of a network of one convolution and dense layers, but one channel so large that
// the others share few steps of their int8 range.
void MakeHardToRound(const fs::path& trial, float factor) {
  const fs::path file = trial / "weights.safetensors";
  auto kept = nn::DecodeWeightsFile(*ReadFile(file));
  ASSERT_TRUE(kept.has_value());
  nn::Weights& weights = kept->weights;  // of the convolution: kernel, bias; of the dense layer: kernel, bias
  ASSERT_EQ(weights[0].shape.size(), 4u);
  ASSERT_EQ(weights[2].shape.size(), 2u);
  const auto channels = static_cast<size_t>(weights[0].shape[3]),
             out = static_cast<size_t>(weights[2].shape[1]);
  for (size_t i = 0; i < weights[0].values.size(); i += channels) weights[0].values[i] *= factor;
  weights[1].values[0] *= factor;
  for (size_t i = 0; i < weights[2].values.size(); ++i) {
    if (i / out % channels == 0) weights[2].values[i] /= factor;
  }
  const Bytes changed = nn::EncodeWeightsFile(*kept);
  const std::string before = Sha256(*ReadFile(file));
  std::string record = *ReadText(trial / "trial.json");  // knows the weights it was written with
  record.replace(record.find(before), before.size(), Sha256(changed));
  ASSERT_TRUE(WriteFileAtomic(file, changed).has_value());
  ASSERT_TRUE(WriteFileAtomic(trial / "trial.json", record).has_value());
}

TEST(ConvertRun, FineTunesOnlyWhereValidationPicturesWantIt) {
  SKIP_WITHOUT_RUNTIME();
  World world = MakeWorld("auto");
  for (split::Fold& fold : world.split.folds) fold.validation = fold.test;  // more of them
  for (const float factor : {1.0f, 400.0f, 4000.0f}) {
    Request request = MakeRequest(world, "m1d1", world.folder / "auto");
    for (const fs::path& trial : request.fold_trials) MakeHardToRound(trial, factor);
    ASSERT_TRUE(ConvertRun(request, SilentProgress()).has_value());
    const auto record = ReadRecord(request.out / "conversion.json", "handlens-conversion", 1);
    ASSERT_TRUE(record.has_value());
    const Json& tried = (*record)["validation"];
    ASSERT_EQ(tried.size(), factor == 1 ? 1u : 2u) << tried;
    EXPECT_EQ(tried[0]["n"], 33);
    const bool better = tried.size() == 2 && tried[1]["quantized_correct"] > tried[0]["quantized_correct"] &&
                        tried[1]["agree"] >= tried[0]["agree"];
    EXPECT_EQ((*record)["method"], better ? "quantization-aware training" : "post-training quantization");
    request.method = better ? Method::kAware : Method::kPostTraining;
    request.out = world.folder / "asked";
    ASSERT_TRUE(ConvertRun(request, SilentProgress()).has_value());
    for (const char* file : {"quantizedmodel.tflite", "folds/fold0_quantized.tflite"})
      EXPECT_EQ(*ReadFile(world.folder / "auto" / file), *ReadFile(world.folder / "asked" / file)) << file;
    EXPECT_TRUE(better || factor != 400) << tried;
    fs::remove_all(world.folder / "trials");
  }
}

TEST(Method, TriesFineTuningForTwoLostAnswersAndMoreThanSevenInAThousand) {
  EXPECT_FALSE(LosesTooMuch({1000, 990, 900, 893}));
  EXPECT_TRUE(LosesTooMuch({1000, 990, 900, 892}));
  EXPECT_FALSE(LosesTooMuch({20, 19, 15, 14})) << "one answer is chance";
  EXPECT_TRUE(LosesTooMuch({20, 18, 15, 13}));
  EXPECT_FALSE(LosesTooMuch({20, 18, 13, 15}));
  EXPECT_TRUE(IsBetter({20, 18, 15, 14}, {20, 18, 15, 13}));
  EXPECT_FALSE(IsBetter({20, 17, 15, 16}, {20, 18, 15, 13})) << "another model, whose accuracy nobody judged";
  EXPECT_TRUE(IsBetter({20, 19, 15, 13}, {20, 18, 15, 13}));
  EXPECT_FALSE(IsBetter({20, 18, 15, 13}, {20, 18, 15, 13})) << "of equals, what costs nothing";
}

TEST(ConvertRun, FineTunesOnTrainingPicturesOnly) {
  SKIP_WITHOUT_RUNTIME();
  World world = MakeWorld("aware-pictures");
  Request request = MakeRequest(world, "nano8", world.folder / "a");
  request.method = Method::kAware;
  ASSERT_TRUE(ConvertRun(request, SilentProgress()).has_value());
  const auto blacken = [&](const std::vector<int>& pictures) {
    const size_t stride = kSize * kSize * 3;
    for (const int i : pictures)
      std::fill_n(world.pixels.bytes.begin() + static_cast<std::ptrdiff_t>(static_cast<size_t>(i) * stride),
                  stride, uint8_t{0});
  };
  blacken(world.split.holdout);
  blacken(world.split.folds[0].test);
  blacken(world.split.folds[0].validation);
  request.data = world.data();
  request.out = world.folder / "b";
  ASSERT_TRUE(ConvertRun(request, SilentProgress()).has_value());
  EXPECT_EQ(*ReadFile(world.folder / "a/folds/fold0_quantized.tflite"),
            *ReadFile(world.folder / "b/folds/fold0_quantized.tflite"));
  EXPECT_NE(*ReadFile(world.folder / "a/folds/fold1_quantized.tflite"),
            *ReadFile(world.folder / "b/folds/fold1_quantized.tflite"));
}

TEST(ConvertRun, CalibratesOnTrainingPicturesOnly) {
  SKIP_WITHOUT_RUNTIME();
  const World world = MakeWorld("calibration");
  const Request request = MakeRequest(world, "f2n4", world.folder / "model");
  ASSERT_TRUE(ConvertRun(request, SilentProgress()).has_value());
  const auto record = ReadRecord(world.folder / "model" / "conversion.json", "handlens-conversion", 1);
  ASSERT_TRUE(record.has_value());
  for (const Json& entry : (*record)["calibration"]) {
    const int fold = entry["fold"].get<int>();
    std::set<std::string> allowed;
    if (fold < 0) {
      for (const auto& picture : world.dataset.pictures) allowed.insert(picture.id);
      for (const int i : world.split.holdout)
        allowed.erase(world.dataset.pictures[static_cast<size_t>(i)].id);
    } else {
      for (const int i : world.split.folds[static_cast<size_t>(fold)].train) {
        allowed.insert(world.dataset.pictures[static_cast<size_t>(i)].id);
      }
    }
    EXPECT_EQ(entry["pictures"].size(), allowed.size());
    for (const Json& id : entry["pictures"])
      EXPECT_TRUE(allowed.contains(id.get<std::string>())) << "fold " << fold;
  }
}

TEST(ConvertRun, GivesTheEnginesScoresInTheOfficialRuntime) {
  SKIP_WITHOUT_RUNTIME();
  for (const char* model : {"nano8", "m1d1", "mobilenetv2-0.35"}) {
    const World world = MakeWorld(fmt::format("scores-{}", model));
    const Request request = MakeRequest(world, model, world.folder / "model");
    const auto done = ConvertRun(request, SilentProgress());
    ASSERT_TRUE(done.has_value()) << done.error().message;
    const auto record = ReadRecord(world.folder / "model" / "engine_scores.json", "handlens-scores", 1);
    ASSERT_TRUE(record.has_value());
    size_t compared = 0;
    for (const auto& [file, pictures] : (*record)["models"].items()) {
      auto judge = tflite::Judge::Load(*ReadFile(world.folder / "model" / file), tflite::Kernels::kBuiltin);
      ASSERT_TRUE(judge.has_value());
      for (size_t i = 0; i < world.dataset.pictures.size(); ++i) {
        if (!pictures.contains(world.dataset.pictures[i].id)) continue;
        const auto engine = pictures[world.dataset.pictures[i].id].get<std::vector<float>>();
        const auto runtime = *(*judge)->Classify(world.pixels.Picture(i));
        ++compared;
        for (size_t k = 0; k < engine.size(); ++k)
          EXPECT_NEAR(engine[k], runtime[k], 1e-5) << model << " " << file;
      }
    }
    EXPECT_EQ(compared,
              static_cast<size_t>(kPictures));  // three held out, and every other one in one fold's test
  }
}

TEST(ConvertRun, RefusesAFoldsTrialAsTheFinalModel) {
  const World world = MakeWorld("refuse");
  Request request;
  request.data = world.data();
  request.final_trial = Train(world, "f2n4", 0);
  request.out = world.folder / "model";
  const auto done = ConvertRun(request, SilentProgress());
  ASSERT_FALSE(done.has_value());
  EXPECT_NE(done.error().message.find("not of the final model"), std::string::npos);
}

}  // namespace
}  // namespace handlens::convert
