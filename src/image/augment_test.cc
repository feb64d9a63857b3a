// Claims about augmentation.
#include "image/augment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

#include "image/exact_math.h"

namespace handlens::image {
namespace {

using testing::HasSubstr;

std::vector<uint8_t> NoiseBytes(int n) {
  std::vector<uint8_t> bytes(static_cast<size_t>(n * n * 3));
  Rng rng(1, "noise");
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(rng.Below(256));
  return bytes;
}

std::vector<float> Varied(const std::vector<uint8_t>& in, int n, const GeneratorSpec& spec, uint64_t id) {
  std::vector<float> out(in.size(), -1.0f);
  Augment(in, n, spec, Rng(7, "augment", {id}), out);
  return out;
}

TEST(Augment, WithoutVariationIsADivisionBy255) {
  const auto in = NoiseBytes(9);
  const auto out = Varied(in, 9, NamedGenerator("gen1").value(), 0);
  for (size_t i = 0; i < in.size(); ++i) EXPECT_EQ(out[i], static_cast<float>(in[i]) / 255.0f);
}

TEST(Augment, FlipsAloneMovePixelsExactly) {
  const int n = 8;
  const auto in = NoiseBytes(n);
  GeneratorSpec spec;
  spec.flip_horizontal = true;
  int flipped = 0;
  for (uint64_t id = 0; id < 64; ++id) {
    const auto out = Varied(in, n, spec, id);
    const bool mirrored = out[0] != static_cast<float>(in[0]) / 255.0f;
    flipped += mirrored;
    for (int y = 0; y < n; ++y) {
      for (int x = 0; x < n; ++x) {
        const int from = mirrored ? n - 1 - x : x;
        ASSERT_EQ(out[static_cast<size_t>((y * n + x) * 3)],
                  static_cast<float>(in[static_cast<size_t>((y * n + from) * 3)]) / 255.0f);
      }
    }
  }
  EXPECT_GT(flipped, 16);
  EXPECT_LT(flipped, 48);
}

TEST(Augment, BrightnessTruncatesToLevelsAsKerasDoes) {
  const auto in = NoiseBytes(8);
  GeneratorSpec spec;
  spec.brightness_low = spec.brightness_high = 0.5f;
  const auto out = Varied(in, 8, spec, 0);
  for (size_t i = 0; i < in.size(); ++i) EXPECT_EQ(out[i], static_cast<float>(in[i] / 2) / 255.0f);
}

TEST(Augment, KeepsToZeroAndOneForEveryGenerator) {
  const auto in = NoiseBytes(23);
  for (const std::string& name : GeneratorNames()) {
    for (uint64_t id = 0; id < 50; ++id) {
      const auto out = Varied(in, 23, NamedGenerator(name).value(), id);
      EXPECT_GE(*std::min_element(out.begin(), out.end()), 0.0f) << name;
      EXPECT_LE(*std::max_element(out.begin(), out.end()), 1.0f) << name;
    }
  }
}

TEST(Augment, DependsOnItsKeyAlone) {
  const auto in = NoiseBytes(17);
  const GeneratorSpec camera = NamedGenerator("camera").value();
  const auto first = Varied(in, 17, camera, 3);
  Varied(NoiseBytes(40), 40, NamedGenerator("gen4").value(), 9);
  EXPECT_EQ(Varied(in, 17, camera, 3), first);
  EXPECT_NE(Varied(in, 17, camera, 4), first);
}

// Recorded with GCC 12 at -O3 for baseline x86-64 and equal with Clang 14 at -O1 for Haswell.
TEST(Augment, GivesTheSameBitsWithEveryCompiler) {
  const auto in = NoiseBytes(31);
  const std::pair<const char*, uint64_t> recorded[] = {{"gen1", 0xf0d2cf54b878ef6b},
                                                       {"gen2", 0xcf845a8a4a1fba82},
                                                       {"gen4", 0x36294f6ec2db6672},
                                                       {"mild", 0x634e48471a6de5ce},
                                                       {"camera", 0x2c459059c6f52032}};
  for (const auto& [name, expected] : recorded) {
    uint64_t hash = 1469598103934665603u;  // FNV-1a over the floats' bits
    for (uint64_t id = 0; id < 40; ++id) {
      for (const float value : Varied(in, 31, NamedGenerator(name).value(), id)) {
        hash = (hash ^ std::bit_cast<uint32_t>(value)) * 1099511628211u;
      }
    }
    EXPECT_EQ(hash, expected) << name;
  }
}

TEST(ExactMath, IsTheMathematicalFunction) {
  EXPECT_EQ(SinDeg(90), 1.0);
  EXPECT_EQ(SinDeg(180), 0.0);
  EXPECT_EQ(CosDeg(-90), 0.0);
  for (int i = -720; i <= 720; ++i) {
    const double angle = i * 0.5, radians = angle * 3.14159265358979323846 / 180;
    EXPECT_NEAR(SinDeg(angle), std::sin(radians), 2e-15);
    EXPECT_NEAR(Exp(angle / 10), std::exp(angle / 10), 2e-15 * std::exp(angle / 10));
    const double positive = Exp(angle / 10);
    EXPECT_NEAR(Log(positive), std::log(positive), 1e-14);
  }
}

TEST(Augment, LeavesAFlatPictureFlatWhateverTheGeometry) {
  const std::vector<uint8_t> flat(20 * 20 * 3, 77);
  GeneratorSpec spec;
  spec.rotation_deg = 40;
  spec.zoom = spec.shift_x = spec.shift_y = 0.2f;
  spec.shear_deg = 20;
  for (const Fill fill : {Fill::kNearest, Fill::kReflect, Fill::kWrap}) {
    spec.fill = fill;
    for (uint64_t id = 0; id < 20; ++id) {
      for (const float value : Varied(flat, 20, spec, id)) ASSERT_EQ(value, 77.0f / 255.0f);
    }
  }
  spec.fill = Fill::kConstant;
  int black = 0;
  for (uint64_t id = 0; id < 20; ++id) {
    for (const float value : Varied(flat, 20, spec, id)) black += value == 0.0f;
  }
  EXPECT_GT(black, 0);
}

TEST(Generators, AreTableOneOfThePaper) {
  const GeneratorSpec gen4 = NamedGenerator("gen4").value();
  EXPECT_EQ(gen4.rotation_deg, 40);
  EXPECT_EQ(gen4.brightness_low, 0.2f);
  EXPECT_EQ(gen4.shear_deg, 0.2f);
  EXPECT_TRUE(gen4.featurewise);
  EXPECT_FALSE(NamedGenerator("gen2").value().featurewise);
  const auto unknown = NamedGenerator("gem2");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().kind, ErrorKind::kUsage);
}

TEST(Generators, ComeBackFromTheirRecords) {
  for (const std::string& name : GeneratorNames()) {
    const GeneratorSpec spec = NamedGenerator(name).value();
    const auto back = GeneratorFromJson(Json::parse(ToJson(spec).dump()));
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(*back, spec);
  }
  EXPECT_THAT(ToJson(NamedGenerator("gen4").value()).dump(), HasSubstr("\"zoom\":0.2,"));
}

TEST(Generators, RefuseWhatTheyDoNotKnow) {
  const auto typo = GeneratorFromJson(Json{{"rotation", 3}});
  ASSERT_FALSE(typo);
  EXPECT_THAT(typo.error().message, HasSubstr("did you mean 'rotation_deg'"));
  EXPECT_FALSE(GeneratorFromJson(Json{{"zoom", 2}}));
  EXPECT_FALSE(GeneratorFromJson(Json{{"zoom", "much"}}));
  EXPECT_FALSE(GeneratorFromJson(Json{{"fill", "sky"}}));
}

}  // namespace
}  // namespace handlens::image
