#include "verify/camera_view.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "pixels/pixels.h"

namespace handlens::verify {
namespace {

// One condition at a time is made worse; place and background are tried on a subject that leaves room for them.
constexpr std::array<CameraView, 9> kViews = {{
    {"fills", "centre", "plain", "usual", 480},
    {"half", "centre", "plain", "usual", 480},
    {"quarter", "centre", "plain", "usual", 480},
    {"half", "edge", "plain", "usual", 480},
    {"half", "centre", "busy", "usual", 480},
    {"fills", "centre", "plain", "dim", 480},
    {"fills", "centre", "plain", "bright", 480},
    {"fills", "centre", "plain", "warm", 480},
    {"fills", "centre", "plain", "usual", 240},
}};
constexpr int kBlockPx = 24;      // of a busy background
constexpr double kFilled = 0.95;  // nobody fills the square to the last pixel

struct Light {
  float red, green, blue;
  float noise;  // standard deviation in levels
};

Light LightOf(std::string_view name) {
  if (name == "dim") return {0.4f, 0.4f, 0.4f, 8};
  if (name == "bright") return {1.5f, 1.5f, 1.5f, 2};
  if (name == "warm") return {1.15f, 1.0f, 0.75f, 2};
  return {1, 1, 1, 2};
}

int SubjectPx(const CameraView& view) {
  const double area = view.distance == "fills" ? kFilled : view.distance == "half" ? 0.5 : 0.25;
  return static_cast<int>(std::sqrt(area) * view.square_px);
}

using Colour = std::array<uint8_t, 3>;

Colour RandomColour(Rng& rng) {
  Colour colour;
  for (uint8_t& channel : colour) channel = static_cast<uint8_t>(20 + rng.Below(216));
  return colour;
}

void Paint(image::Image& frame, const CameraView& view, Rng& rng) {
  const int block = view.background == "busy" ? kBlockPx * view.square_px / 480 : frame.height;
  const int across = (frame.width + block - 1) / block, down = (frame.height + block - 1) / block;
  std::vector<Colour> colours(static_cast<size_t>(across) * static_cast<size_t>(down));
  for (Colour& colour : colours) colour = RandomColour(rng);
  for (int y = 0; y < frame.height; ++y) {
    for (int x = 0; x < frame.width; ++x) {
      const Colour& colour = colours[static_cast<size_t>(y / block * across + x / block)];
      std::copy(colour.begin(), colour.end(), frame.rgb.begin() + (static_cast<std::ptrdiff_t>(y) * frame.width + x) * 3);
    }
  }
}

struct Corner {
  int x = 0, y = 0;
};

// Of the subject in the square. In the centre: anywhere within a fiftieth of the side, as a hand would.
Corner Place(const CameraView& view, int free_px, Rng& rng) {
  const auto draw = [&](int span) { return static_cast<int>(rng.Below(static_cast<uint32_t>(2 * span + 1))) - span; };
  const int reach = std::min(free_px / 2, view.square_px / 50);
  Corner at{free_px / 2 + draw(reach), free_px / 2 + draw(reach)};
  if (view.place != "edge") return at;
  const uint32_t side = rng.Below(4);
  (side % 2 == 0 ? at.x : at.y) = side < 2 ? 0 : free_px;
  return at;
}

void Shine(image::Image& frame, const Light& light, Rng& rng) {
  const float gains[3] = {light.red, light.green, light.blue};
  // The sum of two uniforms on [-1/2, 1/2] has variance 1/6; ten bits each.
  const float unit = light.noise * 2.4494897f / 1024;
  for (size_t i = 0; i < frame.rgb.size(); i += 3) {
    const uint64_t bits = rng.Next();
    for (size_t c = 0; c < 3; ++c) {
      const auto first = static_cast<int>(bits >> (20 * c) & 1023), second = static_cast<int>(bits >> (20 * c + 10) & 1023);
      const float value = static_cast<float>(frame.rgb[i + c]) * gains[c] + unit * static_cast<float>(first - second);
      frame.rgb[i + c] = static_cast<uint8_t>(std::clamp(value, 0.0f, 255.0f) + 0.5f);
    }
  }
}

std::vector<uint8_t> Turned(const std::vector<uint8_t>& rgb, int width, int height, int degrees) {
  std::vector<uint8_t> out(rgb.size());
  HL_CHECK(hl_rotate(rgb.data(), width, height, degrees, out.data()) == HL_OK);
  return out;
}

// A YUV 4:2:0 frame with memory of its own: rows padded by 16 bytes, chroma two bytes apart.
struct Frame {
  std::vector<uint8_t> y, u, v;
  int y_row_stride = 0, uv_row_stride = 0;
};

uint8_t Level(int fixed) { return static_cast<uint8_t>(std::clamp((fixed + 32768) >> 16, 0, 255)); }

// BT.601 full range (JFIF), the inverse of section 5 of the pixel contract; chroma is the mean of four pixels.
Frame Encode(const std::vector<uint8_t>& rgb, int width, int height) {
  Frame frame;
  frame.y_row_stride = frame.uv_row_stride = width + 16;
  const auto luma = static_cast<size_t>(frame.y_row_stride) * static_cast<size_t>(height);
  frame.y.resize(luma);
  frame.u.resize(luma / 2);
  frame.v.resize(luma / 2);
  const auto at = [&](int x, int y, int c) -> int { return rgb[(static_cast<size_t>(y) * static_cast<size_t>(width) + static_cast<size_t>(x)) * 3 + static_cast<size_t>(c)]; };
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      frame.y[static_cast<size_t>(y * frame.y_row_stride + x)] = Level(19595 * at(x, y, 0) + 38470 * at(x, y, 1) + 7471 * at(x, y, 2));
    }
  }
  for (int y = 0; y + 1 < height; y += 2) {
    for (int x = 0; x + 1 < width; x += 2) {
      int mean[3];
      for (int c = 0; c < 3; ++c) mean[c] = (at(x, y, c) + at(x + 1, y, c) + at(x, y + 1, c) + at(x + 1, y + 1, c) + 2) / 4;
      const auto place = static_cast<size_t>(y / 2 * frame.uv_row_stride + x);
      frame.u[place] = Level((128 << 16) - 11059 * mean[0] - 21709 * mean[1] + 32768 * mean[2]);
      frame.v[place] = Level((128 << 16) + 32768 * mean[0] - 27439 * mean[1] - 5329 * mean[2]);
    }
  }
  return frame;
}

}  // namespace

std::span<const CameraView> CameraViews() { return kViews; }

image::Image RenderFrame(const image::Image& picture, const CameraView& view, image::Fit fit, Rng rng) {
  image::Image frame;
  frame.width = view.square_px;
  frame.height = fit == image::Fit::kCrop ? view.square_px / 3 * 4 : view.square_px;
  frame.rgb.resize(static_cast<size_t>(frame.width) * static_cast<size_t>(frame.height) * 3);
  Paint(frame, view, rng);
  const int subject_px = SubjectPx(view);
  const std::vector<uint8_t> subject = image::ModelInput(picture, subject_px, fit);
  Corner at = Place(view, view.square_px - subject_px, rng);
  at.y += (frame.height - view.square_px) / 2;
  const auto row_bytes = static_cast<std::ptrdiff_t>(subject_px) * 3;
  for (int y = 0; y < subject_px; ++y) {
    std::copy_n(subject.begin() + y * row_bytes, row_bytes,
                frame.rgb.begin() + (static_cast<std::ptrdiff_t>(at.y + y) * frame.width + at.x) * 3);
  }
  Shine(frame, LightOf(view.light), rng);
  return frame;
}

image::Image ThroughCamera(const image::Image& upright) {
  // A sensor that must be turned by 90 degrees delivers the frame lying on its side.
  const int width = upright.height, height = upright.width;
  const Frame coded = Encode(Turned(upright.rgb, upright.width, upright.height, 270), width, height);
  const hl_yuv_frame frame = {coded.y.data(), coded.u.data(), coded.v.data(), coded.y_row_stride, 1,
                              coded.uv_row_stride, 2, width, height};
  std::vector<uint8_t> rgb(upright.rgb.size());
  HL_CHECK(hl_yuv_to_rgb(&frame, rgb.data()) == HL_OK);
  return {upright.width, upright.height, Turned(rgb, width, height, 90)};
}

}  // namespace handlens::verify
