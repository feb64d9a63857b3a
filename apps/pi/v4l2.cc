// Cameras of Video4Linux (USB cameras): MJPEG where the camera has it, else YUYV; frames of 640 x 480, or
// what comes nearest.
#include <fcntl.h>
#include <linux/videodev2.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "frames.h"

namespace handlens::device {
namespace {

constexpr uint32_t kWidth = 640, kHeight = 480, kBuffers = 4;
constexpr int kPatienceMs = 5000, kMostBroken = 30;

struct Mapped {
  void* start = MAP_FAILED;
  size_t bytes = 0;
};

class V4l2Camera {
 public:
  explicit V4l2Camera(std::string path) : path_(std::move(path)) {}
  ~V4l2Camera() {
    int type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    if (file_ >= 0) ::ioctl(file_, VIDIOC_STREAMOFF, &type);
    for (const Mapped& mapped : buffers_) {
      if (mapped.start != MAP_FAILED) ::munmap(mapped.start, mapped.bytes);
    }
    if (file_ >= 0) ::close(file_);
  }
  V4l2Camera(const V4l2Camera&) = delete;
  V4l2Camera& operator=(const V4l2Camera&) = delete;

  Result<void> Open() {
    file_ = ::open(path_.c_str(), O_RDWR | O_CLOEXEC);
    if (file_ < 0) {
      const char* const advice = errno == EACCES ? "; put the user into the group video"
                                 : errno == ENOENT
                                     ? "; is the camera plugged in? `ls /dev/video*` shows what is there"
                                     : "";
      return Fail(ErrorKind::kBadInput, "{}: {}{}", path_, std::strerror(errno), advice);
    }
    v4l2_capability capability{};
    if (Do(VIDIOC_QUERYCAP, &capability) != 0)
      return Fail(ErrorKind::kBadInput,
                  "{}: not a camera, nor a *.y4m or *.mjpeg file, nor a folder of pictures", path_);
    const uint32_t can = (capability.capabilities & V4L2_CAP_DEVICE_CAPS) != 0 ? capability.device_caps
                                                                               : capability.capabilities;
    if ((can & V4L2_CAP_VIDEO_CAPTURE) == 0 || (can & V4L2_CAP_STREAMING) == 0)
      return Fail(ErrorKind::kBadInput,
                  "{}: gives no pictures; cameras often have a second device, try the next number", path_);
    HL_TRY(ChooseFormat());
    return Start();
  }

  // The newest frame.
  Result<std::optional<image::Image>> Next() {
    for (int broken = 0; broken < kMostBroken;) {
      HL_ASSIGN(const bool more, Wait(kPatienceMs));
      if (!more) return std::nullopt;
      v4l2_buffer buffer = Empty();
      HL_TRY(Must(VIDIOC_DQBUF, &buffer, "gave no frame"));
      while (true) {
        HL_ASSIGN(const bool newer, Wait(0));
        if (!newer) break;
        HL_TRY(Must(VIDIOC_QBUF, &buffer, "took no buffer"));
        HL_TRY(Must(VIDIOC_DQBUF, &buffer, "gave no frame"));
      }
      auto picture = Read(buffer);
      HL_TRY(Must(VIDIOC_QBUF, &buffer, "took no buffer"));
      if (picture) return std::optional(*std::move(picture));
      ++broken;  // the first frames of a camera are often incomplete
    }
    return Fail(ErrorKind::kBadInput, "{}: {} frames in a row could not be read", path_, kMostBroken);
  }

 private:
  int Do(unsigned long request, void* argument) const {
    int result = 0;
    do result = ::ioctl(file_, request, argument);
    while (result != 0 && errno == EINTR && !StopRequested());
    return result;
  }
  Result<void> Must(unsigned long request, void* argument, const char* what) const {
    if (Do(request, argument) == 0) return {};
    return Fail(ErrorKind::kResources,
                "{}: the camera {}: {}; is it in use by another program, or unplugged?", path_, what,
                std::strerror(errno));
  }
  static v4l2_buffer Empty() {
    v4l2_buffer buffer{};
    buffer.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    buffer.memory = V4L2_MEMORY_MMAP;
    return buffer;
  }

  bool Try(uint32_t pixel_format) {
    format_ = {};
    format_.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    format_.fmt.pix.width = kWidth;
    format_.fmt.pix.height = kHeight;
    format_.fmt.pix.pixelformat = pixel_format;
    format_.fmt.pix.field = V4L2_FIELD_NONE;
    return Do(VIDIOC_S_FMT, &format_) == 0 && format_.fmt.pix.pixelformat == pixel_format;
  }
  Result<void> ChooseFormat() {
    if (Try(V4L2_PIX_FMT_MJPEG) || Try(V4L2_PIX_FMT_JPEG)) return {};
    if (!Try(V4L2_PIX_FMT_YUYV)) {
      return Fail(ErrorKind::kBadInput,
                  "{}: gives neither MJPEG nor YUYV. A Raspberry Pi's own camera: rpicam-vid -t 0 -n --codec "
                  "mjpeg -o - | PROGRAM --camera -",
                  path_);
    }
    const v4l2_pix_format& pix = format_.fmt.pix;
    const uint32_t encoding = pix.ycbcr_enc == V4L2_YCBCR_ENC_DEFAULT
                                  ? static_cast<uint32_t>(V4L2_MAP_YCBCR_ENC_DEFAULT(pix.colorspace))
                                  : pix.ycbcr_enc;
    if (encoding != V4L2_YCBCR_ENC_601)
      return Fail(ErrorKind::kBadInput,
                  "{}: its YUV follows another norm than BT.601, which is not known here", path_);
    const uint32_t range =
        pix.quantization == V4L2_QUANTIZATION_DEFAULT
            ? static_cast<uint32_t>(V4L2_MAP_QUANTIZATION_DEFAULT(false, pix.colorspace, encoding))
            : pix.quantization;
    limited_ = range == V4L2_QUANTIZATION_LIM_RANGE;
    return {};
  }

  Result<void> Start() {
    v4l2_requestbuffers wanted{};
    wanted.count = kBuffers;
    wanted.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    wanted.memory = V4L2_MEMORY_MMAP;
    HL_TRY(Must(VIDIOC_REQBUFS, &wanted, "has no buffers"));
    for (uint32_t i = 0; i < wanted.count; ++i) {
      v4l2_buffer buffer = Empty();
      buffer.index = i;
      HL_TRY(Must(VIDIOC_QUERYBUF, &buffer, "has no buffers"));
      void* const start = ::mmap(nullptr, buffer.length, PROT_READ | PROT_WRITE, MAP_SHARED, file_,
                                 static_cast<off_t>(buffer.m.offset));
      if (start == MAP_FAILED)
        return Fail(ErrorKind::kResources, "{}: no memory for frames: {}", path_, std::strerror(errno));
      buffers_.push_back({start, buffer.length});
      HL_TRY(Must(VIDIOC_QBUF, &buffer, "took no buffer"));
    }
    int type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    return Must(VIDIOC_STREAMON, &type, "does not start");
  }

  // Whether a frame is there; false after 0 ms, or when the user wants to stop.
  Result<bool> Wait(int milliseconds) const {
    pollfd one{file_, POLLIN, 0};
    const int ready = ::poll(&one, 1, milliseconds);
    if (ready > 0) return true;
    if (milliseconds == 0 || StopRequested()) return false;
    return Fail(ErrorKind::kResources,
                "{}: no frame in {} s; is the camera in use by another program, or unplugged?", path_,
                milliseconds / 1000);
  }

  Result<image::Image> Read(const v4l2_buffer& buffer) const {
    if (buffer.index >= buffers_.size())
      return Fail(ErrorKind::kResources, "{}: a buffer that was never given", path_);
    const Mapped& mapped = buffers_[buffer.index];
    const std::span<uint8_t> bytes(static_cast<uint8_t*>(mapped.start),
                                   std::min<size_t>(buffer.bytesused, mapped.bytes));
    const v4l2_pix_format& pix = format_.fmt.pix;
    if (pix.pixelformat != V4L2_PIX_FMT_YUYV) {
      HL_ASSIGN(image::Decoded decoded, image::Decode(bytes));
      return std::move(decoded.image);
    }
    return ReadYuyv(bytes, pix);
  }

  // Y U Y V: chroma for every second column. The contract takes it for every second row too: those of the
  // even rows.
  Result<image::Image> ReadYuyv(std::span<uint8_t> bytes, const v4l2_pix_format& pix) const {
    const int row = static_cast<int>(pix.bytesperline), width = static_cast<int>(pix.width),
              height = static_cast<int>(pix.height);
    if (width % 2 != 0 || row < 2 * width ||
        bytes.size() < static_cast<size_t>(row) * static_cast<size_t>(height)) {
      return Fail(ErrorKind::kBadInput, "{}: an incomplete frame", path_);
    }
    std::vector<uint8_t> full(bytes.begin(), bytes.end());
    if (limited_) {
      ToFullRange(full.data(), full.size() / 2, 2);
      ChromaToFullRange(full.data() + 1, full.size() / 2, 2);
    }
    return FromYuv({full.data(), full.data() + 1, full.data() + 3, row, 2, 2 * row, 4, width, height});
  }

  const std::string path_;
  int file_ = -1;
  v4l2_format format_{};
  bool limited_ = false;
  std::vector<Mapped> buffers_;
};

}  // namespace

Result<Frames> OpenCamera(const std::string& path) {
  auto camera = std::make_shared<V4l2Camera>(path);
  HL_TRY(camera->Open());
  return Frames([camera] { return camera->Next(); });
}

}  // namespace handlens::device
