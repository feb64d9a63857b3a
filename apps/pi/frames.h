// Pictures that come one after the other: a camera, or what stands in for one.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "image/image.h"
#include "pixels/pixels.h"

namespace handlens::device {

// The next picture, upright; nullopt at the end. Cameras give the newest and drop those that nobody asked for
// in time.
using Frames = std::function<Result<std::optional<image::Image>>()>;

// By what `source` is: "-" = JPEG pictures one after the other on standard input (MJPEG), likewise a file
// *.mjpeg; *.y4m = a video as YUV4MPEG2; a folder = its pictures by name; else a camera of Video4Linux. Files
// begin again at their end with `repeat`. Kind kBadInput, with what can be done, when it cannot be opened.
Result<Frames> OpenFrames(const std::string& source, bool repeat);

// Whether the user wants the program to end; what waits for frames looks at it.
bool StopRequested();
void StopOnSignals();

// A frame in YUV as RGB by the pixel contract. The contract's YUV is BT.601 in full range; `limited` frames
// (16..235, 16..240) are brought to it first, in place: `bytes` are all of the frame's.
Result<image::Image> FromYuv(const hl_yuv_frame& frame);
void ToFullRange(uint8_t* luma, size_t count, size_t step);
void ChromaToFullRange(uint8_t* chroma, size_t count, size_t step);

// The sources, each in a file of its own.
Result<Frames> OpenMjpeg(const std::string& source);
Result<Frames> OpenY4m(const std::string& path);
Result<Frames> OpenFolder(const std::string& path);
Result<Frames> OpenCamera(const std::string& path);

}  // namespace handlens::device
