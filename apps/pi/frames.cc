#include "frames.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <memory>

namespace handlens::device {
namespace fs = std::filesystem;
namespace {

std::atomic<bool> stop_requested = false;

// A table of round(from + (value - from_low) * scale), within a byte.
std::array<uint8_t, 256> Stretched(double low, double middle, double scale) {
  std::array<uint8_t, 256> table{};
  for (size_t i = 0; i < table.size(); ++i) {
    const double value = middle + (static_cast<double>(i) - low) * scale;
    table[i] = static_cast<uint8_t>(std::clamp(value + 0.5, 0.0, 255.0));
  }
  return table;
}

void Apply(const std::array<uint8_t, 256>& table, uint8_t* bytes, size_t count, size_t step) {
  for (size_t i = 0; i < count; ++i, bytes += step) *bytes = table[*bytes];
}

Result<Frames> OpenOnce(const std::string& source) {
  std::error_code error;
  if (source == "-" || source.ends_with(".mjpeg") || source.ends_with(".mjpg")) return OpenMjpeg(source);
  if (source.ends_with(".y4m")) return OpenY4m(source);
  if (fs::is_directory(source, error)) return OpenFolder(source);
  return OpenCamera(source);
}

// JPEG pictures one after the other. A byte 0xff within a picture's data is always followed by 0, so FF D9 is
// an end, and what follows must begin the next.
struct MjpegReader {
  int file;
  std::vector<uint8_t> bytes;
  static constexpr size_t kMostBytes = 64u << 20;  // of one picture

  explicit MjpegReader(int opened) : file(opened) {}
  ~MjpegReader() {
    if (file != STDIN_FILENO) ::close(file);
  }
  MjpegReader(const MjpegReader&) = delete;
  MjpegReader& operator=(const MjpegReader&) = delete;

  // Behind the first picture's end; 0 = it is not whole yet.
  size_t End(size_t from = 0) const {
    constexpr uint8_t kEnd[] = {0xff, 0xd9};
    const auto found = std::search(bytes.begin() + static_cast<std::ptrdiff_t>(from), bytes.end(),
                                   std::begin(kEnd), std::end(kEnd));
    return found == bytes.end() ? 0 : static_cast<size_t>(found - bytes.begin()) + sizeof kEnd;
  }
  void Drop(size_t count) { bytes.erase(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count)); }
  bool live() const { return file == STDIN_FILENO; }
  bool HasMore() const {
    pollfd one{file, POLLIN, 0};
    return ::poll(&one, 1, 0) > 0 && (one.revents & POLLIN) != 0;
  }
  // False at the end.
  Result<bool> ReadMore() {
    std::array<uint8_t, 65536> piece{};
    const ssize_t got = ::read(file, piece.data(), piece.size());
    if (got < 0 && errno == EINTR && !StopRequested()) return true;
    if (got <= 0) return false;
    bytes.insert(bytes.end(), piece.begin(), piece.begin() + got);
    // Of pictures that came faster than they were asked for the last one counts.
    for (size_t end = End(); live() && end != 0 && End(end) != 0; end = End()) Drop(end);
    if (bytes.size() > kMostBytes)
      return Fail(ErrorKind::kBadInput, "no end of a JPEG picture in {} bytes; MJPEG is expected",
                  kMostBytes);
    return true;
  }
  Result<std::optional<image::Image>> Next() {
    for (bool more = true; End() == 0 || (live() && more && HasMore());) {
      HL_ASSIGN(more, ReadMore());
      if (!more && End() == 0) return std::nullopt;
    }
    const size_t end = End();
    auto decoded = image::Decode(std::span(bytes).first(end));
    Drop(end);
    if (!decoded) return tl::make_unexpected(std::move(decoded).error());
    return std::move(decoded->image);
  }
};

}  // namespace

bool StopRequested() { return stop_requested; }

void StopOnSignals() {
  struct sigaction action {};
  action.sa_handler = [](int) { stop_requested = true; };  // without SA_RESTART: whoever waits wakes up
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

void ToFullRange(uint8_t* luma, size_t count, size_t step) {
  static const auto table = Stretched(16, 0, 255.0 / 219);
  Apply(table, luma, count, step);
}

void ChromaToFullRange(uint8_t* chroma, size_t count, size_t step) {
  static const auto table = Stretched(128, 128, 255.0 / 224);
  Apply(table, chroma, count, step);
}

Result<image::Image> FromYuv(const hl_yuv_frame& frame) {
  image::Image picture{frame.width, frame.height, {}};
  picture.rgb.resize(static_cast<size_t>(frame.width) * static_cast<size_t>(frame.height) * 3);
  if (hl_yuv_to_rgb(&frame, picture.rgb.data()) != HL_OK)
    return Fail(ErrorKind::kBadInput, "a frame of {} x {} pixels cannot be read", frame.width, frame.height);
  return picture;
}

Result<Frames> OpenMjpeg(const std::string& source) {
  const int file = source == "-" ? STDIN_FILENO : ::open(source.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return SystemError(source, errno);
  return Frames([reader = std::make_shared<MjpegReader>(file)] { return reader->Next(); });
}

Result<Frames> OpenFolder(const std::string& path) {
  HL_ASSIGN(std::vector<std::string> names, ListFolder(path));
  if (names.empty()) return Fail(ErrorKind::kBadInput, "{}: an empty folder", path);
  return Frames([folder = fs::path(path), names = std::move(names),
                 next = size_t{0}]() mutable -> Result<std::optional<image::Image>> {
    std::error_code error;
    while (next < names.size() && !fs::is_regular_file(folder / names[next], error)) ++next;
    if (next == names.size()) return std::nullopt;
    HL_ASSIGN(image::Decoded decoded, image::DecodeFile(folder / names[next++]));
    return std::move(decoded.image);
  });
}

Result<Frames> OpenFrames(const std::string& source, bool repeat) {
  HL_ASSIGN(Frames frames, OpenOnce(source));
  if (!repeat || source == "-") return frames;
  return Frames([source, frames = std::move(frames)]() mutable -> Result<std::optional<image::Image>> {
    auto picture = frames();
    if (!picture || *picture || StopRequested()) return picture;
    HL_ASSIGN(frames, OpenOnce(source));
    return frames();
  });
}

}  // namespace handlens::device
