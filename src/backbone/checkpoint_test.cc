#include "backbone/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "backbone/check.h"
#include "backbone/efficientnet_lite.h"
#include "backbone/pickle.h"

namespace handlens::backbone {
namespace {

using testing::HasSubstr;

// Pickles by hand, as PyTorch writes them.
std::string Word(std::string_view text) {
  const auto length = static_cast<uint32_t>(text.size());
  return "X" + std::string(reinterpret_cast<const char*>(&length), 4) + std::string(text);
}
std::string Small(int number) { return std::string("K") + static_cast<char>(number); }
std::string Alone(std::string_view body) { return std::string("\x80\x02") + std::string(body) + "."; }
const std::string kStrided = "(" + Small(3) + Small(1) + "t";

std::string Tensor(std::string_view type, std::string_view key, int count, std::string_view shape,
                   std::string_view strides) {
  return "ctorch._utils\n_rebuild_tensor_v2\n((" + Word("storage") + "ctorch\n" + std::string(type) + "\n" +
         Word(key) + Word("cpu") + Small(count) + "NtQ" + Small(0) + std::string(shape) +
         std::string(strides) +
         "\x89"
         "ccollections\nOrderedDict\n)RtR";
}
std::string Table(std::string_view entries) {
  return "ccollections\nOrderedDict\n)R(" + std::string(entries) + "u}" + Word("_metadata") + "Nsb";
}

template <class T>
std::string Storage(const std::vector<T>& values) {
  const uint64_t count = values.size();
  return std::string(reinterpret_cast<const char*>(&count), 8) +
         std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
}
std::string File(std::string_view table, std::string_view keys, std::string_view data) {
  return Alone(std::string("\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", 12)) +
         Alone(std::string("M\xe9\x03")) + Alone("}") + Alone(table) + Alone("](" + std::string(keys) + "e") +
         std::string(data);
}
std::string GoodFile() {
  const std::string weight =
      Word("a.weight") + Tensor("FloatStorage", "k1", 6, "(" + Small(2) + Small(3) + "t", kStrided);
  const std::string counter = Word("a.counter") + Tensor("LongStorage", "k2", 1, ")", ")");
  const std::string bias = Word("b") + Tensor("FloatStorage", "k0", 2, Small(2) + "\x85", Small(1) + "\x85");
  return File(Table(weight + counter + bias), Word("k0") + Word("k1") + Word("k2"),
              Storage<float>({7, 8}) + Storage<float>({1, 2, 3, 4, 5, 6}) + Storage<int64_t>({99}));
}

Result<nn::Weights> ReadText(const std::string& text) {
  return ReadTorchCheckpoint(std::span(reinterpret_cast<const uint8_t*>(text.data()), text.size()));
}
std::string ErrorOf(const std::string& text) {
  const auto read = ReadText(text);
  return read ? "" : read.error().message;
}

TEST(Checkpoint, ReadsTheFloatTensorsByName) {
  const auto weights = ReadText(GoodFile());
  ASSERT_TRUE(weights) << weights.error().message;
  ASSERT_EQ(weights->size(), 2u);
  EXPECT_EQ((*weights)[0].name, "a.weight");
  EXPECT_EQ((*weights)[0].shape, (std::vector<int>{2, 3}));
  EXPECT_EQ((*weights)[0].values, (std::vector<float>{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ((*weights)[1].values, (std::vector<float>{7, 8}));
}

TEST(Checkpoint, ReadsTensorsWhoseNumbersLieInAnotherOrder) {
  const std::string turned = Word("w") + Tensor("FloatStorage", "k", 6, "(" + Small(3) + Small(2) + "t",
                                                "(" + Small(1) + Small(3) + "t");
  const auto weights = ReadText(File(Table(turned), Word("k"), Storage<float>({1, 2, 3, 4, 5, 6})));
  ASSERT_TRUE(weights) << weights.error().message;
  EXPECT_EQ((*weights)[0].shape, (std::vector<int>{3, 2}));
  EXPECT_EQ((*weights)[0].values, (std::vector<float>{1, 4, 2, 5, 3, 6}));
}

TEST(Checkpoint, RefusesTruncatedFiles) {
  const std::string good = GoodFile();
  for (size_t length = 0; length < good.size(); ++length)
    ASSERT_NE(ErrorOf(good.substr(0, length)), "") << length;
}

TEST(Checkpoint, SurvivesEveryChangedByte) {
  const std::string good = GoodFile();
  for (size_t i = 0; i < good.size(); ++i) {
    for (const int change : {1, 2, 8, 64, 128, 255}) {
      std::string bad = good;
      bad[i] = static_cast<char>(bad[i] ^ change);
      const auto read = ReadText(bad);
      ASSERT_TRUE(read || read.error().kind == ErrorKind::kBadInput) << i;
    }
  }
}

TEST(Checkpoint, RunsNothingOfAHostilePickle) {
  // os.system("...") in the words that this reader knows: the call stays a value, and a value that is no
  // tensor is refused.
  const std::string call = "cposix\nsystem\n(" + Word("touch /tmp/owned") + "tR";
  EXPECT_EQ(ErrorOf(File(Table(Word("w") + call), "", "")), "PyTorch weights: \"w\" is no tensor");
  // As the table itself, as a storage's class, as the magic number.
  EXPECT_EQ(ErrorOf(File(call, "", "")), "PyTorch weights: no table of tensors");
  EXPECT_THAT(ErrorOf(Alone(call)), HasSubstr("truncated"));
  const std::string odd = "ctorch._utils\n_rebuild_tensor_v2\n((" + Word("storage") + call + Word("k") +
                          Word("cpu") + Small(1) + "NtQ" + Small(0) + "))\x89NtR";
  EXPECT_EQ(ErrorOf(File(Table(Word("w") + odd), "", "")), "PyTorch weights: \"w\" has no storage");
}

TEST(Checkpoint, RefusesOpcodesThatNoTableNeedsByNameAndPlace) {
  // INST, OBJ, NEWOBJ, STACK_GLOBAL, EXT1, BINSTRING, PERSID, DUP, POP, LONG4, PROTO 4's FRAME, BYTEARRAY8.
  for (const std::string code :
       {"i", "o", "\x81", "\x93", "\x82", "U", "P", "2", "0", "\x8b", "\x95", "\x96"}) {
    const std::string text = std::string("\x80\x02") + code + "x\ny\n.";
    const auto pickle = ErrorOf(text);
    EXPECT_THAT(pickle, testing::AllOf(HasSubstr("at byte 2"), HasSubstr("was not run"))) << code;
  }
}

TEST(Checkpoint, RefusesTensorsThatDoNotFitTheirNumbers) {
  const auto one = [](std::string_view shape, std::string_view strides,
                      std::string_view type = "FloatStorage") {
    return File(Table(Word("w") + Tensor(type, "k", 6, shape, strides)), Word("k"),
                Storage<float>({1, 2, 3, 4, 5, 6}));
  };
  EXPECT_EQ(ErrorOf(one("(" + Small(2) + Small(3) + "t", kStrided)), "");
  EXPECT_THAT(ErrorOf(one("(" + Small(3) + Small(3) + "t", kStrided)), HasSubstr("larger than its storage"));
  EXPECT_THAT(ErrorOf(one("(" + Small(2) + Small(3) + "t", "(" + Small(4) + Small(1) + "t")),
              HasSubstr("larger than its storage"));
  EXPECT_THAT(ErrorOf(one("(" + Small(9) + Small(9) + "t", "(" + Small(0) + Small(0) + "t")),
              HasSubstr("more numbers than the file"));
  EXPECT_THAT(ErrorOf(one("(" + Small(2) + Small(3) + "t", ")")), HasSubstr("no sound shape"));
  EXPECT_THAT(ErrorOf(one(")", ")", "HalfStorage")), HasSubstr("torch HalfStorage; float32 is read here"));
  EXPECT_THAT(ErrorOf(File(Table(Word("w") + Tensor("FloatStorage", "k", 6, ")", ")")), "", "")),
              HasSubstr("not in the file"));
}

TEST(Lite, HasThePublishedNumbersOfParameters) {
  // efficientnet-lite-pytorch: 4,652,008, 5,416,680 and 6,092,072 with the classifier of 1000.
  const std::vector<int64_t> expected = {4'652'008, 5'416'680, 6'092'072};
  const std::vector<size_t> blocks = {16, 21, 21};
  for (const Lite which : {Lite::kLite0, Lite::kLite1, Lite::kLite2}) {
    const Backbone backbone = LiteBackbone(which);
    const auto index = static_cast<size_t>(which);
    EXPECT_EQ(backbone.cuts.size(), blocks[index] + 1);
    int64_t parameters = (1280 + 1) * 1000;
    const std::vector<nn::WeightShape> shapes = FeatureShapes(backbone.spec).value();
    for (const nn::WeightShape& shape : shapes) {
      const bool fitted =
          shape.name.ends_with("mean") || shape.name.ends_with("variance") || shape.name.ends_with("std");
      int64_t count = fitted ? 0 : 1;
      for (const int extent : shape.shape) count *= extent;
      parameters += count;
    }
    EXPECT_EQ(parameters, expected[index]);
  }
}

TEST(Lite, NamesTheTensorThatIsMissing) {
  const auto made = LiteFromCheckpoint(
      Lite::kLite0, {{"_conv_stem.weight", {32, 3, 3, 3}, std::vector<float>(864)}}, Kernels::kHalf);
  EXPECT_EQ(made.error().message, "PyTorch weights: _bn0.weight is missing");
  const auto odd = LiteFromCheckpoint(
      Lite::kLite0, {{"_conv_stem.weight", {32, 3, 3, 1}, std::vector<float>(288)}}, Kernels::kHalf);
  EXPECT_EQ(odd.error().message, "PyTorch weights: _conv_stem.weight is [32,3,3,1], not [32,3,3,3]");
}

}  // namespace
}  // namespace handlens::backbone
