// Simulated camera frames: a picture held before a camera under one of a few written-down conditions, and the frame's way
// through the app's own arithmetic (YUV, rotation). Pure and seeded. Another simulator than the generator that may have
// trained the model, so that a model is not judged by what it practised. It knows no perspective, blur by motion,
// reflections, moire or compression: docs/verdict.md says so.
#pragma once

#include <span>
#include <string_view>

#include "base/rng.h"
#include "image/image.h"

namespace handlens::verify {

// Words as in the apps' field test (docs/formats-app.md), and two more: light and frame.
struct CameraView {
  std::string_view distance;    // "fills", "half", "quarter": the share of the square's area that the subject takes
  std::string_view place;       // "centre", "edge": touching a side of the square
  std::string_view background;  // "plain": one random colour; "busy": random coloured blocks
  std::string_view light;       // "usual", "dim" (with noise), "bright" (clipped), "warm"
  int square_px = 480;          // side of the square in the middle of the frame
};

// The first is the one that users are asked for: what the camera route's accuracy is about.
std::span<const CameraView> CameraViews();

// The upright frame: square_px wide and, where the fit is crop, a third higher (the paper's 480 x 640, its Fig. 5).
// Models of another fit take the whole frame; theirs is square. The same rng key gives the same bytes everywhere.
image::Image RenderFrame(const image::Image& picture, const CameraView& view, image::Fit fit, Rng rng);

// What the app makes of the frame: delivered as a sensor turned by 90 degrees does, in YUV 4:2:0 with padded strides,
// brought back to upright RGB by `pixels`. Sides even.
image::Image ThroughCamera(const image::Image& upright);

}  // namespace handlens::verify
