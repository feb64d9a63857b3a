// Taking a picture: the scene through the lens onto the sensor, and from there to levels.
#include <algorithm>
#include <cmath>

#include "image/camera/camera_parts.h"
#include "image/exact_math.h"
#include "pixels/pixels.h"

namespace handlens::image {
namespace {

constexpr int kLargestPx = 640;        // of a subject: 1.3 boxes are 624
constexpr size_t kLightSteps = 16384;  // of the table from light to levels: 0.2 levels a step in the dark
constexpr size_t kToneSteps = 4096;
constexpr double kGlareHalfBoxes = 0.45;  // where a reflection has a quarter of its middle's light

double PowerOf(double base, double exponent) { return base <= 0 ? 0 : Exp(exponent * Log(base)); }

// sRGB's curve in 0..kToneSteps - 1, of light 0..1 in kLightSteps.
const std::vector<uint16_t>& EncodedLight() {
  static const std::vector<uint16_t> table = [] {
    std::vector<uint16_t> values(kLightSteps);
    for (size_t i = 0; i < kLightSteps; ++i) {
      const double light = static_cast<double>(i) / (kLightSteps - 1);
      const double level = light <= 0.0031308 ? 12.92 * light : 1.055 * PowerOf(light, 1 / 2.4) - 0.055;
      values[i] = static_cast<uint16_t>(level * (kToneSteps - 1) + 0.5);
    }
    return values;
  }();
  return table;
}

// Numbers with mean 0 and variance 1, for looking up: a draw of a normal variable is one of them.
const std::vector<float>& NormalDraws() {
  static const std::vector<float> table = [] {
    Rng rng(21, "camera-noise");
    std::vector<float> values(2048);
    double sum = 0, squares = 0;
    for (float& value : values) sum += static_cast<double>(value = rng.Normal());
    const auto mean = static_cast<float>(sum / static_cast<double>(values.size()));
    for (float& value : values) squares += static_cast<double>((value - mean) * (value - mean));
    const auto deviation = static_cast<float>(std::sqrt(squares / static_cast<double>(values.size())));
    for (float& value : values) value = (value - mean) / deviation;
    return values;
  }();
  return table;
}

// Wien's law: how much a light source of another colour temperature changes red and blue against green. The
// channels' middles are at 610, 545 and 465 nm; c2 = 0.014388 m K.
Float4 ColourOfLight(double warmth_mired) {
  constexpr double kC2 = 1.4388e-2, kRed = 610e-9, kGreen = 545e-9, kBlue = 465e-9;
  const auto gain = [&](double wavelength) {
    return static_cast<float>(Exp(-kC2 * 1e-6 * warmth_mired * (1 / wavelength - 1 / kGreen)));
  };
  return Float4{gain(kRed), 1, gain(kBlue), 0};
}

std::vector<uint8_t> ToneTable(double gamma) {
  std::vector<uint8_t> tone(kToneSteps);
  for (size_t i = 0; i < kToneSteps; ++i) {
    const double level = static_cast<double>(i) / (kToneSteps - 1);
    tone[i] = static_cast<uint8_t>(255 * (gamma == 1 ? level : PowerOf(level, gamma)) + 0.5);
  }
  const std::vector<uint16_t>& encoded = EncodedLight();
  std::vector<uint8_t> levels(kLightSteps);
  for (size_t i = 0; i < kLightSteps; ++i) levels[i] = tone[encoded[i]];
  return levels;
}

// Light that falls on a frame's pixel beside the scene's, and the share of it that arrives: constants of a
// shot.
struct Exposure {
  Float4 gain = {};
  float corner = 0, per_pixel_squared = 0;  // vignetting: 1 / (1 + corner * r^2)^2, r = 1 in the corner
  float glare = 0, glare_x = 0, glare_y = 0, glare_per_pixel = 0;
  float shot_variance = 0, read_variance = 0;

  Exposure(const CameraShot& shot, const Light& light) {
    const auto ev = static_cast<float>(PowerOf(2, shot.exposure_ev));
    gain = ColourOfLight(shot.warmth_mired) * Float4{ev, ev, ev, 0};
    corner = static_cast<float>(PowerOf(2, shot.vignetting_ev / 2) - 1);
    per_pixel_squared = 4.0f / static_cast<float>(light.width * light.width + light.height * light.height);
    glare = static_cast<float>(shot.glare);
    glare_x = static_cast<float>(light.width) / 2 - 0.5f + static_cast<float>(shot.glare_x * shot.box_px / 2);
    glare_y =
        static_cast<float>(light.height) / 2 - 0.5f + static_cast<float>(shot.glare_y * shot.box_px / 2);
    glare_per_pixel = static_cast<float>(2 / (kGlareHalfBoxes * shot.box_px));
    // A pixel of a frame with fewer of them gathers the light of several.
    const double binning = shot.box_px / static_cast<double>(kBoxPx);
    shot_variance = static_cast<float>(shot.noise * shot.noise * binning * binning);
    read_variance = static_cast<float>(shot.read_noise * shot.read_noise * binning * binning);
  }

  bool noisy() const { return shot_variance > 0 || read_variance > 0; }
};

void ExposeRow(const Exposure& e, const Light& light, int y, Float4* out) {
  const float dy = static_cast<float>(y) - (static_cast<float>(light.height) / 2 - 0.5f);
  const float half = static_cast<float>(light.width) / 2 - 0.5f,
              gy = (static_cast<float>(y) - e.glare_y) * e.glare_per_pixel;
  const Float4* const row = light.Row(y);
  for (int x = 0; x < light.width; ++x) {
    const float dx = static_cast<float>(x) - half;
    const float fall = 1 + e.corner * (dx * dx + dy * dy) * e.per_pixel_squared;
    Float4 arriving = row[x];
    if (e.glare > 0) {
      const float gx = (static_cast<float>(x) - e.glare_x) * e.glare_per_pixel;
      const float spread = 1 + gx * gx + gy * gy;
      const float extra = e.glare / (spread * spread);
      arriving += Float4{extra, extra, extra, 0};
    }
    const float share = 1 / (fall * fall);
    out[x] = arriving * (e.gain * Float4{share, share, share, 0});
  }
}

void AddNoise(const Exposure& e, int width, Rng& rng, Float4* row) {
  const std::vector<float>& draws = NormalDraws();
  for (int x = 0; x < width; ++x) {
    const uint64_t bits = rng.Next();
    for (int c = 0; c < 3; ++c) {
      const float deviation = std::sqrt(e.shot_variance * std::max(row[x][c], 0.0f) + e.read_variance);
      row[x][c] += deviation * draws[bits >> (11 * c) & 2047];
    }
  }
}

Image Expose(const CameraShot& shot, const Light& light, Rng rng) {
  const Exposure exposure(shot, light);
  const std::vector<uint8_t> levels = ToneTable(shot.gamma);
  Image image{light.width, light.height,
              std::vector<uint8_t>(static_cast<size_t>(light.width) * static_cast<size_t>(light.height) * 3)};
  std::vector<Float4> row(static_cast<size_t>(light.width));
  uint8_t* out = image.rgb.data();
  constexpr float kSteps = kLightSteps - 1;
  for (int y = 0; y < light.height; ++y) {
    ExposeRow(exposure, light, y, row.data());
    if (exposure.noisy()) AddNoise(exposure, light.width, rng, row.data());
    for (const Float4& pixel : row) {
      for (int c = 0; c < 3; ++c)
        *out++ = levels[static_cast<size_t>(std::clamp(pixel[c] * kSteps + 0.5f, 0.0f, kSteps))];
    }
  }
  return image;
}

// Memory that one thread reuses from frame to frame; its content never outlives a call.
struct ShotWorkspace {
  Light scene, blurred, exposed;
};

const Light& ThroughLens(const CameraShot& shot, ShotWorkspace& work, const auto& render) {
  const double scale = shot.box_px / static_cast<double>(kBoxPx);
  const std::vector<Tap> disc = DiscKernel(shot.defocus_px * scale),
                         line = LineKernel(shot.motion_px * scale, shot.motion_deg);
  const int disc_reach = Reach(disc), line_reach = Reach(line);
  render(disc_reach + line_reach, work.scene);
  const Light* light = &work.scene;
  if (disc.size() > 1) {
    work.blurred.Reset(light->width, light->height, line_reach);
    Convolve(*light, disc, work.blurred);
    light = &work.blurred;
  }
  if (line.size() > 1) {
    work.exposed.Reset(light->width, light->height, 0);
    Convolve(*light, line, work.exposed);
    light = &work.exposed;
  }
  return *light;
}

}  // namespace

const std::array<float, 256>& LinearLevels() {
  static const std::array<float, 256> levels = [] {
    std::array<float, 256> values{};
    for (size_t i = 0; i < 256; ++i) {
      const double level = static_cast<double>(i) / 255;
      values[i] =
          static_cast<float>(level <= 0.04045 ? level / 12.92 : PowerOf((level + 0.055) / 1.055, 2.4));
    }
    return values;
  }();
  return levels;
}

Subject::Subject(const Image& picture, Fit fit) {
  const int own =
      fit == Fit::kCrop ? std::min(picture.width, picture.height) : std::max(picture.width, picture.height);
  const int side = std::min(own, kLargestPx);
  square_ = {side, side, ModelInput(picture, side, fit)};
}
Subject::~Subject() = default;
Subject::Subject(Subject&&) noexcept = default;

const Subject::Plane& Subject::Near(double side_px) {
  // Sizes a factor sqrt(2) apart, so that a read is never more than 2^(1/4) off its pixels' size.
  double wanted = kLargestPx;
  while (wanted / 1.189207115002721 > side_px && wanted > 16) wanted /= 1.4142135623730951;
  const int n = std::min(square_.width, static_cast<int>(wanted + 0.5));
  for (const auto& plane : sizes_) {
    if (plane->n == n) return *plane;
  }
  auto plane = std::make_unique<Plane>();
  plane->n = n;
  const std::vector<uint8_t> rgb = n == square_.width ? square_.rgb : ModelInput(square_, n, Fit::kCrop);
  const auto side = static_cast<size_t>(n);
  const auto& levels = LinearLevels();
  plane->pixels.resize((side + 1) * (side + 1));
  for (size_t y = 0; y <= side; ++y) {
    for (size_t x = 0; x <= side; ++x) {
      const uint8_t* const p = rgb.data() + (std::min(y, side - 1) * side + std::min(x, side - 1)) * 3;
      plane->pixels[y * (side + 1) + x] = Float4{levels[p[0]], levels[p[1]], levels[p[2]], 0};
    }
  }
  sizes_.push_back(std::move(plane));
  return *sizes_.back();
}

Image TakePicture(Subject& subject, const CameraShot& shot, Fit fit, const Backdrops& backdrops, Rng rng) {
  HL_CHECK(shot.box_px >= 16 && shot.box_px <= 1024 && shot.box_px % 2 == 0 && shot.fill > 0);
  thread_local ShotWorkspace work;
  const Geometry geometry = GeometryOf(shot, fit);
  const Background background = DrawBackground(shot, backdrops, rng);
  Bands bands{static_cast<float>(shot.moire), 0, 0};
  const double period = shot.moire_period_px * shot.box_px / static_cast<double>(kBoxPx);
  bands.step_x = static_cast<float>(CosDeg(shot.moire_angle_deg) / period);
  bands.step_y = static_cast<float>(SinDeg(shot.moire_angle_deg) / period);
  const Subject::Plane& plane = subject.Near(shot.fill * shot.box_px);
  const Light& light = ThroughLens(shot, work, [&](int margin, Light& scene) {
    scene.Reset(geometry.width, geometry.height, margin);
    RenderScene(plane, geometry, background, bands, scene);
  });
  Image image = Expose(shot, light, Rng(rng.Next(), "sensor"));
  if (shot.jpeg_quality <= 0) return image;
  auto decoded = Decode(EncodeJpeg(image.rgb, image.width, image.height, shot.jpeg_quality));
  HL_CHECK(decoded.has_value());
  return std::move(decoded->image);
}

std::vector<uint8_t> TypicalCameraInput(std::span<const uint8_t> rgb, int side, int n,
                                        const Backdrops& backdrops, Rng rng) {
  HL_CHECK(rgb.size() == static_cast<size_t>(side) * static_cast<size_t>(side) * 3 && n >= 1);
  CameraShot shot = DrawShot(Care::kTypical, Rng(rng.Next(), "shot"));
  // A model cannot see what is lost by a frame of little more than its own pixels; blocks and chroma of such
  // a frame would be larger than a real one's, so neither is made.
  shot.box_px = std::clamp((n * 5 / 4 + 1) / 2 * 2, 64, kBoxPx);
  shot.jpeg_quality = 0;
  Subject subject(Image{side, side, {rgb.begin(), rgb.end()}}, Fit::kCrop);
  return ModelInput(TakePicture(subject, shot, Fit::kStretch, backdrops, rng), n, Fit::kCrop);
}

}  // namespace handlens::image
