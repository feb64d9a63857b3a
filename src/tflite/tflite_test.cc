// Claims about files: what is written is read back, the runtime accepts it, hostile bytes are refused. That
// networks compute the right numbers is claimed in the room `convert`, against its plain evaluator.
#include "tflite/tflite.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

#include "base/rng.h"
#include "tflite/model_bytes.h"
#include "tflite/wrap.h"

namespace handlens::tflite {
namespace {

Bytes Raw(const std::vector<int32_t>& values) {
  Bytes bytes(values.size() * 4);
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

// A 5 x 5 picture, its channels averaged over the whole picture by MEAN: the one network whose answer is
// plain to see.
Graph MeanColour() {
  Graph graph;
  graph.description = "mean colour";
  graph.tensors = {
      {.name = "picture", .shape = {1, 5, 5, 3}},
      {.name = "axes", .type = Type::kInt32, .shape = {2}, .data = Raw(std::vector<int32_t>{1, 2})},
      {.name = "scores", .shape = {1, 3}}};
  graph.ops = {{.op = Op::kMean, .inputs = {0, 1}, .outputs = {2}}};
  graph.input = 0;
  graph.output = 2;
  return graph;
}

// A dense layer over 2 x 2 pixels, int8 inside, uint8 outside.
Graph QuantizedDense() {
  const Quantization bytes{{1.0f / 255}, {0}, 0}, inner{{1.0f / 255}, {-128}, 0};
  Graph graph;
  graph.description = "quantized";
  graph.tensors = {
      {.name = "picture", .type = Type::kUInt8, .shape = {1, 2, 2, 3}, .quantization = bytes},
      {.name = "picture_int8", .type = Type::kInt8, .shape = {1, 2, 2, 3}, .quantization = inner},
      {.name = "flat", .type = Type::kInt8, .shape = {1, 12}, .quantization = inner},
      {.name = "shape", .type = Type::kInt32, .shape = {2}, .data = Raw(std::vector<int32_t>{1, 12})},
      {.name = "kernel",
       .type = Type::kInt8,
       .shape = {2, 12},
       .quantization = {{0.01f}, {0}, 0},
       .data = Bytes(24, 1)},
      {.name = "bias",
       .type = Type::kInt32,
       .shape = {2},
       .quantization = {{0.01f / 255}, {0}, 0},
       .data = Raw(std::vector<int32_t>{0, 2550})},
      {.name = "logits", .type = Type::kInt8, .shape = {1, 2}, .quantization = {{0.01f}, {0}, 0}},
      {.name = "scores_int8",
       .type = Type::kInt8,
       .shape = {1, 2},
       .quantization = {{1.0f / 256}, {-128}, 0}},
      {.name = "scores", .type = Type::kUInt8, .shape = {1, 2}, .quantization = {{1.0f / 256}, {0}, 0}}};
  graph.ops = {{.op = Op::kQuantize, .inputs = {0}, .outputs = {1}},
               {.op = Op::kReshape, .inputs = {1, 3}, .outputs = {2}, .new_shape = {1, 12}},
               {.op = Op::kFullyConnected, .inputs = {2, 4, 5}, .outputs = {6}},
               {.op = Op::kSoftmax, .inputs = {6}, .outputs = {7}},
               {.op = Op::kQuantize, .inputs = {7}, .outputs = {8}}};
  graph.input = 0;
  graph.output = 8;
  return graph;
}

Metadata SomeMetadata() {
  Metadata metadata;
  metadata.name = "leaves";
  metadata.description = "tells leaves apart";
  metadata.version = "1";
  metadata.author = "somebody";
  metadata.license = "MIT";
  metadata.input_description = "a picture";
  metadata.output_description = "scores";
  metadata.mean = {0};
  metadata.std = {255};
  metadata.min = {0};
  metadata.max = {1};
  metadata.labels = {"fern", "Bär", "oak leaf"};
  metadata.preprocess_json = "{\"size_px\": 5}\n";
  return metadata;
}

#define SKIP_WITHOUT_RUNTIME() \
  if (const auto version = RuntimeVersion(); !version) GTEST_SKIP() << version.error().message

TEST(WriteModel, IsReadBackAsWritten) {
  const auto info = ReadModelInfo(WriteModel(QuantizedDense()));
  ASSERT_TRUE(info.has_value()) << info.error().message;
  EXPECT_EQ(info->description, "quantized");
  EXPECT_EQ(info->input_type, Type::kUInt8);
  EXPECT_EQ(info->output_type, Type::kUInt8);
  EXPECT_EQ(info->input_shape, (std::vector<int>{1, 2, 2, 3}));
  EXPECT_EQ(info->output_shape, (std::vector<int>{1, 2}));
  EXPECT_EQ(info->output_quantization.scales, std::vector<float>{1.0f / 256});
  EXPECT_FALSE(info->has_metadata);
}

TEST(WriteModel, IsTheSameBytesEachTime) {
  EXPECT_EQ(WriteModel(QuantizedDense()), WriteModel(QuantizedDense()));
}

// Two convolutions of 40 channels: four vectors of 40 zero points in the format's eyes, one in the file.
TEST(WriteModel, WritesZeroPointsOnceAWidth) {
  const auto channels = [](float scale) {
    return Quantization{std::vector<float>(40, scale), std::vector<int64_t>(40, 0), 0};
  };
  const Quantization activations{{0.1f}, {3}, 0};
  Graph graph;
  graph.tensors = {{.name = "in", .type = Type::kInt8, .shape = {1, 2, 2, 40}, .quantization = activations}};
  for (int i = 0; i < 2; ++i) {
    graph.tensors.push_back({.name = "kernel",
                             .type = Type::kInt8,
                             .shape = {40, 1, 1, 40},
                             .quantization = channels(0.5f),
                             .data = Bytes(1600, 1)});
    graph.tensors.push_back({.name = "bias",
                             .type = Type::kInt32,
                             .shape = {40},
                             .quantization = channels(0.05f),
                             .data = Bytes(160, 0)});
    graph.tensors.push_back(
        {.name = "out", .type = Type::kInt8, .shape = {1, 2, 2, 40}, .quantization = activations});
    graph.ops.push_back({.op = Op::kConv2D, .inputs = {3 * i, 3 * i + 1, 3 * i + 2}, .outputs = {3 * i + 3}});
  }
  graph.output = 6;
  const Bytes bytes = WriteModel(graph);
  ASSERT_TRUE(CheckModel(bytes)) << CheckModel(bytes).error().message;
  const auto& tensors = *fb::GetModel(bytes.data())->subgraphs()->Get(0)->tensors();
  const auto zeros = [&](unsigned i) { return tensors.Get(i)->quantization()->zero_point(); };
  for (const unsigned i : {2u, 4u, 5u}) EXPECT_EQ(zeros(i), zeros(1)) << i;
  EXPECT_EQ(zeros(1)->size(), 40u);
  EXPECT_EQ(zeros(3)->Get(0), 3);
  EXPECT_NE(zeros(3), zeros(6));  // only zeros are shared
  const std::unique_ptr<fb::ModelT> read(fb::GetModel(bytes.data())->UnPack());
  EXPECT_EQ(PackModel(*read), bytes);
}

TEST(WriteModel, AlignsConstantsTo16Bytes) {
  Graph graph = MeanColour();
  const Bytes model = WriteModel(graph);
  const Bytes& axes = graph.tensors[1].data;
  const auto at = std::search(model.begin(), model.end(), axes.begin(), axes.end());
  ASSERT_NE(at, model.end());
  EXPECT_EQ((at - model.begin()) % 16, 0);
}

TEST(Metadata, IsReadBackAsWritten) {
  const auto model = AddMetadata(WriteModel(MeanColour()), SomeMetadata());
  ASSERT_TRUE(model.has_value()) << model.error().message;
  const auto info = ReadModelInfo(*model);
  ASSERT_TRUE(info.has_value()) << info.error().message;
  EXPECT_TRUE(info->has_metadata);
  EXPECT_EQ(info->labels, SomeMetadata().labels);
  EXPECT_EQ(info->norm_mean, std::vector<float>{0});
  EXPECT_EQ(info->norm_std, std::vector<float>{255});
  EXPECT_EQ(info->preprocess_json, SomeMetadata().preprocess_json);
}

TEST(Metadata, AddedTwiceIsAddedOnce) {
  const Bytes plain = WriteModel(MeanColour());
  Metadata other = SomeMetadata();
  other.labels = {"a", "b", "c"};
  other.description = "quite another text";
  const auto once = AddMetadata(plain, SomeMetadata());
  const auto first_other = AddMetadata(plain, other);
  ASSERT_TRUE(once && first_other);
  EXPECT_EQ(*AddMetadata(*once, SomeMetadata()), *once);
  EXPECT_EQ(*AddMetadata(*first_other, SomeMetadata()), *once);
  EXPECT_NE(*first_other, *once);
}

// Where a rewrite would lose what this room does not know, the old bytes stay and a new beginning comes
// before them.
TEST(Metadata, IsAddedToAnyModelWithoutChangingIt) {
  Bytes plain = WriteModel(QuantizedDense());
  // A code that our schema does not have, in both places, as SUB has it: the file still verifies.
  const fb::Model* model = fb::GetModel(plain.data());
  auto* code =
      reinterpret_cast<flatbuffers::Table*>(const_cast<fb::OperatorCode*>(model->operator_codes()->Get(0)));
  ASSERT_TRUE(code->SetField<int8_t>(fb::OperatorCode::VT_DEPRECATED_BUILTIN_CODE, 41, 0));
  code->SetField<int32_t>(fb::OperatorCode::VT_BUILTIN_CODE, 41, 0);
  ASSERT_FALSE(AddMetadata(plain, SomeMetadata()));
  const auto with = AddMetadataToAny(plain, SomeMetadata());
  ASSERT_TRUE(with) << with.error().message;
  const auto info = ReadModelInfo(*with), before = ReadModelInfo(plain);
  ASSERT_TRUE(info && before);
  EXPECT_EQ(info->labels, SomeMetadata().labels);
  EXPECT_EQ(info->preprocess_json, SomeMetadata().preprocess_json);
  EXPECT_EQ(info->input_shape, before->input_shape);
  EXPECT_NE(std::search(with->begin(), with->end(), plain.begin(), plain.end()), with->end())
      << "the model's own bytes";
  Metadata other = SomeMetadata();
  other.labels = {"x", "y", "z"};
  const auto twice = AddMetadataToAny(*with, other);
  ASSERT_TRUE(twice) << twice.error().message;
  EXPECT_EQ(ReadModelInfo(*twice)->labels, other.labels);
}

TEST(Metadata, AddedBeforeAModelChangesNoScore) {
  SKIP_WITHOUT_RUNTIME();
  const Bytes plain = WriteModel(QuantizedDense());
  const auto wrapped = WrapWithMetadata(plain, *fb::GetModel(plain.data()), "TFLITE_METADATA", "something");
  ASSERT_TRUE(wrapped);
  EXPECT_EQ(wrapped->size() % 16, plain.size() % 16) << "constants stay aligned";
  const std::vector<uint8_t> pixels = {10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120};
  for (const Kernels kernels : {Kernels::kBuiltin, Kernels::kXnnpack}) {
    auto a = Judge::Load(plain, kernels), b = Judge::Load(*wrapped, kernels);
    ASSERT_TRUE(a && b);
    EXPECT_EQ(*(*a)->Classify(pixels), *(*b)->Classify(pixels));
  }
}

TEST(Metadata, ChangesNoScore) {
  SKIP_WITHOUT_RUNTIME();
  const Bytes plain = WriteModel(QuantizedDense());
  const auto with = AddMetadata(plain, SomeMetadata());
  ASSERT_TRUE(with.has_value());
  const std::vector<uint8_t> pixels = {10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120};
  auto a = Judge::Load(plain, Kernels::kBuiltin), b = Judge::Load(*with, Kernels::kBuiltin);
  ASSERT_TRUE(a && b);
  EXPECT_EQ(*(*a)->Classify(pixels), *(*b)->Classify(pixels));
}

TEST(Judge, FeedsFloatModelsByteDividedBy255) {
  SKIP_WITHOUT_RUNTIME();
  for (const Kernels kernels : {Kernels::kBuiltin, Kernels::kXnnpack}) {
    auto judge = Judge::Load(WriteModel(MeanColour()), kernels);
    ASSERT_TRUE(judge.has_value()) << judge.error().message;
    EXPECT_EQ((*judge)->input_size_px(), 5);
    EXPECT_EQ((*judge)->classes(), 3);
    std::vector<uint8_t> pixels(75);
    for (size_t i = 0; i < pixels.size(); ++i)
      pixels[i] = static_cast<uint8_t>(i % 3 == 0 ? 255 : i % 3 == 1 ? 51 : 0);
    const auto scores = (*judge)->Classify(pixels);
    ASSERT_TRUE(scores.has_value());
    EXPECT_NEAR((*scores)[0], 1.0f, 1e-6);
    EXPECT_NEAR((*scores)[1], 0.2f, 1e-6);
    EXPECT_NEAR((*scores)[2], 0.0f, 1e-6);
    EXPECT_FALSE((*judge)->Classify(std::span(pixels).first(74)).has_value());
  }
}

TEST(Judge, DequantizesScores) {
  SKIP_WITHOUT_RUNTIME();
  for (const Kernels kernels : {Kernels::kBuiltin, Kernels::kXnnpack}) {
    auto judge = Judge::Load(WriteModel(QuantizedDense()), kernels);
    ASSERT_TRUE(judge.has_value()) << judge.error().message;
    const auto scores = (*judge)->Classify(std::vector<uint8_t>(12, 100));
    ASSERT_TRUE(scores.has_value());
    // Logits 0.05 and 0.15, rounded to 0.05 and 0.15: softmax 0.475 and 0.525.
    EXPECT_NEAR((*scores)[0], 0.475, 1.0 / 256);
    EXPECT_NEAR((*scores)[1], 0.525, 1.0 / 256);
  }
}

TEST(Judge, SaysWhyTheRuntimeRefusesAModel) {
  SKIP_WITHOUT_RUNTIME();
  Graph graph = QuantizedDense();
  graph.tensors[3].data = Raw(std::vector<int32_t>{1, 11});  // twelve numbers do not fit
  graph.ops[1].new_shape = {1, 11};
  const auto judge = Judge::Load(WriteModel(graph), Kernels::kBuiltin);
  ASSERT_FALSE(judge.has_value());
  EXPECT_EQ(judge.error().kind, ErrorKind::kBadInput);
  EXPECT_NE(judge.error().message.find("refuses"), std::string::npos) << judge.error().message;
}

TEST(HostileFiles, AreRefusedWhereverTheyEnd) {
  const Bytes model = *AddMetadata(WriteModel(QuantizedDense()), SomeMetadata());
  const size_t flatbuffer_bytes = WriteModel(QuantizedDense()).size();
  for (size_t size = 0; size < model.size(); ++size) {
    const auto info = ReadModelInfo(std::span(model).first(size));
    if (size < flatbuffer_bytes / 2) {
      EXPECT_FALSE(info.has_value()) << size;
    }
  }
}

TEST(HostileFiles, NeverCrashWithFlippedBits) {
  const Bytes model = *AddMetadata(WriteModel(QuantizedDense()), SomeMetadata());
  Rng rng(1, "flip");
  int refused = 0;
  for (int i = 0; i < 5000; ++i) {
    Bytes damaged = model;
    const int flips = 1 + static_cast<int>(rng.Below(3));
    for (int k = 0; k < flips; ++k) {
      damaged[rng.Below(static_cast<uint32_t>(damaged.size()))] ^= static_cast<uint8_t>(1u << rng.Below(8));
    }
    refused += ReadModelInfo(damaged).has_value() ? 0 : 1;
    (void)AddMetadata(damaged, SomeMetadata());
  }
  EXPECT_GT(refused, 500);
}

TEST(HostileFiles, NeverCrashTheRuntime) {
  SKIP_WITHOUT_RUNTIME();
  const Bytes model = WriteModel(QuantizedDense());
  Rng rng(2, "flip");
  int ran = 0;
  for (int i = 0; i < 500; ++i) {
    Bytes damaged = model;
    damaged[rng.Below(static_cast<uint32_t>(damaged.size()))] ^= static_cast<uint8_t>(1u << rng.Below(8));
    for (const Kernels kernels : {Kernels::kBuiltin, Kernels::kXnnpack}) {
      auto judge = Judge::Load(damaged, kernels);
      if (!judge) continue;
      ran += (*judge)->Classify(std::vector<uint8_t>(12, 100)).has_value() ? 1 : 0;
    }
  }
  EXPECT_GT(ran, 100);
}

// A union of a type but without a value passes the flatbuffers verifier.
TEST(HostileFiles, AreRefusedWhenAnOperatorsOptionsAreMissing) {
  Bytes model = WriteModel(QuantizedDense());
  ASSERT_TRUE(ReadModelInfo(model));
  const fb::Operator* op = fb::GetModel(model.data())->subgraphs()->Get(0)->operators()->Get(0);
  const auto* table = reinterpret_cast<const flatbuffers::Table*>(op);
  auto* vtable = const_cast<uint8_t*>(table->GetVTable());
  flatbuffers::WriteScalar<flatbuffers::voffset_t>(vtable + fb::Operator::VT_BUILTIN_OPTIONS, 0);
  const auto info = ReadModelInfo(model);
  ASSERT_FALSE(info);
  EXPECT_NE(info.error().message.find("options are missing"), std::string::npos) << info.error().message;
  EXPECT_FALSE(AddMetadata(model, {}));
}

TEST(HostileFiles, AreRefusedWhenAConstantIsShorterOrLongerThanItsShape) {
  const Bytes good = WriteModel(QuantizedDense());
  for (const int more : {-1, 1}) {
    const std::unique_ptr<fb::ModelT> model(fb::GetModel(good.data())->UnPack());
    std::vector<uint8_t>& data = model->buffers[model->subgraphs[0]->tensors[4]->buffer]->data;
    data.resize(data.size() + static_cast<size_t>(more));
    const auto info = ReadModelInfo(PackModel(*model));
    ASSERT_FALSE(info) << more;
    EXPECT_NE(info.error().message.find("where its shape needs"), std::string::npos) << info.error().message;
  }
}

// The format lets a buffer lie behind the flatbuffer, at any offset of the file; the runtime would follow it.
TEST(HostileFiles, AreRefusedWhenABufferLiesOutsideTheModel) {
  const Bytes good = WriteModel(QuantizedDense());
  for (const auto& [offset, size] :
       {std::pair<uint64_t, uint64_t>{2, 0}, {good.size(), 24}, {uint64_t{1} << 40, 24}, {0, 24}, {1, 1}}) {
    const std::unique_ptr<fb::ModelT> model(fb::GetModel(good.data())->UnPack());
    fb::TensorT& kernel = *model->subgraphs[0]->tensors[4];
    fb::BufferT& buffer = *model->buffers[kernel.buffer];
    buffer.data.clear();
    buffer.offset = offset;
    buffer.size = size;
    const auto info = ReadModelInfo(PackModel(*model));
    ASSERT_FALSE(info) << offset << " " << size;
    EXPECT_NE(info.error().message.find("keeps its data outside the model"), std::string::npos)
        << info.error().message;
  }
}

TEST(HostileFiles, AreNotRewrittenWhenTheirOperatorsAreUnknown) {
  Bytes model = WriteModel(MeanColour());
  ASSERT_TRUE(AddMetadata(model, SomeMetadata()).has_value());
  // MEAN is code 40; 41 (SUB) is not in our schema. The code stands twice: as a byte and as an int.
  int changed = 0;
  for (uint8_t& byte : model) {
    if (byte == 40) {
      Bytes other = model;
      other[static_cast<size_t>(&byte - model.data())] = 41;
      const auto result = AddMetadata(other, SomeMetadata());
      changed += !result && result.error().message.find("operator 41") != std::string::npos ? 1 : 0;
    }
  }
  EXPECT_GE(changed, 1);
}

}  // namespace
}  // namespace handlens::tflite
