// A camera simulator as an instrument: what a phone's camera would see of a picture that is held before it,
// with every fault a number of its own. `verify` measures with it how much of a model's accuracy survives the
// camera. The training generator `camera` (augment.h) is another simulator with other seeds, backgrounds,
// noise and optics, so that no model is tested by what it practised.
//
// The order is that of the light: the picture (on a screen: with moire) before a background, reflections, the
// lens (perspective, distortion, blur, vignetting), the sensor (exposure, colour of the light, noise), the
// tone curve, JPEG. All up to the tone curve is computed in linear light (IEC 61966-2-1). Lengths in pixels
// are those of a box of 480 pixels, the square in the middle of a 480 x 640 frame that the model gets; they
// scale with the box. What does not live here: depth (a subject is flat), rolling shutter, demosaicing, the
// phone's own sharpening and denoising.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/rng.h"
#include "image/image.h"

namespace handlens::image {

inline constexpr int kBoxPx = 480;  // side of the square in the middle of the frame, before axis "resolution"

// One photograph's settings. The default is a camera without a fault: box filled but for a margin, straight,
// evenly lit.
struct CameraShot {
  double fill = 0.95;  // side of the subject / side of the box
  double place_x = 0,
         place_y = 0;  // of the subject's centre from the box's, in sides of the box; x to the right, y down
  double pitch_deg = 0,
         yaw_deg = 0;        // the subject turned about the horizontal and the vertical axis, at most 60 each
  double rotation_deg = 0;   // in the picture's plane, clockwise as seen
  double background = 0;     // 0..5: plain grey, plain colour, textures of rising contrast, clutter
  double warmth_mired = 0;   // colour of the light against what the white balance thinks; above 0 is warmer
  double exposure_ev = 0;    // stops; above 0 is brighter, clipped at white
  double gamma = 1;          // of the tone curve, on top of sRGB's; above 1 is darker
  double vignetting_ev = 0;  // stops lost in the frame's corner by the law cos^4
  double noise = 0;  // standard deviation of the shot noise at white, of white = 1 / sqrt(electrons at white)
  double read_noise = 0;                 // standard deviation, of white
  double defocus_px = 0;                 // diameter of the circle of confusion
  double motion_px = 0, motion_deg = 0;  // length of the smear, and its direction
  double distortion = 0;                 // radial, of the half diagonal: above 0 barrel, below 0 pincushion
  double moire = 0;                      // contrast of a screen's bands on the subject
  double moire_angle_deg = 0, moire_period_px = 30;
  double glare = 0;                 // light of a reflection's middle, in units of white
  double glare_x = 0, glare_y = 0;  // its middle, in half boxes from the centre
  int jpeg_quality = 0;             // 1..100; 0 = never compressed
  int box_px = kBoxPx;              // 16..1024, even: side of the box in the delivered frame
};

// One fault with its scale. Severity 0 is none; between whole severities values are interpolated.
struct CameraAxis {
  std::string_view name, unit;   // "tilt", "degrees"
  std::string_view what;         // "the subject tilted against the camera"
  std::array<double, 6> values;  // at severities 0..5, in `unit`
  double typical = 0, hard = 0;  // the highest severity that a typical and a hard shot draw
  std::string_view source;       // of the range
};

// All axes, in a fixed order: distance, close, place, tilt, rotation, background, white-balance, exposure,
// gamma, vignetting, noise, defocus, motion, distortion, moire, glare, jpeg, resolution.
std::span<const CameraAxis> CameraAxes();

// The value of an axis at a severity 0..5, in its unit.
double AxisValue(const CameraAxis& axis, double severity);

// A shot with one fault, by the index of its axis, and chance's part (which way, where) from `rng`: the same
// key has the same luck at every severity. `place` and `background` are tried on a subject that leaves room
// for them (fill 0.7).
CameraShot ShotOnAxis(size_t axis, double severity, Rng rng);

// What users are asked for in the app ("fill the square, hold still, mind the light") and what they will do
// at times. Every fault at once, each at a severity drawn evenly from 0 to the axis's `typical` or `hard`.
enum class Care { kTypical, kHard };
CameraShot DrawShot(Care care, Rng rng);

// What lies behind a subject. Immutable once made, so threads may share one.
class Backdrops {
 public:
  // Twelve textures (plaster, cloth, wood, stone, tiles, gravel, heaps of things), the same on every machine.
  // The first call takes some tens of milliseconds. Thread-safe.
  static const Backdrops& BuiltIn();
  // The user's own, in their place: the pictures of a folder and its subfolders, at most `kMostPictures` of
  // them spread evenly over the sorted names. Kind kBadInput: no such folder, no picture in it, a picture
  // that cannot be read (all of them named).
  static Result<Backdrops> FromFolder(const std::filesystem::path& folder);
  static constexpr size_t kMostPictures = 24;

  size_t size() const { return pictures_.size(); }
  size_t found() const { return found_; }  // pictures in the folder
  // Of the pixels, 16 hexadecimal digits; empty for the built-in ones, which never change.
  const std::string& id() const { return id_; }
  bool own() const { return found_ > 0; }
  struct Picture;  // camera_parts.h
  const Picture& at(size_t i) const { return *pictures_[i]; }

 private:
  std::vector<std::shared_ptr<const Picture>> pictures_;
  size_t found_ = 0;
  std::string id_;
};

// A picture ready to be held before the camera: what the model's fit would take of it, as a square in linear
// light, at the sizes that were needed so far. Not thread-safe; cheap to make, the sizes are made when a shot
// asks for them.
class Subject {
 public:
  Subject(const Image& picture, Fit fit);
  ~Subject();
  Subject(Subject&&) noexcept;
  struct Plane;                       // camera_parts.h
  const Plane& Near(double side_px);  // the size nearest to a side in the frame

 private:
  Image square_;
  std::vector<std::unique_ptr<Plane>> sizes_;
};

// The upright frame, shot.box_px wide and, where the fit is crop, a third higher (480 x 640, the paper's Fig.
// 5); models of another fit take the whole frame, so theirs is square. The same arguments and rng key give
// the same bytes on every machine.
Image TakePicture(Subject& subject, const CameraShot& shot, Fit fit, const Backdrops& backdrops, Rng rng);

// The frame as phones deliver it: lying on its side, as a sensor that must be turned clockwise by 90 degrees,
// in YUV 4:2:0 with padded rows. Sides of `upright` are even. BT.601 full range (JFIF), chroma the mean of
// four pixels.
struct CameraFrame {
  std::vector<uint8_t> y, u, v;
  int y_row_stride = 0, uv_row_stride = 0, uv_pixel_stride = 2;
  int width = 0, height = 0;
};
CameraFrame Deliver(const Image& upright);
// What an app makes of it by `pixels`: upright RGB again.
Image Receive(const CameraFrame& frame);

// One typical photograph of a picture of side x side x 3 bytes, as a model of n x n pixels would get it: for
// judging candidates on validation pictures as the camera will show them. The frame is as small as the
// model's picture allows, so it costs about a generator's variation; through YUV, fit and resize. `rng`
// chooses the shot. Thread-safe.
std::vector<uint8_t> TypicalCameraInput(std::span<const uint8_t> rgb, int side, int n,
                                        const Backdrops& backdrops, Rng rng);

}  // namespace handlens::image
