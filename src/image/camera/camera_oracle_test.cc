// Each axis against OpenCV, Pillow, SciPy and NumPy (tools/oracles/camera_axes.py, recorded in
// testdata/camera). Tolerances are in levels of 255: the oracle's rounding differs at half levels and
// OpenCV's corners are floats.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/json.h"
#include "image/camera/camera.h"

namespace handlens::image {
namespace {

const std::filesystem::path kOracleFolder =
    std::filesystem::path(HANDLENS_SOURCE_DIR) / "src/image/testdata/camera";

Image Load(const std::string& name) {
  auto decoded = DecodeFile(kOracleFolder / (name + ".png"));
  HL_CHECK(decoded.has_value());
  return std::move(decoded->image);
}

const Json& Expected() {
  static const Json expected = [] {
    const auto text = ReadText(kOracleFolder / "expected.json");
    HL_CHECK(text.has_value());
    return Json::parse(*text);
  }();
  return expected;
}

CameraShot ShotOf(const Json& json) {
  CameraShot shot;
  shot.box_px = Expected().at("box_px");
  const std::pair<const char*, double*> fields[] = {{"fill", &shot.fill},
                                                    {"place_x", &shot.place_x},
                                                    {"place_y", &shot.place_y},
                                                    {"pitch_deg", &shot.pitch_deg},
                                                    {"yaw_deg", &shot.yaw_deg},
                                                    {"rotation_deg", &shot.rotation_deg},
                                                    {"warmth_mired", &shot.warmth_mired},
                                                    {"exposure_ev", &shot.exposure_ev},
                                                    {"gamma", &shot.gamma},
                                                    {"vignetting_ev", &shot.vignetting_ev},
                                                    {"defocus_px", &shot.defocus_px},
                                                    {"motion_px", &shot.motion_px},
                                                    {"motion_deg", &shot.motion_deg},
                                                    {"distortion", &shot.distortion},
                                                    {"moire", &shot.moire},
                                                    {"moire_angle_deg", &shot.moire_angle_deg},
                                                    {"moire_period_px", &shot.moire_period_px},
                                                    {"glare", &shot.glare},
                                                    {"glare_x", &shot.glare_x},
                                                    {"glare_y", &shot.glare_y}};
  for (const auto& [key, value] : json.items()) {
    if (key == "jpeg_quality") {
      shot.jpeg_quality = value;
      continue;
    }
    const auto field =
        std::find_if(std::begin(fields), std::end(fields), [&](const auto& f) { return key == f.first; });
    HL_CHECK(field != std::end(fields));
    *field->second = value;
  }
  return shot;
}

// How far two frames are apart where the oracle's shows the subject.
struct Apart {
  double mean = 0, most = 0;  // `most`: what 99.5 % of the values stay within
  size_t compared = 0;
};

Apart Compare(const Image& frame, const Image& oracle) {
  EXPECT_EQ(frame.width, oracle.width);
  EXPECT_EQ(frame.height, oracle.height);
  std::vector<int> differences;
  double sum = 0;
  for (size_t i = 0; i < oracle.rgb.size(); i += 3) {
    const uint8_t* const p = oracle.rgb.data() + i;
    if (p[0] == 255 && p[1] == 0 && p[2] == 255) continue;
    for (size_t c = 0; c < 3; ++c) {
      differences.push_back(std::abs(static_cast<int>(p[c]) - frame.rgb[i + c]));
      sum += differences.back();
    }
  }
  std::sort(differences.begin(), differences.end());
  if (differences.empty()) return {};
  return {sum / static_cast<double>(differences.size()),
          static_cast<double>(differences[differences.size() * 995 / 1000]), differences.size()};
}

TEST(CameraOracle, EveryAxisIsOpenCvsAndNumPys) {
  const Image picture = Load("subject");
  for (const Json& row : Expected().at("shots")) {
    const std::string name = row.at("name");
    Subject subject(picture, Fit::kCrop);
    const Image frame =
        TakePicture(subject, ShotOf(row.at("shot")), Fit::kCrop, Backdrops::BuiltIn(), Rng(1, "oracle"));
    const Apart apart = Compare(frame, Load(name));
    // Blocks that a rounding in the input turns differ by a step of the quantizer.
    const bool jpeg = name == "jpeg";
    EXPECT_LT(apart.mean, jpeg ? 0.5 : 0.15) << name;
    EXPECT_LE(apart.most, jpeg ? 6 : 2) << name;
    EXPECT_GT(apart.compared, 120u * 160 * 3 / 10) << name;
  }
}

TEST(CameraOracle, NoiseIsThatOfCountedElectrons) {
  for (const Json& row : Expected().at("noise")) {
    const auto grey = row.at("grey").get<uint8_t>();
    Subject subject(Image{480, 480, std::vector<uint8_t>(480 * 480 * 3, grey)}, Fit::kCrop);
    CameraShot shot;
    shot.fill = 1.3;
    shot.noise = row.at("noise");
    shot.read_noise = 0.1 * shot.noise;
    const Image frame = TakePicture(subject, shot, Fit::kStretch, Backdrops::BuiltIn(), Rng(2, "oracle"));
    double sum = 0, squares = 0;
    for (const uint8_t level : frame.rgb) sum += level;
    const double mean = sum / static_cast<double>(frame.rgb.size());
    for (const uint8_t level : frame.rgb) squares += (level - mean) * (level - mean);
    const double deviation = std::sqrt(squares / static_cast<double>(frame.rgb.size())),
                 expected = row.at("deviation");
    // Electrons are skewed where they are few, which a normal variable is not.
    EXPECT_NEAR(mean, row.at("mean").get<double>(), 0.05 + 0.06 * expected) << row.dump();
    EXPECT_NEAR(deviation, expected, 0.05 + 0.07 * expected) << row.dump();
  }
}

TEST(CameraOracle, AFrameIsPillowsYuv) {
  const Image picture = Load("subject"), luma = Load("luma"), chroma = Load("chroma");
  const CameraFrame frame = Deliver(picture);
  ASSERT_EQ(frame.width, picture.height);
  int most_luma = 0, most_chroma = 0;
  for (int y = 0; y < picture.height; ++y) {
    for (int x = 0; x < picture.width; ++x) {
      // Turned clockwise by 90 degrees, row r of the lying frame is the column width - 1 - r of the upright
      // one.
      const int lying = frame.y[static_cast<size_t>((picture.width - 1 - x) * frame.y_row_stride + y)];
      most_luma =
          std::max(most_luma, std::abs(lying - luma.rgb[static_cast<size_t>((y * picture.width + x) * 3)]));
      const auto sample = static_cast<size_t>((picture.width - 1 - x) / 2 * frame.uv_row_stride +
                                              y / 2 * frame.uv_pixel_stride);
      const uint8_t* const expected = chroma.rgb.data() + (y / 2 * chroma.width + x / 2) * 3;
      most_chroma = std::max(
          {most_chroma, std::abs(frame.u[sample] - expected[0]), std::abs(frame.v[sample] - expected[1])});
    }
  }
  EXPECT_LE(most_luma, 1);
  EXPECT_LE(most_chroma, 2);  // Pillow rounds each pixel's chroma before the mean
}

TEST(CameraOracle, OwnBackgroundsSpanTheFrame) {
  const auto own = Backdrops::FromFolder(kOracleFolder / "backdrop");
  ASSERT_TRUE(own) << own.error().message;
  EXPECT_EQ(own->size(), 1u);
  Subject subject(Load("subject"), Fit::kCrop);
  CameraShot shot = ShotOf({{"fill", 0.5}});
  shot.background = 3;
  const Image frame = TakePicture(subject, shot, Fit::kCrop, *own, Rng(3, "oracle"));
  const Image expected = Load("background");
  // Here the background is compared, and the subject is the hole.
  const Apart apart = Compare(frame, expected);
  EXPECT_LT(apart.mean, 0.3);
  EXPECT_LE(apart.most, 3);
  EXPECT_GT(apart.compared, 120u * 160 * 3 / 2);
}

}  // namespace
}  // namespace handlens::image
