// Claims about cameras of Video4Linux, with a driver made of ioctl and poll: what this file defines, the
// program calls.
#include <gtest/gtest.h>
#include <linux/videodev2.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <deque>
#include <filesystem>
#include <vector>

#include "frames.h"

namespace {

constexpr size_t kBufferBytes = 1 << 16;

struct Driver {
  std::vector<uint32_t> formats = {V4L2_PIX_FMT_YUYV, V4L2_PIX_FMT_MJPEG};
  uint32_t caps = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING;
  uint32_t colorspace = V4L2_COLORSPACE_SRGB, encoding = V4L2_YCBCR_ENC_DEFAULT,
           quantization = V4L2_QUANTIZATION_DEFAULT;
  uint32_t width = 16, height = 6, row = 40;
  std::deque<std::vector<uint8_t>> frames;  // that wait to be taken
  std::deque<uint32_t> queued;              // buffers that the driver has
  bool streaming = false;
  int file = -1;

  int SetFormat(v4l2_pix_format& pix) const {
    if (std::find(formats.begin(), formats.end(), pix.pixelformat) == formats.end())
      pix.pixelformat = formats[0];
    pix.width = width;
    pix.height = height;
    pix.bytesperline = row;
    pix.colorspace = colorspace;
    pix.ycbcr_enc = encoding;
    pix.quantization = quantization;
    return 0;
  }
  int Fill(v4l2_buffer& buffer) {
    if (frames.empty() || queued.empty() || !streaming) {
      errno = EIO;
      return -1;
    }
    buffer.index = queued.front();
    buffer.bytesused = static_cast<uint32_t>(frames.front().size());
    const auto at = static_cast<off_t>(buffer.index * kBufferBytes);
    if (::pwrite(file, frames.front().data(), frames.front().size(), at) !=
        static_cast<ssize_t>(frames.front().size()))
      return -1;
    frames.pop_front();
    queued.pop_front();
    return 0;
  }
};
Driver* driver = nullptr;

}  // namespace

extern "C" int ioctl(int file, unsigned long request, ...) noexcept {
  va_list list;
  va_start(list, request);
  void* const argument = va_arg(list, void*);
  va_end(list);
  if (driver == nullptr) {
    errno = ENOTTY;
    return -1;
  }
  auto* const buffer = static_cast<v4l2_buffer*>(argument);
  driver->file = file;
  switch (request) {
    case VIDIOC_QUERYCAP:
      static_cast<v4l2_capability*>(argument)->capabilities =
          V4L2_CAP_DEVICE_CAPS | V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING;
      static_cast<v4l2_capability*>(argument)->device_caps = driver->caps;
      return 0;
    case VIDIOC_S_FMT: return driver->SetFormat(static_cast<v4l2_format*>(argument)->fmt.pix);
    case VIDIOC_REQBUFS:
      return ::ftruncate(
          file, static_cast<off_t>(static_cast<v4l2_requestbuffers*>(argument)->count * kBufferBytes));
    case VIDIOC_QUERYBUF:
      buffer->length = kBufferBytes;
      buffer->m.offset = static_cast<uint32_t>(buffer->index * kBufferBytes);
      return 0;
    case VIDIOC_QBUF: driver->queued.push_back(buffer->index); return 0;
    case VIDIOC_DQBUF: return driver->Fill(*buffer);
    case VIDIOC_STREAMON: driver->streaming = true; return 0;
    case VIDIOC_STREAMOFF: driver->streaming = false; return 0;
    default: errno = ENOTTY; return -1;
  }
}

extern "C" int poll(pollfd* one, nfds_t, int) {
  one->revents = driver != nullptr && !driver->frames.empty() ? POLLIN : 0;
  return one->revents != 0 ? 1 : 0;
}

namespace handlens::device {
namespace {

namespace fs = std::filesystem;

class Camera : public testing::Test {
 protected:
  Camera() { driver = &driver_; }
  ~Camera() override { driver = nullptr; }
  Result<Frames> Open() {
    // Any file: what it does is the driver's.
    EXPECT_TRUE(WriteFileAtomic(path_, std::string_view("x")));
    return OpenFrames(path_.string(), false);
  }
  std::string WhyNot() {
    const auto frames = Open();
    return frames ? "" : frames.error().message;
  }
  const fs::path path_ = fs::path(testing::TempDir()) / "handlens-video0";
  Driver driver_;
};

Bytes Jpeg(uint8_t level) { return image::EncodeJpeg(std::vector<uint8_t>(16 * 6 * 3, level), 16, 6, 90); }

TEST_F(Camera, GivesJpegPicturesWhereItCan) {
  auto frames = Open();
  ASSERT_TRUE(frames) << frames.error().message;
  EXPECT_EQ(driver_.queued.size(), 4u);
  driver_.frames = {Jpeg(70)};
  const auto picture = (*frames)();
  ASSERT_TRUE(picture && *picture);
  EXPECT_EQ((*picture)->rgb, image::Decode(Jpeg(70))->image.rgb);
  EXPECT_EQ(driver_.queued.size(), 4u) << "a buffer was not given back";
  frames = {};
  EXPECT_FALSE(driver_.streaming);
}

TEST_F(Camera, GivesTheNewestOfTheFramesThatWait) {
  auto frames = Open();
  ASSERT_TRUE(frames);
  driver_.frames = {Jpeg(10), Jpeg(20), Jpeg(200)};
  EXPECT_EQ((**(*frames)()).rgb, image::Decode(Jpeg(200))->image.rgb);
  EXPECT_TRUE(driver_.frames.empty());
  EXPECT_EQ(driver_.queued.size(), 4u);
}

TEST_F(Camera, LeavesOutFramesThatAreBroken) {
  auto frames = Open();
  ASSERT_TRUE(frames);
  Bytes half = Jpeg(30);
  half.resize(half.size() / 2);
  driver_.frames = {half};
  const auto nothing = (*frames)();
  ASSERT_FALSE(nothing);
  EXPECT_NE(nothing.error().message.find("no frame in 5 s"), std::string::npos) << nothing.error().message;
  EXPECT_EQ(driver_.queued.size(), 4u);
}

// Y U Y V in rows with bytes behind them; of the chroma that of even rows counts, for two rows.
void ExpectYuyv(Driver& of, Frames& frames, bool limited) {
  std::vector<uint8_t> yuyv(of.row * of.height), y, u, v;
  for (size_t i = 0; i < yuyv.size(); ++i) yuyv[i] = static_cast<uint8_t>(20 + i * 53 % 210);
  const auto full = [&](uint8_t byte, double low, double middle, double range) {
    const double value = middle + (byte - low) * 255 / range + 0.5;
    return !limited ? byte : static_cast<uint8_t>(value < 0 ? 0 : value > 255 ? 255 : value);
  };
  for (uint32_t row = 0; row < of.height; ++row) {
    for (uint32_t x = 0; x < of.width; ++x) y.push_back(full(yuyv[row * of.row + 2 * x], 16, 0, 219));
    for (uint32_t x = 0; row % 2 == 0 && x < of.width; x += 2) {
      u.push_back(full(yuyv[row * of.row + 2 * x + 1], 128, 128, 224));
      v.push_back(full(yuyv[row * of.row + 2 * x + 3], 128, 128, 224));
    }
  }
  of.frames = {yuyv};
  const auto picture = frames();
  ASSERT_TRUE(picture && *picture) << picture.error().message;
  const int width = static_cast<int>(of.width), height = static_cast<int>(of.height);
  EXPECT_EQ((*picture)->rgb,
            FromYuv({y.data(), u.data(), v.data(), width, 1, width / 2, 1, width, height})->rgb);
}

TEST_F(Camera, GivesYuyvWhereThereIsNoJpeg) {
  driver_.formats = {V4L2_PIX_FMT_YUYV};
  for (const uint32_t range :
       {V4L2_QUANTIZATION_DEFAULT, V4L2_QUANTIZATION_LIM_RANGE, V4L2_QUANTIZATION_FULL_RANGE}) {
    driver_.quantization = range;
    driver_.queued.clear();
    auto frames = Open();
    ASSERT_TRUE(frames) << frames.error().message;
    ExpectYuyv(driver_, *frames, range != V4L2_QUANTIZATION_FULL_RANGE);
  }
}

TEST_F(Camera, SaysWhyItCannot) {
  driver_.formats = {V4L2_PIX_FMT_SRGGB10};
  EXPECT_NE(WhyNot().find("rpicam-vid"), std::string::npos) << WhyNot();
  driver_.formats = {V4L2_PIX_FMT_YUYV};
  driver_.encoding = V4L2_YCBCR_ENC_709;
  EXPECT_NE(WhyNot().find("BT.601"), std::string::npos) << WhyNot();
  driver_.caps = V4L2_CAP_META_CAPTURE;
  EXPECT_NE(WhyNot().find("next number"), std::string::npos) << WhyNot();
  driver = nullptr;
  EXPECT_NE(WhyNot().find("not a camera"), std::string::npos) << WhyNot();
}

}  // namespace
}  // namespace handlens::device
