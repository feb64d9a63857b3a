#include "backbone/import.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "backbone/efficientnet_lite.h"
#include "backbone/guarded.h"
#include "base/rng.h"

namespace handlens::backbone {
namespace {

using testing::HasSubstr;
using tflite::Activation;
using tflite::Graph;
using tflite::Op;
using tflite::OpDef;
using tflite::Type;

// A classifier as a converter writes it, operator by operator.
class Writer {
 public:
  explicit Writer(Type weights = Type::kFloat32) : weights_(weights) {
    graph.tensors.push_back({.name = "image", .shape = {1, 16, 16, 3}});
    last = 0;
  }

  Graph graph;
  int last = 0;  // the newest tensor

  int Computed(std::vector<int> shape) {
    graph.tensors.push_back({.name = "t" + std::to_string(graph.tensors.size()), .shape = std::move(shape)});
    return last = static_cast<int>(graph.tensors.size()) - 1;
  }
  int Constant(std::vector<int> shape) {
    size_t count = 1;
    for (const int extent : shape) count *= static_cast<size_t>(extent);
    Rng rng(3, "weights", {graph.tensors.size()});
    Bytes data(count * (weights_ == Type::kFloat16 ? 2 : 4));
    for (size_t i = 0; i < count; ++i) {
      // Eighths from -1 to 0.875, whose bits are known in both types.
      const int eighths = static_cast<int>(rng.Below(16)) - 8;
      const float value = static_cast<float>(eighths) / 8;
      const uint16_t half = HalfOfEighths(eighths);
      if (weights_ == Type::kFloat16) std::memcpy(data.data() + 2 * i, &half, 2);
      else std::memcpy(data.data() + 4 * i, &value, 4);
    }
    graph.tensors.push_back({.name = "w", .type = weights_, .shape = shape, .data = std::move(data)});
    const int constant = static_cast<int>(graph.tensors.size()) - 1;
    if (weights_ != Type::kFloat16) return constant;
    const int before = last, full = Computed(std::move(shape));
    graph.ops.push_back({.op = Op::kDequantize, .inputs = {constant}, .outputs = {full}});
    last = before;
    return full;
  }
  int Ints(const std::vector<int32_t>& values, std::vector<int> shape) {
    Bytes data(values.size() * 4);
    std::memcpy(data.data(), values.data(), data.size());
    graph.tensors.push_back(
        {.name = "ints", .type = Type::kInt32, .shape = std::move(shape), .data = std::move(data)});
    return static_cast<int>(graph.tensors.size()) - 1;
  }
  void Add(OpDef op, std::vector<int> shape) {
    op.outputs = {Computed(std::move(shape))};
    graph.ops.push_back(std::move(op));
  }
  void Weighted(OpDef op, std::vector<int> kernel, int outs, std::vector<int> shape) {
    const int from = last;
    op.inputs = {from, Constant(std::move(kernel)), Constant({outs})};
    Add(std::move(op), std::move(shape));
  }
  void Softmax() {
    const int from = last;
    Add({.op = Op::kSoftmax, .inputs = {from}}, {1, 3});
    graph.output = last;
  }

 private:
  static uint16_t HalfOfEighths(int eighths) {
    static const uint16_t kSizes[] = {0, 0x3000, 0x3400, 0x3600, 0x3800, 0x3900, 0x3a00, 0x3b00, 0x3c00};
    return static_cast<uint16_t>(kSizes[std::abs(eighths)] | (eighths < 0 ? 0x8000 : 0));
  }
  Type weights_;
};

// A strided convolution, a block of depthwise and pointwise with a sum, a padded strided depthwise, a pool;
// mean or flatten.
enum class End { kMean, kFlatten };
Graph Classifier(Type weights, End end) {
  Writer w(weights);
  w.Weighted({.op = Op::kConv2D, .activation = Activation::kRelu6, .same_padding = true, .stride = 2},
             {4, 3, 3, 3}, 4, {1, 8, 8, 4});
  const int entry = w.last;
  w.Weighted({.op = Op::kDepthwiseConv2D, .activation = Activation::kRelu, .same_padding = true},
             {1, 5, 5, 4}, 4, {1, 8, 8, 4});
  w.Weighted({.op = Op::kConv2D}, {4, 1, 1, 4}, 4, {1, 8, 8, 4});
  w.Add({.op = Op::kAdd, .inputs = {w.last, entry}, .activation = Activation::kRelu}, {1, 8, 8, 4});
  w.Add({.op = Op::kPad, .inputs = {w.last, w.Ints({0, 0, 0, 1, 0, 1, 0, 0}, {4, 2})}}, {1, 9, 9, 4});
  w.Weighted({.op = Op::kDepthwiseConv2D, .stride = 2}, {1, 3, 3, 4}, 4, {1, 4, 4, 4});
  w.Add({.op = Op::kRelu6, .inputs = {w.last}}, {1, 4, 4, 4});
  w.Add({.op = Op::kMaxPool2D, .inputs = {w.last}, .stride = 2, .filter = 2}, {1, 2, 2, 4});
  if (end == End::kMean) {
    w.Add({.op = Op::kMean, .inputs = {w.last, w.Ints({1, 2}, {2})}}, {1, 4});
    w.Weighted({.op = Op::kFullyConnected}, {3, 4}, 3, {1, 3});
  } else {
    w.Add({.op = Op::kReshape, .inputs = {w.last, w.Ints({1, 16}, {2})}, .new_shape = {1, 16}}, {1, 16});
    w.Weighted({.op = Op::kFullyConnected, .activation = Activation::kRelu}, {5, 16}, 5, {1, 5});
    w.Weighted({.op = Op::kFullyConnected}, {3, 5}, 3, {1, 3});
  }
  w.Softmax();
  return w.graph;
}

const Scaling kPlusMinus = {{127.5f}, {127.5f}};

std::string ErrorOf(const Graph& graph) {
  const auto model = ModelFromGraph(graph, kPlusMinus);
  return model ? "" : model.error().message;
}

TEST(Import, ComputesWhatTheOfficialRuntimeDoes) {
  if (const auto version = tflite::RuntimeVersion(); !version) GTEST_SKIP() << version.error().message;
  for (const Type type : {Type::kFloat32, Type::kFloat16}) {
    for (const End end : {End::kMean, End::kFlatten}) {
      const Bytes file = tflite::WriteModel(Classifier(type, end));
      const auto imported = ImportClassifier(file, &kPlusMinus);
      ASSERT_TRUE(imported) << imported.error().message;
      const auto proof = Prove(file, *imported, {});
      ASSERT_TRUE(proof) << proof.error().message;
      EXPECT_EQ(proof->pictures, 8);
      EXPECT_GT(proof->largest_difference, 0);
    }
  }
}

TEST(Import, AnotherNetworkProvesNothing) {
  if (const auto version = tflite::RuntimeVersion(); !version) GTEST_SKIP() << version.error().message;
  const Bytes file = tflite::WriteModel(Classifier(Type::kFloat32, End::kMean));
  Imported imported = *ImportClassifier(file, &kPlusMinus);
  imported.model.weights.back().values[0] += 1;
  EXPECT_THAT(Prove(file, imported, {}).error().message, HasSubstr("not the same network"));
  Imported scaled = *ImportClassifier(file, &kPlusMinus);
  scaled.scaling = {{0}, {255}};
  EXPECT_FALSE(Prove(file, scaled, {}));
}

TEST(Import, ReadsTheScalingFromTheMetadata) {
  const Bytes plain = tflite::WriteModel(Classifier(Type::kFloat32, End::kMean));
  const auto unsaid = ImportClassifier(plain, nullptr);
  EXPECT_EQ(unsaid.error().kind, ErrorKind::kUsage);
  EXPECT_THAT(unsaid.error().message, HasSubstr("--scaling"));
  tflite::Metadata metadata;
  metadata.labels = {"a", "b", "c"};
  metadata.mean = {127};
  metadata.std = {128};
  const auto said = ImportClassifier(*tflite::AddMetadata(plain, metadata), nullptr);
  ASSERT_TRUE(said) << said.error().message;
  EXPECT_FLOAT_EQ(said->model.weights[0].values[2], 127.0f / 255);
  EXPECT_FLOAT_EQ(said->model.weights[1].values[0], 128.0f / 255);
}

// As the converter writes a guard: the logits twice, what is strange added to the second half, the first half
// of softmax.
Graph Guarded(Graph graph) {
  const auto twice = [&](int index) {
    tflite::TensorDef& tensor = graph.tensors[static_cast<size_t>(index)];
    tensor.shape[0] *= 2;
    const Bytes once = tensor.data;
    tensor.data.insert(tensor.data.end(), once.begin(), once.end());
  };
  graph.ops.pop_back();
  const OpDef head = graph.ops.back();
  twice(head.inputs[1]);
  twice(head.inputs[2]);
  graph.tensors[static_cast<size_t>(head.outputs[0])].shape = {1, 6};
  const auto constant = [&](std::vector<int> shape, const std::vector<float>& values) {
    Bytes data(values.size() * 4);
    std::memcpy(data.data(), values.data(), data.size());
    graph.tensors.push_back({.name = "guard", .shape = std::move(shape), .data = std::move(data)});
    return static_cast<int>(graph.tensors.size()) - 1;
  };
  const auto computed = [&](const char* name, std::vector<int> shape) {
    graph.tensors.push_back({.name = name, .shape = std::move(shape)});
    return static_cast<int>(graph.tensors.size()) - 1;
  };
  const int strange = computed("guard_strange", {1, 6});
  graph.ops.push_back({.op = Op::kFullyConnected,
                       .inputs = {head.inputs[0], constant({6, 4}, std::vector<float>(24, 0.0f)),
                                  constant({6}, {0, 0, 0, 1, 1, 1})},
                       .outputs = {strange},
                       .activation = Activation::kRelu});
  const int logits = computed("guard_logits", {1, 6}), all = computed("all_scores", {1, 6}),
            scores = computed("scores", {1, 3});
  graph.ops.push_back({.op = Op::kAdd, .inputs = {head.outputs[0], strange}, .outputs = {logits}});
  graph.ops.push_back({.op = Op::kSoftmax, .inputs = {logits}, .outputs = {all}});
  graph.ops.push_back(
      {.op = Op::kFullyConnected,
       .inputs = {all, constant({3, 6}, {1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0}),
                  constant({3}, {0, 0, 0})},
       .outputs = {scores}});
  graph.output = scores;
  return graph;
}

TEST(Import, LeavesAGuardAgainstStrangersBehind) {
  const Graph plain = Classifier(Type::kFloat32, End::kMean), guarded = Guarded(plain);
  EXPECT_FALSE(HasGuard(plain));
  ASSERT_TRUE(HasGuard(guarded));
  const Bytes file = tflite::WriteModel(guarded);
  const auto imported = ImportClassifier(file, &kPlusMinus);
  ASSERT_TRUE(imported) << imported.error().message;
  const Model expected = *ModelFromGraph(plain, kPlusMinus);
  EXPECT_EQ(imported->model.spec, expected.spec);
  EXPECT_EQ(nn::EncodeWeights(imported->model.weights), nn::EncodeWeights(expected.weights));
  if (const auto version = tflite::RuntimeVersion(); !version) GTEST_SKIP() << version.error().message;
  const auto proof = Prove(file, *imported, {});
  ASSERT_TRUE(proof) << proof.error().message;  // all scores less by the same share
}

TEST(Import, BecomesABackboneWithoutItsHead) {
  const Model model = *ModelFromGraph(Classifier(Type::kFloat32, End::kMean), kPlusMinus);
  const auto backbone = FromClassifier("mine", model, "of a test");
  ASSERT_TRUE(backbone) << backbone.error().message;
  // normalize, conv, relu6 | depthwise, relu, conv, add, relu | depthwise, relu6, max pool
  EXPECT_EQ(backbone->spec.layers.size(), 11u);
  EXPECT_EQ(backbone->cuts, (std::vector<int>{2, 7, 10}));
  EXPECT_EQ(backbone->weights.size(), 10u);
  const auto at_another_size = handlens::backbone::Classifier(*backbone, 2, 32, 5);
  EXPECT_TRUE(at_another_size) << at_another_size.error().message;
  const auto flat =
      FromClassifier("flat", *ModelFromGraph(Classifier(Type::kFloat32, End::kFlatten), kPlusMinus), "");
  ASSERT_TRUE(flat) << flat.error().message;
  EXPECT_TRUE(handlens::backbone::Classifier(*flat, static_cast<int>(flat->cuts.size()) - 1, 16, 5));
  EXPECT_FALSE(handlens::backbone::Classifier(*flat, static_cast<int>(flat->cuts.size()) - 1, 32, 5));
}

TEST(Import, CutsLite0BehindItsBlocksAndItsStem) {
  // By the rule for networks of others: the same places as by its own table, and behind the stem.
  const Backbone lite = LiteBackbone(Lite::kLite0);
  Model model{lite.spec, {}};
  model.spec.size_px = 32;
  model.spec.classes = 2;
  model.spec.layers.push_back({.kind = nn::LayerKind::kGlobalAvgPool});
  model.spec.layers.push_back({.kind = nn::LayerKind::kDense, .units = 2});
  const std::vector<nn::WeightShape> shapes = nn::WeightShapes(model.spec).value();
  for (const nn::WeightShape& shape : shapes) {
    size_t count = 1;
    for (const int extent : shape.shape) count *= static_cast<size_t>(extent);
    model.weights.push_back({shape.name, shape.shape, std::vector<float>(count, 1)});
  }
  std::vector<int> expected = lite.cuts;
  expected.insert(expected.begin(), 3);
  EXPECT_EQ(FromClassifier("lite", model, "")->cuts, expected);
}

TEST(Import, NamesWhatItCannotRead) {
  Writer mean;
  mean.Add({.op = Op::kMean, .inputs = {0, mean.Ints({1}, {1})}}, {1, 16, 3});
  mean.graph.output = mean.last;
  EXPECT_THAT(ErrorOf(mean.graph), HasSubstr("operator 0, MEAN (it makes \"t2\"): a mean over other axes"));

  Writer pad;
  pad.Add({.op = Op::kPad, .inputs = {0, pad.Ints({0, 0, 1, 1, 1, 1, 0, 0}, {4, 2})}}, {1, 18, 18, 3});
  pad.Weighted({.op = Op::kConv2D, .stride = 2}, {4, 3, 3, 3}, 4, {1, 8, 8, 4});
  pad.Softmax();
  EXPECT_THAT(
      ErrorOf(pad.graph),
      HasSubstr("operator 1, CONV_2D (it makes \"t5\"): a padding of [1,1,1,1] that SAME would not make"));

  Graph softmax = Classifier(Type::kFloat32, End::kMean);
  softmax.ops.insert(softmax.ops.begin(),
                     {.op = Op::kSoftmax, .inputs = {0}, .outputs = {softmax.ops[0].inputs[0]}});
  EXPECT_THAT(ErrorOf(softmax), HasSubstr("a softmax that is not the end"));

  Graph grey = Classifier(Type::kFloat32, End::kMean);
  grey.tensors[0].shape = {1, 16, 16, 1};
  EXPECT_THAT(ErrorOf(grey), HasSubstr("(1, n, n, 3)"));

  Graph quantized = Classifier(Type::kFloat32, End::kMean);
  quantized.tensors[0].type = Type::kInt8;
  EXPECT_THAT(ErrorOf(quantized), HasSubstr("not quantized"));
}

TEST(Import, RefusesShapesThatLie) {
  // Each tensor's shape in turn says something else: an error or a model whose own shapes fit, never a crash.
  const Graph good = Classifier(Type::kFloat32, End::kFlatten);
  for (size_t i = 0; i < good.tensors.size(); ++i) {
    for (const std::vector<int>& shape :
         {std::vector<int>{}, {0}, {1}, {7, 7}, {1, 3, 3, 1 << 20}, {1 << 20, 3, 3, 3}, {1, 2, 3, 4, 5}}) {
      Graph bad = good;
      bad.tensors[i].shape = shape;
      const auto model = ModelFromGraph(bad, kPlusMinus);
      if (model) {
        EXPECT_TRUE(nn::WeightShapes(model->spec)) << i;
      }
    }
  }
}

TEST(Import, RefusesAPictureWithoutAShape) {
  // Between a depthwise convolution and a sum, where nothing else asks for it.
  Graph bad = Classifier(Type::kFloat32, End::kFlatten);
  const auto relu =
      std::find_if(bad.ops.begin(), bad.ops.end(), [](const OpDef& op) { return op.op == Op::kRelu6; });
  const int picture = relu->inputs[0];
  *relu = {.op = Op::kAdd, .inputs = {picture, picture}, .outputs = relu->outputs};
  EXPECT_TRUE(tflite::ReadGraph(tflite::WriteModel(bad)));
  bad.tensors[static_cast<size_t>(picture)].shape = {};
  const auto read = tflite::ReadGraph(tflite::WriteModel(bad));
  ASSERT_FALSE(read);
  EXPECT_THAT(read.error().message, HasSubstr("DEPTHWISE_CONV_2D: a picture without a shape"));
}

TEST(Import, AnUnknownOperatorIsNamedWithItsPlace) {
  // The softmax's code becomes HARD_SWISH's (117).
  const Bytes file = tflite::WriteModel(Classifier(Type::kFloat32, End::kMean));
  const Graph graph = *tflite::ReadGraph(file);
  bool found = false;
  for (size_t i = 0; i + 8 <= file.size() && !found; ++i) {
    Bytes changed = file;
    if (changed[i] != 25) continue;
    changed[i] = 117;
    const auto read = tflite::ReadGraph(changed);
    found = !read && read.error().message.find("HARD_SWISH") != std::string::npos;
    if (found) {
      EXPECT_THAT(read.error().message,
                  HasSubstr(fmt::format("operator {}, HARD_SWISH", graph.ops.size() - 1)));
    }
  }
  EXPECT_TRUE(found);
}

}  // namespace
}  // namespace handlens::backbone
