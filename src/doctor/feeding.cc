#include "doctor/feeding.h"

#include <algorithm>
#include <cmath>

#include "pixels/pixels.h"

namespace handlens::doctor {
namespace {

// ImageNet's mean and deviation as torchvision applies them to 0..1, here on bytes; Caffe's subtract the mean
// alone.
constexpr Normal kUnit = {{0, 0, 0}, {255, 255, 255}},
                 kSymmetric = {{127.5f, 127.5f, 127.5f}, {127.5f, 127.5f, 127.5f}},
                 kBytes = {{0, 0, 0}, {1, 1, 1}},
                 kImageNet = {{123.675f, 116.28f, 103.53f}, {58.395f, 57.12f, 57.375f}},
                 kCaffe = {{123.68f, 116.779f, 103.939f}, {1, 1, 1}};

constexpr int kPillowsQuality = 75;  // where Image.save is asked for nothing

bool Near(float a, float b) { return std::abs(a - b) <= 0.02f * std::max(1.0f, std::abs(b)); }

// The part of a picture that the fit takes, not yet resized; letterbox pads with black.
image::Image Fitted(const image::Image& picture, image::Fit fit) {
  if (fit == image::Fit::kStretch || picture.width == picture.height) return picture;
  const bool crop = fit == image::Fit::kCrop;
  const int side = crop ? std::min(picture.width, picture.height) : std::max(picture.width, picture.height);
  image::Image square{side, side,
                      std::vector<uint8_t>(static_cast<size_t>(side) * static_cast<size_t>(side) * 3, 0)};
  const int left = (picture.width - side) / 2, top = (picture.height - side) / 2;
  for (int y = 0; y < side; ++y) {
    const int from_y = y + top;
    if (from_y < 0 || from_y >= picture.height) continue;
    const int first = std::max(0, -left), last = std::min(side, picture.width - left);
    std::copy_n(
        picture.rgb.begin() + (static_cast<std::ptrdiff_t>(from_y) * picture.width + first + left) * 3,
        static_cast<std::ptrdiff_t>(last - first) * 3,
        square.rgb.begin() + (static_cast<std::ptrdiff_t>(y) * side + first) * 3);
  }
  return square;
}

// Four neighbours, centres at halves, edges repeated: what many apps and OpenCV's default do.
uint8_t Bilinear(const image::Image& p, double x, double y, size_t c) {
  const double cx = std::clamp(x, 0.0, p.width - 1.0), cy = std::clamp(y, 0.0, p.height - 1.0);
  const int left = static_cast<int>(cx), top = static_cast<int>(cy), right = std::min(left + 1, p.width - 1),
            below = std::min(top + 1, p.height - 1);
  const auto at = [&](int column, int row) {
    return static_cast<double>(
        p.rgb[(static_cast<size_t>(row) * static_cast<size_t>(p.width) + static_cast<size_t>(column)) * 3 +
              c]);
  };
  const double fx = cx - left, fy = cy - top;
  const double value = (at(left, top) * (1 - fx) + at(right, top) * fx) * (1 - fy) +
                       (at(left, below) * (1 - fx) + at(right, below) * fx) * fy;
  return static_cast<uint8_t>(value + 0.5);
}

// One value a place of the n x n grid, without regard to the pixels between.
std::vector<uint8_t> Sampled(const image::Image& fitted, int n, Resize resize) {
  std::vector<uint8_t> out;
  out.reserve(static_cast<size_t>(n) * static_cast<size_t>(n) * 3);
  const double scale_x = static_cast<double>(fitted.width) / n,
               scale_y = static_cast<double>(fitted.height) / n;
  for (int y = 0; y < n; ++y) {
    for (int x = 0; x < n; ++x) {
      const double centre_x = (x + 0.5) * scale_x, centre_y = (y + 0.5) * scale_y;
      const auto column = static_cast<size_t>(centre_x), row = static_cast<size_t>(centre_y);
      for (size_t c = 0; c < 3; ++c) {
        out.push_back(resize == Resize::kNearest
                          ? fitted.rgb[(row * static_cast<size_t>(fitted.width) + column) * 3 + c]
                          : Bilinear(fitted, centre_x - 0.5, centre_y - 0.5, c));
      }
    }
  }
  return out;
}

}  // namespace

// What the file says of its values: the metadata of float models, the steps of quantized ones. Where it says
// nothing, or nothing that makes sense, 0..1, as most do.
static void ReadScale(Patient& patient) {
  const auto fits = [](const std::vector<float>& v) { return v.size() == 1 || v.size() == 3; };
  const auto is_zero = [](float s) { return s == 0; };
  std::vector<float> mean = patient.info.norm_mean, std = patient.info.norm_std;
  const tflite::Quantization& q = patient.info.input_quantization;
  if (patient.info.input_type != tflite::Type::kFloat32 && !q.scales.empty() && q.scales[0] > 0) {
    const float shift = patient.info.input_type == tflite::Type::kInt8 ? 128 : 0;
    mean = {static_cast<float>(q.zero_points.empty() ? 0 : q.zero_points[0]) + shift};
    std = {1 / q.scales[0]};
  }
  if (!fits(mean) || !fits(std) || std::any_of(std.begin(), std.end(), is_zero)) return;
  patient.declared = ScaleOf(mean, std);
  if (patient.declared != Scale::kOwn) return;
  patient.own_mean = std::move(mean);
  patient.own_std = std::move(std);
}

Result<Patient> Admit(std::span<const uint8_t> model, std::string_view name) {
  auto info = tflite::ReadModelInfo(model);
  if (!info) return Fail(info.error().kind, "{}: {}", name, info.error().message);
  const std::vector<int>& in = info->input_shape;
  if (in.size() != 4 || in[0] != 1 || in[1] != in[2] || in[1] < 1 || in[1] > 4096 || in[3] != 3) {
    return Fail(ErrorKind::kBadInput, "{}: its input is not one square RGB picture of at most 4096 pixels",
                name);
  }
  const int outputs = info->output_shape.empty() ? 0 : info->output_shape.back();
  if (outputs < 2 || outputs > 10000)
    return Fail(ErrorKind::kBadInput, "{}: it has {} outputs; a classifier has one a class", name, outputs);
  Patient patient{model, *std::move(info), 0, outputs, Scale::kUnit, {}, {}};
  patient.size_px = patient.info.input_shape[1];
  ReadScale(patient);
  return patient;
}

Normal NormalOf(const Patient& patient, Scale scale) {
  switch (scale) {
    case Scale::kUnit: return kUnit;
    case Scale::kSymmetric: return kSymmetric;
    case Scale::kBytes: return kBytes;
    case Scale::kImageNet: return kImageNet;
    case Scale::kCaffe: return kCaffe;
    case Scale::kOwn: break;
  }
  Normal own{};
  for (size_t c = 0; c < 3; ++c) {
    own.mean[c] = patient.own_mean[patient.own_mean.size() == 3 ? c : 0];
    own.std[c] = patient.own_std[patient.own_std.size() == 3 ? c : 0];
  }
  return own;
}

bool Says(const std::vector<float>& mean, const std::vector<float>& std, const Normal& normal) {
  for (size_t c = 0; c < 3; ++c) {
    if (!Near(mean[mean.size() == 3 ? c : 0], normal.mean[c]) ||
        !Near(std[std.size() == 3 ? c : 0], normal.std[c]))
      return false;
  }
  return true;
}

Scale ScaleOf(const std::vector<float>& mean, const std::vector<float>& std) {
  const std::pair<Scale, Normal> known[] = {{Scale::kUnit, kUnit},
                                            {Scale::kSymmetric, kSymmetric},
                                            {Scale::kBytes, kBytes},
                                            {Scale::kImageNet, kImageNet},
                                            {Scale::kCaffe, kCaffe}};
  for (const auto& [scale, normal] : known) {
    if (Says(mean, std, normal)) return scale;
  }
  return Scale::kOwn;
}

image::Image AsStored(const image::Image& upright, int orientation) {
  // Each turns back itself, but for the two quarter turns, which turn back each other.
  const int back = orientation == 6 ? 8 : orientation == 8 ? 6 : orientation;
  const bool turned = back >= 5 && back <= 8;
  image::Image stored{turned ? upright.height : upright.width, turned ? upright.width : upright.height,
                      std::vector<uint8_t>(upright.rgb.size())};
  HL_CHECK(hl_orient(upright.rgb.data(), upright.width, upright.height, back, stored.rgb.data()) == HL_OK);
  return stored;
}

std::vector<uint8_t> Pixels(const image::Image& picture, int n, const Feed& feed) {
  std::vector<uint8_t> pixels = feed.resize == Resize::kAveraged
                                    ? image::ModelInput(picture, n, feed.fit)
                                    : Sampled(Fitted(picture, feed.fit), n, feed.resize);
  if (feed.saved == Saved::kNot) return pixels;
  auto again = image::Decode(image::EncodeJpeg(pixels, n, n, kPillowsQuality));
  HL_CHECK(again.has_value());
  return std::move(again->image.rgb);
}

Result<std::vector<float>> Ask(tflite::Judge& judge, const Patient& patient, std::span<const uint8_t> pixels,
                               const Feed& feed) {
  const Normal normal = NormalOf(patient, feed.scale);
  const bool swapped = feed.channels == Channels::kBgr;
  const auto value = [&](size_t i) {
    const size_t c = i % 3;
    const float v = (static_cast<float>(pixels[i]) - normal.mean[c]) / normal.std[c];
    return std::pair{swapped ? i - c + 2 - c : i, v};
  };
  if (patient.info.input_type != tflite::Type::kFloat32 && feed.scale == patient.declared && !swapped)
    return judge.Classify(pixels);
  if (patient.info.input_type == tflite::Type::kFloat32) {
    std::vector<float> values(pixels.size());
    for (size_t i = 0; i < pixels.size(); ++i) {
      const auto [place, v] = value(i);
      values[place] = v;
    }
    return judge.ClassifyValues(values);
  }
  // What stands for the value in the input's own steps; the runtime's front takes bytes, from which int8 is
  // 128 away.
  const tflite::Quantization& q = patient.info.input_quantization;
  const float step = q.scales.empty() || q.scales[0] <= 0 ? 1.0f / 255 : q.scales[0];
  const float zero = q.zero_points.empty() ? 0 : static_cast<float>(q.zero_points[0]);
  const float shift = patient.info.input_type == tflite::Type::kInt8 ? 128 : 0;
  std::vector<uint8_t> bytes(pixels.size());
  for (size_t i = 0; i < pixels.size(); ++i) {
    const auto [place, v] = value(i);
    bytes[place] = static_cast<uint8_t>(std::clamp(std::round(v / step + zero + shift), 0.0f, 255.0f));
  }
  return judge.Classify(bytes);
}

}  // namespace handlens::doctor
