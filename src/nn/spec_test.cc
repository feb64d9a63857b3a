#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nn/nn.h"
#include "nn/zoo.h"

namespace handlens::nn {
namespace {

int64_t Parameters(const char* name, int size_px, int classes) {
  const Result<ModelSpec> spec = NamedModel(name, size_px, classes);
  return spec ? Cost(*spec, 1)->parameters : -1;
}

TEST(Zoo, HasTheParameterCountsOfThePaperAndOfItsOwnPapers) {
  EXPECT_EQ(Parameters("m1", 50, 2), 2'360'578);
  EXPECT_EQ(Parameters("m1", 50, 5), 2'360'965);
  EXPECT_EQ(Parameters("m1", 64, 5), 3'937'925);
  EXPECT_EQ(Parameters("nano24", 64, 5), 21'533);
  EXPECT_EQ(Parameters("nano24", 64, 2), 21'242);
  EXPECT_EQ(Parameters("nano8", 64, 2), 3'370);
  EXPECT_EQ(Parameters("mobilenetv2-1.0", 224, 1000), 3'504'872);  // Keras' trainable parameters
}

TEST(Zoo, BuildsEveryModelItLists) {
  for (const ZooEntry& entry : Zoo()) {
    EXPECT_TRUE(NamedModel(entry.name, entry.min_size_px, 3)) << entry.name;
    EXPECT_FALSE(NamedModel(entry.name, entry.min_size_px - 1, 3)) << entry.name;
  }
}

TEST(Zoo, ReducedModelsAreM1WithOtherWidths) {
  EXPECT_EQ(NamedModel("f32n128", 50, 2)->layers, NamedModel("m1", 50, 2)->layers);
  EXPECT_FALSE(NamedModel("f0n4", 50, 2));
  EXPECT_FALSE(NamedModel("f4n4x", 50, 2));
}

TEST(Zoo, NamesTheNearestModel) {
  const auto spec = NamedModel("nano42", 64, 2);
  ASSERT_FALSE(spec);
  EXPECT_EQ(spec.error().kind, ErrorKind::kUsage);
  EXPECT_THAT(spec.error().message, testing::HasSubstr("did you mean \"nano"));
}

TEST(Spec, PadsAsTensorFlowDoes) {
  ModelSpec spec{"t", 7, 2, {}};
  spec.layers = {{.kind = LayerKind::kConv, .units = 4, .kernel = 3, .stride = 2, .padding = Padding::kSame},
                 {.kind = LayerKind::kMaxPool, .kernel = 3, .stride = 3},
                 {.kind = LayerKind::kDense, .units = 2}};
  const auto shapes = InferShapes(spec);
  ASSERT_TRUE(shapes);
  EXPECT_EQ((*shapes)[0], (Shape{4, 4, 4}));
  EXPECT_EQ((*shapes)[1], (Shape{1, 1, 4}));
}

TEST(Spec, SaysWhichLayerIsImpossible) {
  ModelSpec spec{"t", 4, 2, {}};
  spec.layers = {{.kind = LayerKind::kGlobalAvgPool},
                 {.kind = LayerKind::kMaxPool, .kernel = 2, .stride = 2}};
  EXPECT_EQ(InferShapes(spec).error().message, "layer 1, max pool: a 1 x 1 input is too small");
  spec.layers = {{.kind = LayerKind::kDense, .units = 3}};
  EXPECT_THAT(InferShapes(spec).error().message, testing::HasSubstr("gives 3 numbers"));
  spec.layers = {{.kind = LayerKind::kAdd, .inputs = {-1, 0}}};
  EXPECT_THAT(InferShapes(spec).error().message, testing::HasSubstr("not an earlier layer"));
}

TEST(Spec, SurvivesJson) {
  for (const ZooEntry& entry : Zoo()) {
    const ModelSpec spec = *NamedModel(entry.name, 64, 5);
    const auto back = ModelFromJson(ToJson(spec));
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(*back, spec);
  }
}

TEST(Spec, WritesABatchNormsMomentumOnlyWhenItIsNotKeras) {
  ModelSpec spec{"t", 8, 2, {}};
  spec.layers = {{.kind = LayerKind::kBatchNorm},
                 {.kind = LayerKind::kBatchNorm, .momentum = 0.9f},
                 {.kind = LayerKind::kDense, .units = 2}};
  const Json json = ToJson(spec);
  EXPECT_EQ(json["layers"][0], Json({{"kind", "batch_norm"}}));
  EXPECT_TRUE(json["layers"][1].contains("momentum"));
  EXPECT_EQ(*ModelFromJson(json), spec);
  spec.layers[0].momentum = 1;
  EXPECT_EQ(InferShapes(spec).error().message, "layer 0, batch norm: momentum 1 is not in 0..1, 1 excluded");
}

TEST(Spec, WritesWhatIsFrozenOnlyWhereItIs) {
  ModelSpec spec{"t", 8, 2, {}};
  spec.layers = {{.kind = LayerKind::kConv, .units = 3, .kernel = 1, .frozen = true},
                 {.kind = LayerKind::kBatchNorm, .fixed_statistics = true},
                 {.kind = LayerKind::kDense, .units = 2}};
  const Json json = ToJson(spec);
  EXPECT_EQ(json["layers"][0]["frozen"], true);
  EXPECT_EQ(json["layers"][1], Json({{"kind", "batch_norm"}, {"fixed_statistics", true}}));
  EXPECT_EQ(json["layers"][2], Json({{"kind", "dense"}, {"units", 2}}));
  EXPECT_EQ(*ModelFromJson(json), spec);
}

TEST(Spec, FrozenNumbersAreParametersWithoutMemoryForTraining) {
  ModelSpec spec = *NamedModel("m1", 50, 2);
  const ModelCost free = *Cost(spec, 4);
  for (LayerSpec& layer : spec.layers) layer.frozen = layer.kind != LayerKind::kDense || layer.units != 2;
  const ModelCost frozen = *Cost(spec, 4);
  EXPECT_EQ(frozen.parameters, free.parameters);
  EXPECT_EQ(frozen.multiply_adds, free.multiply_adds);
  EXPECT_LT(frozen.arena_bytes,
            free.arena_bytes - 2 * 4 * 2'000'000);  // Adam's moments of 2.3 million numbers
}

TEST(Spec, RefusesJsonItDoesNotKnow) {
  EXPECT_FALSE(ModelFromJson(Json::parse(R"({"name": "x"})")));
  EXPECT_FALSE(
      ModelFromJson(Json::parse(R"({"name":"x","size_px":8,"classes":2,"layers":[{"kind":"lstm"}]})")));
}

TEST(Safetensors, RoundTripsAndRefusesDamage) {
  const Weights weights = {{"0.kernel", {2, 3}, {1, 2, 3, 4, 5, -0.5f}}, {"0.bias", {0}, {}}};
  const Bytes bytes = EncodeWeights(weights);
  const auto back = DecodeWeights(bytes);
  ASSERT_TRUE(back) << back.error().message;
  ASSERT_EQ(back->size(), 2u);
  EXPECT_EQ((*back)[0].values, weights[0].values);
  EXPECT_EQ((*back)[0].shape, weights[0].shape);
  for (size_t n = 0; n < bytes.size(); ++n) EXPECT_FALSE(DecodeWeights(std::span(bytes).first(n))) << n;
}

}  // namespace
}  // namespace handlens::nn
