// The simulator's parts: planes of linear light, geometry, kernels of blur. Not for other rooms.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "image/camera/camera.h"
#include "image/warp.h"

namespace handlens::image {

// Linear light 0..1 of each of the 256 levels (IEC 61966-2-1).
const std::array<float, 256>& LinearLevels();

// A square of linear light, (n + 1, n + 1) pixels; the last row and column repeat the edge, so that a
// bilinear read needs no test.
struct Subject::Plane {
  int n = 0;
  std::vector<Float4> pixels;
};

// A square repeated in a mirror; `side` is a power of two. `mean` is of all pixels.
struct Backdrops::Picture {
  int side = 0;
  std::vector<Float4> pixels;  // (side, side)
  Float4 mean = {};
};

// What a frame's pixels show: positions of subject and background, as functions of the frame's pixel.
struct Geometry {
  int width = 0, height = 0;  // of the delivered frame
  double box_px = 0;
  double distortion = 0;       // of the half diagonal
  Homography to_subject = {};  // from half boxes about the frame's centre to half sides of the subject
};
Geometry GeometryOf(const CameraShot& shot, Fit fit);

// Light of frame pixels, rows of `stride`; the frame's first pixel is at (margin, margin). Pixels of the
// margin show the scene, too.
struct Light {
  int width = 0, height = 0, margin = 0;  // width and height of the frame
  size_t stride = 0;
  std::vector<Float4> pixels;

  void Reset(int frame_width, int frame_height, int frame_margin);
  Float4* Row(int y) {
    return pixels.data() + static_cast<size_t>(y + margin) * stride + static_cast<size_t>(margin);
  }
  const Float4* Row(int y) const {
    return pixels.data() + static_cast<size_t>(y + margin) * stride + static_cast<size_t>(margin);
  }
};

// A background drawn for one frame: which picture, how large, turned and coloured.
struct Background {
  const Backdrops::Picture* picture = nullptr;  // nullptr = plain
  float contrast = 0;
  Float4 tint = {};
  double zoom = 1, cosine = 1, sine = 0, offset_x = 0,
         offset_y = 0;  // picture = turn * frame / zoom + offset
};
Background DrawBackground(const CameraShot& shot, const Backdrops& backdrops, Rng& rng);

// Bands of a screen: three cosines, one a channel, of one direction.
struct Bands {
  float contrast = 0, step_x = 0, step_y = 0;  // turns a pixel
};

// Fills `light`, margin and all.
void RenderScene(const Subject::Plane& subject, const Geometry& geometry, const Background& background,
                 const Bands& bands, Light& light);

// A kernel of blur as its taps; weights sum to 1. Offsets in pixels.
struct Tap {
  int dx, dy;
  float weight;
};
// A disc of uniform weight, each pixel by the share of it that is inside (8 x 8 points); a single tap below a
// quarter pixel.
std::vector<Tap> DiscKernel(double diameter_px);
// A line of uniform weight about the origin, its points (8 a pixel) shared out bilinearly.
std::vector<Tap> LineKernel(double length_px, double angle_deg);
int Reach(std::span<const Tap> taps);  // the largest |dx| or |dy|

// out = in convolved, on the frame and `out.margin` pixels around it; in.margin is at least out.margin +
// Reach(taps).
void Convolve(const Light& in, std::span<const Tap> taps, Light& out);

}  // namespace handlens::image
