// Claims about the camera simulator that need no oracle: determinism, monotone effect, what a shot leaves
// alone.
#include "image/camera/camera.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <thread>

#include "base/hash.h"

namespace handlens::image {
namespace {

// Gradients and edges, different from seed to seed.
Image Picture(uint64_t seed, int side = 160) {
  Rng rng(seed, "camera-test");
  Image image{side, side, std::vector<uint8_t>(static_cast<size_t>(side) * static_cast<size_t>(side) * 3)};
  const float fx = rng.Uniform(0.5f, 1.4f), fy = rng.Uniform(0.5f, 1.4f);
  const int stripe = 8 + static_cast<int>(rng.Below(20));
  for (int y = 0; y < side; ++y) {
    for (int x = 0; x < side; ++x) {
      uint8_t* const p = image.rgb.data() +
                         (static_cast<size_t>(y) * static_cast<size_t>(side) + static_cast<size_t>(x)) * 3;
      const int edge = (x / stripe + y / stripe) % 2 == 0 ? 40 : 0;
      p[0] = static_cast<uint8_t>(40 + edge + static_cast<int>(fx * static_cast<float>(x)) % 150);
      p[1] = static_cast<uint8_t>(50 + edge + static_cast<int>(fy * static_cast<float>(y)) % 150);
      p[2] = static_cast<uint8_t>(30 + edge + (x + y) % 160);
    }
  }
  return image;
}

Image Taken(const Image& picture, const CameraShot& shot, uint64_t seed) {
  Subject subject(picture, Fit::kCrop);
  return TakePicture(subject, shot, Fit::kCrop, Backdrops::BuiltIn(), Rng(seed, "taken"));
}

double MeanDifference(const Image& a, const Image& b) {
  // As a model sees them, so that frames of different sizes compare.
  const std::vector<uint8_t> one = ModelInput(a, 96, Fit::kCrop), two = ModelInput(b, 96, Fit::kCrop);
  double sum = 0;
  for (size_t i = 0; i < one.size(); ++i)
    sum += std::abs(static_cast<int>(one[i]) - static_cast<int>(two[i]));
  return sum / static_cast<double>(one.size());
}

TEST(Camera, EveryAxisHasAUnitARangeAndASource) {
  EXPECT_EQ(CameraAxes().size(), 18u);
  for (const CameraAxis& axis : CameraAxes()) {
    EXPECT_FALSE(axis.unit.empty() || axis.what.empty() || axis.source.empty()) << axis.name;
    EXPECT_TRUE(std::is_sorted(axis.values.begin(), axis.values.end()) ||
                std::is_sorted(axis.values.rbegin(), axis.values.rend()))
        << axis.name;
    EXPECT_LE(axis.typical, axis.hard) << axis.name;
    EXPECT_LE(axis.hard, 5) << axis.name;
    EXPECT_DOUBLE_EQ(AxisValue(axis, 0), axis.values[0]);
    EXPECT_DOUBLE_EQ(AxisValue(axis, 5), axis.values[5]);
    EXPECT_NEAR(AxisValue(axis, 2.5), (axis.values[2] + axis.values[3]) / 2, 1e-12);
  }
}

size_t AxisNamed(std::string_view name) {
  const auto axes = CameraAxes();
  return static_cast<size_t>(
      std::find_if(axes.begin(), axes.end(), [&](const CameraAxis& axis) { return axis.name == name; }) -
      axes.begin());
}

// Frames of an axis at severities 0..5, the same luck at each.
std::vector<Image> Series(size_t axis, uint64_t picture) {
  std::vector<Image> frames;
  for (int severity = 0; severity <= 5; ++severity) {
    frames.push_back(
        Taken(Picture(picture), ShotOnAxis(axis, severity, Rng(7, "luck", {picture, axis})), picture));
  }
  return frames;
}

TEST(Camera, AHigherSeverityChangesThePictureMore) {
  for (size_t axis = 0; axis < CameraAxes().size(); ++axis) {
    if (CameraAxes()[axis].name == "background") continue;  // below
    std::array<double, 6> change{};
    for (uint64_t picture = 0; picture < 3; ++picture) {
      const std::vector<Image> frames = Series(axis, picture);
      for (size_t severity = 1; severity <= 5; ++severity)
        change[severity] += MeanDifference(frames[0], frames[severity]) / 3;
    }
    for (size_t severity = 1; severity <= 5; ++severity) {
      EXPECT_GT(change[severity], change[severity - 1])
          << CameraAxes()[axis].name << " at severity " << severity;
    }
    EXPECT_GT(change[5], 0.5) << CameraAxes()[axis].name;
  }
}

// How much neighbouring pixels differ beside the subject: a strip of the frame above the box.
double Structure(const Image& frame) {
  double sum = 0;
  for (int y = 0; y < 60; ++y) {
    for (int i = 3; i < frame.width * 3; ++i) {
      const uint8_t* const p = frame.rgb.data() + y * frame.width * 3 + i;
      sum += std::abs(static_cast<int>(p[0]) - static_cast<int>(p[-3]));
    }
  }
  return sum / (60.0 * (frame.width - 1) * 3);
}

TEST(Camera, AHigherLevelOfBackgroundIsBusier) {
  std::array<double, 6> structure{};
  for (uint64_t picture = 0; picture < 12; ++picture) {
    const std::vector<Image> frames = Series(AxisNamed("background"), picture);
    for (size_t severity = 0; severity <= 5; ++severity)
      structure[severity] += Structure(frames[severity]) / 12;
    EXPECT_GT(MeanDifference(frames[0], frames[1]), 1);  // grey to a colour
  }
  EXPECT_EQ(structure[0], 0);
  EXPECT_EQ(structure[1], 0);
  for (size_t severity = 2; severity <= 5; ++severity)
    EXPECT_GT(structure[severity], structure[severity - 1]) << severity;
}

TEST(Camera, AShotOfOneAxisLeavesTheOthersAtRest) {
  const CameraShot still;
  for (size_t axis = 0; axis < CameraAxes().size(); ++axis) {
    const CameraShot shot = ShotOnAxis(axis, 3, Rng(1, "one"));
    const bool roomy = CameraAxes()[axis].name == "place" || CameraAxes()[axis].name == "background";
    int changed = 0;
    changed += shot.fill != still.fill && !roomy;
    changed += shot.place_x != 0 || shot.place_y != 0;
    changed += shot.pitch_deg != 0 || shot.yaw_deg != 0;
    changed += shot.rotation_deg != 0;
    changed += shot.background != 0;
    changed += shot.warmth_mired != 0;
    changed += shot.exposure_ev != 0;
    changed += shot.gamma != 1;
    changed += shot.vignetting_ev != 0;
    changed += shot.noise != 0;
    changed += shot.defocus_px != 0;
    changed += shot.motion_px != 0;
    changed += shot.distortion != 0;
    changed += shot.moire != 0;
    changed += shot.glare != 0;
    changed += shot.jpeg_quality != 0;
    changed += shot.box_px != kBoxPx;
    EXPECT_EQ(changed, 1) << CameraAxes()[axis].name;
  }
}

TEST(Camera, TypicalShotsStayWithinTheirSeverities) {
  for (uint64_t i = 0; i < 300; ++i) {
    const CameraShot shot = DrawShot(Care::kTypical, Rng(3, "typical", {i}));
    EXPECT_GE(shot.fill, 0.77);
    EXPECT_LE(shot.fill, 1.0);
    EXPECT_LE(std::abs(shot.exposure_ev), 0.4);
    EXPECT_LE(std::hypot(shot.pitch_deg, shot.yaw_deg), 10.0001);
    EXPECT_EQ(shot.moire, 0);
    EXPECT_EQ(shot.box_px, kBoxPx);
    EXPECT_TRUE(shot.jpeg_quality == 0 || shot.jpeg_quality >= 90);
  }
}

// The bytes themselves: the same on every machine, for any number of threads.
TEST(Camera, TheSameKeyGivesTheSameBytes) {
  const auto all = [](uint64_t i) {
    std::string bytes;
    for (const Care care : {Care::kTypical, Care::kHard}) {
      const Image frame = Receive(Deliver(Taken(Picture(i), DrawShot(care, Rng(5, "same", {i})), i)));
      bytes += Sha256(frame.rgb);
    }
    const std::vector<uint8_t> small =
        TypicalCameraInput(Picture(i, 50).rgb, 50, 40, Backdrops::BuiltIn(), Rng(5, "small", {i}));
    return bytes + Sha256(small);
  };
  std::string first = all(1) + all(2), second[2];
  std::thread one([&] { second[0] = all(1); }), two([&] { second[1] = all(2); });
  one.join();
  two.join();
  EXPECT_EQ(second[0] + second[1], first);
  EXPECT_NE(all(1), all(2));
}

TEST(Camera, AFrameComesBackFromYuvAsItWas) {
  const Image picture = Picture(4);
  const Image back = Receive(Deliver(picture));
  ASSERT_EQ(back.width, picture.width);
  EXPECT_LT(MeanDifference(picture, back), 2.5);
  Image grey{24, 32, std::vector<uint8_t>(24 * 32 * 3)};
  for (size_t i = 0; i < grey.rgb.size(); ++i) grey.rgb[i] = static_cast<uint8_t>(i / 3 % 251);
  EXPECT_EQ(Receive(Deliver(grey)).rgb, grey.rgb);  // without colour nothing is lost
}

TEST(Camera, ATypicalSmallPictureResemblesTheFullOne) {
  double small = 0, unlike = 0;
  for (uint64_t i = 0; i < 8; ++i) {
    const Image picture = Picture(i, 100);
    const std::vector<uint8_t> input =
        TypicalCameraInput(picture.rgb, 100, 100, Backdrops::BuiltIn(), Rng(6, "resembles", {i}));
    ASSERT_EQ(input.size(), 100u * 100 * 3);
    small += MeanDifference(picture, {100, 100, input});
    unlike += MeanDifference(Picture(i + 100, 100), {100, 100, input});
  }
  EXPECT_GT(small, 8);       // it is varied
  EXPECT_LT(small, unlike);  // and still nearer to its own picture than to others
}

TEST(Camera, OtherFitsGetASquareFrame) {
  Subject subject(Picture(1), Fit::kStretch);
  const Image frame = TakePicture(subject, {}, Fit::kStretch, Backdrops::BuiltIn(), Rng(1, "square"));
  EXPECT_EQ(frame.width, frame.height);
  const Image crop = Taken(Picture(1), {}, 1);
  EXPECT_EQ(crop.width, 480);
  EXPECT_EQ(crop.height, 640);
}

TEST(Backdrops, SaysWhatIsWrongWithAFolder) {
  const auto missing = Backdrops::FromFolder("/nowhere/at/all");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::kBadInput);
  const auto folder = std::filesystem::path(testing::TempDir()) / "handlens-backdrops";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  EXPECT_THAT(Backdrops::FromFolder(folder).error().message, testing::HasSubstr("no picture in it"));
  ASSERT_TRUE(WriteFileAtomic(folder / "a.png", "not a picture"));
  ASSERT_TRUE(WriteFileAtomic(folder / "b.png", EncodePng(Picture(1).rgb, 160, 160)));
  EXPECT_THAT(Backdrops::FromFolder(folder).error().message, testing::HasSubstr("a.png"));
  std::filesystem::remove(folder / "a.png");
  const auto own = Backdrops::FromFolder(folder);
  ASSERT_TRUE(own);
  EXPECT_TRUE(own->own());
  EXPECT_EQ(own->size(), 1u);
}

}  // namespace
}  // namespace handlens::image
